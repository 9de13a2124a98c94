using Throughline.Model;
using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Trace;

/// <summary>A trace as a project manager reads it, of a hub whose systems are away.</summary>
public sealed class When_a_story_is_told : IAsyncLifetime
{
    private HubUnderTest _hub = null!;
    private int _sent;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_lead_from_the_onboarding_of_a_customer_to_the_engagements_that_asked_for_it()
    {
        await SendAsync(Records.Account("001A"), "Account");
        await SendAsync(Records.Contract("800A"), "Contract");
        await SendAsync(Records.Opportunity("006A", "001A", "800A", 90_000m), "Opportunity");
        await SendAsync(Records.Opportunity("006B", "001A", "800A", 80_000m, "Second deal"), "Opportunity");
        foreach (var id in new[] { "006A", "006B" })
        {
            await _hub.UntilAsync($"/api/v1/trace/{id}", answer => Steps(answer, 0).Any(step => step.Text("name") == "customers" && step.Text("reason") is not null),
                "the deal to wait for its customer");
        }

        var listed = await _hub.UntilAsync(
            "/api/v1/instances?process=customer-onboarding", each => each.Body.NestedList("instances").Any(instance =>
                instance.Text("summary")!.StartsWith("Contoso Rail AG (", StringComparison.Ordinal)), "the onboarding with its number");
        var onboarding = Assert.Single(listed.Body.NestedList("instances"));
        var answer = await _hub.UntilAsync($"/api/v1/trace/{onboarding.Text("id")}", each => each.Status == 200 && each.Body.NestedList("engagements").Count == 2,
            "both deals");
        Assert.Equal(["006A", "006B"], answer.Body.NestedList("engagements").Select(each => each.Text("engagement")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Should_tell_each_of_several_processes_under_its_own_heading()
    {
        await SendAsync(Records.Account("001A", taxId: null), "Account");
        await SendAsync(Records.Contract("800A"), "Contract");
        await SendAsync(Records.Opportunity("006A", "001A", "800A", 90_000m), "Opportunity");
        var extension = Records.Opportunity("006B", "001A", "800A", 300_000m, "More of it").Replace("\"Parent_Opportunity__c\":null", "\"Parent_Opportunity__c\":\"006A\"",
            StringComparison.Ordinal);
        await SendAsync(extension, "Opportunity");
        var answer = await _hub.UntilAsync("/api/v1/trace/006A", each => each.Status == 200 && each.Body.NestedList("engagements")[0] is var told
            && told.NestedList("instances").Count == 2 && told.NestedList("openCases").Count == 2, "both processes and their cases");

        var page = TraceText.Render(answer.Body);
        var (first, second) = (page.IndexOf("\nLead to project for Large deal (006A): running", StringComparison.Ordinal),
            page.IndexOf("\nLead to project for More of it (006B): running", StringComparison.Ordinal));
        Assert.True(first > 0 && second > first, page);
        Assert.Contains("Lead to project started for opportunity Large deal (006A).", page[first..second], StringComparison.Ordinal);
        Assert.DoesNotContain("More of it", page[first..second], StringComparison.Ordinal);
        Assert.Contains("Lead to project started for opportunity More of it (006B).", page[second..], StringComparison.Ordinal);
        Assert.Matches(@"\[~\] Large sales are approved .*\n {8}.*Case for finance-ops: More of it is worth", page[second..]);
    }

    [Fact]
    public async Task Should_say_who_changed_what_in_the_firms_words()
    {
        await SendAsync(Records.Account("001A", taxId: null), "Account");
        await SendAsync(Records.Contract("800A"), "Contract");
        await SendAsync(Records.Opportunity("006A", "001A", "800A", 90_000m), "Opportunity");
        await _hub.UntilAsync("/api/v1/cases", answer => answer.Body.NestedList("cases").Any(item => item.Text("kind") == "check"), "the missing tax id");
        await SendAsync(Records.Account("001A").Replace("09:00:00", "10:00:00", StringComparison.Ordinal), "Account");

        var settled = await _hub.UntilAsync("/api/v1/trace/006A", answer => answer.Body.NestedList("engagements")[0].NestedList("closedCases").Count == 1, "the case to settle");
        var page = TraceText.Render(settled.Body);
        const string Says = "CRM (Salesforce) changed the customer Contoso Rail AG (001A): tax id entered: DE811569869";
        Assert.Matches($"The tax id of Contoso Rail AG is missing\\. Settled by itself: the {System.Text.RegularExpressions.Regex.Escape(Says)}\\.", page);
        Assert.Contains($"The {Says}.", page, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Fields> Steps(Answered answer, int instance) =>
        answer.Status == 200 && answer.Body.NestedList("engagements")[0].NestedList("instances") is { Count: > 0 } instances ? instances[instance].NestedList("steps") : [];

    private async Task SendAsync(string record, string kind)
    {
        var answer = await _hub.PostAsync("/api/v1/intake/crm", Records.Envelope($"k{++_sent}", record, kind));
        Assert.True(answer.Status < 300, answer.Text);
    }
}
