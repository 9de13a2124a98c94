using System.Collections.Immutable;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Store;

public abstract partial class SqlHubStore
{
    // Numbers stay whole on their way through both databases.
    private const int PartsOfAnHour = 10_000;

    /// <summary>The hours in an entry's <c>data</c>, in the words of this database.</summary>
    private protected abstract string HoursInData { get; }

    public async Task<ImmutableArray<EntryRow>> FindEntriesAsync(EntryFilter filter, CancellationToken cancellation)
    {
        if (filter.ExternalId?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return [];
        }

        var search = new Search();
        search.Where(filter.Scope, "scope = {0}", scope => scope.ToString());
        // The first part is what the index of open entries is for.
        search.Where(filter.Status, filter.Status is EntryStatus.Waiting or EntryStatus.Held ? "status in (2, 3) and status = {0}" : "status = {0}", status => (int)status);
        search.Where(filter.ExternalId, "external_id = {0}", id => id);
        search.Where(filter.After, "id < {0}", after => after.Value);
        var among = filter is { ExternalId: not null, Scope: null } ? $"(select * from entry order by id desc limit {EntryFilter.LookedAtMax}) as newest" : "entry";
        return await QueryAsync(
            $"select {Rows.EntryColumns} from {among} {search.Text} order by id desc limit {search.Add(filter.Max)}", Rows.Entry, cancellation, search.Values);
    }

    public async Task<ImmutableArray<EntryCount>> CountEntriesAsync(Scope? scope, CancellationToken cancellation)
    {
        var search = new Search();
        search.Where(scope, "and scope = {0}", only => only.ToString());
        var only = search.Text.Length == 0 ? "" : search.Text["where ".Length..];
        return await QueryAsync(
            $"""
            select status, taken, reason, count(*), cast(round(coalesce(sum(hours), 0) * {PartsOfAnHour}) as bigint) from (
                select e.status, case when e.status = 1 and c.status = {(int)CommandStatus.Done} then 1 else 0 end as taken, e.reason, {HoursInData} as hours
                from (select * from entry where status in (0, 1) {only} order by id desc limit {EntryCount.Max}) as e left join command c on c.id = e.batch
                union all
                select e.status, 0, e.reason, {HoursInData} from (select * from entry where status in (2, 3) {only} limit {EntryCount.Max}) as e
            ) as counted group by status, taken, reason order by status, taken, reason
            """,
            row => new EntryCount((EntryStatus)row.Int(0), row.Int(1) != 0, row.TextOrNull(2), row.Long(3), row.Long(4) / (decimal)PartsOfAnHour),
            cancellation, search.Values);
    }
}
