using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Store;

public abstract partial class SqlHubStore
{
    /// <summary>Newest first: by time of opening, then by id, both falling. An unknown page key gives an empty page.</summary>
    public async Task<ImmutableArray<Case>> ListCasesAsync(CaseFilter filter, CancellationToken cancellation)
    {
        var search = new Search();
        search.Where(filter.Status, "status = {0}", status => (int)status);
        search.Where(filter.Queue, "queue = {0}", queue => queue);
        search.Where(filter.CorrelationId, "correlation_id = {0}", id => id);
        search.Where(filter.After, "(opened_at, id) < (select c.opened_at, c.id from case_file c where c.id = {0})", PageKey);
        return await QueryAsync(
            $"select {Rows.CaseColumns} from case_file {search.Text} order by opened_at desc, id desc limit {search.Add(filter.Max)}",
            Rows.Case, cancellation, search.Values);
    }

    public async Task<Case?> FindCaseAsync(CaseId id, CancellationToken cancellation) =>
        (await QueryAsync($"select {Rows.CaseColumns} from case_file where id = $1", Rows.Case, cancellation, id.Value)).SingleOrDefault();

    public async Task<ImmutableArray<Case>> FindCasesAsync(IdRange ids, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.CaseColumns} from case_file where id between $1 and $2 order by id limit $3", Rows.Case, cancellation, ids.First, ids.Last, max);

    public async Task<ImmutableArray<InstanceRow>> FindInstancesAsync(IdRange ids, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.InstanceColumns} from instance where id between $1 and $2 order by id limit $3", Rows.Instance, cancellation, ids.First, ids.Last, max);

    public async Task<ImmutableArray<Scope>> FindScopesAsync(string id, CancellationToken cancellation)
    {
        if (id.Contains('\0', StringComparison.Ordinal))
        {
            return [];
        }

        var isId = Guid.TryParse(id, out var guid);
        return await QueryAsync(
            """
            select scope from crosswalk where external_id = $1
            union select scope from match_key where key = $1
            union select scope from state where scope = $1
            union select scope from command where scope = $1
            union select scope from case_file where scope = $1
            union select scope from instance where scope = $1
            union select scope from lineage where scope = $1 and scope <> correlation_id
            union select scope from lineage where correlation_id = $1 and scope = $1
            """ + (isId
                ? """

                union select scope from instance where id = $2
                union select scope from command where id = $2
                union select scope from case_file where id = $2
                """
                : "") + "\norder by scope",
            row => row.Scope(0), cancellation, isId ? [id, guid] : [id]);
    }

    public async Task<ImmutableArray<LineageEntry>> ReadLineageAsync(string correlationId, long after, int max, CancellationToken cancellation) =>
        // One row more than lines are asked for, because all of the first may be known already.
        [.. (await QueryAsync(
            $"""
            select {Rows.LineageColumns} from (
                select * from (
                    select * from lineage where correlation_id = $1 and number >= $2 and number <= $3 order by number limit $4) as c
                union all
                select * from (
                    select * from lineage where scope = $1 and scope <> correlation_id and number >= $2 and number <= $3 order by number limit $4) as s
            ) as l order by number limit $4
            """,
            Rows.Lines, cancellation, correlationId, StoredStory.RowOf(after), await HorizonAsync("lineage", cancellation), max == int.MaxValue ? max : max + 1))
            .SelectMany(lines => lines).Where(line => line.Number > after).Take(max)];

    public async Task<ImmutableArray<StateRow>> LoadScopeAsync(Scope scope, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.StateColumns} from state s where s.scope = $1 order by s.unit, s.kind, s.id", Rows.State, cancellation, scope.ToString());

    /// <summary>By time of starting, then by id, both falling; <paramref name="after"/> is an instance id.</summary>
    public async Task<ImmutableArray<InstanceRow>> ListInstancesAsync(
        string? process, string? status, string? after, int max, CancellationToken cancellation)
    {
        var search = new Search();
        search.Where(process, "process = {0}", name => name);
        search.Where(status, "status = {0}", name => name);
        search.Where(after, "(started_at, id) < (select i.started_at, i.id from instance i where i.id = {0})", PageKey);
        return await QueryAsync(
            $"select {Rows.InstanceColumns} from instance {search.Text} order by started_at desc, id desc limit {search.Add(max)}",
            Rows.Instance, cancellation, search.Values);
    }

    public async Task<ImmutableArray<Command>> ListCommandsAsync(Scope scope, int max, CancellationToken cancellation) => await QueryAsync(
        $"""
        select {Rows.CommandColumns} from (select * from command where scope = $1 order by created_at desc, number desc limit $2) as newest
        order by created_at, number
        """,
        Rows.Command, cancellation, scope.ToString(), max);

    public async Task<ImmutableArray<PublishedEvent>> ReadEventsAsync(long after, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.EventColumns} from event where number > $1 and number <= $2 order by number limit $3",
        Rows.Event, cancellation, after, await HorizonAsync("event", cancellation), max);

    /// <summary>In the order in which they were parked.</summary>
    public async Task<ImmutableArray<ParkedEnvelope>> ListParkedAsync(Scope? scope, int max, CancellationToken cancellation)
    {
        var search = new Search();
        search.Where(scope, "scope = {0}", only => only.ToString());
        return await QueryAsync(
            $"select {Rows.ParkedColumns} from parked {search.Text} order by position limit {search.Add(max)}", Rows.Parked, cancellation, search.Values);
    }

    /// <summary>
    /// Commands being sent count as waiting, held instances and those being undone as running: what is unfinished is never missing.
    /// </summary>
    public async Task<HubCounts> CountAsync(CancellationToken cancellation) => (await QueryAsync(
        $"""
        select
            (select cast(sum(t.number - case t.stream when 0 then h.control else h.intake end) as bigint)
                from tail t join head h on h.partition = t.partition),
            {EntriesWaiting},
            {Counted("parked")},
            {Counted("command where status in (0, 1)")},
            {Counted("command where status = 2")},
            {Counted("case_file where status = 0")},
            {Counted("instance where status in ('Running', 'running', 'Held', 'held', 'Undoing', 'undoing')")},
            {Counted("instance where status in ('Done', 'done')")},
            {Counted("instance where status in ('Undone', 'undone', 'Merged', 'merged')")}
        """,
        row => new HubCounts(row.Long(0), row.Long(1), row.Long(2), row.Long(3), row.Long(4), row.Long(5), row.Long(6), row.Long(7), row.Long(8)), cancellation))[0];

    // Counting stops there, or looking at the health page would cost more with every year of history.
    private static string Counted(string rows) => $"(select count(*) from (select 1 from {rows} limit {HubCounts.Max}) as counted)";

    private static object PageKey(string text) => Guid.TryParse(text, out var id) ? id : Guid.Empty;

    /// <summary>Conditions that are there only where asked for; values always travel as parameters.</summary>
    private sealed class Search
    {
        private readonly List<string> _conditions = [];
        private readonly List<object> _values = [];

        public string Text => _conditions.Count == 0 ? "" : "where " + string.Join(" and ", _conditions);

        public object[] Values => [.. _values];

        public void Where<T>(T? value, string condition, Func<T, object> stored)
            where T : struct
        {
            if (value is { } given)
            {
                _conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, Add(stored(given))));
            }
        }

        public void Where(string? value, string condition, Func<string, object> stored)
        {
            if (value is not null)
            {
                _conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, Add(stored(value))));
            }
        }

        public string Add(object value)
        {
            _values.Add(value);
            return "$" + _values.Count.ToString(CultureInfo.InvariantCulture);
        }
    }
}
