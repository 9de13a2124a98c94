using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Plays the deals and tells what happens. It waits only for what the hub itself reports.</summary>
internal sealed partial class DemoPlay(DemoStage stage, Terminal terminal)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(150);
    private static readonly string[] UnderWay = ["commandsWaiting", "commandsInDoubt", "envelopesWaiting", "entriesWaiting"];
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(90);

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly long _start = terminal.Time.GetTimestamp();
    private readonly DemoFirm _firm = new(stage.Crm, DateOnly.FromDateTime(terminal.Time.GetUtcNow().UtcDateTime),
        stage.Run);

    /// <summary>The number of the largest deal's project, once it is set up.</summary>
    public string? Project => _firm.Northwind?.Records("project").FirstOrDefault()?.Text("number");

    /// <summary>What came of it, printed and returned.</summary>
    public async Task<DemoOutcome> RunAsync(CancellationToken cancellation)
    {
        Head($"{stage.Hub.Landscape.Title}");
        foreach (var sandbox in stage.Sandboxes.Running)
        {
            Say($"{Title(sandbox.Name)} stand-in runs at {sandbox.Address}");
        }

        Say($"The hub runs at {stage.Hub.Address}; its token stands in {stage.Hub.Token.FilePath}");
        if (stage.IsContinued)
        {
            Say($"The systems still hold an earlier demo, so the new hub counts on from there: customers from {stage.FirstNumber("customer")}, projects "
                + $"from {stage.FirstNumber("project")}, with tax ids of their own.");
        }

        await _firm.SeedAsync(cancellation);
        Say($"{_firm.Deals.Length} deals are in negotiation in the CRM.");
        await WinAsync(cancellation);
        await Northwind(cancellation);
        await Litware(cancellation);
        await CorrectAsync(cancellation);
        await Tailspin(cancellation);
        await TimeAsync(cancellation);
        await InvoicesAsync(cancellation);
        await EndAsync(cancellation);
        return await new DemoSummary(stage, _firm, terminal).PrintAsync(cancellation);
    }

    /// <summary>Leaves one deal that waits for a yes, and says how to give it.</summary>
    /// <param name="shell">What a shell needs to know of this hub, as a line to paste.</param>
    public async Task LeaveOneAsync(string shell, CancellationToken cancellation)
    {
        var deal = await _firm.AddWaitingAsync(cancellation);
        var approval = await CaseAsync(deal, "approval", cancellation);
        Head("Your turn");
        terminal.Out.WriteLine($"{Line(deal)} waits for an approval. In another window, paste:");
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"  {shell}");
        terminal.Out.WriteLine($"  {CaseText.Command("show", approval.Text("id")!)}");
        terminal.Out.WriteLine($"  {CaseText.Command("approve", approval.Text("id")!)} --reason \"margin checked\"");
        terminal.Out.WriteLine($"  throughline trace {deal.Id}");
        terminal.Out.WriteLine($"  throughline trace {Project}");
        terminal.Out.WriteLine();
    }

    private async Task WinAsync(CancellationToken cancellation)
    {
        Head("The deals are won");
        foreach (var deal in _firm.Deals)
        {
            await _firm.WinAsync(deal, cancellation);
        }

        Say($"All {_firm.Deals.Length} are set to Closed Won. The CRM tells the hub of the Northwind rollout at once, by {stage.Crm.Announcement}; the "
            + "others the hub finds itself.");
        await stage.Crm.AnnounceAsync(stage.Client, "Opportunity", _firm.Northwind.Id, cancellation);
        await WaitAsync(_firm.Contoso, "is found and set up", deal => deal.State == "active", cancellation);
        Say($"{Line(_firm.Contoso)}: ready. {Numbers(_firm.Contoso)}");
    }

    private async Task Northwind(CancellationToken cancellation)
    {
        Head("A large deal needs somebody else's yes");
        var deal = _firm.Northwind;
        var approval = await CaseAsync(deal, "approval", cancellation);
        Say($"{Line(deal)} waits: {approval.Text("queue")} has to approve it.");
        var own = await stage.Client.PostAsync($"/api/v1/cases/{approval.Text("id")}/approve", Fields.Of(("by", _firm.Seller), ("reason", "I sold it")),
            cancellation);
        Say(own.Status == 403 ? "The seller tries to approve it and is refused." : $"The seller tried to approve it, and the hub answered {own.Status}!");
        await ActAsync(approval, "approve", "dana.okafor", "margin checked", cancellation);
        Say("Dana Okafor, finance director, approves it.");
        await WaitAsync(deal, "is set up", each => each.State == "active", cancellation);
        Say($"{Line(deal)}: ready. {Numbers(deal)}");
    }

    private async Task Litware(CancellationToken cancellation)
    {
        var deal = _firm.Litware;
        var approval = await CaseAsync(deal, "approval", cancellation);
        await ActAsync(approval, "reject", "dana.okafor", "the margin does not carry the risk", cancellation);
        await WaitAsync(deal, "is rejected", each => each.State == "undone", cancellation);
        Say($"{Line(deal)}: Dana Okafor rejects it with a reason. Nothing had been created, nothing remains.");
    }

    private async Task CorrectAsync(CancellationToken cancellation)
    {
        Head("Deals that wait, and go on by themselves");
        await WaitAsync(_firm.Fabrikam, "waits for the signature", deal => deal.Seen!.NestedList("instances").Count > 0
            && deal.State is "running" or "waiting", cancellation);
        Say($"{Line(_firm.Fabrikam)}: {_firm.Fabrikam.Seen!.Nested("standing")!.Text("says")}");
        var tax = await CaseAsync(_firm.Adatum, "check", cancellation);
        Say($"{Line(_firm.Adatum)}: case for {tax.Text("queue")}. {tax.Text("says")} {tax.Text("remedy")}");
        await _firm.SignAsync(_firm.Fabrikam, cancellation);
        await stage.Crm.AnnounceAsync(stage.Client, "Contract", _firm.Fabrikam.Contract, cancellation);
        await stage.Crm.ChangeAsync("Account", _firm.Id("adatum"), Fields.Of(("Tax_Id__c", _firm.TaxId("DE 126 823 642"))), cancellation);
        Say("The Fabrikam contract is signed, and sales enter Adatum's tax id in the CRM. Nobody touches the hub.");
        await WaitAsync(_firm.Fabrikam, "goes on after the signature", deal => deal.State == "active", cancellation);
        Say($"{Line(_firm.Fabrikam)}: ready. {Numbers(_firm.Fabrikam)}");
        await WaitAsync(_firm.Adatum, "goes on with the tax id", deal => deal.State == "active", cancellation);
        Say($"{Line(_firm.Adatum)}: ready, the case has closed itself. {Numbers(_firm.Adatum)}");
        await WaitAsync(_firm.Wingtip, "is set up", deal => deal.State == "active", cancellation);
        await WaitAsync(_firm.WingtipAgain, "is set up", deal => deal.State == "active", cancellation);
        var customers = new[] { Customer(_firm.Wingtip), Customer(_firm.WingtipAgain) }.Distinct(StringComparer.Ordinal).ToArray();
        Say("Wingtip stands twice in the CRM, with one tax id; for both deals the ERP has "
            + $"{(customers.Length == 1 ? $"it once, as {customers[0]}" : string.Join(" and ", customers))}.");
    }

    private async Task Tailspin(CancellationToken cancellation)
    {
        Head("A won deal is withdrawn");
        var deal = _firm.Tailspin;
        await WaitAsync(deal, "is set up", each => each.State == "active", cancellation);
        await stage.Crm.ChangeAsync("Opportunity", deal.Id, Fields.Of(("StageName", "Negotiation/Review")), cancellation);
        await stage.Crm.AnnounceAsync(stage.Client, "Opportunity", deal.Id, cancellation);
        var withdrawn = await CaseAsync(deal, "withdrawn", cancellation);
        Say($"{Line(deal)}: {withdrawn.Text("says")} Nothing more is written; the {withdrawn.Text("queue")} decides.");
    }

    // The last words to the CRM are still under way when a project is ready.
    private async Task EndAsync(CancellationToken cancellation)
    {
        var until = terminal.Time.GetTimestamp();
        while (terminal.Time.GetElapsedTime(until) < PatienceMax)
        {
            var counts = (await stage.Client.GetAsync("/api/v1/status", cancellation)).Need().Nested("counts")!;
            if (UnderWay.All(count => counts.Number(count) == 0))
            {
                break;
            }

            await Task.Delay(LookEvery, terminal.Time, cancellation);
        }

        foreach (var deal in _firm.Deals)
        {
            await LookAsync(deal, cancellation);
        }
    }

    private async Task<Fields> CaseAsync(Deal deal, string kind, CancellationToken cancellation)
    {
        Fields? Of(Deal each) => each.Seen!.NestedList("openCases").FirstOrDefault(item => item.Text("kind") == kind);
        await WaitAsync(deal, $"has a case ({kind})", each => Of(each) is not null, cancellation);
        return Of(deal)!;
    }

    private async Task ActAsync(Fields item, string action, string by, string reason, CancellationToken cancellation) =>
        (await stage.Client.PostAsync($"/api/v1/cases/{item.Text("id")}/{action}", Fields.Of(("by", by), ("reason", reason)), cancellation)).Need();

    private async Task WaitAsync(Deal deal, string what, Func<Deal, bool> holds, CancellationToken cancellation)
    {
        var since = terminal.Time.GetTimestamp();
        var told = since;
        while (!await LookAsync(deal, cancellation) || !holds(deal))
        {
            // Nobody should wonder whether it still runs.
            if (terminal.Time.GetElapsedTime(told) > ProgressEvery)
            {
                Say($"Waiting until {deal.Name} {what}.");
                told = terminal.Time.GetTimestamp();
            }

            if (terminal.Time.GetElapsedTime(since) > PatienceMax)
            {
                throw new CommandFailedException(
                    $"{deal.Name} was expected to be one that {what}, and after {PatienceMax.TotalSeconds:0} seconds it stands so: "
                        + $"{deal.Seen?.Nested("standing")?.Text("says") ?? "the hub does not know it"}\n"
                    + (deal.Seen is null ? "" : TraceText.Render(Fields.Of(("engagements", new[] { deal.Seen })))));
            }

            await Task.Delay(LookEvery, terminal.Time, cancellation);
        }
    }

    private async Task<bool> LookAsync(Deal deal, CancellationToken cancellation)
    {
        var answer = await stage.Client.GetAsync($"/api/v1/trace/{deal.Id}", cancellation);
        deal.Seen = answer.IsOk ? answer.Body.NestedList("engagements").FirstOrDefault(each => each.Text("engagement") == deal.Id) : null;
        return deal.Seen is not null;
    }

    // What is special about a deal is told once.
    private string Line(Deal deal) => _told.Add(deal.Name) ? $"{deal.Name} ({deal.Amount.ToString("N2", CultureInfo.InvariantCulture)} EUR, {deal.Story})" : deal.Name;

    private static string Customer(Deal deal) => deal.Records("customer").FirstOrDefault()?.Text("number") ?? "?";

    private static string Numbers(Deal deal) =>
        $"Customer {string.Join(" and ", deal.Records("customer").Select(record => record.Text("number")).Distinct())}, project "
            + $"{deal.Records("project").FirstOrDefault()?.Text("number")}.";

    private static string Title(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    private void Head(string text)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(text);
    }

    private void Say(string text) =>
        terminal.Out.WriteLine(CaseText.Clean(
            $"[{terminal.Time.GetElapsedTime(_start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),5} s] {text}"));
}
