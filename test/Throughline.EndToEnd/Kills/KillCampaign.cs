using Throughline.Chaos.Servers;
using Throughline.EndToEnd.Firm;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.EndToEnd.Kills;

/// <summary>
/// A stream of won deals while the hub, a real process on a real store, is killed (SIGKILL) again and again at random moments and started
/// anew, and while some answers are lost after the target accepted. Meanwhile people book approved time on the projects that already run. Afterwards
/// the targets themselves are counted: every deal exactly one customer, one project with all its parts, one financial project, and every approved
/// hour one line of time as it was booked last (invariants 1 to 3, requirements D3, E1, E2, X2).
/// </summary>
internal sealed class KillCampaign : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-kills-").FullName;
    private readonly string _store;
    private readonly Random _random;
    private HubProcess? _hub;

    /// <param name="store">Arguments of <c>throughline serve</c> that choose the store.</param>
    public KillCampaign(string store, int seed)
    {
        (_store, _random) = (store, new Random(seed));
        Firm = new SandboxFirm(_folder);
    }

    public SandboxFirm Firm { get; }

    public int Kills { get; private set; }

    public async Task RunAsync(int kills)
    {
        await Firm.StartAsync();
        var start = await StartTimeAsync();
        for (var kill = 0; kill < kills; kill++)
        {
            Start();
            if (kill % 3 == 0)
            {
                Firm.Win();
            }

            if (kill % 10 == 5)
            {
                LoseAnAnswer();
            }

            await Firm.Time.BookAsync(_random);

            // From "hardly started" to "well under way", on this machine as busy as it is.
            await Task.Delay((start * 0.4) + TimeSpan.FromMilliseconds(_random.Next(1_800)), TimeProvider.System, TestContext.Current.CancellationToken);
            Kill();
        }

        Start();
        await UntilAsync("every deal is active in the CRM", () => Firm.Active == Firm.Deals);
        // Where no project ran before the last kill, this is all the time there is.
        do
        {
            await Firm.Time.BookAsync(_random);
        }
        while (Firm.Time.Approved == 0);
        await UntilAsync("the ERP has the time as it was booked last", () => Firm.Time.Wrong().Count == 0);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Firm.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>How long the hub takes until it works.</summary>
    private async Task<TimeSpan> StartTimeAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        Start();
        await UntilAsync("the hub is up", () => _hub!.Log.Any(line => line.StartsWith("Status page:", StringComparison.Ordinal)));
        var took = TimeProvider.System.GetElapsedTime(began);
        _hub!.Kill();
        _hub.Dispose();
        return took;
    }

    private void LoseAnAnswer()
    {
        Firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = ".create", Times = 1 });
        Firm.Psa.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Method = "POST", Times = 1 });
    }

    private void Start() => _hub = HubProcess.Start(
        BuiltProgram.Path, Path.Combine(_folder, "hub.log"),
        ["--landscape", Firm.Landscape, "--data", Path.Combine(_folder, "data"),
            .. _store.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(argument => argument.Replace('\u00a0', ' '))],
        Firm.Environment);

    private void Kill()
    {
        if (_hub is { HasExited: false })
        {
            _hub.Kill();
            Kills++;
        }

        _hub?.Dispose();
        _hub = null;
    }

    private async Task UntilAsync(string what, Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!holds())
        {
            if (patience.IsCancellationRequested || _hub!.HasExited)
            {
                var open = Firm.Crm.All("Opportunity").Where(deal => deal.Text("Hub_Status__c") != "Active").Select(deal =>
                    $"{deal.Text("Name")}: {deal.Text("Hub_Status__c")} {deal.Text("Hub_Next_Action__c")}");
                throw new TimeoutException($"after {Kills} kills still not so: {what}. {string.Join("; ", open)}\n"
                    + $"Wrong so far: {string.Join("; ", Firm.Wrong().Concat(Firm.Time.Wrong()))}\n"
                    + string.Join('\n', _hub!.Log.TakeLast(30)));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
