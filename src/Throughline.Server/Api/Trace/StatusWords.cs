using System.Diagnostics.CodeAnalysis;

namespace Throughline.Server.Api.Trace;

/// <summary>How a process or an engagement stands, in the same words on every page and in the terminal.</summary>
internal static class StatusWords
{
    /// <param name="status">An instance's status, or the state of a standing; upper or lower case.</param>
    [return: NotNullIfNotNull(nameof(status))]
    public static string? Of(string? status) => status?.ToLowerInvariant() switch
    {
        "done" => "complete",
        "active" => "set up",
        "undone" => "rejected",
        "undoing" => "being taken back",
        "held" => "on hold",
        var other => other,
    };
}
