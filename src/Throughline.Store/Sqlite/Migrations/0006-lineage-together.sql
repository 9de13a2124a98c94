-- What one turn tells stands in one row: the first line in the columns, the others in a document. An older program would show the first lines alone, so none may
-- run beside this step.
alter table lineage add column more text;
