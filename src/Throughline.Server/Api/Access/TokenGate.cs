using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Access;

/// <summary>Marks routes that need no token: health, signed webhooks, the login form, the style sheet.</summary>
internal sealed record OpenMark;

/// <summary>Asks for the token: as a bearer token at the API, as the login form's cookie at pages (which only read).</summary>
internal sealed class TokenGate(AccessToken token)
{
    public const string CookieName = "throughline";

    /// <summary>The code of the answer to a missing or wrong token.</summary>
    public const string RefusedCode = "token-needed";

    private const string Bearer = "Bearer ";

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // A page of another site can reach loopback through a name of its own that it re-points here; such a request names that site.
        if (!LoopbackAddress.IsLocalHost(context.Request.Host.Host))
        {
            return Answer.ProblemAsync(context, new Problem(421, "wrong-host", "Not this host",
                "The hub answers only under localhost and loopback addresses."));
        }

        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<OpenMark>() is not null || HasToken(context.Request))
        {
            return next(context);
        }

        if (endpoint is null && !IsGuarded(context.Request.Path))
        {
            // A mistyped address of a page: there is nothing to guard, and asking for a token would send people looking for one.
            return next(context);
        }

        if (endpoint?.Metadata.GetMetadata<PageMark>() is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Answer.ProblemAsync(context, new Problem(
                401, RefusedCode, "The token is missing or wrong", $"Send 'Authorization: Bearer <token>'; the token stands in the file "
                    + $"'{AccessToken.FileName}' of the hub's data folder."));
        }

        if (token.MatchesCookie(context.Request.Cookies[CookieName]))
        {
            return next(context);
        }

        context.Response.Redirect("/login");
        return Task.CompletedTask;
    }

    // Below these, whether something exists is told only to who has the token.
    private static bool IsGuarded(PathString path) => path.StartsWithSegments("/api") || path.StartsWithSegments("/hooks");

    private bool HasToken(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && token.Matches(header[Bearer.Length..].Trim());
    }
}
