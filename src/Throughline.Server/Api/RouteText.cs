using System.Globalization;
using Throughline.Server.Api.Answers;

namespace Throughline.Server.Api;

/// <summary>Texts of a request's path and query, checked.</summary>
internal static class RouteText
{
    public const int PageMax = 500;

    /// <summary>A part of the path. The server leaves a slash that was escaped as it is, for its own choice of the route.</summary>
    public static string Route(this HttpContext context, string name) =>
        (context.Request.RouteValues[name] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>One value of the query; null where absent or empty.</summary>
    public static string? Query(this HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    /// <summary>A whole number of the query within bounds, or the problem.</summary>
    public static (long Value, Problem? Problem) Whole(this HttpContext context, string name, long otherwise, long min, long max)
    {
        var text = context.Query(name);
        return text is null ? (otherwise, null)
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? (value, null)
            : (otherwise, BadQuery(name, $"must be a whole number from {min} to {max}"));
    }

    public static Problem BadQuery(string name, string what) => new(400, "bad-query", "A parameter is wrong", $"'{name}' {what}.");
}
