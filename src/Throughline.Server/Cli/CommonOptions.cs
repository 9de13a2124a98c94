using System.CommandLine;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>Options that several commands take, made afresh for each.</summary>
internal static class CommonOptions
{
    public static Option<string> Data(Terminal terminal) => new("--data")
    {
        Description = "The hub's data folder, where the token stands. Default: THROUGHLINE_DATA, else ./data.",
        HelpName = "DIR",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_DATA") is { Length: > 0 } folder ? folder : "data",
    };

    public static Option<string> Url(Terminal terminal) => new("--url")
    {
        Description = $"Where the hub listens. Default: THROUGHLINE_URL, else {LoopbackAddress.Default}.",
        HelpName = "URL",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_URL") is { Length: > 0 } url ? url : LoopbackAddress.Default,
    };

    public static Option<bool> Json() => new("--json") { Description = "Print the answer as JSON." };

    public static Option<string> Landscape() => new("--landscape")
    {
        Description = "The landscape folder. Default: landscapes/demo.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Composition.DefaultLandscape(),
    };

    public static Option<string?> Postgres(Terminal terminal) => new("--postgres")
    {
        Description = "Keep the state in PostgreSQL instead of the data folder. Default: THROUGHLINE_POSTGRES.",
        HelpName = "CONNECTION",
        DefaultValueFactory = _ => terminal.Environment("THROUGHLINE_POSTGRES"),
    };
}
