-- One transaction carries several partitions and settles commands in one round trip.

-- The fence of a writer's transaction: heads in ascending order, held until the end, so that a take-over waits. It raises, because an
-- update of no row would let the rest of the batch commit. Before the tails are taken: everybody waits for those.
create function fence_partitions(fenced int[], expected bigint[], control_done bigint[], intake_done bigint[]) returns void language plpgsql as $$
declare
    wrong int;
begin
    perform 1 from head h where h.partition = any (fenced) order by h.partition for update;
    select x.p into wrong from unnest(fenced, expected) as x(p, epoch)
        where not exists (select 1 from head h where h.partition = x.p and h.epoch = x.epoch) order by x.p limit 1;
    if found then
        raise exception using errcode = 'TL001', message = wrong::text;
    end if;
    update head h set control = greatest(h.control, x.control), intake = greatest(h.intake, x.intake)
        from unnest(fenced, control_done, intake_done) as x(p, control, intake) where h.partition = x.p;
    -- A cursor beyond the end of its stream would pass over what arrives next.
    select x.p into wrong from unnest(fenced, control_done, intake_done) as x(p, control, intake) join tail t on t.partition = x.p
        where t.number < case t.stream when 0 then x.control else x.intake end order by x.p limit 1;
    if found then
        raise exception using errcode = 'TL003', message = wrong::text;
    end if;
end $$;

drop function fence_partition(int, bigint, bigint, bigint);

-- A waiting command is found by importance, one that is under way by time; most are neither.
drop index command_due;
create index command_under_way on command (system, status, due_at) where status in (1, 2);

-- "Skip locked": what is being settled at this moment is not waiting any more. Nothing found writes nothing, so that looking is free.
create function claim_commands(asked text, driver bigint, at timestamptz, before timestamptz, most int) returns setof command language plpgsql as $$
begin
    return query update command c set status = 1, attempt = c.attempt + 1, send_before = before, epoch = driver where c.id in (
            select w.id from command w where w.system = asked and w.status = 0 and w.due_at <= at
            order by w.priority, w.created_at, w.number limit most for update skip locked)
        returning c.*;
    if found then
        perform fence_lane(asked, driver);
    elsif not exists (select 1 from lane l where l.system = asked and l.epoch = driver) then
        raise exception using errcode = 'TL001', message = 'fenced';
    end if;
end $$;

-- Raises where a command already has a terminal outcome, or comes twice, or is not there: then somebody has to look closer.
create function settle_commands(ids uuid[], statuses smallint[], dues timestamptz[], failures text[], answers text[]) returns void
    language plpgsql as $$
declare
    settled bigint;
begin
    update command c set status = x.status, due_at = coalesce(x.due_at, c.due_at), last_failure = x.failure, answer = x.answer, send_before = null
        from unnest(ids, statuses, dues, failures, answers) as x(id, status, due_at, failure, answer) where c.id = x.id and c.status < 3;
    get diagnostics settled = row_count;
    if settled <> cardinality(ids) then
        raise exception using errcode = 'TL004', message = 'disputed';
    end if;
end $$;

-- Lineage is read by correlation and by scope, never by number alone.
alter table lineage drop constraint lineage_pkey;

-- Raises with the place of the first row whose external id belongs to another record. Nearly always all are new, and then nothing is asked.
create or replace function claim_crosswalk(
    kinds text[], systems text[], entities text[], external_ids text[], scopes text[], units text[],
    canonical_entities text[], canonical_keys text[]) returns void language plpgsql as $$
declare
    claimed bigint;
    lost bigint;
begin
    insert into crosswalk (scope_kind, system, entity, external_id, scope, unit, canonical_entity, canonical_key)
        select x.k, x.s, x.e, x.i, x.scope, x.unit, x.ce, x.ck
        from unnest(kinds, systems, entities, external_ids, scopes, units, canonical_entities, canonical_keys)
            with ordinality as x(k, s, e, i, scope, unit, ce, ck, place)
        order by x.k collate "C", x.s collate "C", x.e collate "C", x.i collate "C", x.place
        on conflict do nothing;
    get diagnostics claimed = row_count;
    if claimed = cardinality(kinds) then
        return;
    end if;
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
