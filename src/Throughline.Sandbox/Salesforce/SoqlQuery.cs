using System.Collections.Immutable;

namespace Throughline.Sandbox.Salesforce;

/// <summary>A parsed SOQL query. Paths are relationship names that end in a field name.</summary>
internal sealed record SoqlQuery(
    ImmutableArray<SoqlPath> Fields,
    ImmutableArray<SoqlQuery> Children,
    bool IsCount,
    string From,
    SoqlCondition? Where,
    ImmutableArray<(SoqlPath Path, bool Descending, bool NullsLast)> OrderBy,
    int? Limit,
    int Offset);

/// <param name="Column">Where it stands in the text, for the error message.</param>
internal sealed record SoqlPath(ImmutableArray<string> Names, int Column)
{
    public override string ToString() => string.Join('.', Names);
}

internal abstract record SoqlCondition
{
    private SoqlCondition()
    {
    }

    internal sealed record And(SoqlCondition Left, SoqlCondition Right) : SoqlCondition;

    internal sealed record Or(SoqlCondition Left, SoqlCondition Right) : SoqlCondition;

    internal sealed record Not(SoqlCondition Inner) : SoqlCondition;

    internal sealed record Compare(SoqlPath Path, string Operator, ImmutableArray<SoqlLiteral> Values) : SoqlCondition;
}

internal enum SoqlKind
{
    Null,
    Text,
    Number,
    Flag,
    Date,
    DateTime,
}

/// <param name="Value">null, string, decimal or bool; instants in the wire's form, so that they compare as texts.</param>
internal sealed record SoqlLiteral(SoqlKind Kind, object? Value);
