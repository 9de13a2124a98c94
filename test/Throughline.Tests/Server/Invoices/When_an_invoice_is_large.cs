using System.Globalization;
using Throughline.Conformance.Store;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Invoices;
using Throughline.Tests.Engine;
using Xunit;

namespace Throughline.Tests.Server.Invoices;

/// <summary>X12: an invoice of thousands of entries is told in pages, and never read as a whole.</summary>
public sealed class When_an_invoice_is_large
{
    private const int Entries = 1_200;
    private static readonly DateTimeOffset At = new(2026, 7, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly Scope Deal = Scope.Engagement("006A");

    private readonly MemoryHubStore _store = new();
    private readonly Invoice _invoice = new(
        Deal, "P-1-DE", 1, new DateOnly(2026, 6, 30), InvoiceStatus.Drawn, Entries, Money.Of(Entries * 150m, "EUR"), Entries, null, "ann", EnvelopeId.New(TimeProvider.System), At);

    [Theory]
    [InlineData(null, 100, Entries, 12)]
    [InlineData(1, 100, 800, 8)]
    [InlineData(2, 100, 400, 4)]
    [InlineData(2, 500, 400, 1)]
    public async Task Should_tell_each_entry_of_a_line_once_page_by_page(int? line, int max, int count, int pages)
    {
        await KeepAsync();
        var entries = Of(_store);
        var (told, last, asked) = (new List<string>(), (EntryId?)null, 0);
        do
        {
            var (page, next) = await entries.PageAsync(new WhyOf(line, null), last, max, TestContext.Current.CancellationToken);
            Assert.True(page.Count <= max);
            told.AddRange(page.Select(entry => entry.Text("entry")!));
            (last, asked) = (next, asked + 1);
        }
        while (last is not null && asked < Entries);

        Assert.Equal((count, count), (told.Count, told.Distinct().Count()));
        // A last page that is full does not know that it is the last.
        Assert.InRange(asked, pages, pages + 1);
    }

    private WhyEntries Of(MemoryHubStore store)
    {
        var landscape = new DecidedFirm().Landscape;
        var lines = new ShownLines(Fields.Of(("lines", new[] { "Design", "Build" }.Select(text => Fields.Of(
            ("text", text), ("quantity", 400m), ("rate", Money.Of(150m, "EUR")), ("amount", Money.Of(60_000m, "EUR")), ("entryCount", 400L))).ToArray())));
        return new WhyEntries(store, new EntryTeller(store, new ReleaseHolder(landscape)), landscape.Release, _invoice, UnitState.Empty(new UnitKey(Deal, "")), lines);
    }

    private async Task KeepAsync()
    {
        EntryRow[] rows = [.. Enumerable.Range(0, Entries).Select(number => Row(number.ToString(CultureInfo.InvariantCulture)))];
        await _store.CommitEntriesAsync(
            [
                new EntryCommit
                {
                    Partition = Deal.Partition, Epoch = await _store.TakePartitionAsync(Deal.Partition, "test", CancellationToken.None), Rows = [.. rows], Invoices = [_invoice],
                    InvoiceLines = [.. rows.Select((row, place) => new InvoiceLine(
                        _invoice.Key, Deal, row.Id, 1m, Money.Of(150m, "EUR"), place % 3 == 0 ? "Build" : "Design", "1 x 150.00 EUR, rate of everybody (rate card W)"))],
                },
            ],
            CancellationToken.None);
    }

    private static EntryRow Row(string id) => new(
        EntryId.Of("psa", "time_entry", id, At), Deal, "psa", "time-entry", "time_entry", id, "1", EntryStatus.Kept,
        Fields.Of(("person", "Ada Lambert"), ("date", "2026-06-17"), ("hours", 1m)), null, null, 0, 0, null, null, null, null, EnvelopeId.New(TimeProvider.System), At);
}
