using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Model;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Trace;
using Throughline.Server.Cli;
using Throughline.Server.Console;
using Throughline.Server.Hosting;
using Throughline.Tests.Store;
using Xunit;

namespace Throughline.Tests.Server.Invoices;

/// <summary>H2, X12: from an invoice that the ERP has posted back to the hours, the rates, who decided and what was sold, and on to what the ERP answered.</summary>
public sealed class When_somebody_asks_why : IAsyncLifetime
{
    private static readonly DateOnly June = new(2026, 6, 30);
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private readonly TemporaryFolder _folder = new();
    private readonly List<int> _booked = [];
    private DemoFirm _firm = null!;
    private Doors _doors = null!;
    private string _deal = "";
    private Invoice _invoice = null!;

    public async ValueTask InitializeAsync()
    {
        _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());
        _doors = new Doors(_firm.Hub, new HubServerParts
        {
            Landscape = _firm.Landscape, Store = _firm.Hub.Store, Connectors = new Dictionary<string, Throughline.Connect.IConnector>(),
            Token = AccessToken.OpenOrCreate(_folder.Path), Secrets = new SecretResolver(_ => null), Endpoints = [], Logs = NullLoggerFactory.Instance,
        });
        _deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(_deal);
        var person = _firm.Person();
        foreach (var (task, hours) in new[] { (0, 8m), (0, 7.5m), (1, 0.25m) })
        {
            _booked.Add(await _firm.BookAsync(person, _firm.Tasks[task], hours));
        }

