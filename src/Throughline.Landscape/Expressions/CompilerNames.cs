namespace Throughline.Landscape.Expressions;

/// <summary>Names, fields and indexes.</summary>
internal sealed partial class Compiler
{
    private Code Access(Syntax node)
    {
        if (PathOf(node) is { } path && (path.Root.IsAbsolute || !_locals.Contains(path.Root.Text)))
        {
            return Variable(node, path.Root, path.Names);
        }

        return node switch
        {
            Name name => Local(name),
            Select select => Field(Compile(select.Operand).Run, select.Field, select.IsOptional, select.Offset),
            Index index => Element(index),
            _ => Malformed(node.Offset, "This part is unknown."),
        };
    }

    private Code Local(Name name)
    {
        var slot = _locals.LastIndexOf(name.Text);
        return new Code(frame => frame.Locals[slot]);
    }

    private static Code Field(Func<Frame, object?> operand, string field, bool isOptional, int offset) => new(frame =>
    {
        var value = operand(frame);
        if (value is Fault)
        {
            return value;
        }

        frame.Spend(1);
        return At(Members.Get(value, field, isOptional), offset);
    });

    private Code Element(Index node)
    {
        var operand = Compile(node.Operand).Run;
        var key = Compile(node.Key).Run;
        var (isOptional, offset) = (node.IsOptional, node.Offset);
        return new Code(frame =>
        {
            var value = operand(frame);
            if (value is Fault)
            {
                return value;
            }

            var at = key(frame);
            if (at is Fault)
            {
                return at;
            }

            frame.Spend(1);
            return At(Members.At(value, at, isOptional), offset);
        });
    }

    // In CEL a.b.c may be a variable of that whole name, the field c of a variable a.b, or the field c of the field b of a. The
    // longest name wins, and below each length the innermost container. Declared variables settle it before the evaluation.
    private Code Variable(Syntax node, Name root, List<string> names)
    {
        var candidates = Candidates(root, names).ToArray();
        if (scope.Variables is { } declared)
        {
            candidates = [.. candidates.Where(candidate => declared.Contains(candidate.Name)).Take(1)];
        }

        var type = TypeNamed(root, names);
        if (candidates.Length == 0)
        {
            return type is not null ? Constant(type) : Refuse(root.Offset, Undeclared(root.Text));
        }

        var absent = Undeclared(root.Text);
        return new Code(frame =>
        {
            frame.Spend(1);
            foreach (var (name, fields) in candidates)
            {
                if (frame.Variables.TryGetValue(name, out var value))
                {
                    return Follow(Values.Adopt(value), names, names.Count - fields, node);
                }
            }

            return type is null ? new Fault(absent).At(root.Offset) : type;
        });
    }

    private static object? Follow(object? value, List<string> names, int from, Syntax node)
    {
        for (var i = from; i < names.Count && value is not Fault; i++)
        {
            value = At(Members.Get(value, names[i], false), OffsetOf(node, names.Count - 1 - i));
        }

        return value;
    }

    private static int OffsetOf(Syntax node, int levelsUp)
    {
        while (levelsUp-- > 0 && node is Select select)
        {
            node = select.Operand;
        }

        return node.Offset;
    }

    private IEnumerable<(string Name, int Fields)> Candidates(Name root, List<string> names)
    {
        for (var count = names.Count; count > 0; count--)
        {
            var name = string.Join('.', names.Take(count));
            foreach (var prefix in root.IsAbsolute ? [""] : Prefixes())
            {
                yield return (prefix + name, names.Count - count);
            }
        }
    }

    private IEnumerable<string> Prefixes()
    {
        for (var container = scope.Container; container.Length > 0; container = container[..Math.Max(container.LastIndexOf('.'), 0)])
        {
            yield return container + ".";
        }

        yield return "";
    }

    private CelType? TypeNamed(Name root, List<string> names) => Candidates(root, names)
        .Where(candidate => candidate.Fields == 0).Select(candidate => CelType.Named(candidate.Name)).FirstOrDefault(type => type is not null);

    private string Undeclared(string name) => scope.Variables is { Count: > 0 } declared
        ? $"There is no variable '{name}' here; there are {string.Join(", ", declared.Order(StringComparer.Ordinal).Take(20))}."
        : $"There is no variable '{name}' here.";

    private static (Name Root, List<string> Names)? PathOf(Syntax node) => node switch
    {
        Name name => (name, [name.Text]),
        Select { IsOptional: false } select when PathOf(select.Operand) is { } path => (path.Root, [.. path.Names, select.Field]),
        _ => null,
    };
}
