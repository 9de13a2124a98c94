-- What the hub keeps for itself has rows of its own kinds and is no record any more, so that nothing that reads records has to pass it over:
-- where a sale goes on (5), what a person dropped (6), the last number of a series (7). An older program would not see them and would give
-- numbers twice, so none may run beside this step.
-- The record that waits to be moved may hold \u0000, which no function on JSON bears here; so its text is cut out as it stands.
update state set kind = 5, id = 'move', data = substr(
        data, length('{"entity":"move","key":"move","attributes":') + 1,
        length(data) - length('{"entity":"move","key":"move","attributes":') - length(',"owner":"hub","versions":{}}'))
    where kind = 0 and id = 'move/move';
update state set kind = 6, id = substr(id, 9), data = '{}' where kind = 0 and id like 'dropped/%';
update state set kind = 7, id = substr(id, 8), data = ((data::json) -> 'attributes')::text where kind = 0 and id like 'series/%';
