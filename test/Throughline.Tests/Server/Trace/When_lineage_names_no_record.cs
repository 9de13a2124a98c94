using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Server.Api.Trace;
using Throughline.Tests.Engine;
using Xunit;

namespace Throughline.Tests.Server.Trace;

/// <summary>What was told before lineage named its records is still told, with what the maps say of them.</summary>
public sealed class When_lineage_names_no_record
{
    private static readonly Scope Sale = Scope.Engagement("006A");

    private readonly PlainWords _words = new(new DecidedFirm().Landscape, new Dictionary<string, string>());

    [Fact]
    public void Should_say_at_what_a_value_is_shown() => Assert.Equal(
        "The CRM (Salesforce) shows at the opportunity: hub status 'Active'.", _words.Shown(Old("crm", "Opportunity", "006A", "of no matter"), "hub status 'Active'"));

    [Theory]
    [InlineData("crm", "Opportunity", "006A", "crm has Opportunity 006A for opportunity Large deal (006A).", "The CRM (Salesforce) shows it at the opportunity Large deal (006A).")]
    [InlineData("psa", "project", "7", "psa has project 7 for project P-20001.", "The PSA (Redmine) has the project P-20001.")]
    [InlineData("psa", "news", "7", "psa has news 7 for story S-1.", "The PSA (Redmine) has the news story S-1.")]
    public void Should_say_what_a_system_has(string system, string entity, string id, string text, string says) =>
        Assert.Equal(says, _words.Sentence(Old(system, entity, id, text), null));

    [Fact]
    public async Task Should_show_the_trace_and_the_page()
    {
        await using var hub = await HubUnderTest.StartAsync(decorate: store =>
        {
            var epoch = store.TakePartitionAsync(Sale.Partition, "test", CancellationToken.None).GetAwaiter().GetResult();
            var lineage = new[] { Old("crm", "Opportunity", "006A", "crm has Opportunity 006A for opportunity Large deal (006A).") };
            store.CommitAsync([new PartitionCommit { Partition = Sale.Partition, Epoch = epoch, Lineage = [.. lineage] }], CancellationToken.None).GetAwaiter().GetResult();
            return store;
        });

        const string Says = "shows it at the opportunity Large deal (006A).";
        var trace = await hub.GetAsync("/api/v1/trace/006A");
        Assert.Equal(200, trace.Status);
        Assert.EndsWith(Says, trace.Body.NestedList("engagements")[0].NestedList("timeline")[0].Text("says"), StringComparison.Ordinal);
        Assert.Contains(Says, (await hub.GetAsync("/engagements/006A")).Text, StringComparison.Ordinal);
    }

    private static LineageEntry Old(string system, string entity, string id, string text) =>
        new(0, new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), Sale.ToString(), Sale, "done", text, system, entity, id);
}
