using Throughline.Conformance.Order;
using Throughline.EndToEnd.Chaos;
using Xunit.v3;

namespace Throughline.EndToEnd;

/// <summary>
/// Starts the two collections that take longest before all others, so that the run does not end with one of them alone; apart from that, in an order that
/// follows from <see cref="TestSeed"/>.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // As their names end, before the number that xunit gives to the collection of a class.
    private static readonly string[] Longest = ["tryton", nameof(When_everything_is_struck)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : Xunit.Sdk.ITestCollection =>
        TestSeed.Shuffle(testCollections, collection => collection.TestCollectionDisplayName, TestSeed.Value, IsLong);

    private static bool IsLong<TTestCollection>(TTestCollection collection)
        where TTestCollection : Xunit.Sdk.ITestCollection =>
        Array.Exists(Longest, name => collection.TestCollectionDisplayName.Split(" (id: ")[0].EndsWith(name, StringComparison.Ordinal));
}
