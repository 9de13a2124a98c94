using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Throughline.Chaos.Count;
using Throughline.Chaos.Firm;
using Throughline.Chaos.Servers;
using Throughline.Chaos.Troubles;
using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;

namespace Throughline.Chaos;

/// <summary>
/// All that takes part: PostgreSQL, RabbitMQ, two hubs as processes of their own, the systems, and between the hubs and PSA and ERP a proxy each, at which faults strike.
/// People and whoever counts go to the systems directly.
/// </summary>
internal sealed class ChaosStage : IAsyncDisposable
{
    private const string HookSecret = "whsec_dGhyb3VnaGxpbmUtY2hhb3MtaG9vay1zZWNyZXQtMDE=";

    // The lines of a hub's log that no fault excuses.
    private static readonly string[] Defects = ["TL1101", "TL1202", "TL2001"];

    private readonly ChaosChoices _choices;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "throughline-chaos-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
    private readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly HttpClient _hookClient = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Stack<IAsyncDisposable> _running = new();
    private readonly Dictionary<string, HubSeat> _hubs = [];
    private readonly SalesforceSandbox _crm = new();
    private PostgresServer? _postgres;
    private FaultProxy? _psaWay;
    private FaultProxy? _erpWay;

    public ChaosStage(ChaosChoices choices, DateTimeOffset start)
    {
        (_choices, Start) = (choices, start);
        Books = new Books(Books.MarkAt(start));
    }

    public DateTimeOffset Start { get; }

    public Books Books { get; }

    public CrmDoor Crm { get; private set; } = null!;

    public RedmineDoor Psa { get; private set; } = null!;

    public TrytonDoor Erp { get; private set; } = null!;

    public Announcer Announcer { get; private set; } = null!;

    public IReadOnlyDictionary<string, HubSeat> Hubs => _hubs;

    public IReadOnlyList<Trouble> Troubles { get; private set; } = [];

    private SystemTroubles? Ways { get; set; }

    // Calls to real servers take longer.
    private TimeSpan TimeOut => _choices.Real is null ? TimeSpan.FromSeconds(4) : TimeSpan.FromSeconds(20);

    private string Landscape => Path.Combine(_folder, "landscape");

    /// <summary>Starts all of it; returns when both hubs listen.</summary>
    public async Task OpenAsync(Random random, Action<string> say)
    {
        Directory.CreateDirectory(_folder);
        say("Starting PostgreSQL and RabbitMQ.");
        var database = Path.Combine(_folder, "postgres");
        Directory.CreateDirectory(database);
        // Servers of plain accounts must get through.
        await Tool.RunAsync("chmod", "711", _folder);
        var postgres = _postgres = await PostgresServer.MakeAsync(database, "max_connections = 120");
        _running.Push(postgres);
        var rabbit = new RabbitServer(_choices.Scripts);
        _running.Push(rabbit);
        var broker = new Uri(await rabbit.UpAsync());
        say("Starting the systems.");
        await OpenSystemsAsync();
        Announcer = new Announcer(_hookClient, Crm, HookSecret, () => [.. _hubs.Values.Select(hub => hub.Address).OfType<Uri>()], random, _choices.Time);
        WriteLandscape();
        say("Starting two hubs.");
        foreach (var name in Victim.Hubs)
        {
            var log = Path.Combine(_folder, name + ".log");
            var seat = new HubSeat(name, log, () => HubProcess.Start(_choices.Program, log, Arguments(name, broker), Environment(postgres, broker)), _choices.Time);
            _hubs.Add(name, seat);
            _running.Push(seat);
            seat.Start();
        }

        var faults = new Dictionary<string, Faults> { [Victim.Crm] = _crm.Faults, [Victim.Psa] = _psaWay!.Faults, [Victim.Erp] = _erpWay!.Faults };
        Ways = new SystemTroubles(faults, TimeOut, KnobAsync, Announcer);
        Troubles = [.. ServerTroubles.Of(_hubs, postgres, rabbit), .. Ways.All(areStandIns: _choices.Real is null)];
        await UntilHubsListenAsync(TimeSpan.FromMinutes(1));
    }

