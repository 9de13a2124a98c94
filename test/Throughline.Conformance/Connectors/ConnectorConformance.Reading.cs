using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors;

// Cases 3 to 8: nothing is lost on the way in.
public abstract partial class ConnectorConformance<TUnderTest>
{
    [Fact]
    public async Task Case_03_session_that_expires_between_pages_is_renewed_without_loss()
    {
        SkipWhereExcluded(ConformanceCase.SessionExpiry);
        var inserted = await InsertSeveralAsync(1, _subject.RowsForSeveralPages);
        var seen = new HashSet<string>();
        var pages = 0;
        await foreach (var page in Connect().ReadAsync(_subject.ReadEntity, null, Cancellation))
        {
            seen.UnionWith(page.Records.Select(record => record.ExternalId));
            if (pages++ == 0)
            {
                await _subject.ExpireSessionsAsync();
            }
        }

        Assert.True(pages > 1, "everything came in one page; choose a smaller page size in Configuration");
        Assert.Superset(inserted.ToHashSet(), seen);
    }

    [Fact]
    public async Task Case_04_paging_loses_no_row_while_rows_are_inserted()
    {
        SkipWhereExcluded(ConformanceCase.PagingDuringInserts);
        var inserted = await InsertSeveralAsync(1, _subject.RowsForSeveralPages);
        var connector = Connect();
        var seen = new HashSet<string>();
        Cursor? last = null;
        var pages = 0;
        await foreach (var page in connector.ReadAsync(_subject.ReadEntity, null, Cancellation))
        {
            seen.UnionWith(page.Records.Select(record => record.ExternalId));
            last = page.Next;
            pages++;
            if (pages <= 2)
            {
                inserted.Add(await _subject.InsertDirectlyAsync(1000 + pages));
            }
        }

        Assert.True(pages > 2, $"only {pages} pages were read; choose a smaller page size in Configuration");
        seen.UnionWith((await ReadAllAsync(connector, last)).Records.Select(record => record.ExternalId));
        Assert.Superset(inserted.ToHashSet(), seen);
    }

    [Fact]
    public async Task Case_05_page_that_was_read_but_not_kept_is_read_again()
    {
        SkipWhereExcluded(ConformanceCase.CrashBetweenPageAndCommit);
        var inserted = await InsertSeveralAsync(1, _subject.RowsForSeveralPages);
        var kept = new HashSet<string>();
        Cursor? durable = null;
        var pages = 0;
        await foreach (var page in Connect().ReadAsync(_subject.ReadEntity, null, Cancellation))
        {
            if (++pages == 2)
            {
                break; // the crash: page two was handed over and never became durable
            }

            kept.UnionWith(page.Records.Select(record => record.ExternalId));
            durable = page.Next;
        }

        Assert.Equal(2, pages);
        kept.UnionWith((await ReadAllAsync(Connect(), durable)).Records.Select(record => record.ExternalId));
        Assert.Superset(inserted.ToHashSet(), kept);
    }

    [Fact]
    public async Task Case_06_record_read_twice_keeps_its_identity_and_content()
    {
        SkipWhereExcluded(ConformanceCase.OneIdentity);
        var inserted = await InsertSeveralAsync(1, 3);
        var connector = Connect();
        var once = Prints((await ReadAllAsync(connector)).Records);
        var again = Prints((await ReadAllAsync(Connect())).Records);
        foreach (var id in inserted)
        {
            Assert.Equal(once[id], again[id]);
        }

        // Two versions of one record may both come in one sequence, but never as two identities.
        var id0 = inserted[0];
        await _subject.ChangeDirectlyAsync(id0);
        Assert.NotEqual(once[id0], Prints((await ReadAllAsync(connector)).Records)[id0]);
    }

    [Fact]
    public async Task Case_07_cursor_never_goes_back_and_sees_later_changes()
    {
        SkipWhereExcluded(ConformanceCase.CursorNeverGoesBack);
        var inserted = await InsertSeveralAsync(1, 3);
        var connector = Connect();
        var (_, first) = await ReadAllAsync(connector);
        Assert.NotNull(first);
        var (fromFirst, second) = await ReadAllAsync(connector, first);
        var (fromSecond, _) = await ReadAllAsync(connector, second);
        if (ReadOne.Changes == ChangeDetection.Incremental)
        {
            Assert.Subset(fromFirst.Select(record => record.ExternalId).ToHashSet(), fromSecond.Select(record => record.ExternalId).ToHashSet());
        }

        await _subject.ChangeDirectlyAsync(inserted[1]);
        var added = await _subject.InsertDirectlyAsync(4);
        foreach (var cursor in new[] { first, second })
        {
            var seen = (await ReadAllAsync(Connect(), cursor)).Records.Select(record => record.ExternalId).ToHashSet();
            Assert.Contains(inserted[1], seen);
            Assert.Contains(added, seen);
        }
    }

    [Fact]
    public async Task Case_08_deletion_is_seen()
    {
        SkipWhereExcluded(ConformanceCase.Deletions);
        var inserted = await InsertSeveralAsync(1, 3);
        var connector = Connect();
        var (_, cursor) = await ReadAllAsync(connector);
        await _subject.DeleteDirectlyAsync(inserted[1]);
        var (after, _) = await ReadAllAsync(connector, cursor);
        if (ReadOne.ReportsDeletion)
        {
            Assert.True(after.Last(record => record.ExternalId == inserted[1]).Deleted, "the deleted record came without Deleted");
        }
        else
        {
            var present = after.Select(record => record.ExternalId).ToHashSet();
            Assert.DoesNotContain(inserted[1], present);
            Assert.Contains(inserted[0], present); // a sweep is complete, so what is absent is gone
        }
    }

    [Fact]
    public async Task Case_17_schema_drift_is_a_clear_failure_that_names_the_field()
    {
        SkipWhereExcluded(ConformanceCase.SchemaDrift);
        await InsertSeveralAsync(1, 2);
        var connector = Connect();
        await ReadAllAsync(connector);
        var field = await _subject.DriftAsync();
        var failure = await ReadFailureAsync(connector);
        Assert.Contains(field, failure.Message, StringComparison.Ordinal);
        Assert.Equal(Disposition.AskPerson, failure.Disposition);
    }

    private Dictionary<string, string> Prints(IEnumerable<SourceRecord> records)
    {
        var prints = new Dictionary<string, string>();
        foreach (var record in records)
        {
            Assert.Equal(_subject.ReadEntity, record.Entity);
            var fields = ReadOne.Volatile.Aggregate(record.Fields, (kept, name) => kept.Without(name));
            prints[record.ExternalId] = record.Version + " " + fields.Fingerprint();
        }

        return prints;
    }
}
