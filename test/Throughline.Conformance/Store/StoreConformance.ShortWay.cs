using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_claim_and_conclude_commands_in_the_commit_of_their_partition()
    {
        var lane = await Store.TakeLaneAsync("erp", "a", Stop);
        var (c, d) = (Sending("c"), Sending("d"));
        var epoch = await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Commands = [c, d], Lanes = [new LaneHold("erp", lane)] });

        Assert.Empty(await Store.ClaimCommandsAsync("erp", lane, T0.AddDays(1), T0.AddDays(2), 4, Stop));
        Assert.Equal(Tell(new[] { c, d }), Tell(await Store.ListCommandsAsync(Alpha, 10, Stop)));

        await Store.CommitAsync(
            new PartitionCommit
            {
                Partition = Alpha.Partition, Epoch = epoch, Lanes = [new LaneHold("erp", lane)], Outcomes = [Concluded(c, CommandStatus.Failed, "no", "refused")],
            },
            Stop);

        await ReopenAsync();
        var concluded = (await Store.ListCommandsAsync(Alpha, 10, Stop))[0];
        Assert.Equal((CommandStatus.Failed, "refused", null), (concluded.Status, concluded.LastFailure, concluded.SendBefore));
        Assert.Empty(await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop));
        // The same answer by the long way is nothing new, another one is evidence; what was not concluded goes to the next driver.
        Assert.Empty(await Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Failed, "no", "refused")], Stop));
        Assert.Empty(await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop));
        Assert.Empty(await Store.ConcludeAsync("erp", lane, [Concluded(c, CommandStatus.Done, "P-1")], Stop));
        Assert.Single(await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop));
        var next = await Store.TakeLaneAsync("erp", "b", Stop);
        Assert.Equal(["d"], (await Store.ClaimInDoubtAsync("erp", next, T0.AddMinutes(2), T0.AddMinutes(1), T0.AddHours(1), 4, Stop)).Select(Name));
    }

    [Fact]
    public async Task Should_refuse_a_commit_that_claims_or_concludes_what_is_not_its_own()
    {
        var lane = await LaneWith(Command(Alpha, "c"), Command(Alpha, "d"));
        var claimed = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 1, Stop);
        await Store.ConcludeAsync("erp", lane, [Concluded(claimed[0], CommandStatus.Done, "P-1")], Stop);
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var commit = new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, Lanes = [new LaneHold("erp", lane)], State = [State(Alpha, "r", "new")] };
        var before = await Everything(Store);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync(commit with { Outcomes = [Concluded(claimed[0], CommandStatus.Done, "P-1")] }, Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync(commit with { Outcomes = [Concluded(Sending("never"), CommandStatus.Done, "P-1")] }, Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync(commit with { Commands = [Sending("e"), Sending("d")] }, Stop));
        await Store.TakeLaneAsync("erp", "b", Stop);
        await Assert.ThrowsAsync<FencedException>(() => Store.CommitAsync(commit with { Commands = [Sending("e")] }, Stop));

        Assert.Equal(before, await Everything(Store));
    }

    /// <summary>What one turn tells is written together, and yet read line by line.</summary>
    [Fact]
    public async Task Should_page_within_lines_that_were_told_together_and_keep_what_differs_between_them()
    {
        var one = Line(Alpha, "one");
        var two = one with
        {
            At = T0.AddSeconds(1), Kind = "done", Text = "two \0 \"quoted\" ü", System = null, Entity = "x", ExternalId = null, Cause = "other",
            Instance = null, Step = null, Record = null,
        };
        var three = one with { Instance = InstanceId("i2"), Record = new RecordId("customer", "C") };
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Lineage = [one, two, three] });

        var story = await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop);
        Assert.Equal([one, two with { Text = "two \uFFFD \"quoted\" ü" }, three], story.Select(line => line with { Number = 0 }));
        Assert.Equal(story[1..2], await Store.ReadLineageAsync(Alpha.ToString(), story[0].Number, 1, Stop));
        Assert.Equal(story[2..], await Store.ReadLineageAsync(Alpha.ToString(), story[1].Number, 1, Stop));
        Assert.Empty(await Store.ReadLineageAsync(Alpha.ToString(), story[2].Number, 1, Stop));
    }

    private static Command Sending(string name) =>
        Command(Alpha, name) with { Status = CommandStatus.Sending, Attempt = 1, SendBefore = T0.AddSeconds(30) };
}