    public async Task UntilHubsListenAsync(TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience, _choices.Time);
        while (_hubs.Values.Any(hub => hub.Address is null))
        {
            if (enough.IsCancellationRequested)
            {
                throw new ChaosFailedException(
                    $"After {patience.TotalSeconds:0} s not both hubs listen. They said:\n{string.Join('\n', _hubs.Values.SelectMany(hub => Tail(hub.Log)))}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), _choices.Time);
        }
    }

    /// <summary>What the hubs say of themselves; a hub that does not answer has everything open.</summary>
    public async Task<SeenHubs> AskHubsAsync()
    {
        var open = new List<string>();
        decimal? hours = null;
        foreach (var (name, hub) in _hubs)
        {
            try
            {
                var token = (await File.ReadAllTextAsync(Path.Combine(_folder, name, "token"))).Trim();
                var counts = (await AskAsync(hub, "/api/v1/status", token))["counts"]!;
                string[] names = ["casesOpen", "commandsWaiting", "commandsInDoubt", "envelopesWaiting", "entriesWaiting", "parked", "instancesRunning"];
                open.AddRange(names.Where(count => (long)counts[count]! != 0).Select(count => $"{counts[count]} {count}"));
                open.AddRange(((JsonArray)(await AskAsync(hub, "/api/v1/cases?max=5", token))["cases"]!).Select(item => $"case {item!["kind"]}: {item["says"]}"));
                hours = ((JsonArray)(await AskAsync(hub, "/api/v1/ledger?max=1", token))["totals"]!).Where(row => (string?)row!["account"] == "approved")
                    .Sum(row => (decimal)row!["quantity"]!);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                open.Add($"{name} does not answer: {e.Message}");
            }
        }

        if (open.Count > 0)
        {
            open.AddRange(await UnsettledAsync());
        }

        // Both have one store, and say the same.
        return new SeenHubs([.. open.Distinct(StringComparer.Ordinal)], Marked(), hours);
    }

    // A count alone leads nobody to what keeps it from coming to rest.
    private Task<IReadOnlyList<string>> UnsettledAsync() => _postgres!.LinesAsync(
        """
        select format('%s to %s: %s, tried %s times, next in %s s, %s', target, system, case status when 0 then 'waits' when 1 then 'is being sent' else 'in doubt' end, attempt,
            round(extract(epoch from due_at - now())), coalesce(last_failure, 'no failure')) from command where status < 3 order by number limit 5
        """);

    /// <summary>Lines in the logs that speak of defects.</summary>
    public IReadOnlyList<string> Marked() =>
    [
        .. _hubs.Values.SelectMany(hub => File.Exists(hub.Log) ? ReadLines(hub.Log).Where(line => Defects.Any(code => line.Contains(code, StringComparison.Ordinal)))
            .Select(line => $"{hub.Name}: {line}") : []),
    ];

    /// <summary>Keeps what the hubs said and have in their store, and which calls the systems had, where somebody wants to look into it.</summary>
    public async Task KeepAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (system, faults) in Ways?.Faults ?? new Dictionary<string, Faults>())
        {
            await File.WriteAllLinesAsync(Path.Combine(folder, system + ".calls"), faults.Requests.Select(call => $"{call.At:O} {call.Method} {call.Path} {call.Fault}"));
        }

