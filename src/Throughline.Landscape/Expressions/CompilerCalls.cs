namespace Throughline.Landscape.Expressions;

/// <summary>Calls of functions.</summary>
internal sealed partial class Compiler
{
    private Code Call(Call call)
    {
        if (Macros.IsMacro(call))
        {
            return Macro(call);
        }

        if (StandardFunctions.Qualified(call, _locals.Contains) is { } qualified)
        {
            return Standard(call, qualified, call.Arguments, isMember: false);
        }

        if (call.Target is not null)
        {
            return StandardFunctions.Find(call.Function, isMember: true) is null
                ? Unknown(call)
                : Standard(call, call.Function, [call.Target, .. call.Arguments], isMember: true);
        }

        if (StandardFunctions.Find(call.Function, isMember: false) is not null)
        {
            return Standard(call, call.Function, call.Arguments, isMember: false);
        }

        return scope.Functions.Find(call.Function) is { } added ? Added(call, added) : Unknown(call);
    }

    private Code Unknown(Call call)
    {
        CompileAll(call.Target is null ? call.Arguments : [call.Target, .. call.Arguments]);
        var isOther = StandardFunctions.Find(call.Function, call.Target is null) is not null;
        return Refuse(call.Offset, (call.Target, isOther) switch
        {
            (null, true) => $"'{call.Function}' is called on a value: value.{call.Function}(...).",
            (not null, true) => $"'{call.Function}' is not called on a value: {call.Function}(value, ...).",
            _ when Macros.ArgumentsOf(call.Function) is { } expected => $"'{call.Function}' is written {expected}.",
            _ => $"There is no function '{call.Function}'; check its spelling, functions of the landscape must be registered.",
        });
    }

    private Code[] CompileAll(IReadOnlyList<Syntax> nodes) => [.. nodes.Select(Compile)];

    private Code Standard(Call call, string name, IReadOnlyList<Syntax> parts, bool isMember)
    {
        var function = StandardFunctions.Find(name, isMember)!;
        var arguments = CompileAll(parts);
        var given = parts.Count - (isMember ? 1 : 0);
        if (given < function.ArgumentsMin || given > function.ArgumentsMax)
        {
            return Refuse(call.Offset, WrongCount(name, given, function.ArgumentsMin, function.ArgumentsMax));
        }

        if (name == "matches" && parts[1] is Literal { Value: string pattern } literal)
        {
            return Matches(arguments[0], pattern, literal.Offset);
        }

        var body = function.Body;
        var type = name == "dyn" ? null : function.Result;
        return new Code(Invoke(arguments, call.Offset, (frame, values) =>
            body(frame, values) is var result && result == StandardFunctions.NoOverload ? Fault.NoOverload(name, values) : result), type);
    }

    private Code Added(Call call, FunctionLibrary.Added function)
    {
        var arguments = CompileAll(call.Arguments);
        return arguments.Length == function.Parameters
            ? new Code(Invoke(arguments, call.Offset, (frame, values) => Sized(frame, function.Call(values))))
            : Refuse(call.Offset, WrongCount(call.Function, arguments.Length, function.Parameters, function.Parameters));
    }

    private static object? Sized(Frame frame, object? value)
    {
        frame.SpendText((value as string)?.Length ?? 0);
        return value;
    }

    private static string WrongCount(string name, int given, int min, int max) =>
        $"'{name}' takes {(min == max ? $"{min}" : $"{min} to {max}")} argument{(max == 1 ? "" : "s")}, but {given} {(given == 1 ? "is" : "are")} given.";

    private static Func<Frame, object?> Invoke(Code[] arguments, int offset, Func<Frame, object?[], object?> body)
    {
        var runs = arguments.Select(argument => argument.Run).ToArray();
        return frame =>
        {
            var values = new object?[runs.Length];
            for (var i = 0; i < runs.Length; i++)
            {
                values[i] = runs[i](frame);
                if (values[i] is Fault)
                {
                    return values[i];
                }

                // Functions go over the whole text, however little they give back.
                frame.SpendText(values[i] switch { string text => text.Length, byte[] bytes => bytes.Length, _ => 0 });
            }

            frame.Spend(1);
            return At(body(frame, values), offset);
        };
    }

    private Code Matches(Code subject, string pattern, int offset)
    {
        var compiled = Texts.Pattern(pattern);
        if (compiled is Fault fault)
        {
            return Refuse(offset, fault.Message + ".");
        }

        var regex = (System.Text.RegularExpressions.Regex)compiled;
        var run = subject.Run;
        return new Code(frame =>
        {
            frame.Spend(1);
            return run(frame) switch
            {
                string value => Texts.IsMatch(frame, value, regex),
                Fault failed => failed,
                var other => Fault.NoOverload("matches", other, pattern).At(offset),
            };
        }, CelType.Bool);
    }
}
