-- works-with: 8
-- Entries (lines of time, expenses): many, small, decided and delivered in batches. They go a way of their own beside the engagements.

create table entry_tail (partition smallint primary key, number bigint not null default 0) with (fillfactor = 50);
create table entry_head (partition smallint primary key, done bigint not null default 0) with (fillfactor = 50);
insert into entry_tail (partition) select p from generate_series(0, 63) as p;
insert into entry_head (partition) select p from generate_series(0, 63) as p;

create table entry_inbox (
    partition smallint not null,
    number bigint not null,
    id uuid not null,
    scope text collate "C" not null,
    kind smallint not null,
    payload text not null,
    causation_id uuid,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    primary key (partition, number)
);

-- The id begins with the time at which the entry was made in its system: what is in use lies together, however much lies behind.
create table entry (
    id uuid primary key,
    partition smallint not null,
    scope text collate "C" not null,
    system text collate "C" not null,
    entity text collate "C" not null,
    source_entity text collate "C" not null,
    external_id text collate "C" not null,
    version text,
    deleted smallint not null,
    status smallint not null,
    data text not null,
    sent_hash text,
    batch uuid,
    place int not null,
    sends int not null,
    reason text,
    says text,
    trouble smallint not null,
    since timestamptz,
    due_at timestamptz,
    envelope_id uuid not null,
    at timestamptz not null
);

create index entry_scope on entry (scope, id);
create index entry_open on entry (scope, id) where status in (2, 3);
create index entry_due on entry (partition, due_at) where status = 2;

do $$
begin
    if exists (select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
        alter table entry_inbox alter column payload set compression lz4;
        alter table entry alter column data set compression lz4;
    end if;
end $$;

-- Numbers entries under the locks of their tails, ascending, late in the transaction; see append_envelopes.
create function append_entries(
    ids uuid[], partitions int[], scopes text[], kinds int[], payloads text[], causations uuid[], occurred timestamptz[], received timestamptz[])
    returns void language plpgsql as $$
begin
    perform 1 from entry_tail t where t.partition in (select x.p from unnest(partitions) as x(p)) order by t.partition for update;
    with piece as (
        select x.p, count(*) as length from unnest(partitions) as x(p) group by x.p
    ), taken as (
        update entry_tail t set number = t.number + piece.length from piece where t.partition = piece.p returning t.partition as p, t.number - piece.length as base
    )
    insert into entry_inbox (partition, number, id, scope, kind, payload, causation_id, occurred_at, received_at)
        select e.p, taken.base + row_number() over (partition by e.p order by e.place), e.id, e.scope, e.kind, e.payload, e.causation, e.occurred_at, e.received_at
        from unnest(ids, partitions, scopes, kinds, payloads, causations, occurred, received)
            with ordinality as e(id, p, scope, kind, payload, causation, occurred_at, received_at, place)
        join taken on taken.p = e.p;
end $$;

-- The same with the keys of intake; returns the places of those whose key was there already, see append_intake.
create function append_entry_intake(
    keys bytea[], fingerprints text[],
    ids uuid[], partitions int[], scopes text[], kinds int[], payloads text[], causations uuid[], occurred timestamptz[], received timestamptz[])
    returns table (place bigint, first_fingerprint text, first_envelope uuid) language plpgsql as $$
declare
    fresh bytea[];
    known bigint;
begin
    with taken as (
        insert into intake_key as k (key, fingerprint, envelope_id, received_at)
            select x.key, x.fingerprint, x.id, x.received_at
            from unnest(keys, fingerprints, ids, received) as x(key, fingerprint, id, received_at) order by x.key
            on conflict do nothing returning k.key
    )
    select array_agg(taken.key) into fresh from taken;
    if cardinality(fresh) = cardinality(keys) then
        perform append_entries(ids, partitions, scopes, kinds, payloads, causations, occurred, received);
        return;
    end if;
    return query
        select x.place, k.fingerprint, k.envelope_id
        from unnest(keys) with ordinality as x(key, place) join intake_key k on k.key = x.key
        where not exists (select 1 from unnest(fresh) as f(key) where f.key = x.key);
    get diagnostics known = row_count;
    if known + coalesce(cardinality(fresh), 0) < cardinality(keys) then
        raise exception using errcode = '40001', message = 'a key was forgotten meanwhile';
    end if;
    if fresh is not null then
        perform append_entries(
                array_agg(e.id order by e.place), array_agg(e.p order by e.place), array_agg(e.scope order by e.place), array_agg(e.kind order by e.place),
                array_agg(e.payload order by e.place), array_agg(e.causation order by e.place), array_agg(e.occurred_at order by e.place),
                array_agg(e.received_at order by e.place))
            from unnest(keys, ids, partitions, scopes, kinds, payloads, causations, occurred, received)
                with ordinality as e(key, id, p, scope, kind, payload, causation, occurred_at, received_at, place)
            join unnest(fresh) as f(key) on f.key = e.key;
    end if;
end $$;

-- The fence of a transaction about entries: the epochs of the partitions, shared, so that a take-over waits; then the cursors. It raises, because an
-- update of no row would let the rest of the batch commit.
create function fence_entries(fenced int[], expected bigint[], done_to bigint[]) returns void language plpgsql as $$
declare
    wrong int;
begin
    perform 1 from head h where h.partition = any (fenced) order by h.partition for share;
    select x.p into wrong from unnest(fenced, expected) as x(p, epoch)
        where not exists (select 1 from head h where h.partition = x.p and h.epoch = x.epoch) order by x.p limit 1;
    if found then
        raise exception using errcode = 'TL001', message = wrong::text;
    end if;
    update entry_head h set done = greatest(h.done, x.done) from unnest(fenced, done_to) as x(p, done) where h.partition = x.p and x.done is not null;
    select x.p into wrong from unnest(fenced, done_to) as x(p, done) join entry_tail t on t.partition = x.p where t.number < x.done order by x.p limit 1;
    if found then
        raise exception using errcode = 'TL003', message = wrong::text;
    end if;
end $$;
