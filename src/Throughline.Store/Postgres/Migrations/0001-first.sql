-- Text is compared by bytes everywhere: the same order as SQLite, and no index breaks when the system's collation changes.

-- Two rows per stream and one per partition, apart: those who append lock a tail and never wait for a writer, which locks its head.
create table tail (
    partition smallint not null,
    stream smallint not null,
    number bigint not null default 0,
    primary key (partition, stream)
) with (fillfactor = 50);

insert into tail (partition, stream) select p, s from generate_series(0, 63) as p, generate_series(0, 1) as s;

create table head (
    partition smallint primary key,
    epoch bigint not null default 0,
    owner text not null default '',
    control bigint not null default 0,
    intake bigint not null default 0
) with (fillfactor = 50);

insert into head (partition) select p from generate_series(0, 63) as p;

create table envelope (
    partition smallint not null,
    stream smallint not null,
    number bigint not null,
    id uuid not null,
    scope text collate "C" not null,
    unit text collate "C" not null,
    kind smallint not null,
    payload text not null,
    correlation_id text collate "C" not null,
    causation_id uuid,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    primary key (partition, stream, number)
);

-- The first 16 bytes of SHA-256 over system, entity and key: a global unique that a table partitioned by time could not hold.
create table intake_key (
    key bytea primary key,
    fingerprint text,
    envelope_id uuid not null,
    received_at timestamptz not null
);

create table state (
    scope text collate "C" not null,
    unit text collate "C" not null,
    kind smallint not null,
    id text collate "C" not null,
    data text not null,
    primary key (scope, unit, kind, id)
);

create table crosswalk (
    scope_kind text collate "C" not null,
    system text collate "C" not null,
    entity text collate "C" not null,
    external_id text collate "C" not null,
    scope text collate "C" not null,
    unit text collate "C" not null,
    canonical_entity text collate "C" not null,
    canonical_key text collate "C" not null,
    primary key (scope_kind, system, entity, external_id)
);

create index crosswalk_external_id on crosswalk (external_id);

create table match_key (
    scope text collate "C" not null,
    entity text collate "C" not null,
    key text collate "C" not null,
    unit text collate "C" not null,
    primary key (scope, entity, key, unit)
);

create index match_key_key on match_key (key);

create table command (
    id uuid primary key,
    number bigint generated always as identity,
    system text collate "C" not null,
    scope text collate "C" not null,
    unit text collate "C" not null,
    target text collate "C" not null,
    correlation_id text collate "C" not null,
    item text not null,
    adopt text not null,
    priority int not null,
    status smallint not null,
    attempt int not null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    send_before timestamptz,
    last_failure text,
    epoch bigint not null default 0,
    answer text
);

create index command_waiting on command (system, priority, created_at, number) where status = 0;
create index command_due on command (system, status, due_at) where status < 3;
create index command_scope on command (scope, created_at, number);

create table lane (
    system text collate "C" primary key,
    epoch bigint not null,
    owner text not null
);

create table timer (
    scope text collate "C" not null,
    unit text collate "C" not null,
    id text collate "C" not null,
    due_at timestamptz not null,
    correlation_id text collate "C" not null,
    payload text not null,
    primary key (scope, unit, id)
);

create index timer_due on timer (due_at, scope, unit, id);

create table case_file (
    id uuid primary key,
    scope text collate "C" not null,
    unit text collate "C" not null,
    correlation_id text collate "C" not null,
    instance_id uuid,
    step text,
    kind text not null,
    queue text collate "C" not null,
    subject text not null,
    says text not null,
    remedy text not null,
    amount numeric,
    currency text,
    status smallint not null,
    actions text not null,
    not_by text,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    closed_at timestamptz,
    closed_by text,
    reason text
);

create index case_file_opened on case_file (opened_at, id);
create index case_file_queue on case_file (queue, opened_at, id);
create index case_file_status on case_file (status, opened_at, id);
create index case_file_correlation on case_file (correlation_id, opened_at, id);
create index case_file_scope on case_file (scope);

create table instance (
    id uuid primary key,
    scope text collate "C" not null,
    unit text collate "C" not null,
    process text collate "C" not null,
    status text collate "C" not null,
    summary text not null,
    started_at timestamptz not null,
    changed_at timestamptz not null
);

