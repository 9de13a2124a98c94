using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Recovery;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>Answers of the store or of the system were lost: nothing is sent twice, and nothing is left lying (invariants 3 and 5).</summary>
public sealed class When_a_lane_is_not_sure
{
    private static readonly TimeSpan UntilAbandoned = TimeSpan.FromSeconds(41);

    [Fact]
    public async Task Should_take_a_new_epoch_after_a_lost_claim_but_not_before_what_is_under_way_is_concluded()
    {
        await using var lane = new DrivenLane();
        lane.Connector.Hold("slow");
        await lane.DecideAsync("slow");
        await lane.StepAsync();
        await lane.Connector.BegunAsync("slow");
        LoseOnce(lane, nameof(ILaneStore.ClaimCommandsAsync));
        await lane.DecideAsync("lost");
        await Assert.ThrowsAsync<StoreUnavailableException>(lane.StepAsync);
        await lane.StepAsync();
        Assert.Equal(1, lane.Store.Takes);

        lane.Connector.Answer("slow");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 1 && lane.Store.Takes == 2, "the slow one is concluded and the lane is taken anew");
        Assert.Equal(CommandStatus.Sending, lane["lost"].Status);

        lane.Clock.Pass(UntilAbandoned);
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 2, "the lost one is asked for and sent");
        Assert.Equal(["slow", "lost?", "lost"], lane.Connector.Calls);
    }

    [Fact]
    public async Task Should_conclude_again_what_the_store_may_not_have_taken_and_not_double_it()
    {
        await using var lane = new DrivenLane();
        await lane.DecideAsync("a", "b");
        await lane.StepAsync();
        await lane.Connector.BegunAsync("a");
        await lane.Connector.BegunAsync("b");
        LoseOnce(lane, nameof(ILaneStore.ConcludeAsync));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => lane.RunUntilAsync(() => false, "an outcome is concluded"));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 2 && lane.Connector.Running == 0, "both are done");
        await lane.StepAsync();

        Assert.Equal(2, await lane.ReceiptsAsync());
        Assert.Equal(2, lane.Connector.Calls.Length);
        Assert.Equal(1, lane.Store.Takes);
    }

    [Fact]
    public async Task Should_conclude_the_others_when_one_answer_cannot_be_kept_and_hand_that_one_to_a_person()
    {
        await using var lane = new DrivenLane();
        lane.Store.Refuses = outcome => outcome.Receipt?.Payload.Text("externalId") == "id-b";
        await lane.DecideAsync("a", "b", "c");
        await lane.StepAsync();
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 2 && lane.Count(CommandStatus.Failed) == 1, "the others are done and a person is asked");

        await MustAskAPersonAsync(lane);
    }

    [Fact]
    public async Task Should_ask_the_system_again_where_a_defect_kept_its_answer_from_being_written_down()
    {
        await using var lane = new DrivenLane();
        lane.Store.Refuses = outcome => outcome.Receipt?.Payload.Text("externalId") == "id-b";
        lane.Store.Refusal = () => new InvalidOperationException("a defect of the store");
        await lane.DecideAsync("a", "b");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 1 && lane.Count(CommandStatus.InDoubt) == 1, "the other is done and b is in doubt");

        // It may be ours to mend, so nothing is lost: the record is found with its id once it is mended.
        lane.Store.Refuses = _ => false;
        lane.Connector.Has = _ => true;
        lane.Clock.Pass(TimeSpan.FromMinutes(1));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 2, "b is found and done");

        Assert.Equal(["a", "b", "b?"], lane.Connector.Calls.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Should_hand_a_write_to_a_person_whose_id_could_never_be_found_again()
    {
        await using var lane = new DrivenLane();
        lane.Connector.IdOf = name => name == "b" ? "id\0b" : "id-" + name;
        await lane.DecideAsync("a", "b", "c");
        await lane.StepAsync();
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 2 && lane.Count(CommandStatus.Failed) == 1, "the others are done and a person is asked");

        await MustAskAPersonAsync(lane);
    }

    [Fact]
    public async Task Should_not_ask_for_ever_where_the_answer_to_the_question_cannot_be_kept()
    {
        await using var lane = new DrivenLane();
        lane.Store.Refuses = outcome => outcome.Receipt?.Payload.Text("externalId") == "id-b";
        lane.Connector.Outcome = name => name == "b" ? new Failure.InDoubt("no answer") : null;
        await lane.DecideAsync("b");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.InDoubt) == 1, "it is in doubt");
        lane.Connector.Outcome = _ => null;
        lane.Connector.Has = _ => true;
        lane.Clock.Pass(TimeSpan.FromSeconds(10));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Failed) == 1, "a person is asked");

        Assert.Equal(["b", "b?"], lane.Connector.Calls);
    }

    private static async Task MustAskAPersonAsync(DrivenLane lane)
    {
        Assert.Equal(CommandStatus.Failed, lane["b"].Status);
        var receipt = Assert.Single(await lane.ReceiptPayloadsAsync(), payload => payload.Failure is not null);
        Assert.Equal((CommandId.Derive("b"), "in-doubt", null), (receipt.Command, receipt.Failure!.Code, receipt.ExternalId));
        Assert.Contains("the record probably stands there", receipt.Failure.Message, StringComparison.Ordinal);
        for (var minutes = 0; minutes < 10; minutes++)
        {
            lane.Clock.Pass(TimeSpan.FromMinutes(1));
            await lane.StepAsync();
        }

        Assert.Equal(3, lane.Connector.Calls.Length);
    }

    [Fact]
    public async Task Should_count_nothing_of_what_was_under_way_once_another_hub_drives_the_lane()
    {
        await using var old = new DrivenLane();
        old.Connector.Hold("a");
        await old.DecideAsync("a");
        await old.StepAsync();
        await old.Connector.BegunAsync("a");
        await using var other = new DrivenLane(memory: old.Memory, clock: old.Clock);
        await other.StepAsync();
        old.Connector.Answer("a");
        await Assert.ThrowsAsync<FencedException>(() => old.RunUntilAsync(() => false, "the lane is fenced"));

        Assert.Equal(0, await old.ReceiptsAsync());
        Assert.Equal(CommandStatus.Sending, old["a"].Status);
        other.Connector.Has = _ => true;
        other.Clock.Pass(UntilAbandoned);
        await other.RunUntilAsync(() => other.Count(CommandStatus.Done) == 1, "the new driver has asked for it");
        Assert.Equal(["a?"], other.Connector.Calls);
        Assert.Equal(1, await old.ReceiptsAsync());
    }

    [Fact]
    public async Task Should_ask_only_once_at_a_time_however_long_the_system_takes_to_say()
    {
        await using var lane = new DrivenLane();
        lane.Connector.Outcome = name => name == "a" ? new Failure.InDoubt("no answer") : null;
        await lane.DecideAsync("a");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.InDoubt) == 1, "it is in doubt");
        lane.Connector.Outcome = _ => null;
        lane.Connector.Hold("a?");
        lane.Clock.Pass(TimeSpan.FromSeconds(6));
        await lane.StepAsync();
        await lane.Connector.BegunAsync("a?");
        for (var i = 0; i < 4; i++)
        {
            lane.Clock.Pass(TimeSpan.FromSeconds(40));
            await lane.StepAsync();
        }

        lane.Connector.Answer("a?");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 1, "it is sent again and done");
        Assert.Equal(["a", "a?", "a"], lane.Connector.Calls);
    }

    /// <summary>5 s until the call begins and 30 s for it; after another 5 s a successor asks the system.</summary>
    [Theory]
    [InlineData(34, true)]
    [InlineData(36, false)]
    public async Task Should_let_no_request_of_a_write_begin_when_a_successor_may_be_about_to_ask(int seconds, bool mayBegin)
    {
        await using var lane = new DrivenLane();
        lane.Connector.Hold("slow");
        await lane.DecideAsync("slow");
        await lane.StepAsync();
        await lane.Connector.BegunAsync("slow");
        lane.Clock.Pass(TimeSpan.FromSeconds(seconds));
        lane.Connector.Answer("slow");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 1, "the slow one is concluded");

        Assert.Equal(mayBegin, lane.Connector.WasInTime);
    }

    /// <summary>The claim looks old to a hub whose clock is ahead, while the former driver may still be sending (found by the simulation).</summary>
    [Fact]
    public async Task Should_ask_about_what_a_former_driver_sent_only_when_enough_time_has_passed_since_the_take_over()
    {
        await using var lane = new DrivenLane();
        await lane.DecideAsync("a");
        var now = lane.Clock.GetUtcNow();
        var former = await lane.Memory.TakeLaneAsync(DrivenLane.System, "former", CancellationToken.None);
        await lane.Memory.ClaimCommandsAsync(DrivenLane.System, former, now, now.AddSeconds(5), 1, CancellationToken.None);
        lane.Clock.Pass(TimeSpan.FromMinutes(10));

        await lane.StepAsync();
        lane.Clock.Pass(TimeSpan.FromSeconds(39));
        await lane.StepAsync();
        Assert.Equal(0, lane.Store.Questions.Sum());

        lane.Clock.Pass(TimeSpan.FromSeconds(2));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 1, "it is asked for, not there, and sent");
        Assert.Equal(["a?", "a"], lane.Connector.Calls);
    }

    [Fact]
    public async Task Should_let_one_call_through_to_see_whether_the_system_is_back()
    {
        await using var lane = new DrivenLane();
        string[] doubtful = DrivenLane.Names("d", 4);
        lane.Connector.Outcome = _ => new Failure.InDoubt("no answer");
        await lane.DecideAsync([.. doubtful, "d4"]);
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.InDoubt) == 5, "five are in doubt");
        Assert.NotNull(lane.Circuit.OpenUntil);
        await lane.DecideAsync(DrivenLane.Names("w", 4));
        lane.Connector.Outcome = _ => null;
        var (questions, claims) = (lane.Store.Questions.Sum(), lane.Store.Claims.Sum());
        lane.Connector.Hold([.. DrivenLane.Names("d", 5).Select(name => name + "?")]);
        lane.Clock.Pass(TimeSpan.FromMinutes(2));
        for (var i = 0; i < 3; i++)
        {
            await lane.StepAsync();
            lane.Clock.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((questions + 1, claims), (lane.Store.Questions.Sum(), lane.Store.Claims.Sum()));
        lane.Connector.AnswerAll();
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 9, "all are done");
    }

    [Fact]
    public async Task Should_not_give_up_a_command_for_attempts_that_only_showed_that_the_system_is_down()
    {
        await using var lane = new DrivenLane(concurrency: 1);
        lane.Connector.Outcome = _ => new Failure.Transient("down");
        await lane.DecideAsync("a");
        for (var minutes = 0; lane.Connector.Calls.Length < RecoveryPolicy.AttemptsMax + 6; minutes++)
        {
            Assert.True(minutes < 200, "it is not tried any more");
            await lane.RunUntilAsync(() => lane.Count(CommandStatus.Waiting) == 1, "it waits again");
            lane.Clock.Pass(TimeSpan.FromMinutes(1));
        }

        lane.Connector.Outcome = name => lane.Connector.Calls.Length < RecoveryPolicy.AttemptsMax + 8 && name == "a" ? new Failure.InDoubt("no answer") : null;
        for (var minutes = 0; lane.Count(CommandStatus.Done) == 0; minutes++)
        {
            Assert.True(minutes < 20, $"it is {lane["a"].Status}: {lane["a"].LastFailure}");
            var calls = lane.Connector.Calls.Length;
            await lane.RunUntilAsync(
                () => lane.Connector.Calls.Length > calls && lane.Count(CommandStatus.Sending) == 0 && lane.Connector.Running == 0, "it is called and concluded");
            Assert.Equal(0, lane.Count(CommandStatus.Failed));
            lane.Clock.Pass(TimeSpan.FromMinutes(1));
        }
    }

    private static void LoseOnce(DrivenLane lane, string method)
    {
        var isLost = false;
        lane.Store.After = name =>
        {
            if (name == method && !isLost)
            {
                isLost = true;
                throw new StoreUnavailableException("the connection was lost", new IOException());
            }
        };
    }
}