        try
        {
            await (_postgres?.DumpAsync(folder) ?? Task.CompletedTask);
        }
        catch (NpgsqlException e)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "no-tables.txt"), e.ToString());
        }

        foreach (var hub in _hubs.Values.Where(hub => File.Exists(hub.Log)))
        {
            File.Copy(hub.Log, Path.Combine(folder, Path.GetFileName(hub.Log)), overwrite: true);
        }
    }

    /// <summary>Ends what is left of faults on the ways to the systems.</summary>
    public Task ClearAsync() => Ways!.ClearAllAsync();

    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var server))
        {
            await server.DisposeAsync();
        }

        _client.Dispose();
        _hookClient.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task OpenSystemsAsync()
    {
        await OpenAsync(_crm);
        Crm = new CrmDoor(_client, _crm.Address);
        var (psa, key, tryton) = _choices.Real is { } real ? (real.Redmine, real.RedmineKey, real.Tryton) : await OpenStandInsAsync();
        Psa = new RedmineDoor(_client, psa, key);
        Erp = new TrytonDoor(_client, tryton);
        await OpenAsync(_psaWay = new FaultProxy(psa));
        await OpenAsync(_erpWay = new FaultProxy(tryton.Address));
        (_psaKey, _tryton) = (key, tryton);
    }

    private string _psaKey = "";
    private TrytonLogin _tryton = null!;

    private async Task<(Uri, string, TrytonLogin)> OpenStandInsAsync()
    {
        var psa = new RedmineSandbox();
        var erp = new TrytonSandbox();
        await OpenAsync(psa);
        await OpenAsync(erp);
        return (psa.Address, psa.AdminKey, new TrytonLogin(erp.Address, TrytonSandbox.Database, TrytonSandbox.User, TrytonSandbox.Password));
    }

    private async Task OpenAsync(SandboxServer server)
    {
        _running.Push(server);
        await server.StartAsync();
    }

    private string[] Arguments(string hub, Uri broker) =>
        ["--landscape", Landscape, "--data", Path.Combine(_folder, hub), "--cluster", $"amqp://{broker.UserInfo.Split(':')[0]}@{broker.Authority}"];

    private (string, string)[] Environment(PostgresServer postgres, Uri broker) =>
    [
        ("THROUGHLINE_POSTGRES", postgres.ForTheHub), ("THROUGHLINE_CLUSTER_PASSWORD", broker.UserInfo.Split(':')[1]), ("CHAOS_CRM", _crm.ClientSecret),
        ("CHAOS_HOOK", HookSecret), ("CHAOS_PSA", _psaKey), ("CHAOS_ERP", _tryton.Password),
    ];

    private void WriteLandscape()
    {
        Directory.CreateDirectory(Path.Combine(Landscape, "systems"));
        File.WriteAllText(Path.Combine(Landscape, "landscape.yaml"), string.Create(CultureInfo.InvariantCulture, $$"""
            extends: {{Path.GetRelativePath(Landscape, _choices.Landscape)}}
            name: chaos
            numbering:
              customer: { prefix: {{Books.CustomerPrefix}}, digits: 5, start: 10001 }
              project: { prefix: {{Books.ProjectPrefix}}, digits: 5, start: 20001 }
            """));
        var (isReal, seconds) = (_choices.Real is not null, (int)TimeOut.TotalSeconds);
        var read = isReal ? "5s" : "1s";
        string Limits(int concurrency) => FormattableString.Invariant($"limits: {{ concurrency: {concurrency}, perSecond: 100, timeOut: {seconds}s, margin: 2s }}\n");
        Write("crm", $"kind: salesforce\nconnection: {{ login_url: \"{_crm.Address}\", client_id: {_crm.ClientId}, client_secret: \"env:CHAOS_CRM\", "
            + $"time_out_seconds: {seconds} }}\n"
            + "hooks: { secrets: [env:CHAOS_HOOK] }\n"
            + "read: [{ entity: Account, every: 1s }, { entity: Contract, every: 1s }, { entity: Opportunity, every: 1s }]\n" + Limits(4));
        Write("psa", $"kind: redmine\nconnection: {{ url: \"{_psaWay!.Address}\", api_key: \"env:CHAOS_PSA\", time_out_seconds: {seconds} }}\n"
            + $"read: [{{ entity: time_entry, every: {read} }}]\n" + Limits(2));
        Write("erp", $"kind: tryton\nconnection: {{ url: \"{_erpWay!.Address}\", database: {_tryton.Database}, user: {_tryton.User}, password: \"env:CHAOS_ERP\", "
            + $"time_out_seconds: {seconds} }}\n" + Limits(1));

        void Write(string system, string text) => File.WriteAllText(Path.Combine(Landscape, "systems", system + ".yaml"), $"system: {system}\n{text}");
    }

    private async Task KnobAsync(string system, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _client.PostAsync(new Uri(system == Victim.Crm ? _crm.Address : _tryton.Address, path), content);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<JsonNode> AskAsync(HubSeat hub, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(hub.Address ?? throw new HttpRequestException("it does not listen"), path));
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await _client.SendAsync(request);
        return JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
    }

    // The hub writes on while it is read.
    private static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Tail(string path) => File.Exists(path) ? ReadLines(path).TakeLast(15) : [];
}

/// <summary>A run cannot be had; says why.</summary>
internal sealed class ChaosFailedException(string message) : Exception(message);