        await _firm.UntilAsync("the time is unbilled", async () => (await _firm.Hub.Store.BalancesAsync(Engagement, CancellationToken.None)).Any(
            balance => balance is { Account: Throughline.Model.Ledger.LedgerAccount.Unbilled, Quantity: 15.75m }));
        _invoice = Assert.Single((await _firm.Hub.DrawInvoicesAsync(Engagement, new DrawRequest(June, Today, "ann"), TimeProvider.System, CancellationToken.None)).Invoices);
    }

    public async ValueTask DisposeAsync()
    {
        await _firm.DisposeAsync();
        _folder.Dispose();
    }

    private Scope Engagement => Scope.Engagement(_deal);

    [Fact]
    public async Task Should_lead_back_to_the_hours_the_rates_the_sale_and_who_decided()
    {
        await PostAsync();

        var why = await WhyAsync();

        Assert.Equal(("Acme GmbH", "C-10001"), (why.Nested("customer")!.Text("name"), why.Nested("customer")!.Text("number")));
        Assert.Equal(("P-20001", "P-20001-DE", "time"), (why.Nested("project")!.Text("code"), why.Nested("workstream")!.Text("key"), why.Nested("workstream")!.Text("billing")));
        var sale = Assert.Single(why.NestedList("sales"));
        Assert.Equal((_deal, "Acme rollout", "crm"), (sale.Text("id"), sale.Text("name"), sale.Text("system")));
        Assert.Equal("time", Assert.Single(sale.NestedList("lines")).Text("billing"));
        Assert.Equal("activated", Assert.Single(why.NestedList("contracts")).Text("status"));
        Assert.Equal(150m, Assert.Single(Assert.Single(why.NestedList("rateCards")).NestedList("rates")).Money("rate")!.Value.Amount);
        Assert.Equal("ann", why.Text("by"));
        var approval = Assert.Single(why.NestedList("approvals"));
        Assert.Equal(("approved", "bob", "agreed"), (approval.Text("status"), approval.Text("closedBy"), approval.Text("reason")));

        Assert.Equal(2, why.NestedList("lines").Count);
        var entries = why.NestedList("entries");
        Assert.Equal(_booked.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)), entries.Select(entry => entry.Text("id")).Order(StringComparer.Ordinal));
        Assert.All(entries, entry =>
        {
            Assert.Equal(("Ada Lambert", "2026-06-17", true, _firm.Landscape.Release), (entry.Text("person"), entry.Text("date"), entry.Flag("approved"), entry.Text("release")));
            Assert.StartsWith($"{entry.Number("quantity"):0.######} x 150.00 EUR, rate of everybody (rate card P-20001-DE)", entry.Text("why"), StringComparison.Ordinal);
            Assert.Equal((150m, true, "timesheet.line"), (entry.Money("rate")!.Value.Amount, entry.Flag("isReleaseOfToday"), entry.Nested("target")!.Text("entity")));
            var line = why.NestedList("lines")[(int)entry.Number("line")!.Value - 1];
            Assert.EndsWith(line.Text("text")!, entry.Text("task"), StringComparison.Ordinal);
        });
        Assert.NotEmpty(why.List("notKept"));
    }

    [Fact]
    public async Task Should_lead_on_to_what_the_ERP_was_sent_and_answered()
    {
        var posted = await PostAsync();

        var why = await WhyAsync();

        var calls = why.NestedList("calls");
        Assert.Equal(
            [("erp-invoice", "create", "done"), ("erp-invoice-posted", "update", "done")],
            calls.Select(call => (call.Text("map"), call.Text("operation"), call.Text("status"))));
        Assert.All(calls, call => Assert.Equal(("erp", "account.invoice", 1m), (call.Text("system"), call.Text("entity"), call.Number("attempts"))));
        Assert.All(calls, call => Assert.True(string.CompareOrdinal(call.Text("answeredAt"), call.Text("decidedAt")) >= 0, call.ToJson()));
        Assert.Equal(_invoice.Key, calls[0].Nested("sent")!.Text("reference"));
        Assert.Equal(("open", posted), (why.Nested("onward")!.Text("state"), why.Nested("onward")!.Text("number")));
        Assert.NotNull(why.Nested("onward")!.Text("readBackAt"));
        Assert.Equal("billing", why.Nested("process")!.Text("name"));
        Assert.Contains(why.NestedList("story"), told => told.Text("says")!.Contains("was drawn for ann", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_tell_of_a_line_or_an_entry_alone_and_in_pages()
    {
        var of = (await WhyAsync()).NestedList("lines").Single(line => line.Number("entryCount") == 2).Number("line")!.Value;
        var line = of.ToString(System.Globalization.CultureInfo.InvariantCulture);

        var first = await WhyAsync(line, max: 1);
        var second = await WhyAsync(line, max: 1, after: first.Text("next"));
        Assert.Equal([8m, 7.5m], new[] { first, second }.Select(page => Assert.Single(page.NestedList("entries")).Number("quantity")!.Value).OrderDescending());
        var end = second.Text("next") is { } next ? (await WhyAsync(line, max: 1, after: next)).NestedList("entries") : [];
        Assert.Empty(end);

        var entry = await WhyAsync($"psa:{_booked[2]}");
        var told = Assert.Single(entry.NestedList("entries"));
        Assert.Equal((0.25m, null), (told.Number("quantity"), entry.Text("next")));
        Assert.Equal(["unbilled", "in-batch"], told.NestedList("transactions").Select(posted => posted.NestedList("postings")
            .Single(posting => posting.Number("quantity") > 0).Text("account")));
        Assert.Equal(told.Text("entry"), Assert.Single((await WhyAsync(told.Text("entry"))).NestedList("entries")).Text("entry"));
        Assert.Equal("unknown-line", (await new WhyReader(_doors).ReadAsync(_invoice, "99", null, 10, CancellationToken.None)).Problem?.Code);
    }

    /// <summary>Nobody has decided and nothing was sent: it says so, and invents nothing.</summary>
    [Fact]
    public async Task Should_say_what_is_not_there_yet()
    {
        await _firm.CaseAsync("approval", _invoice.Key);
        var why = await WhyAsync();

        Assert.Equal(("drawn", 0), (why.Nested("onward")!.Text("state"), why.NestedList("calls").Count));
        var page = WhyText.Render(why, isNarrow: false);
        Assert.Matches($"Looked over +not yet; case [0-9a-f]{{32}} asks pmo\n", page);
        Assert.Contains("Drawn; not seen in the ERP as posted yet", page, StringComparison.Ordinal);
        Assert.Contains("Nothing yet.", InvoicePage.Render(why), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_be_told_to_people_with_nothing_cut_and_on_a_page()
    {
        var number = await PostAsync();
        var why = await WhyAsync();

        var text = WhyText.Render(why, isNarrow: false);
        Assert.StartsWith($"Invoice {_invoice.Key}, {number} in the ERP: 2,362.50 EUR without tax, 15.75 h, 3 entries\n", text, StringComparison.Ordinal);
        Assert.Matches(@"Looked over +approved by bob \(name as stated by the caller with the hub's token, not proved\), .*: agreed", text);
        Assert.Matches(@"Call +create account.invoice in the ERP \(Tryton\), by map erp-invoice\n +decided .*, answered .*; done after one attempt; account.invoice \d", text);
        Assert.Matches(@" 2026-06-17 +psa \d+ +Ada Lambert +.* 7\.5 +1,125\.00 EUR +7\.5 x 150\.00 EUR, rate of everybody \(rate card P-20001-DE\)\n", text);
        Assert.Contains("\n  All of these: approved in psa.\n", text, StringComparison.Ordinal);
        Assert.Contains($"\n  All of these: priced by release {_firm.Landscape.Release} of the landscape, which is today's.\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("…", text, StringComparison.Ordinal);
        var longer = why.With("entries", new[] { why.NestedList("entries")[0].With("task", new string('x', 90)) });
        Assert.Contains("…", WhyText.Render(longer, isNarrow: true), StringComparison.Ordinal);

        var page = InvoicePage.Render(why.With("by", "<script>"));
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"/invoices/{_invoice.Key}?of=1\">1</a>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_be_found_by_the_number_of_the_ERP_and_from_an_entry()
    {
        var number = await PostAsync();

        Assert.Equal(_invoice.Key, Assert.Single(await new InvoiceFinder(_firm.Hub.Store).FindAsync(number, CancellationToken.None)).Key);
        Assert.Equal("unknown-invoice", (await new InvoiceFinder(_firm.Hub.Store).FindOneAsync("2020-00001", CancellationToken.None)).Problem!.Code);
        var reader = new TraceReader(_firm.Hub.Store, _firm.Hub.Release);
        foreach (var text in new[] { number, _invoice.Key })
        {
            var trace = (await reader.ReadAsync(text, CancellationToken.None)).Trace!;
            Assert.Equal(_deal, Assert.Single(trace.NestedList("engagements")).Text("engagement"));
            Assert.Matches($"{_invoice.Key} +posted +{number} +2026-06-30 +15.75 +2,362.50 EUR +[0-9,.]+ EUR.*\n", TraceText.Render(trace));
        }

        var id = _booked[0].ToString(System.Globalization.CultureInfo.InvariantCulture);
        var entry = Assert.Single((await reader.ReadAsync(id, CancellationToken.None)).Trace!.NestedList("entries"));
        Assert.Equal((_invoice.Key, "posted"), (Assert.Single(entry.NestedList("invoices")).Text("key"), entry.NestedList("invoices")[0].Text("status")));
        Assert.Contains($"Invoice {_invoice.Key}, posted as {number}: 8 h, 1,200.00 EUR; throughline why {_invoice.Key} psa:{id}", EntryText.Long(entry), StringComparison.Ordinal);
    }

    /// <summary>X5: a line, what took it back, and why it comes to its amount, in both directions.</summary>
    [Fact]
    public async Task Should_lead_from_an_invoice_to_its_credit_note_and_back()
    {
        await PostAsync();
        var of = (await WhyAsync()).NestedList("lines").Single(line => line.Number("entryCount") == 1).Number("line")!.Value;
        var request = new CreditRequest(_invoice.Key, [(int)of], Today, "not agreed", "ann");
        var note = Assert.Single((await _firm.Hub.CreditInvoiceAsync(Engagement, request, TimeProvider.System, CancellationToken.None)).Invoices);
        await _firm.ActAsync(await _firm.CaseAsync("approval", note.Key), CaseAction.Approve, "bob", "agreed");
        await _firm.UntilAsync("it is posted", async () => (await _firm.Hub.Store.FindInvoiceAsync(note.Key, CancellationToken.None))!.Status == InvoiceStatus.Posted);

        var why = await WhyAsync($"psa:{_booked[2]}");
        var credited = Assert.Single(why.NestedList("creditNotes"));
        Assert.Equal((note.Key, "posted"), (credited.Text("key"), credited.Text("status")));
        Assert.Equal(["unbilled", "in-batch", "invoiced", "in-batch", "unbilled"], Assert.Single(why.NestedList("entries")).NestedList("transactions")
            .Select(posted => posted.NestedList("postings").Single(posting => posting.Number("quantity") > 0).Text("account")));
        Assert.Contains($"  Credit note {note.Key} of -37.50 EUR, posted, ", WhyText.Render(why, isNarrow: false), StringComparison.Ordinal);

        _invoice = (await _firm.Hub.Store.FindInvoiceAsync(note.Key, CancellationToken.None))!;
        var back = await WhyAsync();
        Assert.Equal((request.Invoice, "not agreed", "crediting"), (back.Text("credits"), back.Text("reason"), back.Nested("process")!.Text("name")));
        var entry = Assert.Single(back.NestedList("entries"));
        Assert.Equal((-0.25m, 1m, _firm.Landscape.Release), (entry.Number("quantity"), entry.Number("line"), entry.Text("release")));
        Assert.Equal(["erp-credit", "erp-credit-posted"], back.NestedList("calls").Select(call => call.Text("map")));
        Assert.Contains($"Credit note {note.Key}, ", WhyText.Render(back, isNarrow: false), StringComparison.Ordinal);
        Assert.Contains($"Takes back what invoice {request.Invoice} has. Reason: not agreed", WhyText.Render(back, isNarrow: false), StringComparison.Ordinal);
        Assert.StartsWith("Credited: ", back.Nested("onward")!.Text("says"), StringComparison.Ordinal);
    }

    private async Task<string> PostAsync()
    {
        await _firm.ActAsync(await _firm.CaseAsync("approval", _invoice.Key), CaseAction.Approve, "bob", "agreed");
        await _firm.UntilAsync("it is posted", async () => (await _firm.Hub.Store.FindInvoiceAsync(_invoice.Key, CancellationToken.None))!.Status == InvoiceStatus.Posted);
        _invoice = (await _firm.Hub.Store.FindInvoiceAsync(_invoice.Key, CancellationToken.None))!;
        return _invoice.Number!;
    }

    private async Task<Fields> WhyAsync(string? of = null, int max = 100, string? after = null)
    {
        var (why, problem) = await new WhyReader(_doors).ReadAsync(
            _invoice, of, after is null ? null : EntryId.Parse(after), max, TestContext.Current.CancellationToken);
        Assert.True(why is not null, problem?.Detail);
        return why;
    }
}
