-- works-with: 3
-- Old keys are forgotten by their age.
create index if not exists intake_key_received on intake_key (received_at);

-- Returns the places of those whose key was there already, with what was taken in first. Keys are inserted in their own order, so that
-- two calls with the same keys wait for each other instead of dead-locking.
create or replace function append_intake(
    keys bytea[], fingerprints text[],
    ids uuid[], partitions int[], streams int[], scopes text[], units text[], kinds int[], payloads text[],
    correlations text[], causations uuid[], occurred timestamptz[], received timestamptz[])
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
        perform append_envelopes(ids, partitions, streams, scopes, units, kinds, payloads, correlations, causations, occurred, received);
        return;
    end if;
    return query
        select x.place, k.fingerprint, k.envelope_id
        from unnest(keys) with ordinality as x(key, place) join intake_key k on k.key = x.key
        where not exists (select 1 from unnest(fresh) as f(key) where f.key = x.key);
    get diagnostics known = row_count;
    if known + coalesce(cardinality(fresh), 0) < cardinality(keys) then
        -- A key was there when it was to be inserted and has been forgotten since; repeated, the call finds it gone. Without this its sender
        -- would be told that it was taken in.
        raise exception using errcode = '40001', message = 'a key was forgotten meanwhile';
    end if;
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
