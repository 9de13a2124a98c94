using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Xunit;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>What a posted invoice shows of its payments, and which of them are seen when only changes are read; asked of the sandbox and of the real server.</summary>
public abstract class TrytonPaymentFacts(TrytonHost host) : TrytonInvoicing(host)
{
    // So that what comes again comes because it changed.
    protected override int OverlapSeconds => 0;

    [Fact]
    public async Task Should_show_what_is_due_and_what_was_paid()
    {
        var posted = await PostedAsync("1", Line(2, 100));
        var due = TimeProvider.System.GetUtcNow().AddDays(30).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var unpaid = await ShownAsync(posted, "posted", open: 242, paid: 0);
        Assert.Equal((Today, due), (unpaid.Text("invoice_date"), unpaid.Text("due_date")));
        var part = Assert.Single(unpaid.NestedList("due"));
        Assert.Equal((due, 242m, 242m), (part.Text("date"), part.Number("amount"), part.Number("open")));
        Assert.Empty(unpaid.NestedList("payments"));

        await Host.PayAsync(Id(posted), 42.50m);
        var partly = await ShownAsync(posted, "posted", open: 199.50m, paid: 42.50m);
        Assert.Equal((due, 242m, 199.50m), (partly.Text("due_date"), partly.NestedList("due")[0].Number("amount"), partly.NestedList("due")[0].Number("open")));
        var payment = Assert.Single(partly.NestedList("payments"));
        Assert.Equal((Today, 42.50m, false), (payment.Text("date"), payment.Number("amount"), payment.Flag("reconciled")));

        await Host.PayAsync(Id(posted));
        var paid = await ShownAsync(posted, "paid", open: 0, paid: 242);
        Assert.Null(paid.Text("due_date"));
        Assert.Equal(Today, paid.Text("reconciled"));
        Assert.Equal([(42.50m, true), (199.50m, true)],
            paid.NestedList("payments").Select(each => (each.Number("amount")!.Value, each.Flag("reconciled")!.Value)).Order());
    }

    [Fact]
    public async Task Should_show_payments_in_the_currency_of_the_invoice()
    {
        var created = await WriteAsync(WriteOperation.Create, null, Payload("1", Line(2, 100)).With("currency", Find("GBP")));
        var posted = await PostAsync(created.ExternalId!);
        var unpaid = await ShownAsync(posted, "posted", open: 242, paid: 0);
        Assert.Equal(242m, Assert.Single(unpaid.NestedList("due")).Number("amount"));
    }

    [Fact]
    public async Task Should_see_a_payment_that_is_taken_back_though_the_invoice_keeps_its_stamp()
    {
        var posted = await PostedAsync("1", Line(2, 100));
        var untouched = await PostedAsync("2", Line(1, 10));
        await Host.PayAsync(Id(posted), 42);
        var before = await FoundAsync(posted);
        var place = (await PassAsync(null)).Next;
        var stamp = (await ReadAsync(posted, "write_date"))["write_date"]!.ToJsonString();

        await Host.UnpayAsync(Id(posted));
        Assert.Equal(stamp, (await ReadAsync(posted, "write_date"))["write_date"]!.ToJsonString());
        var (changes, next) = await PassAsync(place);
        var change = Assert.Single(changes, record => record.ExternalId == posted.ExternalId);
        Assert.Equal((242m, 0m), (change.Fields.Number("amount_to_pay"), change.Fields.Number("paid_amount")));
        Assert.True(Stamp(change) > Stamp(before), "a later state of the invoice has a later version");
        Assert.DoesNotContain(changes, record => record.ExternalId == untouched.ExternalId);

        Assert.DoesNotContain((await PassAsync(next)).Records, record => record.ExternalId == posted.ExternalId);
        await ShownAsync(posted, "posted", open: 242, paid: 0);
    }

    [Fact]
    public async Task Should_see_a_paid_invoice_become_open_again()
    {
        var posted = await PostedAsync("1", Line(2, 100));
        await Host.PayAsync(Id(posted), 42);
        await Host.PayAsync(Id(posted));
        var place = (await PassAsync(null)).Next;
        await Host.UnpayAsync(Id(posted));
        Assert.Contains((await PassAsync(place)).Records, record => record.ExternalId == posted.ExternalId);
        await ShownAsync(posted, "posted", open: 200, paid: 42);
        await Host.PayAsync(Id(posted));
        await ShownAsync(posted, "paid", open: 0, paid: 242);
    }

    [Fact]
    public async Task Should_tell_what_was_written_off_from_what_was_paid()
    {
        var posted = await PostedAsync("1", Line(2, 100));
        await Host.PayAsync(Id(posted), 200);
        await Host.WriteOffAsync(Id(posted));
        await ShownAsync(posted, "paid", open: 0, paid: 200, writtenOff: 42);
        await Host.UnpayAsync(Id(posted));
        await ShownAsync(posted, "posted", open: 242, paid: 0);
    }

    private static decimal Stamp(SourceRecord record) => decimal.Parse(record.Version!, CultureInfo.InvariantCulture);

    private async Task<Fields> ShownAsync(Receipt receipt, string state, decimal open, decimal paid, decimal writtenOff = 0)
    {
        var shown = (await FoundAsync(receipt)).Fields;
        Assert.Equal((state, open, paid, writtenOff, 0m), (shown.Text("state"), shown.Number("amount_to_pay"), shown.Number("paid_amount"),
            shown.Number("written_off_amount"), shown.Number("credited_amount")));
        Assert.Equal(open, shown.NestedList("due").Sum(part => part.Number("open")));
        Assert.Equal(shown.Number("total_amount"), shown.NestedList("due").Sum(part => part.Number("amount")));
        return shown;
    }

    private async Task<(List<SourceRecord> Records, Cursor Next)> PassAsync(Cursor? from)
    {
        var records = new List<SourceRecord>();
        Cursor? next = null;
        await foreach (var page in Connector.ReadAsync(Invoice, from, default))
        {
            records.AddRange(page.Records);
            next = page.Next;
        }

        return (records, next!);
    }
}
