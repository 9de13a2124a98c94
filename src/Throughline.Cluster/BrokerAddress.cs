namespace Throughline.Cluster;

/// <summary>Where a broker is and how to sign in.</summary>
/// <param name="Uri"><c>amqp</c> or <c>amqps</c>, with the user and the virtual host, without the password.</param>
/// <param name="Password">Asked for at each connection, so that it can be changed without a restart.</param>
public sealed record BrokerAddress(Uri Uri, Func<string> Password)
{
    /// <summary>For health page and log.</summary>
    public string Description => $"{Uri.Scheme}://{Uri.Host}:{(Uri.Port > 0 ? Uri.Port : Uri.Scheme == "amqps" ? 5671 : 5672)}{Uri.AbsolutePath.TrimEnd('/')}";

    /// <summary>The address, or why it is none.</summary>
    public static (Uri? Uri, string? Problem) Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0)
        {
            return (null, "The broker's address is written as amqp://user@host:5672/vhost, or amqps:// with TLS.");
        }

        // The text is not repeated: it holds a password.
        return uri.UserInfo.Contains(':', StringComparison.Ordinal)
            ? (null, "The broker's address holds a password, which everybody on this machine could read in the list of processes. "
                + "Write amqp://user@host:5672/vhost and give the password as --cluster-password env:NAME or file:PATH.")
            : (uri, null);
    }
}
