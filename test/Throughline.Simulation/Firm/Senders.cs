using Throughline.Engine.Intake;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>What a sender was told about one of its messages.</summary>
internal sealed record Acknowledgement(string Key, CrmChange Change, IntakeReceipt Receipt);

/// <summary>
/// The CRM's webhooks: each change is sent until it is acknowledged; where they go astray, also twice, late, in another order, or not at all
/// (polling makes good what never came).
/// </summary>
internal sealed class Senders
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int AttemptsMax = 6;

    private readonly TheWorld _world;
    private readonly Operator _hubs;
    private readonly FaultPlan _plan;
    private readonly Random _chance;

    public Senders(TheWorld world, Crm crm, Operator hubs, FaultPlan plan)
    {
        (_world, _hubs, _plan) = (world, hubs, plan);
        _chance = world.Chance("senders");
        if (plan.HasHooks)
        {
            crm.Changed = Send;
        }
    }

    public List<Acknowledgement> Acknowledged { get; } = [];

    /// <summary>Messages that are not yet acknowledged nor given up.</summary>
    public int UnderWay { get; private set; }

    private void Send(CrmChange change)
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

    private void Post(CrmChange change, TimeSpan delay)
    {
        UnderWay++;
        var key = FormattableString.Invariant($"hook-{change.Entity}-{change.Id}-{change.Version}");
        _world.Later(delay, () => Attempt(change, key, 1));
    }

    private void Attempt(CrmChange change, string key, int attempt)
    {
        if (attempt > AttemptsMax)
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
                var answers = await hub.Hub.Intake.TakeAsync([new IntakeRequest("crm", change.Entity, key, change.Stamp, change.Record)]);
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
                Attempt(change, key, attempt + 1);
            }
        });
    }
}
