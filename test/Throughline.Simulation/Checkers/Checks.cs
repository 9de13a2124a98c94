namespace Throughline.Simulation.Checkers;

/// <summary>Every checker, one line each; nothing is found by scanning.</summary>
internal static class Checks
{
    public static IReadOnlyList<IChecker> All { get; } =
    [
        new NothingIsDefective(),
        new EverythingComesToRest(),
        new WonDealsStand(),
        new ApprovedTimeStandsOnce(),
        new HeldTimeIsTold(),
        new MoneyIsConserved(),
        new InvoicesAreTrue(),
        new PaymentsAreTrue(),
        new DivergenceHasACase(),
        new AcknowledgedIsKept(),
        new NothingHappensTwice(),
        new NothingGoesBack(),
        new NothingWaitsForEver(),
        new TheStoryHasNoGap(),
    ];
}