create index instance_started on instance (started_at, id);
create index instance_process on instance (process, started_at, id);
create index instance_status on instance (status, started_at, id);
create index instance_scope on instance (scope);

-- Numbers of these two come from sequences, whose order is not the order of commits; lock_feed and feed_horizon mend that.
create table event (
    number bigint generated always as identity primary key,
    name text not null,
    correlation_id text collate "C" not null,
    at timestamptz not null,
    payload text not null
);

create table lineage (
    number bigint generated always as identity primary key,
    at timestamptz not null,
    correlation_id text collate "C" not null,
    scope text collate "C" not null,
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
    id uuid primary key,
    position bigint generated always as identity,
    number bigint not null,
    scope text collate "C" not null,
    unit text collate "C" not null,
    kind smallint not null,
    payload text not null,
    correlation_id text collate "C" not null,
    causation_id uuid,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    reason text not null,
    due_at timestamptz not null
);

create index parked_scope on parked (scope, position);
create index parked_position on parked (position);

create table cursor (
    system text collate "C" not null,
    entity text collate "C" not null,
    value text not null,
    primary key (system, entity)
);

-- Numbers envelopes under the locks of their tails, so that the order of numbers is the order of commits. Tails are locked in ascending
-- order, late in the transaction; only a fence comes after. The second statement sees what the locked rows hold now.
create function append_envelopes(
    ids uuid[], partitions int[], streams int[], scopes text[], units text[], kinds int[], payloads text[],
    correlations text[], causations uuid[], occurred timestamptz[], received timestamptz[]) returns void language plpgsql as $$
begin
    perform 1 from tail t
        where (t.partition, t.stream) in (select x.p, x.s from unnest(partitions, streams) as x(p, s))
        order by t.partition, t.stream for update;
    with piece as (
        select x.p, x.s, count(*) as length from unnest(partitions, streams) as x(p, s) group by x.p, x.s
    ), taken as (
        update tail t set number = t.number + piece.length from piece where t.partition = piece.p and t.stream = piece.s
            returning t.partition as p, t.stream as s, t.number - piece.length as base
    )
    insert into envelope (
            partition, stream, number, id, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at)
        select e.p, e.s, taken.base + row_number() over (partition by e.p, e.s order by e.place),
            e.id, e.scope, e.unit, e.kind, e.payload, e.correlation, e.causation, e.occurred_at, e.received_at
        from unnest(ids, partitions, streams, scopes, units, kinds, payloads, correlations, causations, occurred, received)
            with ordinality as e(id, p, s, scope, unit, kind, payload, correlation, causation, occurred_at, received_at, place)
        join taken on taken.p = e.p and taken.s = e.s;
end $$;

-- Returns the places of those whose key was there already, with what was taken in first. Keys are inserted in their own order, so that
-- two calls with the same keys wait for each other instead of dead-locking.
create function append_intake(
    keys bytea[], fingerprints text[],
    ids uuid[], partitions int[], streams int[], scopes text[], units text[], kinds int[], payloads text[],
    correlations text[], causations uuid[], occurred timestamptz[], received timestamptz[])
    returns table (place bigint, first_fingerprint text, first_envelope uuid) language plpgsql as $$
declare
    fresh bytea[];
