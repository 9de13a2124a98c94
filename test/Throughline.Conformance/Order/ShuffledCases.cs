using Xunit.Sdk;
using Xunit.v3;

namespace Throughline.Conformance.Order;

/// <summary>Runs the tests of a class in an order that follows from <see cref="TestSeed"/>, so that no test comes to lean on another.</summary>
public sealed class ShuffledCases : ITestCaseOrderer
{
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => TestSeed.Shuffle(testCases, testCase => testCase.TestCaseDisplayName, TestSeed.Value);
}
