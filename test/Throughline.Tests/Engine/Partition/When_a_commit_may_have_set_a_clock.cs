using Throughline.Engine;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>The loop that waits for the next clock sleeps up to a minute; a clock whose commit was not answered must wake it as well.</summary>
public sealed class When_a_commit_may_have_set_a_clock
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_wake_the_timers(bool isLost)
    {
        var hub = new WorkedHub();
        var set = new List<DateTimeOffset>();
        hub.Worker.TimersSet = set.Add;
        hub.Store.After = commits =>
        {
            if (isLost && commits.Any(commit => !commit.Timers.IsEmpty))
            {
                hub.Store.After = _ => { };
                throw new StoreUnavailableException("the answer was lost", new IOException());
            }
        };
        await hub.SendAsync(CrmRecords.Sale("006A"));
        var work = hub.WorkAsync(Scope.Engagement("006A").Partition);
        if (isLost)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => work);
        }
        else
        {
            await work;
        }

        Assert.Equal(hub.Memory.Timers().Min(timer => timer.Due), Assert.Single(set));
    }
}
