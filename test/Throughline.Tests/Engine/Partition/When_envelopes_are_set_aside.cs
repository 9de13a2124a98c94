using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>What cannot go on is set aside with its reason and goes on, in its old order, in the commit that takes the reason away.</summary>
public sealed class When_envelopes_are_set_aside
{
    private static readonly UnitKey Unit = new(Scope.Engagement("006A"), "");

    private readonly WorkedHub _hub = new();

    [Fact]
    public async Task Should_go_on_in_the_commit_that_settles_the_case_and_before_anything_newer()
    {
        var poison = await SetAsideAsync(CrmRecords.Sale("006A", amount: 11_000m));
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.SendAsync(CrmRecords.Sale("006A", amount: 12_000m));
        var before = _hub.Store.Commits.Count;
        await _hub.WorkAsync(Unit.Scope.Partition);

        Assert.Equal(before + 1, _hub.Store.Commits.Count);
        Assert.Empty(await _hub.ParkedAsync());
        Assert.Empty(await _hub.OpenCasesAsync());
        Assert.Equal(12_000m, (await _hub.SaleAsync("006A"))!.Attributes.Money("amount")!.Value.Amount);
        var story = await _hub.StoryAsync(Unit.Scope);
        Assert.True(Array.FindIndex(story, line => line.StartsWith("dropped", StringComparison.Ordinal)) < Array.FindIndex(story, IsReceived));
        Assert.Equal(2, story.Count(IsReceived));
        Assert.DoesNotContain(story, line => line.StartsWith("not-applied", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_stay_where_it_stood_when_it_fails_again()
    {
        var poison = await SetAsideAsync(CrmRecords.Sale("006A"));
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Retry);
        await _hub.DrainAsync();

        Assert.Equal([EnvelopeKind.Change, EnvelopeKind.SourceRecord], (await _hub.ParkedAsync()).Select(item => item.Envelope.Kind));
        Assert.Equal(CaseOf(poison), Assert.Single(await _hub.OpenCasesAsync()).Id);
        Assert.Null(await _hub.SaleAsync("006A"));
    }

    [Fact]
    public async Task Should_stay_where_it_stood_when_it_fails_again_and_is_dropped_within_one_batch()
    {
        var poison = await SetAsideAsync(CrmRecords.Sale("006A"));
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Retry);
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.WorkAsync(Unit.Scope.Partition);

        var story = await _hub.StoryAsync(Unit.Scope);
        Assert.True(
            Array.FindIndex(story, line => line.StartsWith("dropped", StringComparison.Ordinal)) < Array.FindIndex(story, IsReceived),
            "what followed was decided first:\n" + string.Join('\n', story));
        Assert.Empty(await _hub.ParkedAsync());
    }

    [Fact]
    public async Task Should_leave_nothing_behind_when_it_is_set_aside_and_released_within_one_batch()
    {
        var poison = await _hub.SendPoisonAsync(Unit.Scope);
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.WorkAsync(Unit.Scope.Partition);

        Assert.Empty(await _hub.ParkedAsync());
        Assert.Empty(await _hub.OpenCasesAsync());
        Assert.NotNull(await _hub.SaleAsync("006A"));
        Assert.Empty((await _hub.UnitAsync(Unit)).Dropped);
    }

    [Fact]
    public async Task Should_hold_nobody_up_where_a_record_cannot_be_mapped_and_settle_with_a_later_state()
    {
        await _hub.SendAsync(Unmappable());
        await _hub.SendAsync(CrmRecords.Contract("006A"));
        await _hub.DrainAsync();
        Assert.Equal(Case.UnmappedKind, Assert.Single(await _hub.OpenCasesAsync()).Kind);
        Assert.Single((await _hub.UnitAsync(Unit)).Of("contract"));

        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();

        Assert.Empty(await _hub.OpenCasesAsync());
        Assert.Empty(await _hub.ParkedAsync());
        Assert.NotNull(await _hub.SaleAsync("006A"));
    }

    [Fact]
    public async Task Should_drop_every_state_of_a_record_that_a_person_drops()
    {
        await _hub.SendAsync(Unmappable());
        await _hub.SendAsync(Unmappable());
        await _hub.DrainAsync();
        Assert.Equal(2, (await _hub.ParkedAsync()).Length);
        await _hub.ActAsync(Assert.Single(await _hub.OpenCasesAsync()), CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Empty(await _hub.ParkedAsync());
        Assert.Empty(await _hub.OpenCasesAsync());
        Assert.Equal(2, (await _hub.StoryAsync(Unit.Scope)).Count(line => line.StartsWith("dropped", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Should_not_drop_with_a_record_that_cannot_be_mapped_a_later_one_that_can()
    {
        await _hub.SendAsync(Unmappable());
        await _hub.DrainAsync();
        var unmapped = Assert.Single(await _hub.OpenCasesAsync());
        var poison = await SetAsideAsync(CrmRecords.Sale("006A"));
        await _hub.ActAsync(unmapped, CaseAction.Reject);
        await _hub.DrainAsync();
        Assert.Equal(3, (await _hub.ParkedAsync()).Length);
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Empty(await _hub.ParkedAsync());
        Assert.NotNull(await _hub.SaleAsync("006A"));
    }

    [Fact]
    public async Task Should_leave_what_cannot_be_mapped_waiting_when_what_stands_beside_it_goes_on()
    {
        await _hub.SendAsync(Unmappable());
        await _hub.DrainAsync();
        var poison = await SetAsideAsync(CrmRecords.Contract("006A"));
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Equal("Opportunity", Assert.Single(await _hub.ParkedAsync()).Envelope.Payload.Text("entity"));
        Assert.Equal(Case.UnmappedKind, Assert.Single(await _hub.OpenCasesAsync()).Kind);
        Assert.Single((await _hub.UnitAsync(Unit)).Of("contract"));
    }

    [Fact]
    public async Task Should_recognise_a_customer_by_its_tax_id_when_its_record_goes_on_later()
    {
        var scope = Scope.Master("customer");
        var poison = await _hub.SendAsync(scope, "001B", EnvelopeKind.Change, Fields.Of(("system", "crm"), ("attributes", Fields.Of(("name", "x"))), ("key", "x")));
        await _hub.DrainAsync();
        await _hub.SendAsync(CrmRecords.Account("001B"));
        await _hub.DrainAsync();
        await _hub.SendAsync(CrmRecords.Account("001A"));
        await _hub.DrainAsync();
        await _hub.ActAsync(CaseOf(poison), new UnitKey(scope, "001B"), CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Equal("001A", (await _hub.UnitAsync(new UnitKey(scope, "001B"))).MergedInto);
        Assert.Empty(await _hub.ParkedAsync());
    }

    /// <summary>Else each envelope that comes would cost as much as all that wait already.</summary>
    [Fact]
    public async Task Should_not_read_what_waits_before_its_reason_is_gone()
    {
        var poison = await SetAsideAsync(CrmRecords.Contract("006A"));
        for (var i = 0; i < 40; i++)
        {
            await _hub.SendAsync(CrmRecords.Sale("006A", amount: 10_000m + i));
            await _hub.DrainAsync();
        }

        Assert.Equal(0, _hub.Store.ParkedRead);
        await _hub.ActAsync(CaseOf(poison), Unit, CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Equal(42, _hub.Store.ParkedRead);
        Assert.Empty(await _hub.ParkedAsync());
        Assert.Equal(10_039m, (await _hub.SaleAsync("006A"))!.Attributes.Money("amount")!.Value.Amount);
    }

    [Fact]
    public async Task Should_not_read_states_that_cannot_be_mapped_before_one_comes_that_can()
    {
        for (var i = 0; i < 20; i++)
        {
            await _hub.SendAsync(Unmappable());
            await _hub.SendAsync(CrmRecords.Contract("006A"));
            await _hub.DrainAsync();
        }

        Assert.Equal(0, _hub.Store.ParkedRead);
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();

        Assert.Equal(20, _hub.Store.ParkedRead);
        Assert.Empty(await _hub.ParkedAsync());
    }

    private static bool IsReceived(string line) => line.StartsWith("received", StringComparison.Ordinal);

    private static CaseId CaseOf(Envelope poison) => CaseId.Derive(Case.ParkedKind, poison.Id.ToString());

    private static SourceRecord Unmappable()
    {
        var sale = CrmRecords.Sale("006A");
        return sale with { Fields = sale.Fields.With("CloseDate", "some day") };
    }

    private async Task<Envelope> SetAsideAsync(SourceRecord follower)
    {
        var poison = await _hub.SendPoisonAsync(Unit.Scope);
        await _hub.DrainAsync();
        await _hub.SendAsync(follower);
        await _hub.DrainAsync();
        Assert.Contains(await _hub.ParkedAsync(), item => item.Reason.StartsWith("follows", StringComparison.Ordinal));
        return poison;
    }
}
