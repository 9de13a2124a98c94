using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Lineage;

/// <summary>Nobody has to read out of a sentence which process, step and record it is about.</summary>
public sealed class When_a_story_says_what_it_is_about
{
    private readonly DecidedFirm _firm = new();
    private readonly Instance _instance;

    public When_a_story_says_what_it_is_about()
    {
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Sale("006A", 90_000m, contract: "800A"));
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.AnswerAll();
        _instance = _firm.Instance("006A", "006A")!;
    }

    [Fact]
    public void Should_name_the_step_of_a_wait_and_of_its_end_with_what_came()
    {
        var wait = Told("waiting", "signed").First();
        var end = Assert.Single(Told(InstanceRun.WentOn, "signed"));
        Assert.Equal((_instance.Id, _instance.Subject), (wait.Instance, wait.Record));
        Assert.Equal((_instance.Id, _instance.Subject), (end.Instance, end.Record));
        Assert.EndsWith(": goes on, since crm sent the contract 800A.", end.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_name_the_record_that_was_sent_planned_or_written()
    {
        var received = Assert.Single(_firm.Lineage, entry => entry is { Kind: "received", Entity: "Opportunity" });
        Assert.Equal((null, null, new RecordId("opportunity", "006A")), (received.Instance, received.Step, received.Record));
        Assert.All(_firm.Lineage.Where(entry => entry.Kind == "decided" && entry.System is null && entry.Scope.Kind == "engagement"), entry =>
            Assert.Equal(("plan", true), (entry.Step, _firm.Engagement("006A").Records.ContainsKey(entry.Record!.Value))));
        var written = Assert.Single(Told("done", "psa-project"));
        Assert.Equal((_instance.Id, "psa", "project"), (written.Instance, written.System, written.Record?.Entity));
        var started = Assert.Single(_firm.Lineage, entry => entry.Kind == "started" && entry.Scope.Kind == "engagement");
        Assert.Equal((_instance.Id, null, _instance.Subject), (started.Instance, started.Step, started.Record));
    }

    private IEnumerable<LineageEntry> Told(string kind, string step) => _firm.Lineage.Where(entry => entry.Kind == kind && entry.Step == step);
}
