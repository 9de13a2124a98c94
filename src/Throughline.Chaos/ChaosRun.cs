using System.Globalization;
using Throughline.Chaos.Count;
using Throughline.Chaos.Firm;
using Throughline.Chaos.Troubles;

namespace Throughline.Chaos;

/// <summary>A firm's month of deals and approved time while faults strike; then peace, and the count.</summary>
/// <param name="say">A line for whoever watches.</param>
internal sealed class ChaosRun(ChaosChoices choices, Action<string> say)
{
    private const int TimePerDeal = 5;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // What a duplicate that is still under way would need to arrive.
    private static readonly TimeSpan Stillness = TimeSpan.FromSeconds(6);

    // Where nothing moves any more and it is wrong, it stays wrong.
    private const int StillMax = 3;

    private readonly TimeProvider _time = choices.Time;
    private long _start;

    private TimeSpan TellEvery => TimeSpan.FromSeconds(choices.Trouble > TimeSpan.FromMinutes(10) ? 30 : 5);

    // Without any progress: a system that was away is tried again within a minute, and what was in doubt is asked for after the time a call may take.
    private TimeSpan Patience => choices.Real is null ? TimeSpan.FromSeconds(100) : TimeSpan.FromMinutes(4);

    public async Task<ChaosOutcome> RunAsync(CancellationToken cancellation)
    {
        var began = _time.GetUtcNow();
        await using var stage = new ChaosStage(choices, began);
        await stage.OpenAsync(new Random(choices.Seed ^ 0x5eed), say);
        _start = _time.GetTimestamp();
        var striker = new Striker(stage.Troubles, new Random(choices.Seed), _time, _start);
        var pulse = new Pulse(stage.Books, stage.Crm, stage.Psa, stage.Erp, striker.InTheLast, _time);
        using var watching = new CancellationTokenSource();
        var watchers = Task.WhenAll(pulse.RunAsync(watching.Token), TellAsync(stage, striker, pulse, watching.Token));
        try
        {
            say($"{stage.Troubles.Count} kinds of faults strike for {choices.Trouble.TotalMinutes:0.#} minutes, in the order of seed {choices.Seed}.");
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var working = WorkAsync(stage, either.Token);
            var striking = striker.RunAsync(choices.Trouble, either.Token);
            await await Task.WhenAny(working, striking, watchers);
            await working;
            await striking;
            say($"[{Clock()}] The last fault is over; what is left to do is done now.");
            await stage.Announcer.DrainAsync();
            var (rested, seen) = await UntilRestAsync(stage, pulse, cancellation);
            await watching.CancelAsync();
            await watchers;
            var wrong = Wrong(stage.Books, seen);
            var proof = choices.Tamper is null && wrong.Count == 0 && choices.Real is null && Tampering.HasEnough(stage.Books, seen) ? await ProveAsync(stage, seen) : [];
            if (wrong.Count > 0)
            {
                await stage.KeepAsync(LogsKept);
            }

            return new ChaosOutcome(choices, began, stage.Books, seen, wrong, striker.Strikes, [.. stage.Troubles], pulse, rested, proof)
            {
                Hubs = [.. stage.Hubs.Values.Select(hub => (hub.Name, hub.Starts, hub.OwnEnds))], Hooks = (stage.Announcer.Taken, stage.Announcer.Refused),
            };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await stage.KeepAsync(LogsKept);
            throw new ChaosFailedException(
                $"The run broke off after {Clock().Trim()}, with {string.Join(", ", striker.Now)} striking: {e.Message} The hubs' logs are in {LogsKept}.");
        }
        finally
        {
            await watching.CancelAsync();
        }
    }

    /// <summary>Where the logs of the hubs stay when something is wrong.</summary>
    public string LogsKept { get; } = Path.Combine(Path.GetTempPath(), $"throughline-chaos-logs-{choices.Seed}");

    /// <summary>What is not as it should be, by check.</summary>
    public static IReadOnlyList<(Check Check, string Says)> Wrong(Books books, Seen seen) =>
        [.. Check.All.SelectMany(check => check.Wrong(books, seen).Select(says => (check, says)))];

    private string Clock() => string.Create(CultureInfo.InvariantCulture, $"{_time.GetElapsedTime(_start).TotalSeconds,5:0} s");

    // People work to the seed's order, one after the other, and meet no fault: those strike only what the hubs do.
    private async Task WorkAsync(ChaosStage stage, CancellationToken cancellation)
    {
        var deals = (int)Math.Clamp(choices.Trouble.TotalMinutes * 15, 10, 240);
        var sellers = new Sellers(stage.Crm, stage.Books, stage.Announcer, new Random(choices.Seed + 1), stage.Start, TimePerDeal);
        var consultants = new Consultants(stage.Psa, stage.Crm, stage.Books, new Random(choices.Seed + 2), stage.Start);
        await consultants.StartAsync();
        var pace = choices.Trouble / (deals * TimePerDeal * 2);
        while (_time.GetElapsedTime(_start) < choices.Trouble)
        {
            // The last ones have some time left in which people book on them.
            if (stage.Books.Deals.Count < deals && _time.GetElapsedTime(_start) >= choices.Trouble * 0.9 / deals * stage.Books.Deals.Count)
            {
                await sellers.WinAsync();
            }
            else
            {
                await consultants.WorkAsync();
            }

            await Task.Delay(pace, _time, cancellation);
        }

        await consultants.CloseAsync();
    }

