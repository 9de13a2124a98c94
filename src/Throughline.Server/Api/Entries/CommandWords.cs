using Throughline.Engine.Delivery;

namespace Throughline.Server.Api.Entries;

/// <summary>How a command stands, for people.</summary>
internal static class CommandWords
{
    public static string Of(CommandStatus status) => status switch
    {
        CommandStatus.InDoubt => "in doubt",
        _ => status.ToString().ToLowerInvariant(),
    };
}
