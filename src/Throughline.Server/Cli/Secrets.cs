using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>The environment variables from which a landscape takes its secrets. They cannot be set once a program runs, so they are looked at first.</summary>
internal static class Secrets
{
    private const string EnvironmentPrefix = "env:";

    /// <summary>The names of those that are not set, in order.</summary>
    public static string[] Missing(Landscape.Landscape landscape, Func<string, string?> environment) =>
    [
        .. landscape.Systems.Values
            .SelectMany(system => Composition.SecretFields(system).Select(field => system.Configuration.Text(field)!).Concat(system.Hooks))
            .Where(reference => reference.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            .Select(reference => reference[EnvironmentPrefix.Length..])
            .Where(name => string.IsNullOrEmpty(environment(name))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>What to do about them: those of the sandboxes are printed by the command that runs the sandboxes.</summary>
    public static string Remedy(IReadOnlyCollection<string> missing) =>
        missing.All(name => name.StartsWith(SandboxCommand.VariablePrefix, StringComparison.Ordinal))
            ? "Start 'throughline sandbox all' in another window, and paste what it prints into this one."
            : "Set them where the hub is started.";
}
