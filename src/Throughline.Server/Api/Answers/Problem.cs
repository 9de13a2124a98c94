using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Throughline.Model;

namespace Throughline.Server.Api.Answers;

/// <summary>Why a request was not carried out (RFC 9457).</summary>
/// <param name="Code">Stable and searchable; also the last part of the type.</param>
/// <param name="Detail">What happened and what the sender can do.</param>
internal sealed record Problem(int Status, string Code, string Title, string Detail)
{
    /// <summary>Further members of the answer, such as the receipts of a conflict.</summary>
    public Fields More { get; init; } = Fields.Empty;

    public TimeSpan? RetryAfter { get; init; }

    public static Problem Busy(string detail, TimeSpan retryAfter) =>
        new(429, "too-many-requests", "Too many requests", detail) { RetryAfter = retryAfter };

    public static Problem NotFound(string code, string detail) => new(404, code, "Not found", detail);
}

internal static class Answer
{
    /// <summary>Writes a JSON document.</summary>
    public static Task JsonAsync(HttpContext context, int status, Fields body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body.ToJson())).AsTask();
    }

    public static Task ProblemAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = "application/problem+json; charset=utf-8";
        if (problem.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var body = Fields.Of(
            ("type", "urn:throughline:problem:" + problem.Code),
            ("title", problem.Title),
            ("status", problem.Status),
            ("detail", problem.Detail),
            ("instance", context.Request.Path.Value),
            ("code", problem.Code)).Merge(problem.More);
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body.ToJson())).AsTask();
    }

    /// <summary>For the pages of the console, which are read by people.</summary>
    public static bool WantsPage(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<PageMark>() is not null;

    /// <summary>Lets a door read a body of its own limit; the rest is thrown away politely, so that the sender sees the answer.</summary>
    public static void LiftBodyLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }
    }
}

/// <summary>Marks routes of the console: they take the cookie and send people to the login form.</summary>
internal sealed record PageMark;
