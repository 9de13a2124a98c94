using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Model.Ledger;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

/// <summary>Invoices are written with the entries that are on them (D4, invariant 7).</summary>
public abstract partial class StoreConformance
{
    private static readonly DateOnly June = new(2026, 6, 30);

    [Fact]
    public async Task Should_keep_an_invoice_with_its_lines_and_what_became_of_it()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var (a, b) = (Entry(Alpha, "a"), Entry(Alpha, "b"));
        var invoice = Drawn(Alpha, "P-1-DE", 1, 1800.25m);
        InvoiceLine[] lines = [LineOf(invoice, a, 8m, 1200m), LineOf(invoice, b, 4.001667m, 600.25m)];
        await CommitInvoicesAsync(Alpha, epoch, [invoice], [.. lines]);
        await ReopenAsync();

        Assert.Equal(Tell(invoice), Tell(await Store.FindInvoiceAsync("P-1-DE/1", Stop)));
        var ordered = lines.OrderBy(line => line.Entry.Value.ToString("N"), StringComparer.Ordinal).ToArray();
        Assert.Equal(Tell(ordered), Tell(await Store.ListInvoiceLinesAsync(invoice.Key, null, 10, Stop)));
        Assert.Equal(Tell(ordered[1..]), Tell(await Store.ListInvoiceLinesAsync(invoice.Key, ordered[0].Entry, 10, Stop)));

        var posted = invoice with { Status = InvoiceStatus.Posted, Number = "INV-2026-7" };
        await CommitInvoicesAsync(Alpha, epoch, [posted], []);
        Assert.Equal(Tell(posted), Tell(Assert.Single(await Store.LoadInvoicesAsync([Alpha], Stop))));
        Assert.Null(await Store.FindInvoiceAsync("P-1-DE/2", Stop));

