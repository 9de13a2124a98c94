using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>Who reads a case does not know the program: it says what happened to which record; what an exception says is for the log.</summary>
public sealed class When_a_person_is_told_why
{
    private const string Technical = "Object reference not set to an instance of an object";

    private static readonly UnitKey Unit = new(Scope.Engagement("006A"), "");

    private readonly WorkedHub _hub = new();

    [Fact]
    public async Task Should_say_in_plain_words_that_the_hub_failed_and_keep_the_exception_for_the_log()
    {
        var poison = await _hub.SendPoisonAsync(Unit.Scope);
        await _hub.DrainAsync();

        var item = Assert.Single(await _hub.OpenCasesAsync());
        Assert.StartsWith("The change of a record x from crm cannot be processed: the hub failed", item.Says, StringComparison.Ordinal);
        Assert.Contains($"TL1101 in the log, envelope {poison.Id}", item.Says, StringComparison.Ordinal);
        Assert.Contains("'retry'", item.Remedy, StringComparison.Ordinal);
        var technical = Assert.Single(_hub.Log).Split(": ", 2)[1];
        Assert.Contains(poison.Id.ToString(), _hub.Log[0], StringComparison.Ordinal);
        Assert.NotEmpty(technical);
        string[] texts = [item.Says, item.Remedy, (await _hub.ParkedAsync()).Single().Reason, .. await _hub.StoryAsync(Unit.Scope)];
        foreach (var text in texts)
        {
            Assert.DoesNotContain(technical, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Should_name_the_id_that_belongs_to_another_record()
    {
        var row = new CrosswalkRow("crm", "Opportunity", "006A", Unit, "opportunity", "006A");
        _hub.Store.Before = commits => Throw(commits.Any(commit => !commit.Crosswalk.IsEmpty), new CrosswalkConflictException(row));
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();

        var item = Assert.Single(await _hub.OpenCasesAsync());
        Assert.Equal(
            "Opportunity 006A from crm cannot be processed: Opportunity 006A of crm is known to the hub as another record already. Nothing of it was taken over.",
            item.Says);
        Assert.Contains("throughline trace 006A", item.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public Task Should_say_that_the_store_cannot_keep_it_where_it_cannot() =>
        MustSayAsync(new ArgumentException(Technical), "it holds something that the store cannot keep");

    [Fact]
    public Task Should_say_that_the_hub_failed_where_the_record_is_not_to_blame() =>
        MustSayAsync(new InvalidOperationException(Technical), "which is a defect of the hub");

    private async Task MustSayAsync(Exception cause, string words)
    {
        _hub.Store.Before = commits => Throw(commits.Any(commit => !commit.Crosswalk.IsEmpty), cause);
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();

        var item = Assert.Single(await _hub.OpenCasesAsync());
        Assert.Contains(words, item.Says, StringComparison.Ordinal);
        Assert.DoesNotContain(Technical, item.Says + item.Remedy, StringComparison.Ordinal);
        Assert.Contains(Technical, Assert.Single(_hub.Log), StringComparison.Ordinal);
    }

    /// <summary>A log line says that it was set aside, so it is written when it was: not while the store is away, and not twice.</summary>
    [Fact]
    public async Task Should_write_into_the_log_once_and_only_after_the_commit()
    {
        var refusals = 3;
        _hub.Store.Before = _ => Throw(refusals-- > 0, new StoreUnavailableException("away", new IOException()));
        await _hub.SendPoisonAsync(Unit.Scope);
        for (var look = 0; look < 3; look++)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => _hub.WorkAsync(Unit.Scope.Partition));
            Assert.Empty(_hub.Log);
        }

        await _hub.DrainAsync();
        Assert.Single(_hub.Log);
    }

    [Fact]
    public async Task Should_say_that_a_decision_failed_and_keep_the_exception_for_the_log()
    {
        var hub = new WorkedHub(decisions: new DecisionCatalog([new FailingDecision()]));
        await hub.SendAsync(CrmRecords.Account("001A"));
        await hub.SendAsync(CrmRecords.Sale("006A"));
        await hub.DrainAsync();

        var item = Assert.Single(await hub.OpenCasesAsync());
        Assert.Equal("decision", item.Kind);
        Assert.Contains("the hub failed while it decided this (number-customer)", item.Says, StringComparison.Ordinal);
        Assert.DoesNotContain(Technical, item.Says + item.Remedy, StringComparison.Ordinal);
        Assert.Contains(hub.Log, line => line.StartsWith("TL1102 the decision number-customer failed", StringComparison.Ordinal)
            && line.EndsWith(Technical, StringComparison.Ordinal));
    }

    private sealed class FailingDecision : IDecision
    {
        public string Name => "number-customer";

        public DecisionResult Decide(DecisionInput input) => throw new InvalidOperationException(Technical);
    }

    private static void Throw(bool isSo, Exception failure)
    {
        if (isSo)
        {
            throw failure;
        }
    }
}
