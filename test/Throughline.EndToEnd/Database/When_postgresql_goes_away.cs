using Npgsql;
using Throughline.Chaos.Servers;
using Xunit;

namespace Throughline.EndToEnd.Database;

/// <summary>What was acknowledged is kept and nothing is doubled, whatever happens to the database; work resumes without anybody at the hub.</summary>
public sealed class When_postgresql_goes_away : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "throughline-pg-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
    private readonly HubOnDatabase _all = new();
    private PostgresServer? _server;
    private PostgresServer? _standby;

    private PostgresServer Server => _server!;

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _all.DisposeAsync();
        }
        finally
        {
            foreach (var server in new[] { _server, _standby }.OfType<PostgresServer>())
            {
                await server.DisposeAsync();
            }

            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task Should_go_on_by_itself_when_it_is_restarted()
    {
        _server = await PostgresServer.MakeAsync(_folder);
        await _all.StartAsync(Server.ForTheHub);
        foreach (var mode in new[] { "fast", "immediate" })
        {
            _all.Win(2);
            await _all.UntilTakenAsync();
            await Server.StopAsync(mode);
            await _all.ShouldSayThatTheStoreIsAwayAsync();
            await Server.StartAsync();
            await _all.UntilTakenAsync();
        }

        await _all.ShouldEndWellAsync(text => EnvelopesAsync(Server, text));
    }

    [Fact]
    public async Task Should_go_on_with_the_standby_that_was_promoted()
    {
        _server = await PostgresServer.MakeAsync(_folder, "synchronous_commit = on");
        _standby = await Server.WithStandbyAsync();
        var both = new NpgsqlConnectionStringBuilder(Server.ForTheHub)
        {
            Host = FormattableString.Invariant($"127.0.0.1:{Server.Port},127.0.0.1:{_standby.Port}"), TargetSessionAttributes = "primary",
        };
        both.Remove("Port");
        await _all.StartAsync(both.ToString());
        _all.Win(3);
        await _all.UntilTakenAsync();

        await Server.KillAsync();
        await _all.ShouldSayThatTheStoreIsAwayAsync();
        await _standby.PromoteAsync();
        var promoted = TimeProvider.System.GetTimestamp();
        await _all.UntilTakenAsync();
        var resumed = TimeProvider.System.GetElapsedTime(promoted);
        TestContext.Current.TestOutputHelper?.WriteLine($"work resumed {resumed.TotalMilliseconds:0} ms after the promotion");
        Assert.InRange(resumed, TimeSpan.Zero, TimeSpan.FromSeconds(6));

        // Its supervisor starts the old one again, which still takes itself for the primary.
        await Server.StartAsync();
        _all.Win(2);
        await _all.UntilRestedAsync();
        await _standby.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'hub'");
        await _all.ShouldEndWellAsync(text => EnvelopesAsync(_standby, text));
    }

    [Fact]
    public async Task Should_go_on_by_itself_when_it_has_connections_again()
    {
        _server = await PostgresServer.MakeAsync(_folder, "max_connections = 40");
        await _all.StartAsync(Server.ForTheHub);
        _all.Win(2);
        await _all.UntilTakenAsync();
        var others = await Server.TakeAllConnectionsAsync();
        await _all.ShouldSayThatTheStoreIsAwayAsync();
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }

        await _all.ShouldEndWellAsync(text => EnvelopesAsync(Server, text));
    }

    [Fact(Skip = SmallDisk.Needed, SkipUnless = nameof(SmallDisk.CanBeMade), SkipType = typeof(SmallDisk))]
    public async Task Should_go_on_by_itself_when_its_disk_has_room_again()
    {
        using var disk = SmallDisk.Make(96);
        _server = await PostgresServer.MakeAsync(disk.Folder);
        await _all.StartAsync(Server.ForTheHub);
        _all.Win(2);
        await _all.UntilTakenAsync();
        disk.Fill();
        await _all.ShouldSayThatTheStoreIsAwayAsync();
        disk.MakeRoom();
        // A server that cannot write its log any more goes down, and somebody starts it again; the hub needs nobody.
        if (!await Server.AnswersAsync())
        {
            TestContext.Current.TestOutputHelper?.WriteLine("the server had gone down");
            await Server.StartAsync();
        }

        await _all.ShouldEndWellAsync(text => EnvelopesAsync(Server, text));
        await _server.DisposeAsync();
        _server = null;
    }

    private static Task<long> EnvelopesAsync(PostgresServer server, string text) => server.AskAsync($"select count(*) from envelope where payload like '%{text}%'", inHub: true);
}
