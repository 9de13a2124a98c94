using Throughline.Sandbox;
using Xunit;

namespace Throughline.EndToEnd.Firm;

// Not beside the checks of the real Tryton: those end its sessions and lock its logins.
[Collection("tryton")]
public sealed class When_the_demo_runs_on_real_servers
{
    [Fact]
    public async Task Should_leave_the_whole_firm_in_Redmine_and_Tryton_exactly_once()
    {
        using var servers = new RealServers();
        var run = await DemoRun.PlayAsync();
        Assert.True(run.ExitCode == 0, run.Story);
        var firm = new FirmInTheServers(run, servers);
        await firm.CustomersAreThereOnceAsync();
        await firm.EveryDealHasOneProjectAsync();
        await firm.RolloutIsInRedmineAsync();
        await firm.RolloutIsInTrytonAsync();
        await firm.ApprovedTimeIsThereOnceAsync();
        await firm.WorkIsInvoicedOnceAsync();
    }
}

/// <summary>Tryton has taken a customer (a project, a batch of time, an invoice, its posting), and the line breaks before it can say so: requirement S1, a lost answer.</summary>
[Collection("tryton")]
public sealed class When_Tryton_accepts_and_its_answer_is_lost
{
    [Fact]
    public async Task Should_find_what_was_written_and_not_write_it_again()
    {
        using var servers = new RealServers();
        await using var proxy = new FaultProxy(RealServers.Tryton);
        await proxy.StartAsync();
        proxy.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "model.party.party.create", Times = 1 });
        proxy.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "model.project.work.create", Times = 1 });
        proxy.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "model.timesheet.line.create", Times = 1 });
        proxy.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "model.account.invoice.create", Times = 1 });
        proxy.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "model.account.invoice.post", Times = 1 });
        var run = await DemoRun.PlayAsync(("THROUGHLINE_TRYTON_URL", proxy.Address.GetLeftPart(UriPartial.Authority)));
        Assert.True(run.ExitCode == 0, run.Story);
        Assert.Equal(5, proxy.Faults.Requests.Count(request => request.Fault is not null));
        var firm = new FirmInTheServers(run, servers);
        await firm.CustomersAreThereOnceAsync();
        await firm.EveryDealHasOneProjectAsync();
        await firm.RolloutIsInTrytonAsync();
        await firm.ApprovedTimeIsThereOnceAsync();
        await firm.WorkIsInvoicedOnceAsync();
    }
}
