using System.Globalization;
using System.Runtime.CompilerServices;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>
/// Reads records. Whatever is handed out was read while the key was known to be good, because a withdrawn key makes Redmine list less
/// instead of refusing.
/// </summary>
internal sealed class RedmineSource(RedmineClient client, int pageSize)
{
    // A stamp is set when a change is saved and seen when it is committed; this margin is how long that may take.
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(2);

    // A sweep always starts from the beginning: only a whole one shows what is gone.
    private static readonly Cursor WholeSweep = new("sweep");

    private const int SweepAttemptsMax = 3;

    public IAsyncEnumerable<SourcePage> ReadAsync(RedmineEntity entity, Cursor? from, CancellationToken cancellation) =>
        entity.Changes == ChangeDetection.Incremental ? ReadIssuesAsync(entity, from, cancellation)
        : entity.Name == "time_entry" ? ReadTimeEntriesAsync(entity, cancellation)
        : SweepAsync(entity, cancellation);

    private async IAsyncEnumerable<SourcePage> ReadIssuesAsync(RedmineEntity entity, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var place = IssuesCursor.Parse(from);
        if (place.Next is null)
        {
            // Where the next pass will begin is fixed before this one, by Redmine's own clock: a record that changes behind our back while
            // we read has a later stamp than that.
            var newest = await client.ListAsync(entity.Plural, "/issues.json?status_id=*&sort=updated_on:desc&limit=1", cancellation);
            var mark = newest.Records.Select(issue => RedmineRecords.ToRecord(entity, issue).Version).FirstOrDefault();
            place = place with { Next = string.CompareOrdinal(mark, place.Since) > 0 ? mark : place.Since };
        }

        var filter = place.Since.Length == 0 ? "" : "&updated_on=" + Uri.EscapeDataString(">=" + Earlier(place.Since));
        var path = $"/issues.json?status_id=*{filter}&sort=id";
        await foreach (var (records, lastId, offset, isLast) in ByIdAsync(entity, path, place.LastId, place.Offset, cancellation))
        {
            var next = isLast ? new IssuesCursor(place.Next!, null, 0, 0) : place with { LastId = lastId, Offset = offset };
            yield return new SourcePage([.. records], next.ToCursor());
        }
    }

