using Throughline.Chaos.Firm;

namespace Throughline.Chaos;

/// <summary>What a run of chaos is to be.</summary>
internal sealed record ChaosChoices
{
    /// <summary>How long faults strike; the start, the rest and the count come on top.</summary>
    public required TimeSpan Trouble { get; init; }

    /// <summary>Decides the order of faults, their victims and lengths, and what people do. What moment a fault meets is up to the machine.</summary>
    public required int Seed { get; init; }

    /// <summary>The built <c>throughline</c>.</summary>
    public required string Program { get; init; }

    /// <summary>The landscape that the hubs' own one extends.</summary>
    public required string Landscape { get; init; }

    /// <summary>The folder of <c>rabbitmq-up.sh</c>.</summary>
    public required string Scripts { get; init; }

    /// <summary>Redmine and Tryton of one's own; null for stand-ins.</summary>
    public RealSystems? Real { get; init; }

    /// <summary>Makes this mistake on purpose before the count, which must then fail; null for none.</summary>
    public string? Tamper { get; init; }

    /// <summary>The sources that the program was built of.</summary>
    public required string Commit { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A real Redmine and a real Tryton.</summary>
internal sealed record RealSystems(Uri Redmine, string RedmineKey, TrytonLogin Tryton);
