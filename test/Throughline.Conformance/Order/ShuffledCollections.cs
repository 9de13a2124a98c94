using Xunit.v3;

namespace Throughline.Conformance.Order;

/// <summary>Starts the classes in an order that follows from <see cref="TestSeed"/>.</summary>
public sealed class ShuffledCollections : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : Xunit.Sdk.ITestCollection =>
        TestSeed.Shuffle(testCollections, collection => collection.TestCollectionDisplayName, TestSeed.Value);
}
