using Throughline.Simulation.Checkers;
using Throughline.Simulation.Mutations;
using Xunit;

namespace Throughline.Simulation;

/// <summary>Each checker can fail: for each there is a defect, put in on purpose, that it must find within a few seeds.</summary>
public sealed class When_a_part_is_broken(ITestOutputHelper output)
{
    private const int SeedsMax = 60;

    private static readonly Mutation[] Mutations =
    [
        new SkipFence(),
        new SkipProbe(),
        new AcknowledgeEarly(),
        new DropDedupe(),
        new ForgetVersions(),
        new AnswerBeforeWriting(),
        new SendUnmarked(),
        new PublishTwice(),
        new LoseReceipts(),
        new RetryNever(),
        new ForgetTimers(),
        new ForgetCases(),
        new ForgetTheStory(),
        new ThrowAtRandom(),
        new SkipBatchProbe(),
        new DoubleALine(),
        new DropEntryDedupe(),
        new AcknowledgeEntriesEarly(),
        new LoseBatchReceipts(),
        new ForgetHeldEntries(),
        new LosePostings(),
        new LoseInvoiceLines(),
        new DrawTwice(),
        new LosePayments(),
        new FeignCrmInvoices(),
    ];

    public static TheoryData<string> Names => [.. Mutations.Select(mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Should_be_found(string name)
    {
        var mutation = Mutations.Single(mutation => mutation.Name == name);

        var seed = Campaign.FirstToFind(mutation, SeedsMax);

        output.WriteLine($"{mutation.FoundBy.Name} found {name} with seed {seed}");
        Assert.True(seed is not null, $"{mutation.FoundBy.Name} did not find {name} in {SeedsMax} seeds");
    }

    [Fact]
    public void Should_leave_no_checker_without_a_defect_that_it_finds() =>
        Assert.Empty(Checks.All.Select(checker => checker.GetType()).Except(Mutations.Select(mutation => mutation.FoundBy)));
}
