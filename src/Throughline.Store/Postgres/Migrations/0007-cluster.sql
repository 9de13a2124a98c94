-- works-with: 6
-- Several hubs on one store. All times here are of this server's clock.

-- Distinguishes this store from others whose hubs use the same broker.
create table cluster_id (id uuid not null default gen_random_uuid());
insert into cluster_id default values;

create table hub (
    name text collate "C" primary key,
    release text not null,
    valid_until timestamptz not null
);

-- Who drives a lane has it until then unless it says that it is still there; only the token with the row's number gives a right to take it before.
alter table lane add column valid_until timestamptz not null default '-infinity', add column token bigint not null default 0;

-- Under one lock, so that of two hubs with different releases that start at the same moment one is refused.
create function stay_hub(its_name text, its_release text, seconds double precision) returns setof hub language plpgsql as $$
declare
    other hub;
begin
    perform pg_advisory_xact_lock(hashtextextended('throughline.hubs.' || current_schema(), 0));
    delete from hub h where h.valid_until <= clock_timestamp();
    select * into other from hub h where h.release <> its_release and h.name <> its_name order by h.name limit 1;
    if found then
        raise exception using errcode = 'TL005', message = other.release || ' ' || other.name;
    end if;
    insert into hub (name, release, valid_until) values (its_name, its_release, clock_timestamp() + make_interval(secs => seconds))
        on conflict (name) do update set release = excluded.release, valid_until = excluded.valid_until;
    return query select h.* from hub h order by h.name;
end $$;
