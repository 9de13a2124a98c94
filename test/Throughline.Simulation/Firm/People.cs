using Throughline.Conformance.Store;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>
/// Those who settle cases. While there is trouble, hasty ones act at any moment, and hardly with reason; afterwards diligent ones do what each
/// case asks for, until nothing is left that they could do.
/// </summary>
internal sealed class People(TheWorld world, MemoryHubStore store, Operator hubs, FaultPlan plan)
{
    private const string InvoiceReview = "review";
    private const int PatienceMax = 6;

    // What a try does not mend, the next one does not mend either; a hub may have died over the first.
    private const int PatienceForTime = 2;

    private readonly Random _chance = world.Chance("people");
    private readonly Random _looks = world.Chance("a look at invoices");
    private readonly Dictionary<(CaseId Case, string Says), int> _actions = [];

    /// <summary>Engagements and accounts of which somebody rejected something, whether or not it took effect.</summary>
    public HashSet<string> Rejected { get; } = [];

    /// <summary>Engagements of which somebody said that what could not be taken back counts as taken back.</summary>
    public HashSet<string> GivenUp { get; } = [];

    /// <summary>Keys of the invoices of which somebody said that what the ERP does not take back counts as taken back.</summary>
    public HashSet<string> GivenUpInvoices { get; } = [];

    public int UnderWay { get; private set; }

    public void Begin(TimeSpan busy)
    {
        for (var at = TimeSpan.Zero; at < busy; at += TimeSpan.FromSeconds(4 + _chance.Next(15)))
        {
            world.Later(at, ActHastily);
        }
    }

    /// <summary>One round of what the open cases ask for; returns how many were acted on.</summary>
    public int ActDiligently()
    {
        var acted = 0;
        foreach (var item in Open())
        {
            // A case about time goes on as long as there is any; it says another thing when it is about other time.
            var (key, most) = item.Kind == "entries" ? ((item.Id, item.Says), PatienceForTime) : ((item.Id, ""), PatienceMax);
            var times = _actions.GetValueOrDefault(key);
            if (times < most && Wanted(item) is { } action)
            {
                _actions[key] = times + 1;
                Act(item, action, "finance.lead");
                acted++;
            }
        }

        return acted;
    }

    private CaseAction? Wanted(Case item) => item.Kind switch
    {
        "approval" when item.Step == InvoiceReview && _looks.Next(6) == 0 => CaseAction.Reject,
        "approval" => CaseAction.Approve,
        "withdrawn" => CaseAction.Reject,
        // What is beyond a cap is a matter of the next drawing.
        "check" or "decision" or "system" or "cap" => null,
        _ when item.Actions.Contains(CaseAction.Retry) => CaseAction.Retry,
        _ => null,
    };

    private void ActHastily()
    {
        var open = Open();
        if (open.Length == 0 || (!plan.HasHastyPeople && open.All(item => item.Kind != "approval")))
        {
            return;
        }

        var item = plan.HasHastyPeople ? open[_chance.Next(open.Length)] : open.First(item => item.Kind == "approval");
        var action = !plan.HasHastyPeople ? CaseAction.Approve
            : item.Actions.Contains(CaseAction.Reject) && _chance.Next(12) == 0 ? CaseAction.Reject
            : item.Actions[_chance.Next(item.Actions.Length)] is var any && any == CaseAction.Reject ? item.Actions[0] : any;
        Act(item, action, _chance.Next(5) == 0 ? "005SELLER" : "finance.lead");
    }

    // By what it says, since its id may be drawn by the machine.
    private Case[] Open() =>
        [.. store.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: 500), CancellationToken.None).Result
            .OrderBy(item => item.OpenedAt).ThenBy(item => item.Says, StringComparer.Ordinal).ThenBy(item => item.Unit.ToString(), StringComparer.Ordinal)];

    private void Act(Case item, CaseAction action, string by)
    {
        if (hubs.Any() is not { } hub)
        {
            return;
        }

        world.Trace.Note("person", $"{by}: {action} '{item.Kind}' of {item.Unit.Scope} {item.Unit.Unit}: {item.Says}");
        if (action == CaseAction.Reject && InvoiceOf(item) is { } invoice)
        {
            // The sale itself goes on as it is.
            GivenUpInvoices.UnionWith(item.Kind == "undo" ? [invoice] : []);
        }
        else if (action == CaseAction.Reject)
        {
            GivenUp.UnionWith(item.Kind == "undo" ? [item.Unit.Scope.Key] : []);
            Rejected.Add(item.Unit.Unit.Length > 0 ? item.Unit.Unit : item.Unit.Scope.Key);
        }

        UnderWay++;
        world.Later(TimeSpan.FromSeconds(15), () => UnderWay--);
        _ = hub.Room.Begin(() => hub.Hub.ActOnCaseAsync(item.Id, action, by, "as the story wants it", hub.Clock, CancellationToken.None));
    }

    private string? InvoiceOf(Case item) => item.Instance is { } id
        && UnitRows.Read(item.Unit, store.LoadUnitsAsync([item.Unit], CancellationToken.None).Result).Instances.GetValueOrDefault(id)
            is { Process: "billing" or "crediting" or "collection" } instance ? instance.Subject.Key : null;
}
