-- What one turn tells stands in one row: the first line in the columns, the others in a document. An older program would show the first lines alone, so none may
-- run beside this step.
alter table lineage add column more text;
do $$
begin
    if exists (select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) then
        alter table lineage alter column more set compression lz4;
    end if;
end $$;
