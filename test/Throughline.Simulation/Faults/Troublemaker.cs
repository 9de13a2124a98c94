using Throughline.Model;
using Throughline.Simulation.Firm;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>What goes wrong by the clock rather than at a call: crashes, outages, storms of 429, wrong credentials, clocks, releases.</summary>
internal sealed class Troublemaker(TheWorld world, FaultPlan plan, Network network, Operator hubs)
{
    private static readonly string[] Systems = ["crm", "psa", "erp"];

    // By then the first invoices have been approved.
    private static readonly TimeSpan ComesBackAfter = TimeSpan.FromSeconds(22);

    private readonly Random _chance = world.Chance("trouble");

    /// <summary>Nobody acts and nothing is judged while it is.</summary>
    public bool IsBack { get; private set; }

    public void Begin(TimeSpan busy)
    {
        Some(plan.HasRandomCrashes, 4, busy, () => With(hubs.Crash));
        Some(plan.HasRandomCrashes, 2, busy, () => With(hubs.Pause));
        Some(plan.HasOutages, 3, busy, () => Spell(new Failure.Transient("connection refused"), 90));
        Some(plan.HasStorms, 3, busy, () => Spell(new Failure.Throttled("too many requests", _chance.Next(2) == 0 ? null : TimeSpan.FromSeconds(_chance.Next(10))), 30));
        Some(plan.HasBadCredentials, 1, busy, () => Spell(new Failure.Authentication("the key was withdrawn"), 60));
        Some(plan.HasBadClocks, 3, busy, () => With(Jump));
        Some(plan.HasReleases, 2, busy, Switch);
    }

    /// <summary>Everything works again.</summary>
    public void End()
    {
        plan.IsOver = true;
        foreach (var system in Systems.Where(system => network.StateOf(system) is not null))
        {
            network.Set(system, null);
        }

        hubs.MakeGood();
    }

    /// <summary>Once more, when the month is closed, where the plan says so.</summary>
    public void ComeBack()
    {
        if (!plan.ComesBack)
        {
            return;
        }

        var busy = TimeSpan.FromSeconds(30 + _chance.Next(60));
        world.Later(ComesBackAfter, () =>
        {
            world.Trace.Note("trouble", "comes back");
            (IsBack, plan.IsOver) = (true, false);
            Begin(busy);
        });
        world.Later(ComesBackAfter + busy, () =>
        {
            world.Trace.Note("peace", "the trouble is over once more");
            End();
            IsBack = false;
        });
    }

    private void Some(bool isDrawn, int max, TimeSpan busy, Action act)
    {
        for (var times = isDrawn ? 1 + _chance.Next(max) : 0; times > 0; times--)
        {
            world.Later(busy * _chance.NextDouble(), () =>
            {
                if (!plan.IsOver)
                {
                    act();
                }
            });
        }
    }

    private void With(Action<RunningHub> act)
    {
        if (hubs.Any() is { } hub)
        {
            act(hub);
        }
    }

    private void Spell(Failure state, int secondsMax)
    {
        var system = Systems[_chance.Next(Systems.Length)];
        network.Set(system, state);
        world.Later(TimeSpan.FromSeconds(1 + _chance.Next(secondsMax)), () =>
        {
            if (ReferenceEquals(network.StateOf(system), state))
            {
                network.Set(system, null);
            }
        });
    }

    private void Jump(RunningHub hub)
    {
        hub.Clock.Skew = TimeSpan.FromSeconds(_chance.Next(4) == 0 ? _chance.Next(600) : _chance.Next(240) - 120);
        world.Trace.Note(hub.Room.Name, $"its clock jumps by {hub.Clock.Skew.TotalSeconds:0} s");
    }

    // A release takes effect with a restart.
    private void Switch()
    {
        hubs.Landscape = hubs.Landscape == Landscapes.First ? Landscapes.Second : Landscapes.First;
        world.Trace.Note("operator", $"release {(hubs.Landscape == Landscapes.First ? 1 : 2)}");
        With(hubs.Crash);
    }
}
