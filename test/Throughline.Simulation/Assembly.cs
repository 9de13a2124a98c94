using Throughline.Conformance.Order;
using Xunit;

[assembly: TestCaseOrderer(typeof(ShuffledCases))]
[assembly: TestCollectionOrderer(typeof(ShuffledCollections))]
