using System.CommandLine;
using System.Globalization;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>Options that several commands take, made afresh for each.</summary>
internal static class CommonOptions
{
    public static Option<string> Data(Terminal terminal) => new("--data")
    {
        Description = "The hub's data folder; its file 'token' holds the token. Default: THROUGHLINE_DATA, else ./data.",
        HelpName = "DIR",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_DATA") is { Length: > 0 } folder ? folder : "data",
    };

    public static Option<string> Url(Terminal terminal) => new("--url")
    {
        Description = $"Where the hub listens. Default: THROUGHLINE_URL, else {LoopbackAddress.Default}.",
        HelpName = "URL",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_URL") is { Length: > 0 } url ? url : LoopbackAddress.Default,
    };

    /// <summary>Those of the options that were typed, for a command line to print: whoever pastes it means the same hub.</summary>
    public static string Repeat(ParseResult parsed, params Option<string>[] options) => string.Concat(options
        .Where(option => parsed.GetResult(option) is { Implicit: false })
        .Select(option => $" {option.Name} {Quoted(parsed.GetValue(option)!)}"));

    /// <summary>A word for a POSIX shell.</summary>
    public static string Quoted(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@%+=,".Contains(c, StringComparison.Ordinal))
        ? text : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>One of some words; another is wrong usage.</summary>
    public static Option<string?> Choice(string name, string description, params string[] words) => Checked(
        new(name) { Description = description, HelpName = name.TrimStart('-').ToUpperInvariant() },
        text => words.Contains(text, StringComparer.OrdinalIgnoreCase) ? null : $"{name} must be one of {string.Join(", ", words)}, and '{text}' is none of them.");

    /// <summary>A day of the calendar; what is none is wrong usage.</summary>
    public static Option<string?> Day(string name, string description) => Checked(
        new(name) { Description = description, HelpName = "YYYY-MM-DD" },
        text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? null
            : $"{name} must be a day of the calendar such as 2026-06-30, and '{text}' is none.");

    // The library says nothing of an option whose value is missing only here, and it says that itself.
    private static Option<string?> Checked(Option<string?> option, Func<string, string?> wrong)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && wrong(token.Value) is { } says)
            {
                result.AddError(says);
            }
        });
        return option;
    }

    public static Option<bool> Json() => new("--json") { Description = "Print the answer as JSON." };

    public static Option<string> Landscape() => new("--landscape")
    {
        Description = "The landscape folder. Default: landscapes/demo.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Composition.DefaultLandscape(),
    };

    public static Option<string?> Cluster(Terminal terminal) => new("--cluster")
    {
        Description = $"Be one of several hubs on one PostgreSQL, which ring each other through this RabbitMQ: amqp://user@host:5672. Default: {ClusterChoice.AddressVariable}.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => terminal.Environment(ClusterChoice.AddressVariable),
    };

    public static Option<string> ClusterPassword() => new("--cluster-password")
    {
        Description = $"Where the broker's password is: env:NAME or file:PATH. Default: env:{ClusterChoice.PasswordVariable}.",
        HelpName = "REFERENCE",
        DefaultValueFactory = _ => "env:" + ClusterChoice.PasswordVariable,
    };

    public static Option<string?> Postgres(Terminal terminal) => new("--postgres")
    {
        Description = "Keep the state in PostgreSQL instead of the data folder. Default: THROUGHLINE_POSTGRES.",
        HelpName = "CONNECTION",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_POSTGRES"),
    };
}
