-- Times are microseconds since 1970 in UTC, ids 16 bytes in network order, so that they sort as PostgreSQL sorts them. Amounts are text:
-- a case shows them and nothing computes with them here, and a text keeps every decimal.

create table tail (
    partition integer not null,
    stream integer not null,
    number integer not null default 0,
    primary key (partition, stream)
) without rowid;

with recursive p (n) as (select 0 union all select n + 1 from p where n < 63)
insert into tail (partition, stream) select p.n, s.n from p, (select 0 as n union all select 1) as s;

create table head (
    partition integer primary key,
    epoch integer not null default 0,
    owner text not null default '',
    control integer not null default 0,
    intake integer not null default 0
);

with recursive p (n) as (select 0 union all select n + 1 from p where n < 63)
insert into head (partition) select n from p;

create table envelope (
    partition integer not null,
    stream integer not null,
    number integer not null,
    id blob not null,
    scope text not null,
    unit text not null,
    kind integer not null,
    payload text not null,
    correlation_id text not null,
    causation_id blob,
    occurred_at integer not null,
    received_at integer not null,
    primary key (partition, stream, number)
) without rowid;

-- The first 16 bytes of SHA-256 over system, entity and key.
create table intake_key (
    key blob primary key,
    fingerprint text,
    envelope_id blob not null,
    received_at integer not null
) without rowid;

create table state (
    scope text not null,
    unit text not null,
    kind integer not null,
    id text not null,
    data text not null,
    primary key (scope, unit, kind, id)
) without rowid;

create table crosswalk (
    scope_kind text not null,
    system text not null,
    entity text not null,
    external_id text not null,
    scope text not null,
    unit text not null,
    canonical_entity text not null,
    canonical_key text not null,
    primary key (scope_kind, system, entity, external_id)
) without rowid;

create index crosswalk_external_id on crosswalk (external_id);

create table match_key (
    scope text not null,
    entity text not null,
    key text not null,
    unit text not null,
    primary key (scope, entity, key, unit)
) without rowid;

create index match_key_key on match_key (key);

create table command (
    number integer primary key autoincrement,
    id blob not null unique,
    system text not null,
    scope text not null,
    unit text not null,
    target text not null,
    correlation_id text not null,
    item text not null,
    adopt text not null,
    priority integer not null,
    status integer not null,
    attempt integer not null,
    created_at integer not null,
    due_at integer not null,
    send_before integer,
    last_failure text,
    epoch integer not null default 0,
    answer text
);

create index command_waiting on command (system, priority, created_at, number) where status = 0;
create index command_due on command (system, status, due_at) where status < 3;
create index command_scope on command (scope, created_at, number);

create table lane (
    system text primary key,
    epoch integer not null,
    owner text not null
) without rowid;

create table timer (
    scope text not null,
    unit text not null,
    id text not null,
    due_at integer not null,
    correlation_id text not null,
    payload text not null,
    primary key (scope, unit, id)
) without rowid;

create index timer_due on timer (due_at, scope, unit, id);

create table case_file (
    id blob primary key,
    scope text not null,
    unit text not null,
    correlation_id text not null,
    instance_id blob,
    step text,
    kind text not null,
    queue text not null,
    subject text not null,
    says text not null,
    remedy text not null,
    amount text,
    currency text,
    status integer not null,
    actions text not null,
    not_by text,
    opened_at integer not null,
    due_at integer not null,
    closed_at integer,
    closed_by text,
    reason text
) without rowid;

create index case_file_opened on case_file (opened_at, id);
create index case_file_queue on case_file (queue, opened_at, id);
create index case_file_status on case_file (status, opened_at, id);
create index case_file_correlation on case_file (correlation_id, opened_at, id);
create index case_file_scope on case_file (scope);

create table instance (
    id blob primary key,
    scope text not null,
    unit text not null,
    process text not null,
    status text not null,
    summary text not null,
    started_at integer not null,
    changed_at integer not null
) without rowid;

create index instance_started on instance (started_at, id);
create index instance_process on instance (process, started_at, id);
create index instance_status on instance (status, started_at, id);
create index instance_scope on instance (scope);

-- One writer: the order of these numbers is the order of commits.
create table event (
    number integer primary key autoincrement,
    name text not null,
    correlation_id text not null,
    at integer not null,
    payload text not null
);

create table lineage (
    number integer primary key autoincrement,
    at integer not null,
    correlation_id text not null,
    scope text not null,
    kind text not null,
    text text not null,
    system text,
    entity text,
    external_id text,
    cause text
);

create index lineage_correlation on lineage (correlation_id, number);
create index lineage_scope on lineage (scope, number) where scope <> correlation_id;

create table parked (
    position integer primary key autoincrement,
    id blob not null unique,
    number integer not null,
    scope text not null,
    unit text not null,
    kind integer not null,
    payload text not null,
    correlation_id text not null,
    causation_id blob,
    occurred_at integer not null,
    received_at integer not null,
    reason text not null,
    due_at integer not null
);

create index parked_scope on parked (scope, position);

create table cursor (
    system text not null,
    entity text not null,
    value text not null,
    primary key (system, entity)
) without rowid;
