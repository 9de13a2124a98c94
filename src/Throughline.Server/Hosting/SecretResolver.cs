using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Server.Hosting;

/// <summary>
/// Turns references (<c>env:NAME</c>, <c>file:PATH</c>) into secrets, afresh at each use, so that a secret changed outside is taken
/// without a restart. Neither a value nor a part of one ever appears in a message.
/// </summary>
internal sealed class SecretResolver(Func<string, string?> environment)
{
    /// <exception cref="ConnectorException">It cannot be resolved; says which reference and what to do.</exception>
    public string Resolve(string reference) =>
        TryResolve(reference, out var problem) ?? throw new ConnectorException(new Failure.Authentication(problem));

    /// <summary>The secret, or null with the reason in words.</summary>
    public string? TryResolve(string reference, out string problem)
    {
        problem = "";
        if (reference.StartsWith("env:", StringComparison.Ordinal))
        {
            var value = environment(reference[4..]);
            problem = string.IsNullOrEmpty(value) ? $"the environment variable {reference[4..]} is not set; set it where the hub is started" : "";
            return string.IsNullOrEmpty(value) ? null : value;
        }

        if (!reference.StartsWith("file:", StringComparison.Ordinal))
        {
            problem = "a secret is given as env:NAME or file:PATH";
            return null;
        }

        try
        {
            var value = File.ReadAllText(reference[5..]).TrimEnd('\r', '\n');
            problem = value.Length == 0 ? $"the file {reference[5..]} is empty; write the secret into it" : "";
            return value.Length == 0 ? null : value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"the file {reference[5..]} cannot be read ({e.GetType().Name}); create it or allow the hub's account to read it";
            return null;
        }
    }
}
