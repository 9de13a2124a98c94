using Throughline.Chaos.Count;
using Throughline.Chaos.Firm;
using Throughline.Chaos.Troubles;

namespace Throughline.Chaos;

/// <summary>What came of a run.</summary>
/// <param name="Wrong">What is not as it should be; empty where the count is right.</param>
/// <param name="Rested">How long after the last fault all was done; null where it was not.</param>
/// <param name="Proof">The mistakes made on purpose afterwards; empty where none were.</param>
internal sealed record ChaosOutcome(
    ChaosChoices Choices, DateTimeOffset Began, Books Books, Seen Seen, IReadOnlyList<(Check Check, string Says)> Wrong, IReadOnlyList<Strike> Strikes,
    IReadOnlyList<Trouble> Troubles, Pulse Pulse, TimeSpan? Rested, IReadOnlyList<ProvedCheck> Proof)
{
    public required IReadOnlyList<(string Name, int Starts, int OwnEnds)> Hubs { get; init; }

    /// <summary>Webhooks that a hub acknowledged, and those that met none.</summary>
    public required (int Taken, int Refused) Hooks { get; init; }

    /// <summary>The count is right, and each check has seen the mistakes that it must see.</summary>
    public bool IsRight => Wrong.Count == 0 && Rested is not null && Proof.All(proved => proved.Says is not null);
}
