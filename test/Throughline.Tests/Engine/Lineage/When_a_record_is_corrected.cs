using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Lineage;

/// <summary>What somebody corrects in the CRM is told with old and new value, to everybody whom it concerns.</summary>
public sealed class When_a_record_is_corrected
{
    private readonly DecidedFirm _firm = new();

    [Fact]
    public void Should_say_old_and_new_value_of_what_a_sale_is_worth()
    {
        _firm.Receive(CrmRecords.Sale("006A", 15_000m));
        _firm.Receive(CrmRecords.Sale("006A", 16_000m, workstream: "UK"));

        Assert.Equal(
            "crm changed the opportunity Sale 006A (006A): amount from 15,000.00 EUR to 16,000.00 EUR; line UK: workstream from DE to UK; "
            + "line UK: amount from 15,000.00 EUR to 16,000.00 EUR.",
            Assert.Single(Told("engagement:006A", "changed")).Text);
    }

    [Fact]
    public void Should_name_five_attributes_and_count_the_rest()
    {
        var before = CrmRecords.Account("001A");
        _firm.Receive(before);
        var after = CrmRecords.Account("001A", "DE444444444");
        _firm.Receive(after with
        {
            Fields = after.Fields.With("Name", new string('n', 100)).With("BillingCountry", "GB").With("BillingStreet", "1 High Street").With("BillingCity", null)
                .With("BillingPostalCode", "EC1A 1BB").With("ParentId", "001P"),
        });

        Assert.Equal(
            $"crm changed the customer {new string('n', 100)} (001A): name from 'Acme 001A' to {new string('n', 60)}...; country from DE to GB; street entered: '1 High Street'; "
            + "city removed (it was Bonn); postal code entered: 'EC1A 1BB'; and 2 more.",
            Assert.Single(Told("customer:*", "changed")).Text);
    }

    [Fact]
    public void Should_tell_those_who_wait_for_the_customer_and_say_what_settled_their_case()
    {
        _firm.Receive(CrmRecords.Account("001A", "DE1"));
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.Receive(CrmRecords.Sale("006B"));
        Assert.Equal("Acme 001A (001A)", Assert.Single(_firm.Cases).Subject);
        _firm.Receive(CrmRecords.Account("001A"));

        const string Says = "crm changed the customer Acme 001A (001A): tax id from DE1 to DE333333333";
        Assert.Equal(Says + ".", Assert.Single(Told("engagement:006A", "changed"), entry => entry.System == "crm").Text);
        Assert.Equal(Says + ".", Assert.Single(Told("engagement:006B", "changed"), entry => entry.System == "crm").Text);
        var settled = Assert.Single(_firm.Closed);
        Assert.Equal((CaseStatus.Settled, (string?)null, Says), (settled.Status, settled.ClosedBy, settled.Reason));
        Assert.Contains(Told("engagement:006A", "released"), entry => entry.Text.EndsWith($"What settled it: {Says}.", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_tell_twenty_who_wait_and_how_many_there_are()
    {
        _firm.Receive(CrmRecords.Account("001A", "DE1"));
        for (var i = 0; i < 23; i++)
        {
            _firm.Receive(CrmRecords.Sale($"006{i:00}"));
        }

        _firm.Receive(CrmRecords.Account("001A", "DE2"));

        var told = _firm.Lineage.Where(entry => entry is { Kind: "changed", System: "crm" }).ToArray();
        Assert.Equal(20, told.Select(entry => entry.CorrelationId).Distinct().Count(id => id.StartsWith("engagement:", StringComparison.Ordinal)));
        Assert.All(told, entry => Assert.EndsWith("It concerns 23 engagements and is told under 20 of them.", entry.Text, StringComparison.Ordinal));
    }

    /// <summary>Salesforce stamps whole seconds. Of two states with one stamp the hub believes what it reads itself, whatever comes last.</summary>
    [Fact]
    public void Should_not_believe_a_webhook_of_the_same_moment_as_what_is_known()
    {
        var won = CrmRecords.Sale("006A", 16_000m);
        var before = CrmRecords.Sale("006A", 16_000m, won: false) with { Version = won.Version };
        _firm.Receive(won);
        _firm.BeSent(before);
        Assert.Contains("Not taken over: stage", Assert.Single(Told("engagement:006A", "not-applied")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_firm.Lineage, entry => entry.Kind == "held");

        _firm.Receive(before);
        Assert.Contains(_firm.Lineage, entry => entry.Kind == "held");
        _firm.BeSent(CrmRecords.Sale("006A", 16_000m));
        Assert.Contains(_firm.Lineage, entry => entry.Kind == "released");
    }

    [Fact]
    public void Should_say_what_an_older_state_and_a_deletion_would_have_changed()
    {
        var old = CrmRecords.Sale("006A", 15_000m);
        _firm.Receive(CrmRecords.Sale("006A", 16_000m));
        _firm.Receive(old);
        Assert.Contains(
            "so nothing changed. Not taken over: amount from 16,000.00 EUR to 15,000.00 EUR", Assert.Single(Told("engagement:006A", "not-applied")).Text, StringComparison.Ordinal);

        _firm.Receive(CrmRecords.Gone("Opportunity", "006A"));
        Assert.Equal(
            "crm says that the opportunity Sale 006A (006A) was deleted there; the hub keeps what it knows except that it is no longer won (won from yes to no).",
            Assert.Single(Told("engagement:006A", "deleted")).Text);
    }

    /// <summary>Both ways in which a request meets a merge: it was there before, or it comes to the merged record.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Should_tell_who_asked_for_a_customer_that_it_is_another_one_and_why(bool asksBefore)
    {
        _firm.Receive(CrmRecords.Account("001A"));
        if (asksBefore)
        {
            _firm.Receive(CrmRecords.Sale("006B", account: "001B"));
        }

        _firm.Receive(CrmRecords.Account("001B"));
        _firm.Receive(CrmRecords.Sale("006B", account: "001B"));
        _firm.AnswerAll();

        Assert.Equal(
            "Acme 001B (001B) is the same customer as Acme 001A (001A): both have the tax id DE333333333. There is one customer for both.",
            Assert.Single(Told("engagement:006B", "merged")).Text);
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006B", "006B")!.Status);
    }

    private IEnumerable<LineageEntry> Told(string correlation, string kind) =>
        _firm.Lineage.Where(entry => entry.CorrelationId == correlation && entry.Kind == kind);
}
