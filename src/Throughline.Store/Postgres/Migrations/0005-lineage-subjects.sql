-- works-with: 2
-- A line of the story says what it is about, so that nobody has to read it out of its words. Lines from before say it in words alone.
alter table lineage add column instance_id uuid, add column step text, add column record_entity text, add column record_key text;
