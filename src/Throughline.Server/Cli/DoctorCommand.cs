using System.CommandLine;
using System.Runtime.InteropServices;
using Throughline.Cluster;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Hooks;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary><c>throughline doctor</c>: looks at everything that a hub needs and says what to do about what is missing.</summary>
internal static class DoctorCommand
{
    private static readonly TimeSpan TestMax = TimeSpan.FromSeconds(20);

    public static Command Make(Terminal terminal)
    {
        var landscape = CommonOptions.Landscape();
        var (data, url, postgres, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Postgres(terminal),
            CommonOptions.Json());
        var (cluster, clusterPassword) = (CommonOptions.Cluster(terminal), CommonOptions.ClusterPassword());
        var command = new Command("doctor", """
            Check program, landscape, secrets, store and the connection to every system. Changes nothing in any system.
            Exit code 1 where something fails.

            Example:
              throughline doctor --landscape landscapes/demo
            """) { landscape, data, url, postgres, cluster, clusterPassword, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var findings = new List<Finding> { new("program", true,
                $"Throughline {Composition.Version}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}", null) };
            if (parsed.GetValue(cluster) is { Length: > 0 } address)
            {
                findings.Add(await terminal.WithProgressAsync("Asking the broker", BrokerAsync(
                    terminal, new ClusterChoice(address, parsed.GetValue(clusterPassword)!), parsed.GetValue(postgres), cancellation)));
            }

            await terminal.WithProgressAsync("Looking", ExamineAsync(
                terminal, findings, parsed.GetValue(landscape)!, parsed.GetValue(data)!, parsed.GetValue(url)!, parsed.GetValue(postgres), cancellation));
            Print(terminal, findings, parsed.GetValue(json));
            return findings.TrueForAll(finding => finding.IsOk) ? Exit.Ok : Exit.Negative;
        });
        return command;
    }

    private static async Task<bool> ExamineAsync(
        Terminal terminal, List<Finding> findings, string folder, string data, string url, string? postgres, CancellationToken cancellation)
    {
        var result = LandscapeFolders.Read(folder, terminal.Environment);
        findings.Add(result.Landscape is { } read
            ? new Finding("landscape", true, $"{read.Title} in {folder}, release {read.Release}", null)
            : new Finding("landscape", false,
            $"{result.Problems.Count(problem => problem.Severity == Severity.Error)} errors in {folder}; the first: "
                + $"{result.Problems.First(p => p.Severity == Severity.Error)}", $"throughline validate {folder}"));
        findings.AddRange(await StoreAsync(data, url, postgres, cancellation));
        if (result.Landscape is { } landscape)
        {
            var secrets = new SecretResolver(terminal.Environment);
            var missing = Cli.Secrets.Missing(landscape, terminal.Environment);
            if (missing.Length > 0)
            {
                findings.Add(new Finding("environment", false, $"not set: {string.Join(", ", missing)}", Cli.Secrets.Remedy(missing)));
            }

            using var transport = Composition.Transport();
            foreach (var system in landscape.Systems.Values.OrderBy(system => system.Name, StringComparer.Ordinal))
            {
                // What is missing in the environment was said once and for all; every secret and every system would only repeat it.
                var absent = missing.Select(name => "env:" + name).ToHashSet(StringComparer.Ordinal);
                findings.AddRange(Secrets(system, secrets, absent));
                findings.Add(Composition.SecretFields(system).Any(field => absent.Contains(system.Configuration.Text(field)!))
                    ? new Finding($"system {system.Name}", false, "not tried without its secret", null)
                    : await SystemAsync(system, secrets, transport, terminal.Time, cancellation));
            }
        }

        return true;
    }

    private static IEnumerable<Finding> Secrets(SystemDeclaration system, SecretResolver secrets, HashSet<string> absent)
    {
        foreach (var (field, reference) in Composition.SecretFields(system).Select(field => (field, system.Configuration.Text(field)!))
            .Where(pair => !absent.Contains(pair.Item2)))
        {
            var isThere = secrets.TryResolve(reference, out var problem) is not null;
            yield return new Finding($"secret {system.Name}.{field}", isThere, isThere ? $"{reference} is there" : problem, null);
        }

        foreach (var reference in system.Hooks.Where(reference => !absent.Contains(reference)))
        {
            var secret = secrets.TryResolve(reference, out var problem);
            var isKey = secret is not null && WebhookSignature.KeyOf(secret) is not null;
            yield return new Finding(
                $"secret {system.Name} webhooks", isKey, isKey ? $"{reference} is there" : secret is null ? problem
                    : $"{reference} is not whsec_ followed by base64",
                isKey || secret is null ? null : "make one: echo whsec_$(openssl rand -base64 32)");
        }
    }

    private static async Task<Finding> SystemAsync(SystemDeclaration system, SecretResolver secrets, HttpMessageHandler transport, TimeProvider time,
        CancellationToken cancellation)
    {
        await using var connector = Composition.Connect(system, secrets, transport, time);
        using var timed = new CancellationTokenSource(TestMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timed.Token, cancellation);
        try
        {
            var report = await connector.TestAsync(either.Token);
            return new Finding($"system {system.Name}", report.Works, report.Failure?.Message ?? report.Summary, report.Failure is null ? null
                : Remedy(system, report.Failure));
        }
        catch (ConnectorException e)
        {
            return new Finding($"system {system.Name}", false, e.Message, Remedy(system, e.Failure));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Finding($"system {system.Name}", false, $"no answer within {TestMax.TotalSeconds:0} seconds", "check its address and that it runs");
        }
    }

    private static string Remedy(SystemDeclaration system, Failure failure) => failure switch
    {
        Failure.Authentication => $"check the credentials that {system.Place} names, and the rights of that user",
        Failure.Transient or Failure.Throttled => $"check the address in {system.Place} and that the system runs",
        _ => $"see {system.Place}",
    };

    // A running hub holds its embedded store, so it is the one to ask; but it may be another one than is meant.
    private static async Task<IReadOnlyList<Finding>> StoreAsync(string data, string url, string? postgres, CancellationToken cancellation)
    {
        if (await HubAtAsync(url, cancellation) is not { } health)
        {
            return [await OwnStoreAsync(data, postgres, $"no hub runs at {url}", cancellation)];
        }

        if (!health.IsOk)
        {
            return [new Finding("hub", false, $"the hub at {url} says {health.Body.Text("status") ?? "nothing"}", "look at the hub's log")];
        }

        var (store, folder) = (health.Body.Text("store"), health.Body.Text("data"));
        var hub = new Finding("hub", true, $"one runs at {url}: version {health.Body.Text("version")}, data folder {folder ?? "unknown"}, store {store}", null);
        return folder == Path.GetFullPath(data) ? [hub, new Finding("store", true, $"{store}, in use by that hub", null)]
            : [hub, await OwnStoreAsync(data, postgres, $"the hub at {url} is not the one of this data folder", cancellation) with
            {
                Remedy = "if you mean that hub, name its data folder with --data or THROUGHLINE_DATA; if not, the address of yours with --url or THROUGHLINE_URL",
            }];
    }

    private static async Task<HubAnswer?> HubAtAsync(string url, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubClient.AddressOf(url), null);
        try
        {
            return await hub.GetAsync("/health", cancellation);
        }
        catch (CommandFailedException)
        {
            return null;
        }
    }

    private static async Task<Finding> OwnStoreAsync(string data, string? postgres, string who, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(postgres) && !Directory.Exists(data))
        {
            return new Finding("store", true, $"the folder {Path.GetFullPath(data)} will be made at the first start; {who}", null);
        }

        try
        {
            await using var store = await Composition.OpenStoreAsync(data, postgres, cancellation);
            return new Finding("store", true, $"{store.Description}; {who}", null);
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return new Finding("store", false, e.Message, "check the folder or the connection string and the rights of this account");
        }
    }

    private static async Task<Finding> BrokerAsync(Terminal terminal, ClusterChoice cluster, string? postgres, CancellationToken cancellation)
    {
        var (broker, problem) = cluster.Read(new SecretResolver(terminal.Environment));
        if (broker is null)
        {
            return new Finding("broker", false, problem!, "correct --cluster or --cluster-password");
        }

        if (string.IsNullOrEmpty(postgres))
        {
            return new Finding("broker", false, "several hubs need a store that they can share", "name the same PostgreSQL for each, with --postgres or THROUGHLINE_POSTGRES");
        }

        var (version, trouble) = await RabbitBroker.CheckAsync(broker, cancellation);
        return version is not null
            ? new Finding("broker", true, $"{version} at {broker.Description}", null)
            : new Finding("broker", false, $"{broker.Description}: {trouble}",
                "check address, user and password, and that it runs; without it the hubs look into the store, slower");
    }

    private static void Print(Terminal terminal, List<Finding> findings, bool asJson)
    {
        if (asJson)
        {
            terminal.Json(Fields.Of(("ok", findings.TrueForAll(f => f.IsOk)),
                ("findings", findings.Select(f => Fields.Of(("what", f.What), ("ok", f.IsOk), ("says", f.Says), ("remedy", f.Remedy))))));
            return;
        }

        foreach (var finding in findings)
        {
            terminal.Out.WriteLine(CaseText.Clean(
                $"{(finding.IsOk ? "ok   " : "fails")}  {finding.What}: {finding.Says}{(finding.Remedy is null ? "" : $". To do: {finding.Remedy}")}"));
        }
    }

    private sealed record Finding(string What, bool IsOk, string Says, string? Remedy);
}
