using System.Reflection;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>A count that stops at its limit says so.</summary>
public sealed class When_counts_stop
{
    [Fact]
    public async Task Should_say_or_more_on_the_page_and_in_the_api()
    {
        await using var hub = await HubUnderTest.StartAsync(decorate: ManyDone.Of);
        var counts = (await hub.GetAsync("/api/v1/status")).Body.Nested("counts")!;
        Assert.Equal((HubCounts.Max, "instancesDone"), (counts.Number("instancesDone"), Assert.Single(counts.List("atLeast")) as string));
        var page = (await hub.GetAsync("/")).Text;
        Assert.Contains("<b>10,000 or more</b>processes complete", page, StringComparison.Ordinal);
        Assert.Contains("<b>9,999</b>processes running", page, StringComparison.Ordinal);
    }

    public class ManyDone : DispatchProxy
    {
        private IHubStore _inner = null!;

        internal static IHubStore Of(IHubStore inner)
        {
            var proxy = Create<IHubStore, ManyDone>();
            ((ManyDone)(object)proxy)._inner = inner;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(IHubQueries.CountAsync)
            ? Task.FromResult(new HubCounts(0, 0, 0, 0, 0, 0, HubCounts.Max - 1, HubCounts.Max, 0)) : targetMethod.Invoke(_inner, args);
    }
}
