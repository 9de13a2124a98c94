using System.Net;

namespace Throughline.Server.Hosting;

/// <summary>Until there are roles and TLS, a hub listens to its own machine only.</summary>
internal static class LoopbackAddress
{
    public const string Default = "http://127.0.0.1:7070";

    /// <summary>The address and port to listen on, or why not.</summary>
    public static (IPEndPoint? Endpoint, string? Problem) Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return (null, $"'{text}' is not an address; write one such as {Default}");
        }

        if (uri.Scheme == "https")
        {
            return (null, $"'{text}': the hub itself speaks http on loopback; put a reverse proxy with TLS on the same machine in front of it");
        }

        if (uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
        {
            return (null, $"'{text}' must be only scheme, host and port, such as {Default}");
        }

        var address = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var parsed) ? parsed : null;
        return address is not null && IPAddress.IsLoopback(address)
            ? (new IPEndPoint(address, uri.Port), null)
            : (null, $"'{text}' is not on loopback: this version has one token and no TLS, so it listens only to its own machine. "
                + $"Use {Default}, and a tunnel or a reverse proxy for other machines.");
    }

    /// <summary>True for a Host header that a browser on this machine would send; anything else may be a rebound name of another site.</summary>
    public static bool IsLocalHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
