namespace Throughline.Chaos.Servers;

/// <summary>A place where a hub is to run, with a supervisor that starts it again whenever it has ended, as a service manager does.</summary>
internal sealed class HubSeat : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainMax = TimeSpan.FromMinutes(1);

    private readonly Func<HubProcess> _launch;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stop = new();
    private HubProcess? _process;
    private bool _isWanted;
    private Task _supervisor = Task.CompletedTask;

    public HubSeat(string name, string log, Func<HubProcess> launch, TimeProvider time) => (Name, Log, _launch, _time) = (name, log, launch, time);

    public string Name { get; }

    /// <summary>The file with all that its hubs said.</summary>
    public string Log { get; }

    public int Starts { get; private set; }

    /// <summary>How often a hub ended though nobody had ended it: such as one that starts while its store is away.</summary>
    public int OwnEnds { get; private set; }

    /// <summary>Where it listens; null while none does.</summary>
    public Uri? Address => _process is { HasExited: false, Address.IsCompletedSuccessfully: true } running ? running.Address.Result : null;

    public void Start()
    {
        _isWanted = true;
        _supervisor = SuperviseAsync();
    }

    /// <summary>SIGKILL; none runs from now on.</summary>
    public Task KillAsync() => EndAsync(process =>
    {
        process.Kill();
        return Task.CompletedTask;
    });

    /// <summary>SIGTERM, and none runs from now on.</summary>
    /// <exception cref="TimeoutException">It did not end within a minute.</exception>
    public Task StopAsync() => EndAsync(async process =>
    {
        await process.SignalAsync("TERM");
        await process.WaitForExitAsync().WaitAsync(DrainMax, _time);
    });

    /// <summary>From now on one is to run again.</summary>
    public void Restart() => _isWanted = true;

    /// <param name="name">STOP or CONT; nothing where none runs.</param>
    public async Task SignalAsync(string name)
    {
        await _gate.WaitAsync();
        try
        {
            if (_process is { HasExited: false } running)
            {
                await running.SignalAsync(name);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _supervisor;
        _process?.Dispose();
        _gate.Dispose();
        _stop.Dispose();
    }

    private async Task EndAsync(Func<HubProcess, Task> end)
    {
        await _gate.WaitAsync();
        try
        {
            _isWanted = false;
            if (_process is { HasExited: false } running)
            {
                await end(running);
            }

            _process?.Dispose();
            _process = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _gate.WaitAsync();
            try
            {
                if (_isWanted && _process is null)
                {
                    _process = _launch();
                    Starts++;
                }
                else if (_process is { HasExited: true })
                {
                    OwnEnds++;
                    _process.Dispose();
                    _process = null;
                }
            }
            finally
            {
                _gate.Release();
            }

            await Task.WhenAny(Task.Delay(_process is null ? RestartAfter : LookEvery, _time, _stop.Token));
        }
    }
}
