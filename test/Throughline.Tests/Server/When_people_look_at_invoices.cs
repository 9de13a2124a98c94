using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Server.Cli;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>D4, X12: what is billed, for programs and for people, down to the single entry.</summary>
public sealed class When_people_look_at_invoices : IAsyncLifetime
{
    private static readonly DateTimeOffset At = new(2026, 7, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly Scope Deal = Scope.Engagement("006A");
    private static readonly LineValue OnInvoice = LineValue.Of(new Portion(LedgerAccount.InBatch, 8m, Money.Of(1200m, "EUR")));

    private readonly EntryRow[] _rows = [Row("17", "=cmd|' /C calc'!A0"), Row("18", "tests, \"quoted\"")];
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync();
        await _hub.PostAsync("/api/v1/intake/crm",
            $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 300_000m, "Acme rollout"), "Opportunity")}]");
        await _hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count > 0, "the deal is known");
        var drawn = new Invoice(
            Deal, "P-1-DE", 1, new DateOnly(2026, 6, 30), InvoiceStatus.Drawn, 16m, Money.Of(2400m, "EUR"), 2, null, "ann", EnvelopeId.New(TimeProvider.System), At);
        await KeepAsync(new EntryCommit
        {
            Partition = Deal.Partition, Epoch = 0, Rows = [.. _rows], Invoices = [drawn],
            Ledger = [.. _rows.Select(row => new LedgerTransaction(
                row.Id, 1, Deal, row.WorkDate, "on invoice P-1-DE/1", "r1", row.Envelope, At, row.Value.PostingsFrom(LineValue.Nothing)))],
            InvoiceLines = [.. _rows.Select(row => new InvoiceLine(drawn.Key, Deal, row.Id, 8m, Money.Of(1200m, "EUR"), "Discovery", "8 x 150.00 EUR, rate of everybody"))],
        });
        await KeepAsync(new EntryCommit
        {
            Partition = Deal.Partition, Epoch = 0, Invoices = [drawn with { Count = 2, Amount = Money.Of(100m, "EUR"), At = At.AddDays(1) }],
        });
        await KeepAsync(new EntryCommit
        {
            Partition = Deal.Partition, Epoch = 0,
            Invoices = [drawn with { Count = 2, Amount = Money.Of(100m, "EUR"), At = At.AddDays(1), Status = InvoiceStatus.Posted, Number = "2026/00007" }],
        });
        await KeepNumberAsync("2026/00007");
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_list_them_newest_first_and_show_one_with_every_entry()
    {
        var list = (await _hub.GetAsync("/api/v1/invoices?engagement=006A")).Body;
        Assert.Equal(["P-1-DE/2 posted 100.00 EUR", "P-1-DE/1 drawn 2,400.00 EUR"], list.NestedList("invoices").Select(
            invoice => $"{invoice.Text("key")} {invoice.Text("status")} {invoice.Money("amount")}"));
        var first = (await _hub.GetAsync("/api/v1/invoices?max=1")).Body;
        var second = (await _hub.GetAsync($"/api/v1/invoices?max=1&after={Uri.EscapeDataString(first.Text("next")!)}")).Body;
        Assert.Equal("P-1-DE/1", Assert.Single(second.NestedList("invoices")).Text("key"));
        Assert.Empty((await _hub.GetAsync("/api/v1/invoices?status=withdrawn")).Body.NestedList("invoices"));

        var one = (await _hub.GetAsync("/api/v1/invoices/P-1-DE/1?max=1")).Body;
        var rest = (await _hub.GetAsync($"/api/v1/invoices/P-1-DE/1?after={one.Text("next")}")).Body;
        var entries = one.NestedList("entries").Concat(rest.NestedList("entries")).ToArray();
        Assert.Equal(["17", "18"], entries.Select(entry => entry.Text("id")).Order(StringComparer.Ordinal));
        Assert.All(entries, entry => Assert.Equal(("8 x 150.00 EUR, rate of everybody", 1200m), (entry.Text("why"), entry.Money("amount")!.Value.Amount)));
    }

    /// <summary>D5: what the ERP says of a posted one.</summary>
    [Theory]
    [InlineData(100, "paid", "nothing of 119.00 EUR open, last paid on 2026-07-04")]
    [InlineData(60, "open overdue", "59.00 EUR of 119.00 EUR open, due 2026-07-31, last paid on 2026-07-04")]
    public async Task Should_list_what_is_open_paid_and_overdue(int paid, string listed, string words)
    {
        var (gross, nothing) = (Money.Of(119m, "EUR"), Money.Of(0m, "EUR"));
        var said = new Receivable(
            "posted", gross, paid == 100 ? nothing : gross - Money.Of(paid, "EUR"), nothing, nothing, paid == 100 ? null : new DateOnly(2026, 7, 31), new DateOnly(2026, 7, 4));
        await KeepAsync(new EntryCommit
        {
            Partition = Deal.Partition, Epoch = 0,
            Invoices = [(await _hub.Server.Hub.Store.FindInvoiceAsync("P-1-DE/2", CancellationToken.None))! with { Receivable = said }],
        });

        foreach (var status in new[] { "open", "paid", "overdue" })
        {
            var found = (await _hub.GetAsync($"/api/v1/invoices?status={status}")).Body.NestedList("invoices").Select(invoice => invoice.Text("key"));
            Assert.Equal(listed.Split(' ').Contains(status) ? ["P-1-DE/2"] : [], found);
        }

        var shown = (await _hub.GetAsync("/api/v1/invoices/P-1-DE/2")).Body.Nested("receivable");
        Assert.Equal(words, Throughline.Server.Api.Invoices.InvoiceWords.Paid(shown));
    }

    [Theory]
    [InlineData("/api/v1/invoices?max=0", 400, "bad-query")]
    [InlineData("/api/v1/invoices?status=settled", 400, "bad-query")]
    [InlineData("/api/v1/invoices?engagement=006Z", 404, "unknown-engagement")]
    [InlineData("/api/v1/invoices/P-9-DE/1", 404, "unknown-invoice")]
    [InlineData("/api/v1/invoices/%00", 400, null)]
    [InlineData("/api/v1/invoices/P-1-DE/1?after=x", 400, "bad-query")]
    [InlineData("/api/v1/invoices/P-1-DE/1/why?after=x", 400, "bad-query")]
    [InlineData("/api/v1/invoices/P-1-DE/1/why?max=501", 400, "bad-query")]
    [InlineData("/api/v1/invoices/P-1-DE/1/why?of=1", 404, "unknown-line")]
    [InlineData("/api/v1/invoices/P-9-DE/1/why", 404, "unknown-invoice")]
    [InlineData("/api/v1/invoices/why", 404, "unknown-invoice")]
    public async Task Should_say_what_is_wrong_with_a_question(string question, int status, string? code)
    {
        var answer = await _hub.GetAsync(question);
        if (code is null)
        {
            Assert.Equal(status, (int)answer.Status);
        }
        else
        {
            answer.ShouldBeProblem(status, code);
        }
    }

    [Theory]
    [InlineData("?engagement=006A", "{}", 422, "invalid-request")]
    [InlineData("?engagement=006A", "{\"by\":\"ann\"}", 422, "invalid-request")]
    [InlineData("?engagement=006A", "{\"by\":\"ann\",\"until\":\"30.6.2026\"}", 422, "invalid-request")]
    [InlineData("?engagement=006A", "{\"by\":\"ann\",\"until\":\"2026-06-30\",\"date\":\"soon\"}", 422, "invalid-request")]
    [InlineData("?engagement=006A", "{\"by\":\"an\\u0007n\",\"until\":\"2026-06-30\"}", 422, "invalid-request")]
    [InlineData("", "{\"by\":\"ann\",\"until\":\"2026-06-30\"}", 400, "bad-query")]
    [InlineData("?engagement=006Z", "{\"by\":\"ann\",\"until\":\"2026-06-30\"}", 404, "unknown-engagement")]
    public async Task Should_say_what_is_wrong_with_a_request(string query, string body, int status, string code) =>
        (await _hub.PostAsync("/api/v1/invoices" + query, body)).ShouldBeProblem(status, code);

    [Theory]
    [InlineData("P-1-DE/2/credit", "{\"by\":\"ann\"}", 422, "invalid-request")]
    [InlineData("P-1-DE/2/credit", "{\"reason\":\"wrong\"}", 422, "invalid-request")]
    [InlineData("P-1-DE/2/credit", "{\"by\":\"ann\",\"reason\":\"a\\nb\"}", 422, "invalid-request")]
    [InlineData("P-1-DE/2/credit", "{\"by\":\"ann\",\"reason\":\"wrong\",\"lines\":[]}", 422, "invalid-request")]
    [InlineData("P-1-DE/2/credit", "{\"by\":\"ann\",\"reason\":\"wrong\",\"lines\":[0]}", 422, "invalid-request")]
    [InlineData("P-1-DE/2/credit", "{\"by\":\"ann\",\"reason\":\"wrong\",\"date\":\"soon\"}", 422, "invalid-request")]
    [InlineData("P-9-DE/2/credit", "{\"by\":\"ann\",\"reason\":\"wrong\"}", 404, "unknown-invoice")]
    [InlineData("P-1-DE/2", "{\"by\":\"ann\",\"reason\":\"wrong\"}", 404, "unknown-action")]
    public async Task Should_say_what_is_wrong_with_a_wish_for_a_credit_note(string path, string body, int status, string code) =>
        (await _hub.PostAsync("/api/v1/invoices/" + path, body)).ShouldBeProblem(status, code);

    /// <summary>X5: what is refused says why, and what a credit note takes back leads there and back.</summary>
    [Fact]
    public async Task Should_say_why_no_credit_note_is_drawn_and_show_one_that_is()
    {
        var answer = await _hub.PostAsync("/api/v1/invoices/P-1-DE/1/credit", "{\"by\":\"ann\",\"reason\":\"wrong\"}");
        Assert.Equal((200, 0), ((int)answer.Status, answer.Body.NestedList("invoices").Count));
        Assert.StartsWith("ann asked for a credit note of invoice P-1-DE/1, and none was drawn: it is not posted yet: reject it instead",
            (string)Assert.Single(answer.Body.List("says"))!, StringComparison.Ordinal);
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        var refused = await CommandRun.RunAsync("invoices credit 2026/00007 --lines 1,2 --reason wrong --by ann", environment);
        Assert.Equal(Exit.Negative, refused.Exit);
        Assert.Contains("none was drawn: ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(Exit.Usage, (await CommandRun.RunAsync("invoices credit P-1-DE/2 --lines x --reason wrong", environment)).Exit);

        var of = (await _hub.Server.Hub.Store.FindInvoiceAsync("P-1-DE/2", CancellationToken.None))!;
        await KeepAsync(new EntryCommit
        {
            Partition = Deal.Partition, Epoch = 0,
            Invoices = [of with { Count = 3, Status = InvoiceStatus.Drawn, Number = null, Amount = -of.Amount, Quantity = -16m, Credits = of.Key, At = At.AddDays(2) }],
        });
        Assert.Matches("P-1-DE/3 +P-1-DE/2 +drawn +2026-06-30 +-16 +-100.00 EUR\n", (await CommandRun.RunAsync("invoices list", environment)).Output);
        Assert.Contains("\n  Credited by: P-1-DE/3 of -100.00 EUR, drawn\n", (await CommandRun.RunAsync("invoices show P-1-DE/2", environment)).Output, StringComparison.Ordinal);
        var note = (await CommandRun.RunAsync("invoices show P-1-DE/3", environment)).Output;
        Assert.StartsWith("Credit note P-1-DE/3, drawn\n  Credits:     invoice P-1-DE/2\n", note, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/invoices/P-1-DE/3\">P-1-DE/3 of -100.00 EUR, drawn</a>", (await _hub.GetAsync("/invoices/P-1-DE/2")).Text, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/invoices/P-1-DE/2\">invoice P-1-DE/2</a>", (await _hub.GetAsync("/invoices/P-1-DE/3")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_that_nothing_is_unbilled_where_that_is_so()
    {
        var answer = await _hub.PostAsync("/api/v1/invoices?engagement=006A", "{\"by\":\"ann\",\"until\":\"2026-06-30\"}");

        Assert.Equal((200, 0), ((int)answer.Status, answer.Body.NestedList("invoices").Count));
        Assert.Equal("ann asked for invoices of the work until 2026-06-30; nothing is unbilled.", Assert.Single(answer.Body.List("says")));
    }

    [Fact]
    public async Task Should_be_told_in_the_terminal_and_as_a_time_report()
    {
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        Assert.Matches("P-1-DE/1 +drawn +2026-06-30 +16 +2,400.00 EUR\n", (await CommandRun.RunAsync("invoices list", environment)).Output);
        var shown = (await CommandRun.RunAsync("invoices show P-1-DE/1", environment)).Output;
        Assert.StartsWith("Invoice P-1-DE/1, drawn\n", shown, StringComparison.Ordinal);
        Assert.Contains("\n  Drawn for:   ann, 2026-07-01", shown, StringComparison.Ordinal);
        Assert.Matches("2026-06-17 +psa 17 +Ada Lambert +8 +1,200.00 EUR +8 x 150.00 EUR, rate of everybody\n", shown);

        var csv = (await CommandRun.RunAsync("invoices show P-1-DE/1 --csv", environment)).Output;
        Assert.StartsWith("invoice,date,person,role,task,hours,rate,amount,currency,note,entry\r\n", csv, StringComparison.Ordinal);
        Assert.Contains("P-1-DE/1,2026-06-17,Ada Lambert,,Discovery,8,150.00,1200.00,EUR,'=cmd|' /C calc'!A0,psa 17\r\n", csv, StringComparison.Ordinal);
        Assert.Contains(",\"tests, \"\"quoted\"\"\",psa 18\r\n", csv, StringComparison.Ordinal);
        var drawn = await CommandRun.RunAsync("invoices draw --engagement 006A --until 2026-06-30 --by ann", environment);
        Assert.Contains("nothing is unbilled", drawn.Output, StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await CommandRun.RunAsync("invoices show P-9/1", environment)).Exit);
    }

    /// <summary>Nothing of it was told to its engagement, as where a hub stopped in between: what is stored is told, and no more.</summary>
    [Fact]
    public async Task Should_say_why_one_comes_to_its_amount()
    {
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        var why = (await _hub.GetAsync("/api/v1/invoices/P-1-DE/1/why?max=1")).Body;
        Assert.Equal(("P-1-DE/1", "drawn", 1), (why.Text("key"), why.Nested("onward")!.Text("state"), why.NestedList("entries").Count));
        var rest = (await _hub.GetAsync($"/api/v1/invoices/P-1-DE%2F1/why?max=2&after={why.Text("next")}")).Body;
        Assert.Equal(("r1", false), (Assert.Single(rest.NestedList("entries")).Text("release"), rest.NestedList("entries")[0].Flag("isReleaseOfToday")));

        var (exit, text, _) = await CommandRun.RunAsync("why P-1-DE/1", environment);
        Assert.Equal(Exit.Ok, exit);
        Assert.Matches("2026-06-17 +psa 17 +Ada Lambert +8 +1,200.00 EUR +8 x 150.00 EUR, rate of everybody\n", text);
        Assert.Contains("All of these: psa says nothing of an approval.\n", text, StringComparison.Ordinal);
        var one = (await CommandRun.RunAsync("why P-1-DE/1 psa:18", environment)).Output;
        Assert.Matches("8 x 150.00 EUR, rate of everybody; drawn 2026-07-01 .* by release r1, which is not today's \\(transaction 1 of the ledger\\)", one);
        Assert.Contains("add --after ", (await CommandRun.RunAsync("why P-1-DE/1 --max 1", environment)).Output, StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await CommandRun.RunAsync("why P-1-DE/1 psa:99", environment)).Exit);
        Assert.Equal(Exit.Usage, (await CommandRun.RunAsync("why P-1-DE/1 --max 0", environment)).Exit);
    }

    [Fact]
    public async Task Should_be_found_by_the_number_of_the_ERP_wherever_a_key_is_taken()
    {
        Assert.Equal("P-1-DE/2", (await _hub.GetAsync("/api/v1/invoices/2026/00007")).Body.Text("key"));
        Assert.Equal("P-1-DE/2", (await _hub.GetAsync("/api/v1/invoices/2026/00007/why")).Body.Text("key"));
        foreach (var text in new[] { "2026%2F00007", "P-1-DE%2F2" })
        {
            var trace = (await _hub.GetAsync($"/api/v1/trace/{text}")).Body;
            Assert.Equal("006A", Assert.Single(trace.NestedList("engagements")).Text("engagement"));
        }
    }

    [Fact]
    public async Task Should_be_on_the_page_of_the_deal_and_on_pages_of_their_own()
    {
        var deal = (await _hub.GetAsync("/engagements/006A")).Text;
        Assert.Contains("<a href=\"/invoices/P-1-DE/1\">P-1-DE/1</a>", deal, StringComparison.Ordinal);
        Assert.Matches("(?s)<h2>Invoices</h2>.*2026/00007.*<h2>In each system</h2>", deal);

        var page = await _hub.GetAsync("/invoices/P-1-DE/1");
        Assert.Equal((200, "text/html"), (page.Status, page.ContentType));
        Assert.Contains("Ada Lambert", page.Text, StringComparison.Ordinal);
        Assert.Contains("psa 17", (await _hub.GetAsync("/invoices/P-1-DE/1?of=psa:17")).Text, StringComparison.Ordinal);
        var unknown = await _hub.GetAsync("/invoices/P-9-DE/1");
        Assert.Equal((404, "text/html"), (unknown.Status, unknown.ContentType));
        Assert.Contains("@media print", (await _hub.GetAsync("/style.css")).Text, StringComparison.Ordinal);
        using var asked = await _hub.Stranger.GetAsync(new Uri("/invoices/P-1-DE/1", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("/login", asked.Headers.Location?.OriginalString);
    }

    private Task KeepAsync(EntryCommit commit) => AsWriterAsync(epoch =>
        _hub.Server.Hub.Store.CommitEntriesAsync([commit with { Epoch = epoch }], TestContext.Current.CancellationToken));

    private Task KeepNumberAsync(string number) => AsWriterAsync(epoch => _hub.Server.Hub.Store.CommitAsync(
        new PartitionCommit { Partition = Deal.Partition, Epoch = epoch, Matches = [new MatchRow(Deal, "invoice", number, "")] }, TestContext.Current.CancellationToken));

    private async Task AsWriterAsync(Func<long, Task> commit)
    {
        while (true)
        {
            var epoch = await _hub.Server.Hub.Store.TakePartitionAsync(Deal.Partition, "test", TestContext.Current.CancellationToken);
            try
            {
                await commit(epoch);
                return;
            }
            catch (FencedException)
            {
                // The hub that runs beside it has work there.
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static EntryRow Row(string id, string note) => new(
        EntryId.Of("psa", "time_entry", id, At), Deal, "psa", "time-entry", "time_entry", id, "1", EntryStatus.Kept,
        Fields.Of(("person", "Ada Lambert"), ("date", "2026-06-17"), ("hours", 8m), ("note", note)), null, null, 0, 0, null, null, null, null,
        EnvelopeId.New(TimeProvider.System), At) { Value = OnInvoice, ValueSays = "8 x 150.00 EUR", Transactions = 1 };
}
