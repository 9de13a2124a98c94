using Throughline.Conformance.Order;
using Xunit;

namespace Throughline.Tests.House;

public sealed class When_tests_are_ordered
{
    private static readonly string[] Names = [.. Enumerable.Range(1, 50).Select(number => $"test {number}")];

    [Fact]
    public void Should_be_the_same_for_the_same_seed_however_they_come() =>
        Assert.Equal(TestSeed.Shuffle(Names, name => name, 7), TestSeed.Shuffle(Names.Reverse(), name => name, 7));

    [Fact]
    public void Should_differ_between_seeds_and_lose_none()
    {
        var shuffled = TestSeed.Shuffle(Names, name => name, 8);

        Assert.NotEqual(TestSeed.Shuffle(Names, name => name, 7), shuffled);
        Assert.Equal(Names.Order(StringComparer.Ordinal), shuffled.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Should_begin_with_the_long_ones_and_lose_none()
    {
        var ordered = TestSeed.Shuffle(Names, name => name, 8, name => name.EndsWith('3'));

        Assert.Equal(5, ordered.TakeWhile(name => name.EndsWith('3')).Count());
        Assert.NotEqual(TestSeed.Shuffle(Names, name => name, 7, name => name.EndsWith('3')), ordered);
        Assert.Equal(Names.Order(StringComparer.Ordinal), ordered.Order(StringComparer.Ordinal));
    }
}