    private async Task TellAsync(ChaosStage stage, Striker striker, Pulse pulse, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(TellEvery, _time, stop));
            if (!stop.IsCancellationRequested)
            {
                var now = striker.Now;
                say($"[{Clock()}] {pulse.Active} of {stage.Books.Deals.Count} deals set up, {pulse.Lines} of {stage.Books.Counting.Count} approved lines in the ERP, "
                    + $"{striker.Strikes.Count} faults so far"
                    + (now.Count == 0 ? "." : $"; now: {string.Join(", ", now)}."));
            }
        }
    }

    // At rest is what is right and stays right; where that never comes, what stands at the end of patience is counted.
    private async Task<(TimeSpan? Rested, Seen Seen)> UntilRestAsync(ChaosStage stage, Pulse pulse, CancellationToken cancellation)
    {
        await stage.ClearAsync();
        await stage.UntilHubsListenAsync(Patience);
        var since = _time.GetTimestamp();
        for (var still = 0; ; )
        {
            var hubs = await stage.AskHubsAsync();
            var isPatient = _time.GetElapsedTime(since) < Patience || pulse.Still < Patience;
            if ((pulse.IsDone && hubs.Open.Count == 0) || !isPatient)
            {
                var rested = _time.GetElapsedTime(since);
                await Task.Delay(Stillness, _time, cancellation);
                if (choices.Tamper is { } tamper)
                {
                    await TamperAsync(stage, Tampering.All.First(each => each.Name == tamper), await ReadAsync(stage));
                }

                var seen = await ReadAsync(stage);
                if (!isPatient || choices.Tamper is not null || Wrong(stage.Books, seen).Count == 0 || ++still == StillMax)
                {
                    return (isPatient ? rested : null, seen);
                }
            }

            await Task.Delay(LookEvery, _time, cancellation);
        }
    }

    private static async Task<Seen> ReadAsync(ChaosStage stage) => await Seen.ReadAsync(stage.Books, stage.Crm, stage.Psa, stage.Erp, await stage.AskHubsAsync());

    private static Task TamperAsync(ChaosStage stage, Tampering tampering, Seen seen) =>
        tampering.DoAsync(new TamperedDoors(stage.Books, stage.Crm, stage.Psa, stage.Erp, stage.Hubs[Victim.First].Log), seen);

    // Each mistake is made in the systems themselves, which are then read again as a whole.
    private async Task<IReadOnlyList<ProvedCheck>> ProveAsync(ChaosStage stage, Seen right)
    {
        say($"[{Clock()}] The count is right. Now mistakes are made on purpose, which each check must see.");
        var proved = new List<ProvedCheck> { await UnfinishedAsync(stage) };
        foreach (var hub in stage.Hubs.Values)
        {
            await hub.StopAsync();
        }

        var before = right;
        foreach (var tampering in Tampering.All)
        {
            await TamperAsync(stage, tampering, before);
            var after = await Seen.ReadAsync(stage.Books, stage.Crm, stage.Psa, stage.Erp, right.Hubs with { Defects = stage.Marked() });
            var check = Check.All.First(each => each.Name == tampering.Check);
            var known = check.Wrong(stage.Books, before).ToHashSet(StringComparer.Ordinal);
            proved.Add(new ProvedCheck(tampering.Name, check.Name, check.Wrong(stage.Books, after).FirstOrDefault(says => !known.Contains(says))));
            before = after;
        }

        return proved;
    }

    // A deal that the hubs cannot finish, since its customer has no tax id.
    private async Task<ProvedCheck> UnfinishedAsync(ChaosStage stage)
    {
        var sellers = new Sellers(stage.Crm, new Books(stage.Books.Mark), stage.Announcer, new Random(choices.Seed + 3), stage.Start, 0);
        await sellers.WinAsync(taxId: null);
        var check = Check.All.First(each => each.Name == "rest");
        var since = _time.GetTimestamp();
        string? says = null;
        while (says is null && _time.GetElapsedTime(since) < TimeSpan.FromMinutes(1))
        {
            await Task.Delay(LookEvery, _time);
            says = (await stage.AskHubsAsync()).Open.FirstOrDefault(open => open.StartsWith("case ", StringComparison.Ordinal));
        }

        return new ProvedCheck("a deal is left that the hubs cannot finish", check.Name, says);
    }
}

/// <summary>A mistake that was made on purpose.</summary>
/// <param name="Says">What its check said; null where it saw nothing.</param>
internal sealed record ProvedCheck(string Mistake, string Check, string? Says);
