using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_claim_the_most_important_then_the_oldest_and_keep_the_mark()
    {
        var lane = await LaneWith(
            Command(Alpha, "ordinary"),
            Command(Alpha, "older", created: T0.AddMinutes(-5)),
            Command(Alpha, "courtesy", priority: 9, created: T0.AddDays(-1)),
            Command(Alpha, "finance", priority: 0),
            Command(Alpha, "later", priority: 0, due: T0.AddTicks(1)),
            Command(Alpha, "elsewhere", system: "psa"),
            Command(Alpha, "second"));

        var claimed = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop);

        Assert.Equal(["finance", "older", "ordinary", "second"], claimed.Select(Name));
        Assert.All(
            claimed,
            command => Assert.Equal((CommandStatus.Sending, 1, T0.AddSeconds(30)), (command.Status, command.Attempt, command.SendBefore!.Value)));
        await ReopenAsync();
        Assert.Equal(4, (await Store.ListCommandsAsync(Alpha, 1_000, Stop)).Count(command => command.Status == CommandStatus.Sending && command.Attempt == 1));
        Assert.Equal(["courtesy"], (await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop)).Select(Name));
        Assert.Equal(["later"], (await Store.ClaimCommandsAsync("erp", lane, T0.AddTicks(10), T0.AddSeconds(30), 4, Stop)).Select(Name));
        Assert.Empty(await Store.ClaimCommandsAsync("erp", lane, T0.AddDays(1), T0.AddDays(2), 4, Stop));
    }

    [Fact]
    public async Task Should_take_one_terminal_outcome_and_keep_evidence_of_a_different_one()
    {
        var lane = await LaneWith(Command(Alpha, "c"), Command(Beta, "d"));
        var claimed = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop);
        var (c, d) = (claimed.Single(command => Name(command) == "c"), claimed.Single(command => Name(command) == "d"));

        var rung = await Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Done, "P-1"), Concluded(d, CommandStatus.Failed, "no", "refused")], Stop);

        Assert.Equal(new[] { Alpha.Partition, Beta.Partition }.Order(), rung);
        var receipt = Assert.Single(await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop));
        Assert.Equal(Tell(Concluded(c, CommandStatus.Done, "P-1").Receipt), Tell(receipt.Content));
        Assert.Equal("refused", (await Store.ListCommandsAsync(Beta, 1_000, Stop)).Single().LastFailure);

        // The same answer again is nothing new.
        Assert.Empty(await Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Done, "P-1")], Stop));
        Assert.Empty(await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop));

        // Another one changes nothing and is kept; what is not an answer is not even evidence.
        Assert.Empty(await Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Done, "P-2"), Concluded(c, CommandStatus.Failed, "P-1", "timed out")], Stop));
        Assert.Empty(await Store.ConcludeAsync("erp", lane, [new(c.Id, CommandStatus.Waiting, T0, "again", null)], Stop));
        Assert.Single(await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop));
        var concluded = (await Store.ListCommandsAsync(Alpha, 1_000, Stop)).Single();
        Assert.Equal((CommandStatus.Done, null), (concluded.Status, concluded.LastFailure));
        var evidence = await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop);
        Assert.Equal(["late-answer", "late-answer"], evidence.Select(entry => entry.Kind));
        Assert.All(evidence, entry => Assert.Equal(("erp", c.Id.ToString(), Alpha), (entry.System, entry.Cause, entry.Scope)));
        Assert.Contains("timed out", evidence[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_take_only_the_first_answer_when_two_come_at_once()
    {
        var lane = await LaneWith(Command(Alpha, "c"));
        var c = (await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop)).Single();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(
            () => Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Done, n.ToString(CultureInfo.InvariantCulture))], Stop), Stop)));

        Assert.Single(await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop));
        Assert.Equal(5, (await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop)).Length);
    }

    [Fact]
    public async Task Should_let_a_concluded_attempt_wait_again_or_be_in_doubt()
    {
        var lane = await LaneWith(Command(Alpha, "c"), Command(Alpha, "d"));
        var claimed = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop);

        Assert.Empty(await Store.ConcludeAsync(
            "erp", lane,
            [
                new(claimed[0].Id, CommandStatus.Waiting, T0.AddMinutes(1), "busy", null),
                new(claimed[1].Id, CommandStatus.InDoubt, T0.AddMinutes(2), "lost", null),
            ],
            Stop));

        Assert.Empty(await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop));
        Assert.Empty(await Store.ClaimInDoubtAsync("erp", lane, T0.AddMinutes(1), T0, T0.AddHours(1), 4, Stop));
        var again = (await Store.ClaimCommandsAsync("erp", lane, T0.AddMinutes(1), T0.AddMinutes(2), 4, Stop)).Single();
        Assert.Equal(("busy", 2), (again.LastFailure, again.Attempt));
        var doubtful = (await Store.ClaimInDoubtAsync("erp", lane, T0.AddMinutes(2), T0, T0.AddHours(1), 4, Stop)).Single();
        Assert.Equal((CommandStatus.InDoubt, T0.AddHours(1), 1, "lost"), (doubtful.Status, doubtful.DueAt, doubtful.Attempt, doubtful.LastFailure));
        Assert.Equal(1, (await Store.CountAsync(Stop)).CommandsInDoubt);
    }

    [Fact]
    public async Task Should_hand_abandoned_commands_to_the_next_driver_as_doubtful()
    {
        var first = await LaneWith(Command(Alpha, "c"));
        await Store.ClaimCommandsAsync("erp", first, T0, T0.AddSeconds(30), 4, Stop);
        Assert.Empty(await Store.ClaimInDoubtAsync("erp", first, T0.AddDays(1), T0.AddDays(1), T0.AddDays(2), 4, Stop));

        var second = await Store.TakeLaneAsync("erp", "b", Stop);

        Assert.Empty(await Store.ClaimInDoubtAsync("erp", second, T0.AddSeconds(31), T0.AddSeconds(30), T0.AddHours(1), 4, Stop));
        var doubtful = (await Store.ClaimInDoubtAsync("erp", second, T0.AddSeconds(60), T0.AddSeconds(31), T0.AddHours(1), 4, Stop)).Single();
        Assert.Equal((CommandStatus.InDoubt, T0.AddHours(1)), (doubtful.Status, doubtful.DueAt));
        Assert.Empty(await Store.ClaimInDoubtAsync("erp", second, T0.AddSeconds(60), T0.AddSeconds(31), T0.AddHours(1), 4, Stop));
        Assert.Single(await Store.ClaimInDoubtAsync("erp", second, T0.AddHours(1), T0.AddSeconds(31), T0.AddHours(2), 4, Stop));
    }

    [Fact]
    public async Task Should_fence_a_driver_that_lost_its_lane()
    {
        var old = await LaneWith(Command(Alpha, "c"), Command(Alpha, "d"));
        var claimed = await Store.ClaimCommandsAsync("erp", old, T0, T0.AddSeconds(30), 1, Stop);
        Assert.Equal(old + 1, await Store.TakeLaneAsync("erp", "b", Stop));
        Assert.Equal(1, await Store.TakeLaneAsync("psa", "b", Stop));
        var before = await Everything(Store);

        await Assert.ThrowsAsync<FencedException>(async () => await Store.ClaimCommandsAsync("erp", old, T0, T0.AddSeconds(30), 1, Stop));
        await Assert.ThrowsAsync<FencedException>(async () => await Store.ClaimInDoubtAsync("erp", old, T0, T0.AddDays(1), T0, 1, Stop));
        await Assert.ThrowsAsync<FencedException>(async () => await Store.ConcludeAsync("erp", old, [Concluded(claimed[0], CommandStatus.Done, "P")], Stop));
        await Assert.ThrowsAsync<FencedException>(async () => await Store.ClaimCommandsAsync("never", 1, T0, T0, 1, Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await Store.ConcludeAsync("erp", old + 1, [Concluded(Command(Alpha, "unknown"), CommandStatus.Done, "P")], Stop));

        Assert.Equal(before, await Everything(Store));
    }

    [Fact]
    public async Task Should_give_each_command_to_one_of_many_claims()
    {
        var lane = await LaneWith([.. Enumerable.Range(0, 60).Select(n => Command(Alpha, n.ToString(CultureInfo.InvariantCulture)))]);

        var claims = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            var mine = new List<Command>();
            for (var i = 0; i < 5; i++)
            {
                mine.AddRange(await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 3, Stop));
            }

            return mine;
        }, Stop)));

        var rest = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 100, Stop);
        var all = claims.SelectMany(mine => mine).Concat(rest).Select(command => command.Id).ToList();
        Assert.Equal(60, all.Count);
        Assert.Equal(60, all.Distinct().Count());
    }

    private static string? Name(Command command) => command.Item.Fields.Text("name");

    private async Task<long> LaneWith(params ImmutableArray<Command> commands)
    {
        foreach (var group in commands.GroupBy(command => command.Unit.Scope))
        {
            await TakeAndCommit(group.Key, new() { Partition = 0, Epoch = 0, Commands = [.. group] });
        }

        return await Store.TakeLaneAsync("erp", "a", Stop);
    }
}