begin
    with taken as (
        insert into intake_key as k (key, fingerprint, envelope_id, received_at)
            select x.key, x.fingerprint, x.id, x.received_at
            from unnest(keys, fingerprints, ids, received) as x(key, fingerprint, id, received_at) order by x.key
            on conflict do nothing returning k.key
    )
    select array_agg(taken.key) into fresh from taken;
    if cardinality(fresh) = cardinality(keys) then
        perform append_envelopes(ids, partitions, streams, scopes, units, kinds, payloads, correlations, causations, occurred, received);
        return;
    end if;
    return query
        select x.place, k.fingerprint, k.envelope_id
        from unnest(keys) with ordinality as x(key, place) join intake_key k on k.key = x.key
        where not exists (select 1 from unnest(fresh) as f(key) where f.key = x.key);
    if fresh is not null then
        perform append_envelopes(
                array_agg(e.id order by e.place), array_agg(e.p order by e.place), array_agg(e.s order by e.place),
                array_agg(e.scope order by e.place), array_agg(e.unit order by e.place), array_agg(e.kind order by e.place),
                array_agg(e.payload order by e.place), array_agg(e.correlation order by e.place), array_agg(e.causation order by e.place),
                array_agg(e.occurred_at order by e.place), array_agg(e.received_at order by e.place))
            from unnest(keys, ids, partitions, streams, scopes, units, kinds, payloads, correlations, causations, occurred, received)
                with ordinality as e(key, id, p, s, scope, unit, kind, payload, correlation, causation, occurred_at, received_at, place)
            join unnest(fresh) as f(key) on f.key = e.key;
    end if;
end $$;

-- Raises with the place of the first row whose external id belongs to another record.
create function claim_crosswalk(
    kinds text[], systems text[], entities text[], external_ids text[], scopes text[], units text[],
    canonical_entities text[], canonical_keys text[]) returns void language plpgsql as $$
declare
    lost bigint;
begin
    insert into crosswalk (scope_kind, system, entity, external_id, scope, unit, canonical_entity, canonical_key)
        select x.k, x.s, x.e, x.i, x.scope, x.unit, x.ce, x.ck
        from unnest(kinds, systems, entities, external_ids, scopes, units, canonical_entities, canonical_keys)
            with ordinality as x(k, s, e, i, scope, unit, ce, ck, place)
        order by x.k collate "C", x.s collate "C", x.e collate "C", x.i collate "C", x.place
        on conflict do nothing;
    select x.place into lost
        from unnest(kinds, systems, entities, external_ids, scopes, units, canonical_entities, canonical_keys)
            with ordinality as x(k, s, e, i, scope, unit, ce, ck, place)
        join crosswalk c on c.scope_kind = x.k and c.system = x.s and c.entity = x.e and c.external_id = x.i
        where (c.scope, c.unit, c.canonical_entity, c.canonical_key) is distinct from (x.scope, x.unit, x.ce, x.ck)
        order by x.place limit 1;
    if found then
        raise exception using errcode = 'TL002', message = lost::text;
    end if;
end $$;

-- The last statement of a writer's transaction. It raises, because an update of no row would let the rest of the batch commit.
create function fence_partition(fenced int, expected bigint, control_done bigint, intake_done bigint) returns void language plpgsql as $$
begin
    update head set control = greatest(control, control_done), intake = greatest(intake, intake_done)
        where partition = fenced and epoch = expected;
    if not found then
        raise exception using errcode = 'TL001', message = 'fenced';
    end if;
    -- A cursor beyond the end of its stream would pass over what arrives next.
    if exists (select 1 from tail t where t.partition = fenced and t.number < case t.stream when 0 then control_done else intake_done end) then
        raise exception using errcode = 'TL003', message = 'cursor beyond the end';
    end if;
end $$;

-- The last statement of a lane's transaction; shared, so that settlements of one driver do not wait for each other.
create function fence_lane(fenced text, expected bigint) returns void language plpgsql as $$
begin
    perform 1 from lane where system = fenced and epoch = expected for share;
    if not found then
        raise exception using errcode = 'TL001', message = 'fenced';
    end if;
end $$;

create function feed_lock_key() returns bigint language sql stable as $$
    select hashtextextended('throughline.feed.' || current_schema(), 0)
$$;

-- Writers hold this, shared, from before they take numbers of events and lineage until they have committed.
create function lock_feed() returns void language sql as $$
    select pg_advisory_xact_lock_shared(feed_lock_key())
$$;

-- Everything numbered up to the horizon is committed or will never be: no writer was between its number and its commit. A reader that
-- stays at or below the horizon therefore never passes a number that appears later.
create function feed_horizon(feed text) returns bigint language plpgsql as $$
declare
    horizon bigint;
begin
    perform pg_advisory_xact_lock(feed_lock_key());
    execute format('select last_value from %s', pg_get_serial_sequence(feed, 'number')) into horizon;
    return horizon;
end $$;
