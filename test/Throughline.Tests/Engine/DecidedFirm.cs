using Throughline.Conformance;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;
using Xunit;

namespace Throughline.Tests.Engine;

/// <summary>
/// The decisions of the hub alone, on the demo landscape: no store, no network, a clock that a test moves. What systems answer, and when, the
/// test says. After each decision the state goes through its rows, as after a restart.
/// </summary>
internal sealed class DecidedFirm
{
    private readonly Queue<Envelope> _queue = new();
    private readonly Dictionary<UnitKey, UnitState> _units = [];
    private readonly Dictionary<(UnitKey, string), TimerRow> _timers = [];
    private readonly List<Command> _open = [];
    private DecideContext _context;
    private long _number;

    public DecidedFirm(Func<string, string>? leadToProject = null, Func<string, string>? onboarding = null) => _context = ContextOf(leadToProject, onboarding);

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    public List<Command> Commands { get; } = [];

    public List<PublishedEvent> Events { get; } = [];

    public List<string> Story { get; } = [];

    public List<LineageEntry> Lineage { get; } = [];

    /// <summary>Cases that were closed, as they were then.</summary>
    public List<Case> Closed { get; } = [];

    public List<CrosswalkRow> Crosswalk { get; } = [];

    /// <summary>Envelopes that are lost on the way, for waits that never end.</summary>
    public Func<NewEnvelope, bool> Loses { get; set; } = _ => false;

    public Throughline.Landscape.Landscape Landscape => _context.Landscape;

    public IEnumerable<Case> Cases => _units.Values.SelectMany(unit => unit.Cases.Values);

    public UnitState Engagement(string key) => Unit(new UnitKey(Scope.Engagement(key), ""));

    public UnitState Unit(UnitKey key) => _units.GetValueOrDefault(key) ?? UnitState.Empty(key);

    public Instance? Instance(string engagement, string subject) =>
        Engagement(engagement).Instances.Values.FirstOrDefault(instance => instance.Subject.Key == subject);

    /// <summary>Another release from now on, as after a restart: of the old one nothing is known any more.</summary>
    public void Release(Func<string, string> leadToProject) => _context = ContextOf(leadToProject);

    public void ReleaseWithout(string process) =>
        _context = _context with
        {
            Landscape = _context.Landscape with
            {
                Processes = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(_context.Landscape.Processes.Where(pair => pair.Key != process)),
            },
            Definitions = new DefinitionLibrary(),
        };

    /// <summary>A record comes in from the CRM, or several at the same moment, and everything that follows from it within the hub happens.</summary>
    public void Receive(params ReadOnlySpan<SourceRecord> together)
    {
        foreach (var record in together)
        {
            Take(record, isSent: false);
        }

        Run();
    }

    /// <summary>As <see cref="Receive"/>, by a webhook.</summary>
    public void BeSent(SourceRecord record)
    {
        Take(record, isSent: true);
        Run();
    }

    private void Take(SourceRecord record, bool isSent)
    {
        var placement = Placement.Of(_context.Landscape, "crm", record);
        Assert.Null(placement.Problem);
        var payload = SourcePayload.Write("crm", record, null);
        Append(placement.Scope, placement.Unit, EnvelopeKind.SourceRecord, isSent ? payload.With(PayloadNames.Sent, true) : payload, placement.Scope.ToString());
    }

    /// <param name="isRefused">The desk refused it at once.</param>
    public void Act(Case item, CaseAction action, string by, bool isRefused = false)
    {
        Append(item.Unit.Scope, item.Unit.Unit, EnvelopeKind.PersonAction, Fields.Of(
            ("case", item.Id.ToString()), ("action", action.ToString()), ("by", by), ("reason", "because"), ("refused", isRefused)), item.CorrelationId);
        Run();
    }

    /// <summary>Every system takes every command that a test lets through, until nothing more follows.</summary>
    public void AnswerAll(Func<Command, bool>? which = null)
    {
        while (_open.FirstOrDefault(which ?? (_ => true)) is { } command)
        {
            Answer(command, null);
        }
    }

    public void Answer(Command command, TargetFailure? failure)
    {
        _open.Remove(command);
        var isUndo = command.Item.Operation == WriteOperation.Undo;
        var receipt = new ReceiptPayload(
            command.Id, command.Target, isUndo, failure is null ? command.Item.ExternalId ?? "X" + Commands.IndexOf(command) : null, Fields.Empty, false, false, failure);
        Append(command.Unit.Scope, command.Unit.Unit, EnvelopeKind.Receipt, receipt.ToFields(), command.CorrelationId);
        Run();
    }

