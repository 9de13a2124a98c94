-- works-with: 5
-- Rows that change several times soon after they were written: with room on their page a change needs no new entry in any index, and what it
-- replaces is cleaned up by whoever looks at the page next.
alter table state set (fillfactor = 50);
alter table instance set (fillfactor = 70);
alter table timer set (fillfactor = 70);

-- Documents of some kilobytes (an instance with all its steps) are compressed each time they are written; lz4, where the server was built
-- with it, costs a fraction of the default.
do $$
begin
    if exists (select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
        alter table state alter column data set compression lz4;
        alter table envelope alter column payload set compression lz4;
        alter table command alter column item set compression lz4;
    end if;
end $$;
