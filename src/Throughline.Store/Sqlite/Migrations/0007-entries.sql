-- works-with: 6
-- Entries (lines of time, expenses): many, small, decided and delivered in batches. They go a way of their own beside the engagements.
create table entry_stream (partition integer primary key, tail integer not null default 0, done integer not null default 0);
insert into entry_stream (partition) select distinct partition from head;

create table entry_inbox (
    partition integer not null,
    number integer not null,
    id blob not null,
    scope text not null,
    kind integer not null,
    payload text not null,
    causation_id blob,
    occurred_at integer not null,
    received_at integer not null,
    primary key (partition, number)
) without rowid;

-- The id begins with the time at which the entry was made in its system: what is in use lies together, however much lies behind.
create table entry (
    id blob not null primary key,
    partition integer not null,
    scope text not null,
    system text not null,
    entity text not null,
    source_entity text not null,
    external_id text not null,
    version text,
    deleted integer not null,
    status integer not null,
    data text not null,
    sent_hash text,
    batch blob,
    place integer not null,
    sends integer not null,
    reason text,
    says text,
    trouble integer not null,
    since integer,
    due_at integer,
    envelope_id blob not null,
    at integer not null
) without rowid;

create index entry_scope on entry (scope, id);
create index entry_open on entry (scope, id) where status in (2, 3);
create index entry_due on entry (partition, due_at) where status = 2;