    /// <summary>Moves the clock from one due time to the next.</summary>
    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        while (_timers.Values.Where(timer => timer.Due <= end).OrderBy(timer => timer.Due).FirstOrDefault() is { } due)
        {
            Now = due.Due!.Value;
            _timers.Remove((due.Unit, due.Id));
            Append(due.Unit.Scope, due.Unit.Unit, EnvelopeKind.Timer, due.Payload, due.CorrelationId);
            Run();
        }

        Now = end;
    }

    private void Append(Scope scope, string unit, EnvelopeKind kind, Fields payload, string correlationId) =>
        Append(new NewEnvelope(new EnvelopeId(CommandId.Derive("test", (++_number).ToString(System.Globalization.CultureInfo.InvariantCulture)).Value),
            scope, unit, kind, payload, correlationId, null, Now, Now));

    private void Append(NewEnvelope envelope)
    {
        if (!Loses(envelope))
        {
            _queue.Enqueue(new Envelope(envelope, ++_number));
        }
    }

    private void Run()
    {
        while (_queue.TryDequeue(out var envelope))
        {
            Decide(envelope);
        }
    }

    private void Decide(Envelope envelope)
    {
        var key = new UnitKey(envelope.Scope, envelope.Content.Unit);
        var turn = new Turn(Unit(key), envelope, _context, Now);
        Decider.Decide(turn, Prepare(envelope));
        _units[key] = UnitRows.Read(key, UnitRows.Difference(UnitState.Empty(key), turn.State));
        foreach (var timer in turn.Timers)
        {
            _timers.Remove((timer.Unit, timer.Id));
            if (timer.Due is not null)
            {
                _timers[(timer.Unit, timer.Id)] = timer;
            }
        }

        Commands.AddRange(turn.Commands);
        _open.AddRange(turn.Commands);
        Events.AddRange(turn.Events);
        Crosswalk.AddRange(turn.Crosswalk);
        Story.AddRange(turn.Lineage.Select(entry => entry.Text));
        Lineage.AddRange(turn.Lineage);
        Closed.AddRange(turn.Cases.Where(item => item.Status != CaseStatus.Open));
        turn.Messages.ForEach(Append);
    }

    private PreparedEnvelope Prepare(Envelope envelope)
    {
        if (envelope.Kind != EnvelopeKind.SourceRecord)
        {
            return new PreparedEnvelope(envelope, null, null, null);
        }

        var (system, record) = SourcePayload.Read(envelope.Payload);
        var map = _context.Landscape.InwardMap(system, record.Entity)!;
        var inward = MapRunner.Inward(map, record, _context.Landscape);
        Assert.Null(inward.Failure);
        return new PreparedEnvelope(envelope, map.To, inward, SameAs(envelope, map.To, inward));
    }

    private string? SameAs(Envelope envelope, string entity, InwardResult inward) => entity != "customer" ? null : _units.Values.FirstOrDefault(unit =>
        unit.Key.Scope == envelope.Scope && unit.Key.Unit != envelope.Content.Unit && unit.MergedInto is null
        && unit.Of(entity).Any(record => record.Attributes.Text("taxId") == inward.Attributes.Text("taxId")))?.Key.Unit;

    private static DecideContext ContextOf(Func<string, string>? leadToProject, Func<string, string>? onboarding = null)
    {
        const string Name = "lead-to-project";
        const string Onboarding = "customer-onboarding";
        var definitions = new Dictionary<string, string>(ProcessCatalog.Definitions, StringComparer.Ordinal);
        definitions[Name] = leadToProject?.Invoke(definitions[Name]) ?? definitions[Name];
        definitions[Onboarding] = onboarding?.Invoke(definitions[Onboarding]) ?? definitions[Onboarding];
        var result = LandscapeReader.Read(
            Path.Combine(RepositoryFolder.Find(), "landscapes", "demo"), [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], definitions,
            ProcessCatalog.Decisions.Names, _ => "https://system.example");
        var landscape = result.Landscape ?? throw new InvalidOperationException(string.Join('\n', result.Problems));
        var library = new DefinitionLibrary();
        foreach (var definition in landscape.Processes.Values)
        {
            library.Add(definition);
        }

        return new DecideContext(landscape, ProcessCatalog.Decisions, library);
    }
}
