using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>Two engagements that turn out to be one (requirement D1, extension): what was seen on its own moves, or a person is told why not.</summary>
public sealed class When_an_opportunity_is_made_an_extension
{
    private readonly DecidedFirm _firm = new();

    public When_an_opportunity_is_made_an_extension()
    {
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_move_to_the_engagement_of_its_parent_where_nothing_was_written_yet(bool hadBegun)
    {
        // Without its customer a won sale has begun and waits; only its status went to the CRM.
        _firm.Loses = envelope => envelope.Kind == Throughline.Engine.EnvelopeKind.Reply && envelope.Scope.Key == "006B";
        _firm.Receive(CrmRecords.Sale("006B", won: hadBegun));
        Assert.Equal(hadBegun, _firm.Instance("006B", "006B") is not null);
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.AnswerAll();

        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006B")!.Status);
        Assert.Empty(_firm.Engagement("006B").Instances);
        Assert.Empty(_firm.Engagement("006B").Records);
        Assert.Empty(_firm.Cases);
        Assert.Single(_firm.Commands, command => command.Target.StartsWith("psa-project|", StringComparison.Ordinal));
        Assert.Single(_firm.Crosswalk.Where(row => row.ExternalId == "006B").Select(row => row.Unit).Distinct());
        Assert.Contains(_firm.Story, text => text.Contains("it goes on in that engagement", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_wait_for_a_status_on_its_way_before_it_moves_and_tell_a_person_if_that_takes_too_long()
    {
        _firm.Loses = envelope => envelope.Kind == Throughline.Engine.EnvelopeKind.Reply && envelope.Scope.Key == "006B";
        _firm.Receive(CrmRecords.Sale("006B"));
        Assert.Equal("crm", Assert.Single(_firm.Engagement("006B").Targets.Values).System);
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        Assert.Null(_firm.Instance("006A", "006B"));

        _firm.Pass(TimeSpan.FromDays(1));
        Assert.Contains("for crm to take its status", Assert.Single(_firm.Cases).Says, StringComparison.Ordinal);
        _firm.AnswerAll();

        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006B")!.Status);
        Assert.Empty(_firm.Cases);
    }

    [Fact]
    public void Should_leave_what_stands_and_tell_a_person_until_the_parent_is_taken_out_again()
    {
        _firm.Receive(CrmRecords.Sale("006B", workstream: "UK"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.AnswerAll();

        var standing = Assert.Single(_firm.Cases);
        Assert.Equal(("move", Money.Of(15_000m, "EUR")), (standing.Kind, standing.Amount!.Value));
        Assert.Contains("was made an extension of 006A after it had been set up on its own: ", standing.Says, StringComparison.Ordinal);
        Assert.Contains("in psa", standing.Says, StringComparison.Ordinal);
        Assert.Null(_firm.Instance("006A", "006B"));

        _firm.Receive(CrmRecords.Sale("006B", workstream: "UK"));
        Assert.Empty(_firm.Cases);
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006B", "006B")!.Status);
    }

    [Fact]
    public void Should_take_back_and_then_move_where_a_person_says_so()
    {
        _firm.Receive(CrmRecords.Sale("006B", workstream: "UK"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));

        _firm.Act(Assert.Single(_firm.Cases), CaseAction.Reject, "pmo.lead");
        _firm.AnswerAll();

        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006B")!.Status);
        Assert.Empty(_firm.Cases);
        Assert.Equal(2, _firm.Engagement("006A").Of("workstream").Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_find_an_extension_by_its_tombstone(bool wasSeenOnItsOwn)
    {
        if (wasSeenOnItsOwn)
        {
            _firm.Receive(CrmRecords.Sale("006B", won: false));
        }

        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Gone("Opportunity", "006B"));

        Assert.True(_firm.Instance("006A", "006B")!.Held);
        Assert.Equal("withdrawn", Assert.Single(_firm.Cases).Kind);
        Assert.Single(_firm.Crosswalk.Where(row => row.ExternalId == "006B").Select(row => row.Unit).Distinct());
    }

    [Fact]
    public void Should_bring_an_extension_of_an_extension_into_the_same_engagement()
    {
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006C", parent: "006B", workstream: "US"));
        _firm.AnswerAll();

        Assert.Equal(3, _firm.Engagement("006A").Instances.Values.Count(instance => instance.Status == InstanceStatus.Done));
    }

    [Fact]
    public void Should_take_its_own_extensions_with_it()
    {
        _firm.Receive(CrmRecords.Sale("006B", won: false, workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006C", parent: "006B", won: false, workstream: "US"));
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006C", parent: "006B", workstream: "US"));
        _firm.AnswerAll();

        Assert.Equal(3, _firm.Engagement("006A").Instances.Values.Count(instance => instance.Status == InstanceStatus.Done));
        Assert.Empty(_firm.Cases);
    }

    [Fact]
    public void Should_tell_a_person_of_parents_that_lead_in_a_circle()
    {
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006A", parent: "006B"));

        Assert.Contains("which extends it itself", Assert.Single(_firm.Cases).Says, StringComparison.Ordinal);
        _firm.Receive(CrmRecords.Sale("006A"));
        Assert.Empty(_firm.Cases);
    }

    /// <summary>Each was sent on to the other before either could see it; both come back, and nothing throws.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Should_tell_a_person_of_parents_that_become_a_circle_at_the_same_moment(int length)
    {
        string[] sales = [.. Enumerable.Range(0, length).Select(n => "006R" + n)];
        _firm.Receive([.. sales.Select((sale, n) => CrmRecords.Sale(sale, parent: sales[(n + 1) % length], won: false, workstream: "W" + n))]);

        Assert.Equal(length, _firm.Cases.Count());
        Assert.All(_firm.Cases, item => Assert.Contains("which extends it itself, at once or by way of others", item.Says, StringComparison.Ordinal));
        Assert.All(sales, sale => Assert.Single(_firm.Engagement(sale).Of("opportunity"), record => record.Id.Key == sale));

        // The first is mended; the others follow it one by one as people say so.
        _firm.Receive(CrmRecords.Sale(sales[0], won: false, workstream: "W0"));
        for (var n = length - 1; n > 0; n--)
        {
            _firm.Act(_firm.Cases.Single(item => item.Unit.Scope.Key == sales[n]), CaseAction.Retry, "pmo.lead");
        }

        Assert.Empty(_firm.Cases);
        Assert.Equal(length, _firm.Engagement(sales[0]).Of("opportunity").Length);
        Assert.All(sales[1..], sale => Assert.Empty(_firm.Engagement(sale).Records));
        Assert.All(sales, sale => Assert.Single(_firm.Crosswalk.Where(row => row.ExternalId == sale).Select(row => row.Unit).Distinct()));
    }

    [Fact]
    public void Should_open_the_case_again_where_the_parents_still_lead_in_a_circle()
    {
        _firm.Receive(CrmRecords.Sale("006R", parent: "006S", won: false, workstream: "R"), CrmRecords.Sale("006S", parent: "006R", won: false, workstream: "S"));
        _firm.Act(_firm.Cases.Single(item => item.Unit.Scope.Key == "006R"), CaseAction.Retry, "pmo.lead");

        // It went to the other one, which stays with its own case, since what it extends is now an extension of it.
        Assert.Equal("006S", Assert.Single(_firm.Cases).Unit.Scope.Key);
        _firm.Act(Assert.Single(_firm.Cases), CaseAction.Retry, "pmo.lead");
        Assert.Equal("006S", Assert.Single(_firm.Cases).Unit.Scope.Key);
    }

    [Fact]
    public void Should_bring_a_long_line_of_extensions_into_one_engagement()
    {
        for (var n = 0; n < 12; n++)
        {
            _firm.Receive(CrmRecords.Sale("006L" + n, parent: n == 0 ? "006A" : "006L" + (n - 1), won: false, workstream: "L" + n));
        }

        Assert.Empty(_firm.Cases);
        Assert.Equal(13, _firm.Engagement("006A").Of("opportunity").Length);
    }

    [Fact]
    public void Should_tell_a_person_of_a_line_that_is_too_long_instead_of_passing_on_for_ever()
    {
        for (var n = 0; n < 33; n++)
        {
            _firm.Receive(CrmRecords.Sale("006L" + n, parent: n == 0 ? "006A" : "006L" + (n - 1), won: false, workstream: "L" + n));
        }

        Assert.Contains("was passed on 32 times", Assert.Single(_firm.Cases).Says, StringComparison.Ordinal);
        _firm.Act(Assert.Single(_firm.Cases), CaseAction.Retry, "pmo.lead");
        Assert.Empty(_firm.Cases);
    }

    [Fact]
    public void Should_keep_it_in_its_engagement_when_the_parent_changes_later_and_say_so()
    {
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Sale("006B", parent: "006Z", workstream: "UK"));

        var moved = _firm.Cases.Single(item => item.Kind == "move");
        Assert.Contains("extends 006Z now in crm, but the hub keeps it in the engagement of 006A", moved.Says, StringComparison.Ordinal);
        _firm.Act(moved, CaseAction.Retry, "pmo.lead");
        Assert.DoesNotContain(_firm.Cases, item => item.Kind == "move");
    }

    /// <summary>A number is given once: what a moved sale had asked for on its own stays unused, and is not given to another.</summary>
    [Fact]
    public void Should_give_no_number_twice()
    {
        _firm.Loses = envelope => envelope.Kind == Throughline.Engine.EnvelopeKind.Reply && envelope.Scope.Key == "006B";
        _firm.Receive(CrmRecords.Sale("006B"));
        _firm.Loses = _ => false;
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006D"));
        _firm.AnswerAll();

        Assert.Equal("P-20001", Number("006A"));
        Assert.NotEqual("P-20001", Number("006D"));
        Assert.Empty(_firm.Cases);
    }

    private string? Number(string engagement) =>
        _firm.Engagement(engagement).Records[new RecordId("project-number", "project")].Attributes.Text("number");
}
