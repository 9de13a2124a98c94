using System.Collections.Concurrent;

namespace Throughline.Chaos.Troubles;

/// <summary>One time that a kind struck.</summary>
internal sealed record Strike(Trouble Trouble, string Victim, TimeSpan Began)
{
    /// <summary>Null while it lasts.</summary>
    public TimeSpan? Ended { get; set; }

    public override string ToString() => Trouble.Victims.Length > 1 && !Trouble.TakesAll ? $"{Trouble.Name} ({Victim})" : Trouble.Name;
}

/// <summary>
/// Lets the kinds strike: each once in an order that the seed draws, then each again in another order, up to three at a time, never two on one victim.
/// </summary>
internal sealed class Striker(IReadOnlyList<Trouble> troubles, Random random, TimeProvider time, long start)
{
    private const int AtOnceMax = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<Strike> _strikes = new();
    private readonly List<Task> _running = [];
    private readonly HashSet<string> _struck = [];
    private readonly Lock _gate = new();
    private readonly Deck _deck = new(troubles, random);

    public IReadOnlyList<Strike> Strikes => [.. _strikes];

    /// <summary>Those that last just now.</summary>
    public IReadOnlyList<Strike> Now => [.. _strikes.Where(strike => strike.Ended is null)];

    /// <summary>Those that lasted at any time in the last so many seconds.</summary>
    public IReadOnlyList<Strike> InTheLast(TimeSpan ago)
    {
        var since = time.GetElapsedTime(start) - ago;
        return [.. _strikes.Where(strike => strike.Ended is null || strike.Ended > since)];
    }

    /// <summary>Strikes for so long; returns when the last one is over.</summary>
    public async Task RunAsync(TimeSpan during, CancellationToken cancellation)
    {
        while (time.GetElapsedTime(start) < during)
        {
            cancellation.ThrowIfCancellationRequested();
            // One that cannot begin or end is no fault of the hubs, and nothing can be concluded from what follows.
            foreach (var failed in _running.Where(task => task.IsFaulted))
            {
                await failed;
            }

            _running.RemoveAll(task => task.IsCompleted);
            if (_running.Count < AtOnceMax && Draw() is var (trouble, victims, lasts))
            {
                _running.Add(StrikeAsync(trouble, victims, lasts, during));
                await Task.Delay(Pause(during), time, cancellation);
            }
            else
            {
                await Task.Delay(LookEvery, time, cancellation);
            }
        }

        await Task.WhenAll(_running);
    }

    // A short run shows every kind; in a long one the hubs shall also come to work in between.
    private TimeSpan Pause(TimeSpan during) => TimeSpan.FromSeconds(during < TimeSpan.FromMinutes(10) ? 0.3 + (random.NextDouble() * 2) : 1 + (random.NextDouble() * 4));

    private (Trouble Trouble, string[] Victims, TimeSpan Lasts)? Draw()
    {
        lock (_gate)
        {
            if (_deck.Draw(_struck) is not { } drawn)
            {
                return null;
            }

            _struck.UnionWith(drawn.Victims);
            return drawn;
        }
    }

    private async Task StrikeAsync(Trouble trouble, string[] victims, TimeSpan lasts, TimeSpan during)
    {
        var strike = new Strike(trouble, string.Join(" and ", victims), time.GetElapsedTime(start));
        _strikes.Enqueue(strike);
        await trouble.BeginAsync(victims[0]);
        // None lasts beyond the end of the trouble.
        var left = during - time.GetElapsedTime(start);
        lasts = lasts < left ? lasts : left;
        if (lasts > TimeSpan.Zero)
        {
            await Task.Delay(lasts, time);
        }

        await trouble.EndAsync(victims[0]);
        strike.Ended = time.GetElapsedTime(start);
        lock (_gate)
        {
            _struck.ExceptWith(victims);
        }
    }
}
