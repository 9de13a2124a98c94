using System.Text.Json;
using Throughline.Model;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli.Demo;

/// <summary>
/// Looks into PSA and ERP without the hub and its connectors: into a sandbox through its control door, into a real Redmine or Tryton by plain
/// HTTP with the landscape's own address and password.
/// </summary>
internal sealed class DemoSystems(Landscape.Landscape landscape, SecretResolver secrets) : IDisposable
{
    // As the hub itself: the call goes to the declared host or nowhere.
    private readonly HttpClient _client = new(Composition.Transport());

    /// <summary>
    /// The records of a kind in which a field contains a text, closed and inactive ones too; null where the system is neither a sandbox nor of
    /// a kind that the demo can read.
    /// </summary>
    /// <param name="kind">As the vendor names it: <c>projects</c>, <c>party.party</c>, <c>project.work</c>.</param>
    /// <exception cref="CommandFailedException">The system cannot be reached or does not let us in.</exception>
    public async Task<IReadOnlyList<Fields>?> RecordsAsync(string role, string kind, string field, string contains, CancellationToken cancellation)
    {
        if (!landscape.Roles.TryGetValue(role, out var declared) || landscape.Systems[declared.Default] is not { } system
            || !Uri.TryCreate(system.Configuration.Text("url"), UriKind.Absolute, out var address))
        {
            return null;
        }

        try
        {
            var rows = await SandboxedAsync(address, kind, cancellation) ?? system.Kind switch
            {
                "redmine" => await new DemoRedmine(_client, address, Secret(system, "api_key")).AllAsync(kind, cancellation),
                "tryton" => await new DemoTryton(_client, address, system.Configuration.Text("database")!, system.Configuration.Text("user")!,
                    Secret(system, "password")).AllAsync(kind, field, contains, cancellation),
                _ => null,
            };
            return rows?.Where(row => row.Text(field)?.Contains(contains, StringComparison.OrdinalIgnoreCase) == true).ToList();
        }
        catch (Exception e) when (e is HttpRequestException or FormatException or JsonException
            || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new CommandFailedException($"{system.Name} ({system.Kind}) at {address} cannot be read: {e.Message.TrimEnd('.')}. Check that it runs and that the "
                + $"landscape's address and password (or key) are right: throughline doctor", Exit.Unreachable);
        }
    }

    /// <summary>The people who book time in the PSA; null where it is of a kind that the demo cannot book in.</summary>
    public DemoTimesheets? Timesheets() => landscape.Roles.TryGetValue("psa", out var role) && landscape.Systems[role.Default] is { Kind: "redmine" } psa
        && Uri.TryCreate(psa.Configuration.Text("url"), UriKind.Absolute, out var address) ? new DemoTimesheets(_client, address, Secret(psa, "api_key")) : null;

    public void Dispose() => _client.Dispose();

    private async Task<IReadOnlyList<Fields>?> SandboxedAsync(Uri address, string kind, CancellationToken cancellation)
    {
        using var answer = await _client.GetAsync(new Uri(address, $"/_sandbox/records/{kind}"), cancellation);
        if (!answer.IsSuccessStatusCode || answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) != true)
        {
            return null;
        }

        var value = Fields.Parse($$"""{"v":{{await answer.Content.ReadAsStringAsync(cancellation)}}}""");
        return value.Nested("v") is { } page ? page.NestedList(kind) : value.NestedList("v");
    }

    private string Secret(Landscape.SystemDeclaration system, string name) =>
        secrets.TryResolve(system.Configuration.Text(name) ?? "", out var problem)
            ?? throw new CommandFailedException($"{system.Name}.{name}: {problem}");
}
