using Throughline.Chaos.Servers;
using Throughline.EndToEnd.Firm;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Database;

/// <summary>
/// A hub, a real process, with stand-ins of the systems, won deals and a sender at its intake, while something happens to its database. In the end all that was
/// acknowledged is there, and everything exactly once.
/// </summary>
internal sealed class HubOnDatabase : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A failed step, a parked envelope, a write that nobody understands, a defect.
    private static readonly string[] Unwanted = ["TL1001", "TL1101", "TL1202", "TL2001"];

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-database-").FullName;
    private HubProcess? _hub;
    private IntakeStream? _stream;

    public HubOnDatabase() => Firm = new SandboxFirm(_folder);

    public SandboxFirm Firm { get; }

    public HubProcess Hub => _hub!;

    public IntakeStream Stream => _stream!;

    /// <summary>Starts all of it and returns when work flows.</summary>
    /// <param name="postgres">A connection string; null for SQLite.</param>
    /// <param name="data">The data folder, where not one of this test's.</param>
    public async Task StartAsync(string? postgres, string? data = null)
    {
        data ??= Path.Combine(_folder, "data");
        await Firm.StartAsync();
        _hub = HubProcess.Start(
            BuiltProgram.Path, Path.Combine(_folder, "hub.log"), ["--landscape", Firm.Landscape, "--data", data],
            [.. Firm.Environment, .. postgres is null ? Array.Empty<(string, string)>() : [("THROUGHLINE_POSTGRES", postgres)]]);
        await Task.WhenAny(_hub.Address, _hub.WaitForExitAsync()).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.True(_hub.Address.IsCompleted, $"the hub ended:\n{string.Join('\n', _hub.Log)}");
        _stream = new IntakeStream(await _hub.Address, (await File.ReadAllTextAsync(Path.Combine(data, "token"))).Trim());
        Win(3);
        await UntilTakenAsync();
    }

    public void Win(int deals)
    {
        for (var i = 0; i < deals; i++)
        {
            Firm.Win();
        }
    }

    public Task UntilTakenAsync()
    {
        var before = Stream.Taken;
        return UntilAsync("intake takes records again", () => Task.FromResult(Stream.Taken > before + 3));
    }

    /// <summary>Intake flows, and every deal that was won has come to its end.</summary>
    public async Task UntilRestedAsync()
    {
        await UntilTakenAsync();
        await UntilAsync("every deal is active in the CRM", () => Task.FromResult(Firm.Active == Firm.Deals));
    }

    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await holds())
        {
            if (patience.IsCancellationRequested || Hub.HasExited)
            {
                throw new TimeoutException($"still not so: {what}. Taken {Stream.Taken}, refused {Stream.Refused}, {string.Join("; ", Stream.Strange)}.\n"
                    + $"Wrong so far: {string.Join("; ", Firm.Wrong())}\n{string.Join('\n', Hub.Log.TakeLast(40))}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The hub says that it cannot store, in an answer and at its health.</summary>
    public async Task ShouldSayThatTheStoreIsAwayAsync()
    {
        var before = Stream.Refused;
        await UntilAsync("intake answers 503", () => Task.FromResult(Stream.Refused > before));
        // What is won meanwhile waits.
        Firm.Win();
        await UntilAsync("intake still answers 503", () => Task.FromResult(Stream.Refused > before + 5));
        Assert.Equal("store-unavailable", Stream.Refusal!.Text("code"));
        Assert.Contains("Send it again later", Stream.Refusal!.Text("detail"), StringComparison.Ordinal);
        using var client = new HttpClient { BaseAddress = await Hub.Address };
        using var health = await client.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)health.StatusCode);
    }

    /// <summary>Work has resumed by itself, and what should be there is there exactly once.</summary>
    /// <param name="envelopesAsync">Counts those of a text in their payload in the store itself.</param>
    public async Task ShouldEndWellAsync(Func<string, Task<long>> envelopesAsync)
    {
        Win(2);
        await UntilRestedAsync();

        Assert.Empty(await Stream.WrongAsync());
        Assert.Equal(Stream.Taken, await envelopesAsync("Customer by intake-"));
        Assert.Empty(Firm.Wrong());
        // The log says what was the matter, and not once for each try of each loop.
        await UntilAsync("the log says that it is over", () => Task.FromResult(Hub.Log.Any(line => line.Contains("TL1303 the store works again", StringComparison.Ordinal))));
        Assert.DoesNotContain(Hub.Log, line => Unwanted.Any(code => line.Contains(code, StringComparison.Ordinal)));
        Assert.Contains(Hub.Log, line => line.Contains("TL1301 the store does not work", StringComparison.Ordinal));
        // A connection that idled since the former server is found broken by whoever needs it next, which may be who asks for health.
        await UntilAsync("health is well", IsWellAsync);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Firm.Deals} deals, {Stream.Taken} records taken, {Stream.Refused} answers 503, {Hub.Log.Count} lines in the log");
    }

    private async Task<bool> IsWellAsync()
    {
        try
        {
            return (await Hub.HealthAsync()).Text("status") == "ok";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }

        _hub?.Dispose();
        await Firm.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
