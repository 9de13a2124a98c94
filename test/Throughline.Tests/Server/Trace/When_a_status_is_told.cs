using Throughline.Engine.Process;
using Throughline.Server.Api.Trace;
using Xunit;

namespace Throughline.Tests.Server.Trace;

public sealed class When_a_status_is_told
{
    [Theory]
    [InlineData(InstanceStatus.Running, "running")]
    [InlineData(InstanceStatus.Done, "complete")]
    [InlineData(InstanceStatus.Undoing, "being taken back")]
    [InlineData(InstanceStatus.Undone, "rejected")]
    public void Should_say_the_same_however_it_is_written(InstanceStatus status, string says)
    {
        Assert.Equal(says, StatusWords.Of(status.ToString()));
        Assert.Equal(says, StatusWords.Of(status.ToString().ToLowerInvariant()));
    }
}
