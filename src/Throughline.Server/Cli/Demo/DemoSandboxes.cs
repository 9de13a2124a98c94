using System.Collections.Concurrent;
using Throughline.Sandbox;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli.Demo;

/// <summary>
/// The stand-ins that a demo starts: those whose address the landscape takes from the environment, where it is not set.
/// Their addresses and passwords are put over the environment of this process only.
/// </summary>
internal sealed class DemoSandboxes : IAsyncDisposable
{
    private static readonly string[] Kinds = ["salesforce", "redmine", "tryton"];

    private readonly Func<string, string?> _outside;
    private readonly Dictionary<string, string> _inside = new(StringComparer.Ordinal);
    private readonly List<SandboxServer> _running = [];

    private DemoSandboxes(Func<string, string?> outside) => _outside = outside;

    public IReadOnlyList<SandboxServer> Running => _running;

    public string? Environment(string name) => _outside(name) is { Length: > 0 } set ? set : _inside.GetValueOrDefault(name);

    /// <param name="firstId">Where the ids of what they make begin.</param>
    public static async Task<DemoSandboxes> StartAsync(string landscapeFolder, Func<string, string?> outside, int firstId, CancellationToken cancellation)
    {
        var sandboxes = new DemoSandboxes(outside);
        foreach (var prefix in new[] { "DEMO_", "SANDBOX_", "" })
        {
            foreach (var name in new[] { "SALESFORCE_HOOK_SECRET", "SALESFORCE_WEBHOOK_SECRET", "CRM_HOOK_SECRET", "HOOK_SECRET", "WEBHOOK_SECRET" })
            {
                sandboxes._inside[prefix + name] = SandboxCommand.HookSecret;
            }
        }

        try
        {
            var asked = Asked(landscapeFolder, outside);
            foreach (var kind in Kinds.Where(kind => IsNeeded(kind, asked, outside)))
            {
                var sandbox = SandboxCommand.Create(kind, firstId);
                sandboxes._running.Add(sandbox);
                await sandbox.StartAsync(0, cancellation);
                foreach (var (name, value) in SandboxCommand.Variables(sandbox))
                {
                    sandboxes._inside["DEMO_" + name] = sandboxes._inside["SANDBOX_" + name] = sandboxes._inside[name] = value;
                }
            }

            return sandboxes;
        }
        catch
        {
            await sandboxes.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sandbox in _running)
        {
            await sandbox.DisposeAsync();
        }
    }

    private static ConcurrentDictionary<string, bool> Asked(string folder, Func<string, string?> outside)
    {
        var asked = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        LandscapeFolders.Read(folder, name =>
        {
            asked[name] = true;
            return outside(name);
        });
        return asked;
    }

    // A Redmine or Tryton of one's own is meant to be running already; nobody runs a Salesforce of one's own.
    private static bool IsNeeded(string kind, ConcurrentDictionary<string, bool> asked, Func<string, string?> outside)
    {
        var url = kind.ToUpperInvariant() + "_URL";
        string[] names = kind == "salesforce" ? ["DEMO_" + url, "SANDBOX_" + url, url] : ["DEMO_" + url, "SANDBOX_" + url];
        return names.Any(name => asked.ContainsKey(name) && string.IsNullOrEmpty(outside(name)));
    }
}
