using Throughline.Engine.Intake;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>What a sender was told about one of its messages.</summary>
internal sealed record Acknowledgement(string Key, SourceChange Change, IntakeReceipt Receipt);

/// <summary>
/// Webhooks of the CRM and the PSA: each change is sent until it is acknowledged; where they go astray, also twice, late, in another order, or not
/// at all (polling makes good what never came). What polling cannot show is sent until it is acknowledged, however long that takes.
/// </summary>
internal sealed class Senders
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int AttemptsMax = 6;

    private readonly TheWorld _world;
    private readonly Operator _hubs;
    private readonly FaultPlan _plan;
    private readonly Random _chance;
    private readonly Random _time;

    public Senders(TheWorld world, Systems systems, Operator hubs, FaultPlan plan)
    {
        (_world, _hubs, _plan) = (world, hubs, plan);
        _chance = world.Chance("senders");
        _time = world.Chance("senders of time");
        if (plan.HasHooks)
        {
            systems.Crm.Changed = change => Send(change.Sent);
        }

        systems.Time.Changed = change =>
        {
            if (change.IsDeleted && !plan.PsaTellsChanges)
            {
                Post(change.Sent, TimeSpan.FromMilliseconds(_time.Next(2_000)), int.MaxValue);
            }
            else if (plan.HasHooks)
            {
                Send(change.Sent);
            }
        };
    }

    public List<Acknowledgement> Acknowledged { get; } = [];

    /// <summary>Messages that are not yet acknowledged nor given up.</summary>
    public int UnderWay { get; private set; }

    private void Send(SourceChange change)
    {
        if (!_plan.HooksGoAstray)
        {
            Post(change, TimeSpan.FromMilliseconds(_chance.Next(200)));
            return;
        }

        for (var times = _chance.Next(4) switch { 0 => 0, 1 => 2, _ => 1 }; times > 0; times--)
        {
            Post(change, TimeSpan.FromMilliseconds(_chance.Next(_chance.Next(3) == 0 ? 90_000 : 3_000)));
        }
    }

    private void Post(SourceChange change, TimeSpan delay, int attemptsMax = AttemptsMax)
    {
        UnderWay++;
        var key = FormattableString.Invariant($"hook-{change.Record.Entity}-{change.Record.ExternalId}-{change.Version}");
        _world.Later(delay, () => Attempt(change, key, attemptsMax));
    }

    private void Attempt(SourceChange change, string key, int attemptsLeft)
    {
        if (attemptsLeft == 0)
        {
            _world.Trace.Note("sender", $"gives up {key}");
            UnderWay--;
            return;
        }

        var isAnswered = false;
        if (_hubs.Any() is { } hub)
        {
            _ = hub.Room.Begin(async () =>
            {
                var answers = await hub.Hub.Intake.TakeAsync([new IntakeRequest(change.System, change.Record.Entity, key, change.Stamp, change.Record)]);
                // Only what the sender has been told counts as acknowledged.
                _world.Later(TimeSpan.FromMilliseconds(_chance.Next(50)), () =>
                {
                    if (isAnswered || answers[0].Receipt is not { } receipt)
                    {
                        return;
                    }

                    isAnswered = true;
                    UnderWay--;
                    _world.Trace.Note("sender", $"{key}: {receipt.Outcome}");
                    Acknowledged.Add(new Acknowledgement(key, change, receipt));
                });
            });
        }

        _world.Later(Patience, () =>
        {
            if (!isAnswered)
            {
                isAnswered = true;
                Attempt(change, key, attemptsLeft - 1);
            }
        });
    }
}
