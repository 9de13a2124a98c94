namespace Throughline.Landscape.Expressions;

/// <summary>Macros: calls whose arguments are not simply evaluated first.</summary>
internal sealed partial class Compiler
{
    private Code Macro(Call call) => call.Function switch
    {
        "has" => Has(call),
        "or" or "orValue" => Or(call),
        "optMap" or "optFlatMap" => OptionalMap(call),
        _ => Comprehension(call),
    };

    private Code Has(Call call)
    {
        if (call.Arguments[0] is not Select { IsOptional: false } select)
        {
            return Malformed(call.Arguments[0].Offset, "has(...) asks for a field and takes exactly that: has(source.Amount). For a key write 'key' in map.");
        }

        var operand = Compile(select.Operand).Run;
        var (field, offset) = (select.Field, select.Offset);
        return new Code(frame =>
        {
            frame.Spend(1);
            return operand(frame) is var value && value is Fault ? value : At(Members.Has(value, field), offset);
        }, CelType.Bool);
    }

    private Code Or(Call call)
    {
        var target = Compile(call.Target!).Run;
        var other = Compile(call.Arguments[0]).Run;
        var (name, offset, givesValue) = (call.Function, call.Offset, call.Function == "orValue");
        return new Code(frame =>
        {
            frame.Spend(1);
            var value = target(frame);
            if (value is not Optional optional)
            {
                return value as Fault ?? Fault.NoOverload(name, value).At(offset);
            }

            if (optional.HasValue)
            {
                return givesValue ? optional.Value : optional;
            }

            var alternative = other(frame);
            return givesValue || alternative is Optional or Fault ? alternative : Fault.NoOverload(name, optional, alternative).At(offset);
        });
    }

    private Code OptionalMap(Call call)
    {
        var target = Compile(call.Target!).Run;
        if (Declare(call, 1) is not { } slots)
        {
            return Constant(null);
        }

        var body = Compile(call.Arguments[1]).Run;
        Forget(1);
        var (name, offset, isFlat) = (call.Function, call.Offset, call.Function == "optFlatMap");
        return new Code(frame =>
        {
            frame.Spend(1);
            var value = target(frame);
            if (value is not Optional { HasValue: true } optional)
            {
                return value is Optional or Fault ? value : Fault.NoOverload(name, value).At(offset);
            }

            frame.Locals[slots] = optional.Value;
            var result = body(frame);
            return (result, isFlat) switch
            {
                (Fault, _) or (Optional, true) => result,
                (_, true) => Fault.NoOverload(name, optional, result).At(offset),
                _ => Optional.Of(result),
            };
        });
    }

    private Code Comprehension(Call call)
    {
        var range = Compile(call.Target!).Run;
        var declared = Macros.VariablesOf(call);
        if (Declare(call, declared) is not { } slot)
        {
            return Constant(null);
        }

        var bodies = call.Arguments.Skip(declared).Select(argument => (Compile(argument).Run, argument.Offset)).ToArray();
        Forget(declared);
        var (name, offset) = (call.Function, call.Offset);
        var keepsFilter = name is "map" or "transformList" or "transformMap" or "transformMapEntry";
        var condition = keepsFilter && bodies.Length == 1 ? null : bodies[0].Run;
        var conditionOffset = bodies[0].Offset;
        var transform = keepsFilter ? bodies[^1].Run : null;
        return new Code(frame =>
        {
            var source = range(frame);
            if (source is Fault || (source is not IReadOnlyList<object?> && !Values.IsMap(source)))
            {
                return source as Fault ?? new Fault($"'{name}' works on a list or a map, not on {CelType.Of(source).Name}").At(offset);
            }

            var fold = Macros.Start(name);
            foreach (var (first, second) in Macros.Items(source!, declared))
            {
                frame.Spend(1);
                frame.Locals[slot] = first;
                if (declared == 2)
                {
                    frame.Locals[slot + 1] = second;
                }

                var holds = condition is null ? Values.True : condition(frame);
                holds = holds is bool or Fault ? holds : Fault.NotBool($"The condition of '{name}'", holds).At(conditionOffset);
                var produced = holds is true && transform is not null ? transform(frame) : null;
                if (fold.Step(frame, first, holds, produced))
                {
                    break;
                }
            }

            return At(fold.Result, offset);
        }, Macros.ResultOf(name));
    }

    /// <summary>Puts the names of a macro's variables into scope; the first slot, or null where an argument is not a name.</summary>
    private int? Declare(Call call, int count)
    {
        foreach (var argument in call.Arguments.Take(count))
        {
            if (argument is not Name { IsAbsolute: false })
            {
                Malformed(argument.Offset, $"The first argument{(count > 1 ? "s" : "")} of '{call.Function}' must be a plain name for each element.");
                return null;
            }
        }

        var slot = _locals.Count;
        _locals.AddRange(call.Arguments.Take(count).Cast<Name>().Select(name => name.Text));
        Slots = Math.Max(Slots, _locals.Count);
        return slot;
    }

    private void Forget(int count) => _locals.RemoveRange(_locals.Count - count, count);
}
