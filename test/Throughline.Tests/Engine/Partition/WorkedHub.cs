using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Throughline.Conformance;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>Partition workers on the demo landscape over a store in memory that can fail. Nothing runs by itself: a test says what is worked, and when.</summary>
internal sealed class WorkedHub
{
    private static readonly Lazy<Throughline.Landscape.Landscape> Demo = new(() => Read(null));

    private readonly DefinitionLibrary _definitions = new();
    private readonly DecisionCatalog _decisions;
    private readonly RecordingBell _bell = new();
    private int _number;

    public WorkedHub(MemoryHubStore? memory = null, DecisionCatalog? decisions = null)
    {
        _decisions = decisions ?? ProcessCatalog.Decisions;
        Memory = memory ?? new MemoryHubStore();
        Store = new FaultyStore(Memory);
        Append = item => Memory.AppendAsync([item], CancellationToken.None);
        Release = new ReleaseHolder(Demo.Value);
        Add(Demo.Value);
        Worker = NewWorker();
    }

    public MemoryHubStore Memory { get; }

    public FaultyStore Store { get; }

    /// <summary>How envelopes come in.</summary>
    public Func<IntakeItem, Task> Append { get; set; }

    public ReleaseHolder Release { get; }

    public ManualClock Clock { get; } = new(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    public PartitionWorker Worker { get; private set; }

    /// <summary>What the worker wrote into its log, with the text of the exception.</summary>
    public List<string> Log { get; } = [];

    public ISet<int> Rung => _bell.Rung;

    /// <summary>A worker that knows nothing, as after a restart.</summary>
    public void Restart() => Worker = NewWorker();

    public void ReleaseLandscape(Func<string, string> leadToProject)
    {
        Release.Landscape = Read(leadToProject);
        Add(Release.Landscape);
    }

    public Task<Envelope> SendAsync(SourceRecord record)
    {
        var placement = Placement.Of(Release.Landscape, "crm", record);
        Assert.Null(placement.Problem);
        return SendAsync(placement.Scope, placement.Unit, EnvelopeKind.SourceRecord, SourcePayload.Write("crm", record, null));
    }

    public async Task<Envelope> SendAsync(Scope scope, string unit, EnvelopeKind kind, Fields payload)
    {
        var key = (++_number).ToString(CultureInfo.InvariantCulture);
        var id = new EnvelopeId(CommandId.Derive("sent", key).Value);
        var content = new NewEnvelope(id, scope, unit, kind, payload, scope.ToString(), null, Clock.GetUtcNow(), Clock.GetUtcNow());
        await Append(new IntakeItem("test", "any", key, null, content));
        return new Envelope(content, 0);
    }

    /// <summary>An envelope that no decision survives.</summary>
    public Task<Envelope> SendPoisonAsync(Scope scope) =>
        SendAsync(scope, "", EnvelopeKind.Change, Fields.Of(("system", "crm"), ("attributes", Fields.Of(("name", "x"))), ("key", "x")));

    public Task<Envelope> ActAsync(CaseId item, UnitKey unit, CaseAction action) => SendAsync(unit.Scope, unit.Unit, EnvelopeKind.PersonAction, Fields.Of(
        ("case", item.ToString()), ("action", action.ToString()), ("by", "anna"), ("reason", "because")));

    public Task<Envelope> ActAsync(Case item, CaseAction action) => ActAsync(item.Id, item.Unit, action);

    public Task<Envelope> AnswerAsync(Command command, TargetFailure? failure = null)
    {
        var isUndo = command.Item.Operation == WriteOperation.Undo;
        var id = failure is not null ? null : command.Item.ExternalId ?? "X" + command.Id;
        return SendAsync(command.Unit.Scope, command.Unit.Unit, EnvelopeKind.Receipt,
            new ReceiptPayload(command.Id, command.Target, isUndo, id, Fields.Empty, false, false, failure).ToFields());
    }

    public Task<int> WorkAsync(params ImmutableArray<int> partitions) => Worker.WorkAsync(partitions, "test", CancellationToken.None);

    /// <summary>Works until nothing waits; what failed is found by the next look, as in the running hub.</summary>
    public async Task DrainAsync()
    {
        for (var look = 0; look < 200; look++)
        {
            var partitions = await Memory.PartitionsWithWorkAsync(CancellationToken.None);
            if (partitions.IsEmpty)
            {
                return;
            }

            try
            {
                await WorkAsync(partitions);
            }
            catch (Exception e) when (e is StoreUnavailableException or FencedException)
            {
                // Done again by the next look.
            }
        }

        Assert.Fail("after 200 looks there is still work: something goes round in circles");
    }

    public async Task<ImmutableArray<Case>> OpenCasesAsync() =>
        [.. (await Memory.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: 1_000), CancellationToken.None)).OrderBy(item => item.Id.ToString(), StringComparer.Ordinal)];

    public Task<ImmutableArray<ParkedEnvelope>> ParkedAsync() => Memory.ListParkedAsync(null, 1_000, CancellationToken.None);

    public async Task<UnitState> UnitAsync(UnitKey key) => UnitRows.Read(key, await Memory.LoadUnitsAsync([key], CancellationToken.None));

    public async Task<CanonicalRecord?> SaleAsync(string id) =>
        (await UnitAsync(new UnitKey(Scope.Engagement(id), ""))).Records.GetValueOrDefault(new RecordId("opportunity", id));

    public async Task<string[]> StoryAsync(Scope scope) =>
    [
        .. (await Memory.ReadLineageAsync(scope.ToString(), 0, 10_000, CancellationToken.None)).Where(entry => entry.Scope == scope)
            .Select(entry => entry.Kind + ": " + entry.Text),
    ];

    /// <summary>All that is known of some scopes, as text, for comparing two hubs.</summary>
    public async Task<string> EverythingAsync(IEnumerable<Scope> scopes)
    {
        var lines = new List<string>();
        foreach (var scope in scopes)
        {
            lines.AddRange((await Memory.LoadScopeAsync(scope, CancellationToken.None)).Select(row => $"{scope} {row.Unit.Unit} {row.Kind} {row.Id} {row.Data!.Fingerprint()}")
                .Order(StringComparer.Ordinal));
            lines.AddRange((await Memory.ListCommandsAsync(scope, int.MaxValue, CancellationToken.None)).Select(command =>
                $"{command.Id} {command.Target} {command.Status} {command.Item.Operation} {command.Item.ExternalId} {command.Item.Fields.Fingerprint()}")
                .Order(StringComparer.Ordinal));
            lines.AddRange(await StoryAsync(scope));
        }

        lines.AddRange((await ParkedAsync()).Select(item => $"parked {item.Envelope.Id} {item.Reason}"));
        return string.Join('\n', lines);
    }

    private PartitionWorker NewWorker() =>
        new(Store, Release, _decisions, _definitions, _bell, Clock, new RecordingLog(Log));

    private void Add(Throughline.Landscape.Landscape landscape)
    {
        foreach (var definition in landscape.Processes.Values)
        {
            _definitions.Add(definition);
        }
    }

    private static Throughline.Landscape.Landscape Read(Func<string, string>? leadToProject)
    {
        const string Name = "lead-to-project";
        var definitions = new Dictionary<string, string>(ProcessCatalog.Definitions, StringComparer.Ordinal);
        definitions[Name] = leadToProject?.Invoke(definitions[Name]) ?? definitions[Name];
        var result = LandscapeReader.Read(
            Path.Combine(RepositoryFolder.Find(), "landscapes", "demo"), [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], definitions,
            ProcessCatalog.Decisions.Names, _ => "https://system.example");
        return result.Landscape ?? throw new InvalidOperationException(string.Join('\n', result.Problems));
    }

    private sealed class RecordingLog(List<string> lines) : ILogger<PartitionWorker>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add($"{formatter(state, exception)}: {exception?.Message}");
    }

    private sealed class RecordingBell : IDoorbell
    {
        public HashSet<int> Rung { get; } = [];

        public void Ring(int partition) => Rung.Add(partition);

        public ValueTask<ImmutableArray<int>> NextAsync(int max, CancellationToken cancellation) => throw new NotSupportedException("tests work partitions themselves");

        public void Answered(int partition)
        {
        }
    }
}
