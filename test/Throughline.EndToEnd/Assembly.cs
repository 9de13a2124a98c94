using Throughline.Conformance.Order;
using Throughline.EndToEnd;
using Xunit;

// They wait for other processes more than they work, so more of them go on beside each other than there are processors; not so many that a pause of seconds,
// which some of them measure, would be the machine's. Each has servers, databases and folders of its own; what shares the real Tryton or the real Redmine
// is in one collection.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCaseOrderer(typeof(ShuffledCases))]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]
