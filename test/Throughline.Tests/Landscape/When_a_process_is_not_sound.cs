using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_a_process_is_not_sound : LandscapeFolderFixture
{
    private const string AllKinds = """
        process: everything
        version: 3
        title: Everything
        purpose: One step of each kind.
        owner: pmo
        subject: opportunity
        startsWhen: opportunity.won
        withdrawn:
          when: "!opportunity.won"
          case: { queue: account-team, says: "'Taken back'", remedy: "'Decide'", amount: opportunity.amount }
        result: { done: instance }
        steps:
          - step: signed
            kind: check
            title: Signed?
            checks:
              - check: signature
                holds: records.contract.exists(c, c.signedOn != null)
                waits: true
                within: 14d
                case: { queue: account-team, says: "'Unsigned'", remedy: "'Sign'" }
          - step: approve
            kind: approval
            title: Approve
            when: opportunity.amount.amount > 10
            covers: opportunity.amount
            notBy: opportunity.owner
            within: 2d
            case: { queue: finance-ops, says: "'Approve ' + opportunity.name", remedy: "'Approve or reject'" }
          - step: plan
            kind: decide
            title: Plan
            after: [signed]
            decision: plan
          - step: customers
            kind: request
            title: Customers
            after: []
            process: onboard
            each: "[opportunity.account]"
            into: billing-account
            within: 1h
            case: { queue: finance-ops, says: "'No customer ' + item + failure.message", remedy: "'x'" }
          - step: tell
            kind: publish
            title: Tell
            after: [approve, plan, customers]
            event: project.activated
            when: records.project.size() > 0
            payload: { name: opportunity.name, projects: { each: records.project, as: p, value: { code: p.code } } }
        """;

    [Fact]
    public void Should_read_every_kind_of_step()
    {
        Write("processes/everything.yaml", AllKinds);
        var process = ReadSound().Processes["everything"];
        Assert.Equal(["check", "approval", "decide", "request", "publish"], process.Steps.Select(step => step.Kind));
        Assert.Equal([[], ["signed"], ["signed"], [], ["approve", "plan", "customers"]], process.Steps.Select(step => step.After.ToArray()));
        var check = Assert.Single(Assert.IsType<StepDefinition.Check>(process.Step("signed")).Checks);
        Assert.Equal((true, TimeSpan.FromDays(14)), (check.Waits, check.Within));
        Assert.Equal(("account-team", 3), (process.Withdrawn!.Case.Queue, process.Version));
        Assert.Equal(AllKinds, process.Text);
    }

    /// <summary>Nothing waits without an end: what a step does not say, its process says, and else it is a day.</summary>
    [Fact]
    public void Should_know_how_long_each_step_may_wait()
    {
        Write("processes/everything.yaml", AllKinds.Replace("    event: project.activated", "    event: project.activated\n    within: 3h", StringComparison.Ordinal));
        var process = ReadSound().Processes["everything"];
        Assert.Equal([14, 2, 1], new[] { "signed", "approve", "plan" }.Select(name => process.DeadlineOf(process.Step(name)).TotalDays));
        Assert.Equal([1, 3], new[] { "customers", "tell" }.Select(name => process.DeadlineOf(process.Step(name)).TotalHours));

        Write("processes/everything.yaml", AllKinds.Replace("version: 3", "version: 3\nwithin: 5d", StringComparison.Ordinal));
        process = ReadSound().Processes["everything"];
        Assert.Equal([5, 5], new[] { "plan", "tell" }.Select(name => process.DeadlineOf(process.Step(name)).TotalDays));
    }

    [Fact]
    public void Should_put_each_step_behind_those_that_it_comes_after()
    {
        Write("processes/everything.yaml", AllKinds.Replace("    after: []", "    after: [approve]", StringComparison.Ordinal)
            .Replace("    kind: check\n", "    kind: check\n    after: [customers]\n", StringComparison.Ordinal)
            .Replace("    kind: approval\n", "    kind: approval\n    after: []\n", StringComparison.Ordinal));
        Assert.Equal(["approve", "customers", "signed", "plan", "tell"], ReadSound().Processes["everything"].InOrder.Select(step => step.Name));
    }

    [Theory]
    [InlineData("    after: [signed]", "    after: [sgned]", "unknown-step", 30, "did you mean 'signed'?")]
    [InlineData("    after: [signed]", "    after: [tell]", "step-cycle", 30, "plan, tell")]
    [InlineData("    kind: decide\n    title: Plan\n    after: [signed]\n    decision: plan", "    kind: payments\n    title: Plan", "wrong-subject", 30, "receivable")]
    [InlineData("decision: plan", "decision: pln", "unknown-decision", 30, "did you mean 'plan'?")]
    [InlineData("process: onboard", "process: onbord", "unknown-process", 35, "did you mean 'onboard'?")]
    [InlineData("into: billing-account", "into: bill", "unknown-entity", 41, "'bill'")]
    [InlineData("kind: decide", "kind: decision", "unknown-kind", 31, "'decision'")]
    [InlineData("queue: account-team, says: \"'Unsigned'\"", "queue: sales, says: \"'Unsigned'\"", "unknown-queue", 21, "account-team")]
    [InlineData(", remedy: \"'Sign'\"", "", "no-remedy", 21, "signature")]
    [InlineData("remedy: \"'Sign'\"", "remedy: \"''\"", "no-remedy", 21, "signature")]
    [InlineData("                within: 14d\n", "", "missing-key", 17, "'within'")]
    [InlineData("waits: true", "waits: false", "unknown-key", 20, "waits: true")]
    [InlineData("within: 2d", "within: two days", "wrong-type", 28, "14d")]
    [InlineData("notBy: opportunity.owner", "notBy: opportunity.ownr", "unknown-attribute", 27, "did you mean 'owner'?")]
    [InlineData("    decision: plan", "    decision: plan\n    within: 2d", "unknown-key", 35, "step plan")]
    [InlineData("  - step: plan", "  - step: signed", "duplicate-name", 30, "'signed'")]
    [InlineData("version: 3", "version: three", "wrong-type", 2, "'version'")]
    [InlineData("subject: opportunity", "subject: oportunity", "unknown-entity", 6, "did you mean 'opportunity'?")]
    [InlineData("purpose: One step of each kind.", "purpose:", "missing-key", 4, "'purpose'")]
    public void Should_report_it_with_its_line(string from, string to, string code, int line, string words)
    {
        var original = from.Replace("                within", "        within", StringComparison.Ordinal);
        Write("processes/everything.yaml", AllKinds.Replace(original, to, StringComparison.Ordinal));
        Assert.NotEqual(AllKinds, File.ReadAllText(Path.Combine(Folder, "processes/everything.yaml")));
        Assert.Contains(
            Read().Problems,
            problem => problem.Code == code && problem.Place.ToString() == $"processes/everything.yaml:{line}"
                && problem.Message.Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("map: erp-customer", "map: erp-custmer", "unknown-map", 16)]
    [InlineData("    keep: customers stay\n", "", "no-undo", 16)]
    [InlineData("    keep: customers stay\n", "    keep: customers stay\n    undo: true\n", "no-undo", 16)]
    public void Should_report_a_write_that_cannot_work(string from, string to, string code, int line)
    {
        Change("processes/onboard.yaml", from, to);
        Assert.Contains(Read().Problems, problem => problem.Code == code && problem.Place.ToString() == $"processes/onboard.yaml:{line}");
    }

    [Fact]
    public void Should_not_call_a_map_unknown_that_only_has_an_error_of_its_own()
    {
        Change("maps/out/erp-customer.yaml", "customer.name", "customer.");
        AssertError("expression", "maps/out/erp-customer.yaml:9");
    }

    [Fact]
    public void Should_use_the_shipped_processes_that_the_firm_has_no_own_version_of()
    {
        Shipped["onboard"] = Process.Replace("version: 1", "version: 9", StringComparison.Ordinal);
        Shipped["everything"] = AllKinds;
        var landscape = ReadSound();
        Assert.Equal((1, 3), (landscape.Processes["onboard"].Version, landscape.Processes["everything"].Version));
        Assert.Equal("shipped/everything.yaml:1", landscape.Processes["everything"].Place.ToString());
    }

    [Fact]
    public void Should_leave_out_the_shipped_processes_that_the_firm_does_not_use()
    {
        Shipped["everything"] = AllKinds;
        Change("landscape.yaml", "title:", "processes: [onboard]\ntitle:");
        Assert.Equal(["onboard"], ReadSound().Processes.Keys);
        Change("landscape.yaml", "[onboard]", "[onboard, everthing]");
        AssertError("unknown-process", "landscape.yaml:2", "did you mean 'everything'?");
    }
}
