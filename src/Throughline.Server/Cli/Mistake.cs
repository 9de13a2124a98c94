using System.CommandLine;

namespace Throughline.Server.Cli;

/// <summary>What is wrong with a command line, in one sentence, with what was probably meant.</summary>
internal static class Mistake
{
    public static string In(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is not [var first, ..])
        {
            // The library lists allowed values one a line.
            var message = parsed.Errors.Count > 0 ? parsed.Errors[0].Message : "The command line is not complete.";
            var error = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return error.EndsWith('.') ? error : error + ".";
        }

        // What stands behind it is a value, perhaps a password.
        var isOption = first.StartsWith('-');
        var typed = first.Split(isOption ? ['=', ':'] : ['='], 2)[0];
        var known = isOption ? command.Options.SelectMany(option => option.Aliases.Prepend(option.Name)) : command.Subcommands.Select(each => each.Name);
        var what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        var nearest = known.Where(name => name.Length > 2).Select(name => (Name: name, Distance: Distance(typed, name))).OrderBy(each => each.Distance)
            .FirstOrDefault((Name: "", Distance: int.MaxValue));
        return $"There is no {what} '{typed}' here.{(nearest.Distance <= Math.Max(2, typed.Length / 3) ? $" Did you mean '{nearest.Name}'?" : "")}";
    }

    // Letters to insert, leave out or replace.
    private static int Distance(string left, string right)
    {
        if (left.Length > 60)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        foreach (var (letter, i) in left.Select((letter, i) => (letter, i + 1)))
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (letter == right[j - 1] ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
