namespace Throughline.Landscape.Expressions;

/// <summary>What an expression reads, for the linter of the landscape: which variables, which of their fields, which functions.</summary>
internal sealed class References
{
    private readonly ExpressionScope _scope;
    private readonly SortedSet<string> _variables = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _paths = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _functions = new(StringComparer.Ordinal);
    private readonly List<string> _locals = [];

    private References(ExpressionScope scope) => _scope = scope;

    public IReadOnlyList<string> Variables => [.. _variables];

    public IReadOnlyList<string> Paths => [.. _paths];

    public IReadOnlyList<string> Functions => [.. _functions];

    public static References Of(Syntax syntax, ExpressionScope scope)
    {
        var references = new References(scope);
        references.Visit(syntax);
        return references;
    }

    private void Visit(Syntax node)
    {
        if (PathOf(node) is { } path)
        {
            // The parts of a path are no references of their own.
            Note(path, IsLocal(node));
            return;
        }

        switch (node)
        {
            case Select select:
                Visit(select.Operand);
                break;
            case Index index:
                VisitAll([index.Operand, index.Key]);
                break;
            case Call call:
                VisitCall(call);
                break;
            case ListOf list:
                VisitAll(list.Elements.Select(element => element.Value));
                break;
            case MapOf map:
                VisitAll(map.Entries.SelectMany(entry => new[] { entry.Key, entry.Value }));
                break;
            case Unary unary:
                Visit(unary.Operand);
                break;
            case Binary binary:
                VisitAll([binary.Left, binary.Right]);
                break;
            case Logic logic:
                VisitAll(logic.Operands);
                break;
            case Conditional conditional:
                VisitAll([conditional.Condition, conditional.Then, conditional.Otherwise]);
                break;
        }
    }

    private void VisitAll(IEnumerable<Syntax> nodes)
    {
        foreach (var node in nodes)
        {
            Visit(node);
        }
    }

    private void VisitCall(Call call)
    {
        var qualified = StandardFunctions.Qualified(call, _locals.Contains);
        _functions.Add(qualified ?? call.Function);
        if (call.Target is not null && qualified is null)
        {
            Visit(call.Target);
        }

        var declared = Macros.VariablesOf(call);
        var before = _locals.Count;
        _locals.AddRange(call.Arguments.Take(declared).OfType<Name>().Select(name => name.Text));
        VisitAll(call.Arguments.Skip(declared));
        _locals.RemoveRange(before, _locals.Count - before);
    }

    private void Note(List<string> path, bool isLocal)
    {
        if (isLocal || (_scope.Variables?.Contains(path[0]) != true && CelType.Named(string.Join('.', path)) is not null))
        {
            return;
        }

        // A declared variable may itself have dots in its name.
        var root = Enumerable.Range(1, path.Count).Reverse().Select(count => string.Join('.', path.Take(count)))
            .FirstOrDefault(name => _scope.Variables?.Contains(name) == true) ?? path[0];
        _variables.Add(root);
        var whole = string.Join('.', path);
        if (whole != root)
        {
            _paths.Add(whole);
        }
    }

    private bool IsLocal(Syntax node) => node switch
    {
        Name name => !name.IsAbsolute && _locals.Contains(name.Text),
        Select select => IsLocal(select.Operand),
        Index index => IsLocal(index.Operand),
        _ => false,
    };

    private static List<string>? PathOf(Syntax node) => node switch
    {
        Name name => [name.Text],
        Select select when PathOf(select.Operand) is { } path => [.. path, select.Field],
        Index { Key: Literal { Value: string field } } index when PathOf(index.Operand) is { } path => [.. path, field],
        _ => null,
    };
}