        var open = posted with { Receivable = Said(1000m, 250.5m) };
        await CommitInvoicesAsync(Alpha, epoch, [open], []);
        await ReopenAsync();
        Assert.Equal(Tell(open), Tell(await Store.FindInvoiceAsync(invoice.Key, Stop)));
        var bare = posted with { Receivable = new Receivable(null, Money.Of(1000m, "EUR"), Money.Of(0m, "EUR"), Money.Of(20m, "EUR"), Money.Of(30m, "EUR"), null, null) };
        await CommitInvoicesAsync(Alpha, epoch, [bare], []);
        Assert.Equal(Tell(bare), Tell(await Store.FindInvoiceAsync(invoice.Key, Stop)));
    }

    /// <summary>D5: what is open, and what was due.</summary>
    [Fact]
    public async Task Should_find_invoices_that_are_open_paid_and_overdue()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        Invoice Of(int count, Receivable? said, InvoiceStatus status = InvoiceStatus.Posted) => Drawn(Alpha, "P-1-DE", count, 100m) with { Status = status, Receivable = said };
        Invoice[] all =
        [
            Of(1, Said(119m, 0m)), Of(2, Said(119m, 19m)), Of(3, Said(119m, 119m) with { DueDate = new DateOnly(2026, 9, 1) }), Of(4, null),
            Of(5, null, InvoiceStatus.Withdrawn), Of(6, Said(119m, 119m) with { DueDate = null }),
        ];
        await CommitInvoicesAsync(Alpha, epoch, [.. all.Select(invoice => Drawn(Alpha, "P-1-DE", invoice.Count, 100m)), Drawn(Alpha, "P-1-DE", 7, 100m)], []);
        await CommitInvoicesAsync(Alpha, epoch, [.. all], []);

        async Task<string> Found(bool? isOpen = null, DateOnly? overdueOn = null) => string.Join(" ", (await Store.ListInvoicesAsync(
            new InvoiceFilter(null, null, null, 10) { IsOpen = isOpen, OverdueOn = overdueOn }, Stop)).Select(invoice => invoice.Count).Order());

        Assert.Equal("2 3 4 6", await Found(isOpen: true));
        Assert.Equal("1", await Found(isOpen: false));
        Assert.Equal("2", await Found(overdueOn: new DateOnly(2026, 8, 1)));
        Assert.Equal("2 3", await Found(overdueOn: new DateOnly(2026, 9, 2)));
        Assert.Empty(await Found(overdueOn: new DateOnly(2026, 7, 31)));
    }

    /// <summary>X5: a credit note is an invoice that says what it takes back, and its lines say which line they are part of.</summary>
    [Fact]
    public async Task Should_keep_what_a_credit_note_takes_back()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var row = Entry(Alpha, "a");
        var invoice = Drawn(Alpha, "P-1-DE", 1, 1200m);
        var note = Drawn(Alpha, "P-1-DE", 2, -1200m) with { Credits = invoice.Key, Quantity = -8m };
        InvoiceLine[] lines = [LineOf(invoice, row, 8m, 1200m) with { Place = 3 }, LineOf(note, row, -8m, -1200m) with { Place = 1 }];
        await CommitInvoicesAsync(Alpha, epoch, [invoice, note], [.. lines]);
        var posted = note with { Status = InvoiceStatus.Posted, Number = "CN-1", Receivable = Said(-1428m, -1428m) };
        await CommitInvoicesAsync(Alpha, epoch, [posted], []);
        await ReopenAsync();

        Assert.Equal(Tell(posted), Tell(await Store.FindInvoiceAsync(note.Key, Stop)));
        Assert.Equal(Tell(new[] { invoice, posted }), Tell(await Store.LoadInvoicesAsync([Alpha], Stop)));
        Assert.Equal(Tell(lines[1..]), Tell(await Store.ListInvoiceLinesAsync(note.Key, null, 10, Stop)));
        Assert.Equal(Tell(lines), Tell(await Store.FindInvoiceLinesAsync(new InvoiceLineFilter(Entry: row.Id), Stop)));
        // It is open until somebody sets it off, and never overdue.
        Assert.Equal([note.Key], (await Store.ListInvoicesAsync(new InvoiceFilter(null, null, null, 10) { IsOpen = true }, Stop)).Select(each => each.Key));
        Assert.Empty(await Store.ListInvoicesAsync(new InvoiceFilter(null, null, null, 10) { OverdueOn = new DateOnly(2027, 1, 1) }, Stop));
    }

    private static Receivable Said(decimal gross, decimal open) => new(
        open == 0 ? "paid" : "posted", Money.Of(gross, "EUR"), Money.Of(open, "EUR"), Money.Of(0m, "EUR"), Money.Of(0m, "EUR"), new DateOnly(2026, 7, 31),
        new DateOnly(2026, 7, 4));

    [Fact]
    public async Task Should_never_take_a_new_invoice_for_a_known_one_nor_an_entry_twice()
    {
        var (alpha, beta) = (await Store.TakePartitionAsync(Alpha.Partition, "test", Stop), await Store.TakePartitionAsync(Beta.Partition, "test", Stop));
        var invoice = Drawn(Alpha, "P-1-DE", 1, 1200m);
        var line = LineOf(invoice, Entry(Alpha, "a"), 8m, 1200m);
        await CommitInvoicesAsync(Alpha, alpha, [invoice], [line]);

        await Assert.ThrowsAnyAsync<Exception>(() => CommitInvoicesAsync(Beta, beta, [invoice with { Scope = Beta }], []));
        await Assert.ThrowsAnyAsync<Exception>(() => CommitInvoicesAsync(Alpha, alpha, [], [line]));

        Assert.Equal(Alpha, (await Store.FindInvoiceAsync(invoice.Key, Stop))!.Scope);
        Assert.Single(await Store.ListInvoiceLinesAsync(invoice.Key, null, 10, Stop));
    }

    [Fact]
    public async Task Should_list_invoices_newest_first_in_pages()
    {
        var (alpha, beta) = (await Store.TakePartitionAsync(Alpha.Partition, "test", Stop), await Store.TakePartitionAsync(Beta.Partition, "test", Stop));
        var first = Drawn(Alpha, "P-1-DE", 1, 100m);
        var second = Drawn(Alpha, "P-1-DE", 2, 200m) with { At = first.At.AddHours(1) };
        var other = Drawn(Beta, "P-2-UK", 1, 300m) with { At = first.At.AddHours(1) };
        await CommitInvoicesAsync(Alpha, alpha, [first, second], []);
        await CommitInvoicesAsync(Beta, beta, [other], []);
        await CommitInvoicesAsync(Alpha, alpha, [first with { Status = InvoiceStatus.Withdrawn }], []);

        async Task<string[]> Keys(Scope? scope = null, InvoiceStatus? status = null, string? after = null, int max = 10) =>
            [.. (await Store.ListInvoicesAsync(new InvoiceFilter(scope, status, after, max), Stop)).Select(invoice => invoice.Key)];

        Assert.Equal(["P-2-UK/1", "P-1-DE/2", "P-1-DE/1"], await Keys());
        Assert.Equal(["P-2-UK/1", "P-1-DE/2"], await Keys(max: 2));
        Assert.Equal(["P-1-DE/1"], await Keys(after: "P-1-DE/2", max: 2));
        Assert.Equal(["P-1-DE/2", "P-1-DE/1"], await Keys(Alpha));
        Assert.Equal(["P-1-DE/1"], await Keys(status: InvoiceStatus.Withdrawn));
        Assert.Empty(await Keys(after: "nobody knows it"));
        Assert.Equal(["P-1-DE/1", "P-1-DE/2"], (await Store.LoadInvoicesAsync([Alpha], Stop)).Select(invoice => invoice.Key));
    }

    /// <summary>X12: from an invoice to its entries, and from an entry to the invoices that it is on.</summary>
    [Fact]
    public async Task Should_find_what_is_on_an_invoice_and_where_an_entry_is()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        EntryRow[] rows = [.. new[] { "a", "b", "c" }.Select(id => Entry(Alpha, id)).OrderBy(row => row.Id.Value.ToString("N"), StringComparer.Ordinal)];
        var (june, july) = (Drawn(Alpha, "P-1-DE", 1, 3600m), Drawn(Alpha, "P-1-DE", 2, -150m));
        InvoiceLine[] lines = [.. rows.Select(row => LineOf(june, row, 8m, 1200m))];
        var correction = LineOf(july, rows[2], -1m, -150m);
        await CommitInvoicesAsync(Alpha, epoch, [june, july], [.. lines, correction]);
        await ReopenAsync();

        async Task<string> Found(InvoiceLineFilter filter) => Tell(await Store.FindInvoiceLinesAsync(filter, Stop));

        Assert.Equal(Tell(lines), await Found(new(june.Key)));
        Assert.Equal(Tell(lines[1..]), await Found(new(june.Key, After: lines[0].Entry)));
        Assert.Equal(Tell(lines[..2]), await Found(new(june.Key, Max: 2)));
        Assert.Equal(Tell(new[] { lines[2], correction }), await Found(new(Entry: rows[2].Id)));
        Assert.Equal(Tell(new[] { correction }), await Found(new(july.Key, rows[2].Id)));
        Assert.Equal(Tell(Array.Empty<InvoiceLine>()), await Found(new(july.Key, rows[0].Id)));
        Assert.Equal(Tell(Array.Empty<InvoiceLine>()), await Found(new()));
        Assert.Equal(Tell(Array.Empty<InvoiceLine>()), await Found(new("no\0key")));
    }

    /// <summary>Cost stays flat: what was billed long ago is not read again.</summary>
    [Fact]
    public async Task Should_find_what_may_be_billed_in_the_order_of_the_work()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        EntryRow Row(string id, string day, LineValue value, EntryStatus status = EntryStatus.Sent) =>
            Entry(Alpha, id) with { Attributes = Fields.Of(("date", day), ("hours", 8m)), Value = value, Status = status };
        var beyondCap = LineValue.Of(new Portion(LedgerAccount.InBatch, 2m, Money.Of(300m, "EUR")), new Portion(LedgerAccount.Held, 6m, Money.Of(900m, "EUR")));
        var billed = LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Money.Of(1200m, "EUR")));
        await Store.CommitEntriesAsync(
            [
                new()
                {
                    Partition = Alpha.Partition, Epoch = epoch,
                    Rows =
                    [
                        Row("later", "2026-06-30", Eight), Row("earlier", "2026-06-01", Eight), Row("capped", "2026-06-15", beyondCap), Row("next month", "2026-07-01", Eight),
                        Row("billed", "2026-06-02", billed), Row("refused", "2026-06-03", Eight, EntryStatus.Held), Row("held", "2026-06-04", Eight.Hold(), EntryStatus.Waiting),
                        Row("owed back", "2026-06-20", billed.Withdraw(), EntryStatus.Kept), Row("no day", "soon", Eight),
                    ],
                },
            ],
            Stop);

        async Task<string[]> Found(DateOnly until, int max = 10) => [.. (await Store.LoadBillableAsync(Alpha, until, max, Stop)).Select(row => row.ExternalId)];

        Assert.Equal(["earlier", "capped", "owed back", "later"], await Found(June));
        Assert.Equal(["earlier", "capped"], await Found(June, 2));
        Assert.Equal(["earlier"], await Found(new DateOnly(2026, 6, 14)));
        Assert.Empty(await Store.LoadBillableAsync(Beta, June, 10, Stop));

        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = [Row("earlier", "2026-06-01", billed)] }], Stop);
        Assert.Equal(["capped", "owed back", "later"], await Found(June));
    }

    private static Invoice Drawn(Scope scope, string reference, int count, decimal amount) => new(
        scope, reference, count, June, InvoiceStatus.Drawn, 12.001667m, Money.Of(amount, "EUR"), 2, null, "ann", EnvelopeId(reference), T0);

    private static InvoiceLine LineOf(Invoice invoice, EntryRow row, decimal quantity, decimal amount) =>
        new(invoice.Key, invoice.Scope, row.Id, quantity, Money.Of(amount, "EUR"), "Design", "8 x 150.00 EUR");

    private Task CommitInvoicesAsync(Scope scope, long epoch, ImmutableArray<Invoice> invoices, ImmutableArray<InvoiceLine> lines) =>
        Store.CommitEntriesAsync([new() { Partition = scope.Partition, Epoch = epoch, Invoices = invoices, InvoiceLines = lines }], Stop);
}
