using System.Collections.Immutable;

namespace Throughline.Landscape;

public enum Severity
{
    /// <summary>The landscape may be used; somebody should look at it.</summary>
    Warning,

    /// <summary>The landscape is not used.</summary>
    Error,
}

/// <summary>One thing that is wrong with a landscape.</summary>
/// <param name="Message">What is wrong, with what, and what to do; never a secret.</param>
/// <param name="Code">A stable, searchable name of the kind, for example <c>unknown-key</c>.</param>
public sealed record LandscapeProblem(Severity Severity, Place Place, string Message, string Code)
{
    public override string ToString() => $"{Place}: {(Severity == Severity.Error ? "error" : "warning")} {Code}: {Message}";
}

/// <summary>What became of reading a landscape folder: the landscape where there are no errors, and every problem in order of place.</summary>
public sealed record LandscapeResult(Landscape? Landscape, ImmutableArray<LandscapeProblem> Problems)
{
    public bool IsUsable => Landscape is not null;
}
