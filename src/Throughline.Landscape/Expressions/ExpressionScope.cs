namespace Throughline.Landscape.Expressions;

/// <summary>What an expression may name, and how much work one evaluation may do.</summary>
public sealed record ExpressionScope
{
    public static ExpressionScope Default { get; } = new();

    /// <summary>
    /// The names of the variables, for example <c>source</c> and <c>target</c>; any other name is an error at parse time.
    /// Null where they are not known before the evaluation: then every name is accepted and looked up when it is needed.
    /// </summary>
    public IReadOnlyCollection<string>? Variables { get; init; }

    /// <summary>Functions beside the standard ones, for example <c>lookup(table, key)</c>.</summary>
    public FunctionLibrary Functions { get; init; } = FunctionLibrary.Empty;

    /// <summary>The CEL container: names are first looked up below it, so that in <c>crm.deal</c> the name <c>x</c> may mean <c>crm.deal.x</c>.</summary>
    public string Container { get; init; } = "";

    /// <summary>
    /// True (the default): unknown functions, undeclared variables and decimal mixed with double are errors at parse time.
    /// False is CEL's unchecked mode: they are errors of the evaluation, and only where it reaches them.
    /// </summary>
    public bool Checked { get; init; } = true;

    /// <summary>Operations plus produced list elements, map entries and each 16 characters of text that one evaluation may cost.</summary>
    public int CostLimit { get; init; } = 100_000;
}
