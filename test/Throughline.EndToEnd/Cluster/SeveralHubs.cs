using System.Globalization;
using Npgsql;
using Throughline.Chaos.Servers;
using Throughline.EndToEnd.Firm;
using Throughline.EndToEnd.Kills;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Cluster;

/// <summary>Hubs in processes of their own on one PostgreSQL and one RabbitMQ, with stand-ins of the systems, and a look into the database from beside.</summary>
internal sealed class SeveralHubs : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-cluster-").FullName;
    private readonly KillSchema _database = new();
    private readonly Uri _broker;
    private readonly HashSet<string> _workers = [];
    private readonly List<HubProcess> _hubs = [];
    private string _connection = "";
    private NpgsqlDataSource? _source;
    private long _done = -1;
    private long _doneAt = TimeProvider.System.GetTimestamp();

    /// <param name="broker">With its password.</param>
    public SeveralHubs(string broker)
    {
        _broker = new Uri(broker);
        Firm = new SandboxFirm(_folder);
    }

    /// <summary>The broker that <c>./test.sh</c> started.</summary>
    public static string Broker => Environment.GetEnvironmentVariable("THROUGHLINE_RABBITMQ") is { Length: > 0 } given
        ? given
        : throw new InvalidOperationException(
            "These tests need RabbitMQ: THROUGHLINE_RABBITMQ is not set. Run ./test.sh, or scripts/rabbitmq-up.sh <folder> and export its last line.");

    public SandboxFirm Firm { get; }

    /// <summary>Hubs that were seen to have taken a partition.</summary>
    public IReadOnlyCollection<string> Workers => _workers;

    /// <summary>The longest time in which nothing was done although there was something to do.</summary>
    public TimeSpan LongestPause { get; private set; }

    public async Task StartAsync(int hubs)
    {
        await Firm.StartAsync();
        _connection = await _database.CreateAsync();
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_connection) { MaxPoolSize = 2 });
        for (var i = 0; i < hubs; i++)
        {
            await StartHubAsync();
        }
    }

    /// <summary>One more hub; returns when it listens.</summary>
    public async Task<HubProcess> StartHubAsync(string? landscape = null)
    {
        var hub = Launch(landscape);
        var exited = hub.WaitForExitAsync();
        await Task.WhenAny(hub.Address, exited).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.True(hub.Address.IsCompleted, $"the hub ended:\n{string.Join('\n', hub.Log)}");
        return hub;
    }

    public HubProcess Launch(string? landscape = null)
    {
        var name = "hub-" + (_hubs.Count + 1).ToString(CultureInfo.InvariantCulture);
        var user = _broker.UserInfo.Split(':');
        var hub = HubProcess.Start(
            BuiltProgram.Path, Path.Combine(_folder, name + ".log"),
            ["--landscape", landscape ?? Firm.Landscape, "--data", Path.Combine(_folder, name), "--cluster", $"amqp://{user[0]}@{_broker.Authority}"],
            [.. Firm.Environment, ("THROUGHLINE_POSTGRES", _connection), ("THROUGHLINE_CLUSTER_PASSWORD", user[1])]);
        _hubs.Add(hub);
        return hub;
    }

    public HubProcess this[int number] => _hubs[number];

    /// <summary>Wins deals, a few each second, while somebody looks.</summary>
    public async Task WinAsync(int deals)
    {
        for (var i = 0; i < deals; i++)
        {
            Firm.Win();
            await LookAsync(TimeSpan.FromMilliseconds(150));
        }
    }

    /// <summary>Until every deal has come to its end.</summary>
    public Task UntilAllAreActiveAsync() => UntilAsync("every deal is active in the CRM", () => Task.FromResult(Firm.Active == Firm.Deals));

    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await holds())
        {
            if (patience.IsCancellationRequested)
            {
                var open = Firm.Crm.All("Opportunity").Where(deal => deal.Text("Hub_Status__c") != "Active").Take(5)
                    .Select(deal => $"{deal.Text("Name")}: {deal.Text("Hub_Status__c")} {deal.Text("Hub_Next_Action__c")}");
                throw new TimeoutException($"still not so: {what}. {string.Join("; ", open)}\nWrong so far: {string.Join("; ", Firm.Wrong())}\n"
                    + string.Join("\n--\n", _hubs.Select(hub => string.Join('\n', hub.Log.TakeLast(15)))));
            }

            await LookAsync(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Looks into the database for a while: who works, and since when nothing was done.</summary>
    public async Task LookAsync(TimeSpan during)
    {
        var began = TimeProvider.System.GetTimestamp();
        do
        {
            var owners = await QueryAsync("select distinct owner from head where owner <> ''", row => row.GetString(0));
            _workers.UnionWith(owners);
            var now = TimeProvider.System.GetTimestamp();
            var done = (await QueryAsync("select sum(control + intake)::bigint from head", row => row.GetInt64(0)))[0];
            // Where nothing is open, nothing can be done.
            if (done != _done || Firm.Active == Firm.Deals)
            {
                (_done, _doneAt) = (done, now);
            }

            var pause = TimeProvider.System.GetElapsedTime(_doneAt, now);
            LongestPause = pause > LongestPause ? pause : LongestPause;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
        while (TimeProvider.System.GetElapsedTime(began) < during);
    }

    /// <summary>Forgets the longest pause so far.</summary>
    public void MeasureFromNow() => (LongestPause, _doneAt) = (TimeSpan.Zero, TimeProvider.System.GetTimestamp());

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = _source!.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Lines in the logs that speak of failed steps.</summary>
    public IReadOnlyList<string> Errors() => [.. _hubs.SelectMany(hub => hub.Log).Where(line => line.Contains("\"LogLevel\":\"Error\"", StringComparison.Ordinal))];

    public async Task<string?> WorksAsync(int number) => (await _hubs[number].HealthAsync()).Nested("cluster")?.Text("works");

    public async ValueTask DisposeAsync()
    {
        _hubs.ForEach(hub => hub.Dispose());
        await Firm.DisposeAsync();
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
