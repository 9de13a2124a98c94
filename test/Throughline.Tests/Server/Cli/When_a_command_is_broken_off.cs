using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

public sealed class When_a_command_is_broken_off
{
    [Theory]
    [InlineData(true, Exit.Ok, false)]
    [InlineData(false, Exit.Negative, true)]
    public async Task Should_count_as_done_only_where_somebody_asked_for_it(bool isAsked, int exit, bool says)
    {
        using var error = new StringWriter();
        var terminal = new Terminal(TextWriter.Null, error, _ => null, TimeProvider.System);
        Assert.Equal(exit, await CommandLine.GuardAsync(terminal, () => Task.FromException<int>(new TaskCanceledException("timed out")), () => isAsked));
        Assert.Equal(says, error.ToString().Contains("nobody asked", StringComparison.Ordinal));
    }
}
