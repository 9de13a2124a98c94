namespace Throughline.Landscape.Expressions;

/// <summary>What one evaluation carries: the variables, the values that macros have declared, and the cost that is left.</summary>
internal sealed class Frame(IReadOnlyDictionary<string, object?> variables, int slots, int costLimit, string text)
{
    // A character is cheaper than an operation; without any price, nested macros could build texts of gigabytes.
    private const int CharactersPerCost = 16;

    private long _left = costLimit;

    public IReadOnlyDictionary<string, object?> Variables { get; } = variables;

    public object?[] Locals { get; } = slots == 0 ? [] : new object?[slots];

    /// <summary>Takes from the budget before the work is done, so that the work is never larger than the budget.</summary>
    public void Spend(long cost)
    {
        _left -= cost;
        if (_left < 0)
        {
            throw EvaluationException.CostLimit(costLimit, text);
        }
    }

    public void SpendText(long characters) => Spend(characters / CharactersPerCost);
}

/// <summary>
/// An error as a value. It is not an exception because CEL absorbs errors (<c>error || true</c>), and a rule over
/// incomplete records would otherwise throw thousands of times in a normal run.
/// </summary>
internal sealed class Fault(string message)
{
    public string Message { get; } = message;

    public int Offset { get; private set; } = -1;

    /// <summary>Marks where it happened; the innermost place wins.</summary>
    public Fault At(int offset)
    {
        if (Offset < 0)
        {
            Offset = offset;
        }

        return this;
    }

    public static Fault NoOverload(string name, params IEnumerable<object?> arguments) =>
        new($"'{name}' cannot work with ({string.Join(", ", arguments.Select(argument => CelType.Of(argument).Name))}); convert the values or check the field");

    public static Fault NotBool(string where, object? value) =>
        new($"{where} must be true or false, but is of type {CelType.Of(value).Name}");

    public static Fault DecimalWithDouble(string operation) =>
        new($"'{operation}' would mix a decimal with a double, which loses cents; write the constant as decimal('1.5') or a whole number");

    public static Fault Range(string what) => new($"{what} is out of range");
}