    private async IAsyncEnumerable<SourcePage> ReadTimeEntriesAsync(RedmineEntity entity, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var (records, _, _, _) in ByIdAsync(entity, "/time_entries.json?sort=id", 0, 0, cancellation))
        {
            yield return new SourcePage([.. records], WholeSweep);
        }
    }

    /// <summary>
    /// Pages by offset through a list in the order of ids. Rows may vanish meanwhile and move the others forward, so each page begins one row
    /// early; where that row is not one we have, rows were skipped and we step back. Rows that come in between only repeat some.
    /// </summary>
    private async IAsyncEnumerable<(List<SourceRecord> Records, long LastId, int Offset, bool IsLast)> ByIdAsync(
        RedmineEntity entity, string path, long lastId, int offset, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var start = Math.Max(0, offset - 1);
            var page = await client.ListAsync(entity.Plural, $"{path}&offset={start}&limit={pageSize}", cancellation);
            await client.VerifyKeyAsync(cancellation);
            var records = page.Records.Select(shown => (Id: (long)(shown.Number("id") ?? 0), Record: RedmineRecords.ToRecord(entity, shown))).ToList();
            if (start > 0 && (records.Count == 0 || records[0].Id > lastId))
            {
                offset = Math.Max(0, offset - pageSize);
                continue;
            }

            var fresh = records.Where(entry => entry.Id > lastId).ToList();
            lastId = fresh.Count > 0 ? fresh[^1].Id : lastId;
            offset = start + records.Count;
            var isLast = records.Count < (page.Limit ?? pageSize);
            if (fresh.Count > 0 || isLast)
            {
                yield return ([.. fresh.Select(entry => entry.Record)], lastId, offset, isLast);
            }

            if (isLast)
            {
                yield break;
            }
        }
    }

    private async IAsyncEnumerable<SourcePage> SweepAsync(RedmineEntity entity, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var records = new List<SourceRecord>();
        switch (entity.Name)
        {
            case "project":
                records.AddRange((await ProjectsAsync(cancellation)).Select(shown => RedmineRecords.ToRecord(entity, shown)));
                break;
            case "user":
                // 1 active, 2 registered, 3 locked: without a filter only the active ones are listed.
                foreach (var status in (int[])[1, 2, 3])
                {
                    var users = await AllAsync("users", $"/users.json?status={status}&sort=id", cancellation);
                    records.AddRange(users.Select(shown => RedmineRecords.ToRecord(entity, shown.With("is_locked", status == 3))));
                }

                break;
            default:
                records.AddRange(await PerProjectAsync(entity, cancellation));
                break;
        }

        await client.VerifyKeyAsync(cancellation);
        foreach (var page in records.Chunk(pageSize))
        {
            yield return new SourcePage([.. page], WholeSweep);
        }

        if (records.Count == 0)
        {
            yield return new SourcePage([], WholeSweep);
        }
    }

    // Closed projects are listed only when asked for; a project that is closed between the two lists stands in both, or in none.
    private async Task<List<Fields>> ProjectsAsync(CancellationToken cancellation)
    {
        var closed = await AllAsync("projects", "/projects.json?status=5", cancellation);
        var active = await AllAsync("projects", "/projects.json?status=1", cancellation);
        closed.AddRange(await AllAsync("projects", "/projects.json?status=5", cancellation));
        return [.. active.Concat(closed).GroupBy(shown => shown.Number("id")).Select(same => same.Last())];
    }

    private async Task<List<SourceRecord>> PerProjectAsync(RedmineEntity entity, CancellationToken cancellation)
    {
        var records = new List<SourceRecord>();
        foreach (var project in await ProjectsAsync(cancellation))
        {
            var id = RedmineClient.Text((long)project.Number("id")!);
            var list = entity.Name == "version"
                ? (await client.ListAsync(entity.Plural, $"/projects/{id}/versions.json", cancellation, mayBeGone: true)).Records
                : [.. await AllAsync(entity.Plural, $"/projects/{id}/{entity.Plural}.json?sort=id", cancellation, mayBeGone: true)];

            // Versions that another project shares with this one are listed as well; they come with their own project.
            records.AddRange(list.Select(shown => RedmineRecords.ToRecord(entity, shown))
                .Where(record => record.Fields.Nested("project")?.Number("id") == project.Number("id")));
        }

        return records;
    }

    /// <summary>
    /// A whole list whose order is not ours to choose. Taken only if its length did not change on the way and no row came twice: else a row
    /// that moved may have been skipped, and would look deleted.
    /// </summary>
    private async Task<List<Fields>> AllAsync(string name, string path, CancellationToken cancellation, bool mayBeGone = false)
    {
        for (var attempt = 1; attempt <= SweepAttemptsMax; attempt++)
        {
            var rows = new List<Fields>();
            int total;
            do
            {
                var page = await client.ListAsync(name, $"{path}&offset={rows.Count}&limit=100", cancellation, mayBeGone);
                total = page.Total;
                rows.AddRange(page.Records);
                if (page.Records.IsEmpty)
                {
                    break;
                }
            }
            while (rows.Count < total);

            if (rows.Count == total && rows.Select(row => row.Number("id")).Distinct().Count() == total)
            {
                return rows;
            }
        }

        throw new ConnectorException(new Failure.Transient($"the list of {name} changed {SweepAttemptsMax} times while it was read; it is read again later"));
    }

    private static string Earlier(string stamp) =>
        DateTimeOffset.Parse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).Subtract(Overlap)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Issues changed since <paramref name="Since"/> (all, where empty). Within a pass also: <paramref name="Next"/>, where the next pass begins,
    /// and the last id and offset handed out.
    /// </summary>
    private sealed record IssuesCursor(string Since, string? Next, long LastId, int Offset)
    {
        public static IssuesCursor Parse(Cursor? cursor)
        {
            var parts = cursor?.Value.Split('|') ?? [];
            return parts switch
            {
                [] => new("", null, 0, 0),
                [var since] => new(since, null, 0, 0),
                [var since, var next, var id, var offset] =>
                    new(since, next, long.Parse(id, CultureInfo.InvariantCulture), int.Parse(offset, CultureInfo.InvariantCulture)),
                _ => throw new ConnectorException(new Failure.Validation($"'{cursor!.Value}' is not a place in Redmine's issues", [])),
            };
        }

        public Cursor ToCursor() => new(Next is null ? Since : string.Create(CultureInfo.InvariantCulture, $"{Since}|{Next}|{LastId}|{Offset}"));
    }
}
