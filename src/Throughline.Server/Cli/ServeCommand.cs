using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.AspNetCore.Connections;
using Throughline.Cluster;
using Throughline.Engine.Cluster;
using Throughline.Landscape;
using Throughline.Server.Cli.Demo;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary><c>throughline serve</c>: the hub.</summary>
internal static class ServeCommand
{
    /// <summary>How long after it was asked to stop, and after its notice, the program ends even where something is still under way.</summary>
    public static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(45);

    private const string NoticeName = "--notice";
    private static readonly TimeSpan NoticeMax = TimeSpan.FromMinutes(1);

    public static Command Make(Terminal terminal)
    {
        var landscape = CommonOptions.Landscape();
        var data = CommonOptions.Data(terminal);
        var postgres = CommonOptions.Postgres(terminal);
        var (cluster, clusterPassword) = (CommonOptions.Cluster(terminal), CommonOptions.ClusterPassword());
        var urls = new Option<string>("--urls")
        {
            Description = "Loopback addresses to listen on, separated by semicolons.", HelpName = "URLS", DefaultValueFactory = _ =>
                LoopbackAddress.Default,
        };
        var notice = new Option<int>(NoticeName)
        {
            Description = "How many seconds the hub works on, with /health saying 503, before it stops: so a balancer in front sends nothing more when it closes. Default: 0.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 0,
        };
        var command = new Command("serve", """
            Run the hub: check the landscape, open the store, read and write the systems, serve the API and the status page.
            Stops gently on Ctrl-C or SIGTERM: what is under way is finished.

            Example:
              throughline serve --landscape landscapes/demo --data /var/lib/throughline

            Several hubs, each with a data folder of its own, on one PostgreSQL (THROUGHLINE_POSTGRES) and one RabbitMQ:
              throughline serve --landscape landscapes/demo --data /var/lib/throughline --cluster amqp://hub@rabbit:5672 --cluster-password file:/etc/throughline/rabbit
            """) { landscape, data, postgres, cluster, clusterPassword, urls, notice };
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal,
            new Choices(
                parsed.GetValue(landscape)!, parsed.GetValue(data)!, parsed.GetValue(postgres), parsed.GetValue(urls)!,
                parsed.GetValue(cluster) is { Length: > 0 } address ? new ClusterChoice(address, parsed.GetValue(clusterPassword)!) : null,
                TimeSpan.FromSeconds(parsed.GetValue(notice))),
            cancellation));
        return command;
    }

    /// <summary>How long the program may take to stop after a command line.</summary>
    public static TimeSpan StopMax(ParseResult parsed) =>
        DrainMax + TimeSpan.FromSeconds(parsed.GetResult(NoticeName) is OptionResult notice ? Math.Max(0, notice.GetValueOrDefault<int>()) : 0);

    /// <summary>A landscape without errors, or the failure that lists every problem.</summary>
    public static Landscape.Landscape ReadLandscape(string folder, Func<string, string?> environment)
    {
        var result = LandscapeFolders.Read(folder, environment);
        return result.Landscape ?? throw new CommandFailedException(
            $"{LandscapeReport.Text(result)}The hub does not start with this landscape. Correct it and check with 'throughline validate {folder}'.");
    }

    private static async Task<int> RunAsync(Terminal terminal, Choices choices, CancellationToken cancellation)
    {
        var (folder, data, postgres, urls, cluster, notice) = choices;
        if (notice < TimeSpan.Zero || notice > NoticeMax)
        {
            throw new CommandFailedException($"{NoticeName} must be from 0 to {NoticeMax.TotalSeconds:0} seconds.", Exit.Usage);
        }

        var endpoints = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(LoopbackAddress.Parse).ToArray();
        if (endpoints.Length == 0 || endpoints.Any(entry => entry.Problem is not null))
        {
            throw new CommandFailedException(endpoints.FirstOrDefault(entry => entry.Problem is not null).Problem ?? "--urls names no address.",
                Exit.Usage);
        }

        var secrets = new SecretResolver(terminal.Environment);
        var broker = cluster is null ? null : Broker(cluster, postgres, secrets);
        LandscapeFolders.Check(folder);
        terminal.Out.WriteLine($"Throughline {Composition.Version} starts: landscape {folder}, data folder {data}.");
        var landscape = ReadLandscape(folder, terminal.Environment);
        if (Secrets.Missing(landscape, terminal.Environment) is { Length: > 0 } missing)
        {
            throw new CommandFailedException($"The hub does not start: {folder} takes secrets from environment variables that are not set: "
                + $"{string.Join(", ", missing)}. {Secrets.Remedy(missing)}");
        }

        var token = AccessToken.OpenOrCreate(data);
        using var logs = HubLogs.Make();
        using var transport = Composition.Transport();
        var store = await terminal.WithProgressAsync("Opening the store", Composition.OpenStoreAsync(data, postgres, cancellation));
        await using var server = await StartAsync(
            new HubServerParts
            {
                Landscape = landscape, Store = store, Connectors = Composition.Connect(landscape, secrets, transport,
                    terminal.Time), Token = token, Secrets = secrets,
                Endpoints = [.. endpoints.Select(entry => entry.Endpoint!)], Logs = logs, Time = terminal.Time,
                Broker = broker,
            },
            cancellation);
        Announce(terminal, server, store.Description);
        await UntilStoppedAsync(cancellation);
        terminal.Out.WriteLine(notice == TimeSpan.Zero ? "Stopping: what is under way is finished first."
            : $"Stopping in {notice.TotalSeconds:0} s, so that nobody is sent here any more; then what is under way is finished.");
        server.GiveNotice();
        await Task.Delay(notice, terminal.Time, CancellationToken.None);
        return Exit.Ok;
    }

    private static BrokerAddress Broker(ClusterChoice cluster, string? postgres, SecretResolver secrets)
    {
        if (string.IsNullOrEmpty(postgres))
        {
            throw new CommandFailedException(
                "The hub does not start: several hubs need a store that they can share. Name the same PostgreSQL for each, with --postgres or THROUGHLINE_POSTGRES; "
                + "or leave out --cluster for a hub of its own.", Exit.Usage);
        }

        var (broker, problem) = cluster.Read(secrets);
        return broker ?? throw new CommandFailedException($"The hub does not start. {problem}", Exit.Usage);
    }

    private static async Task<HubServer> StartAsync(HubServerParts parts, CancellationToken cancellation)
    {
        try
        {
            return await HubServer.StartAsync(parts, cancellation);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new CommandFailedException(
                $"The hub does not start: something listens on {string.Join(" or ", parts.Endpoints)} already, perhaps a demo or another hub that still runs. Stop it, or choose "
                + "another address: throughline serve --urls http://127.0.0.1:7071 (and give the other commands the same with --url).");
        }
        catch (OtherReleaseException e)
        {
            throw new CommandFailedException(
                $"The hub does not start. {e.Message} This one has release {parts.Landscape.Release}. All hubs of a store decide by one landscape: give each the same, or "
                + "stop the others first.");
        }
    }

    /// <summary>Returns when the process is asked to end.</summary>
    public static async Task UntilStoppedAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Asked to end.
        }
    }

    private static void Announce(Terminal terminal, HubServer server, string store)
    {
        terminal.Out.WriteLine($"Landscape:    {server.Landscape.Title} (release {server.Landscape.Release})");
        terminal.Out.WriteLine($"Store:        {store}");
        if (server.Hub.Cluster is { } cluster)
        {
            terminal.Out.WriteLine($"Cluster:      {cluster.Hub}, one of {cluster.Hubs.Length}, by {cluster.Broker}");
        }

        terminal.Out.WriteLine($"Status page:  {server.Address}");
        var token = server.Token;
        if (DemoCrm.AddressIn(server.Landscape) is { IsLoopback: true })
        {
            terminal.Out.WriteLine("Win a deal:   throughline sandbox deal   (in the CRM stand-in; it prints how to trace it)");
        }

        terminal.Out.WriteLine($"Token:        {(token.IsNew ? $"{token.Value} (shown this once; kept in {token.FilePath})" : $"in {token.FilePath}")}");
    }

    private sealed record Choices(string Folder, string Data, string? Postgres, string Urls, ClusterChoice? Cluster, TimeSpan Notice);
}
