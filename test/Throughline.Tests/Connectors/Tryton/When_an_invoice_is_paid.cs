using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

/// <summary>Books that are too much work to make on the real server, and the doors of the sandbox; the rest stands in <c>TrytonPaymentFacts</c>.</summary>
public sealed class When_an_invoice_is_paid : TrytonFixture
{
    private const string Invoice = "account.invoice";
    private const string Entry = "account.move.line";

    [Fact]
    public async Task Should_count_a_payment_of_several_invoices_for_each_of_them()
    {
        var (one, two) = (await PostedAsync("1"), await PostedAsync("2"));
        var together = Sandbox.Insert("account.move.reconciliation", new JsonObject { ["name"] = "R", ["date"] = "2026-11-20" });
        foreach (var entry in new[] { EntryOf(one), EntryOf(two), Insert("cash", credit: 2420) })
        {
            Sandbox.Change(Entry, entry, new JsonObject { ["reconciliation"] = together });
        }

        foreach (var invoice in new[] { one, two })
        {
            var shown = await ShownAsync(invoice);
            Assert.Equal((1210m, 0m, 0m), (shown.Number("paid_amount"), shown.Number("amount_to_pay"), shown.Number("written_off_amount")));
            Assert.Equal(("2026-11-20", 1210m), (shown.NestedList("payments")[0].Text("date"), shown.NestedList("payments")[0].Number("amount")));
        }
    }

    [Fact]
    public async Task Should_cover_the_first_instalment_first()
    {
        var posted = await PostedAsync("1");
        var first = EntryOf(posted);
        Sandbox.Change(Entry, first, new JsonObject { ["debit"] = Number(605), ["maturity_date"] = "2026-12-01" });
        var second = Sandbox.Insert(Entry, new JsonObject
        {
            ["move"] = Stored(first)["move"]!.DeepClone(), ["account"] = Stored(first)["account"]!.DeepClone(), ["debit"] = Number(605), ["credit"] = Number(0),
            ["maturity_date"] = "2027-01-01",
        });
        Sandbox.Pay(posted, 705);
        var shown = await ShownAsync(posted);
        Assert.Equal([("2026-12-01", 605m, 0m), ("2027-01-01", 605m, 505m)],
            shown.NestedList("due").Select(part => (part.Text("date")!, part.Number("amount")!.Value, part.Number("open")!.Value)));
        Assert.Equal(("2027-01-01", 505m), (shown.Text("due_date"), shown.Number("amount_to_pay")));

        // The first one is set off against its own payment: the stamp of the invoice stays, that of the entry tells.
        var version = (await FoundAsync(posted)).Version;
        var own = Sandbox.Insert("account.move.reconciliation", new JsonObject { ["name"] = "R", ["date"] = "2026-11-20" });
        foreach (var entry in new[] { first, Insert("cash", credit: 605) })
        {
            Sandbox.Change(Entry, entry, new JsonObject { ["reconciliation"] = own });
        }

        Assert.NotEqual(version, (await FoundAsync(posted)).Version);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Should_count_in_the_currency_of_the_invoice_at_the_rate_at_which_it_was_booked()
    {
        var posted = await PostedAsync("1", "GBP");
        Sandbox.Change(Entry, EntryOf(posted), new JsonObject { ["debit"] = Number(1452) });
        var together = Sandbox.Insert("account.move.reconciliation", new JsonObject { ["name"] = "R", ["date"] = "2026-11-20" });
        foreach (var entry in new[] { EntryOf(posted), Insert("cash", credit: 1400), Insert("write-off", credit: 52) })
        {
            Sandbox.Change(Entry, entry, new JsonObject { ["reconciliation"] = together });
        }

        var shown = await ShownAsync(posted);
        Assert.Equal((1210m, 1166.67m, 43.33m), (shown.Number("total_amount"), shown.Number("paid_amount"), shown.Number("written_off_amount")));
    }

    [Fact]
    public async Task Should_say_at_the_doors_what_cannot_be_done()
    {
        var posted = await PostedAsync("1");
        using var http = new HttpClient { BaseAddress = Sandbox.Address };
        foreach (var (query, words) in new[]
        {
            ("pay?invoice=4711", "There is no invoice with the id 4711"), ("unpay?invoice=x", "unpay needs invoice=<id>"),
            ($"unpay?invoice={posted}&amount=1", "and nothing else"), ($"unpay?invoice={posted}", "has no payment"), ($"pay?invoice={posted}&amount=0", "1210"),
            ("writeoff", "writeoff needs invoice=<id>"),
        })
        {
            using var answer = await http.PostAsync(new Uri($"/_sandbox/tryton/{query}", UriKind.Relative), null);
            Assert.Equal(400, (int)answer.StatusCode);
            Assert.Contains(words, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var query in new[] { $"pay?invoice={posted}&amount=1000", $"unpay?invoice={posted}", $"writeoff?invoice={posted}" })
        {
            using var answer = await http.PostAsync(new Uri($"/_sandbox/tryton/{query}", UriKind.Relative), null);
            Assert.Equal(204, (int)answer.StatusCode);
        }

        var shown = await ShownAsync(posted);
        Assert.Equal(("paid", 0m, 1210m), (shown.Text("state"), shown.Number("paid_amount"), shown.Number("written_off_amount")));
        using var late = await http.PostAsync(new Uri($"/_sandbox/tryton/writeoff?invoice={posted}", UriKind.Relative), null);
        Assert.Contains("is paid", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Fields Find(string code) => Fields.Of(("find", Fields.Of(("code", code))));

    private static JsonObject Number(decimal value) => new() { ["__class__"] = "Decimal", ["decimal"] = value.ToString(CultureInfo.InvariantCulture) };

    private async Task<long> PostedAsync(string n, string currency = "EUR")
    {
        var created = await WriteAsync(new WriteItem($"k{n}", Invoice, WriteOperation.Create, null, null, Fields.Of(
            ("reference", $"R/{n}"), ("party", Find("C-100")), ("currency", Find(currency)), ("lines", new[]
            {
                Fields.Of(("description", "Consulting"), ("quantity", 10), ("unit_price", 100), ("product", Find("HOUR"))),
            }))));
        Assert.True((await WriteAsync(new WriteItem($"p{n}", Invoice, WriteOperation.Update, created.ExternalId, null, Fields.Of(("state", "posted"))))).IsDone);
        return long.Parse(created.ExternalId!, CultureInfo.InvariantCulture);
    }

    private long EntryOf(long invoice) => (long)Sandbox.Records(Invoice).Single(row => (long)row!["id"]! == invoice)!["lines_to_pay"]![0]!;

    private JsonNode Stored(long entry) => Sandbox.Records(Entry).Single(row => (long)row!["id"]! == entry)!;

    private long Insert(string journal, decimal credit)
    {
        var book = (long)Sandbox.Records("account.journal").Single(row => (string?)row!["type"] == journal)!["id"]!;
        var move = Sandbox.Insert("account.move", new JsonObject { ["journal"] = book, ["date"] = "2026-11-20" });
        return Sandbox.Insert(Entry, new JsonObject { ["move"] = move, ["account"] = 2, ["debit"] = Number(0), ["credit"] = Number(credit) });
    }

    private async Task<SourceRecord> FoundAsync(long invoice) =>
        Assert.Single(await Connector.FindAsync(FindRequest.ById(Invoice, invoice.ToString(CultureInfo.InvariantCulture)), default));

    private async Task<Fields> ShownAsync(long invoice) => (await FoundAsync(invoice)).Fields;
}
