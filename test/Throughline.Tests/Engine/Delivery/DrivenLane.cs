using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>One lane over a store in memory and a system whose answers a test gives. The lane steps when a test says so.</summary>
internal sealed class DrivenLane : IAsyncDisposable
{
    public const string System = "erp";

    private static readonly Scope Scope = Scope.Engagement("006A");

    private readonly DeliveryLimits _limits;
    private readonly SemaphoreSlim _woken = new(0);

    public DrivenLane(int concurrency = 4, int perSecond = 1_000, MemoryHubStore? memory = null, ManualClock? clock = null)
    {
        _limits = DeliveryLimits.Default with { Concurrency = concurrency, PerSecond = perSecond };
        Memory = memory ?? new MemoryHubStore();
        Clock = clock ?? new ManualClock(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
        Store = new FaultyLaneStore(Memory);
        Lane = new Lane(
            new SystemDeclaration(System, "fake", Fields.Empty, [], [], _limits, null!), Connector, Store, new InProcessDoorbell(), Circuit, Clock, new Random(1),
            NullLogger<Lane>.Instance)
        {
            Woken = () => _woken.Release(),
        };
    }

    public MemoryHubStore Memory { get; }

    public ManualClock Clock { get; }

    public FaultyLaneStore Store { get; }

    public AnsweringConnector Connector { get; } = new();

    public LaneCircuit Circuit { get; } = new();

    public Lane Lane { get; }

    /// <summary>Decides commands with these names, in this order.</summary>
    public async Task DecideAsync(params string[] names)
    {
        var epoch = await Memory.TakePartitionAsync(Scope.Partition, "test", CancellationToken.None);
        var now = Clock.GetUtcNow();
        await Memory.CommitAsync(
            new PartitionCommit { Partition = Scope.Partition, Epoch = epoch, Commands = [.. names.Select(name => Command(name, now))] }, CancellationToken.None);
        Lane.Ring();
    }

    public Task<int> StepAsync() => Lane.WorkAsync("test", CancellationToken.None);

    /// <summary>Steps whenever the lane is woken, as the hub does, until something is so.</summary>
    public async Task RunUntilAsync(Func<bool> isSo, string what)
    {
        while (true)
        {
            while (await StepAsync() > 0)
            {
                // There may be more.
            }

            if (isSo())
            {
                return;
            }

            await _woken.WaitAsync().Within(what);
        }
    }

    public Command this[string name] => All().Single(command => command.Target == name);

    public int Count(CommandStatus status) => All().Count(command => command.Status == status);

    public async Task<int> ReceiptsAsync() => (await ReceiptPayloadsAsync()).Length;

    public async Task<ReceiptPayload[]> ReceiptPayloadsAsync() =>
    [
        .. (await Memory.ReadEnvelopesAsync(Scope.Partition, 10_000, CancellationToken.None)).Where(envelope => envelope.Kind == EnvelopeKind.Receipt)
            .Select(envelope => ReceiptPayload.From(envelope.Payload)),
    ];

    public ValueTask DisposeAsync()
    {
        Connector.AnswerAll();
        return Lane.DisposeAsync();
    }

    public static string[] Names(string prefix, int count) => [.. Enumerable.Range(0, count).Select(n => prefix + n.ToString(CultureInfo.InvariantCulture))];

    private ImmutableArray<Command> All() => Memory.ListCommandsAsync(Scope, int.MaxValue, CancellationToken.None).Result;

    private static Command Command(string name, DateTimeOffset now) => new(
        CommandId.Derive(name), System, new UnitKey(Scope, ""), name, Scope.ToString(),
        new WriteItem(CommandId.Derive(name).ToString(), "thing", WriteOperation.Create, null, Fields.Of(("name", name)), Fields.Of(("name", name))),
        [], name.StartsWith("urgent", StringComparison.Ordinal) ? 0 : 5, CommandStatus.Waiting, 0, now, now, null, null);
}

/// <summary>A lane store that loses answers where a test says so.</summary>
internal sealed class FaultyLaneStore(ILaneStore store) : ILaneStore
{
    public List<int> Claims { get; } = [];

    public List<int> Questions { get; } = [];

    public int Takes { get; private set; }

    /// <summary>Called after the named method did its work; what it throws loses the answer.</summary>
    public Action<string> After { get; set; } = _ => { };

    public async Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation)
    {
        Takes++;
        return await Then(store.TakeLaneAsync(system, owner, cancellation), nameof(TakeLaneAsync));
    }

    public async Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation)
    {
        var claimed = await store.ClaimCommandsAsync(system, epoch, now, sendBefore, max, cancellation);
        Claims.Add(claimed.Length);
        After(nameof(ClaimCommandsAsync));
        return claimed;
    }

    public async Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation)
    {
        var claimed = await store.ClaimInDoubtAsync(system, epoch, now, abandonedBefore, probeAgainAt, max, cancellation);
        Questions.Add(claimed.Length);
        After(nameof(ClaimInDoubtAsync));
        return claimed;
    }

    /// <summary>Outcomes that no column can keep.</summary>
    public Func<CommandOutcome, bool> Refuses { get; set; } = _ => false;

    /// <summary>With what they are refused.</summary>
    public Func<Exception> Refusal { get; set; } = () => new ArgumentException("an answer cannot be stored");

    public Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
        outcomes.Any(Refuses)
            ? throw Refusal()
            : Then(store.ConcludeAsync(system, epoch, outcomes, cancellation), nameof(ConcludeAsync));

    private async Task<T> Then<T>(Task<T> work, string name)
    {
        var result = await work;
        After(name);
        return result;
    }
}

/// <summary>A system that remembers what it was asked and answers when, and what, a test says. What is not held is done at once.</summary>
internal sealed class AnsweringConnector : IConnector
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource<Failure?>> _held = [];
    private readonly List<(string Name, TaskCompletionSource Begun)> _awaited = [];
    private readonly List<string> _calls = [];
    private int _running;

    /// <summary>What a write that is not held comes to; null is done.</summary>
    public Func<string, Failure?> Outcome { get; set; } = _ => null;

    /// <summary>What is wrong with the system as a whole where it is asked for that alone.</summary>
    public Func<Failure?> Test { get; set; } = () => new Failure.Authentication("refused");

    /// <summary>The id that the system gives to a record.</summary>
    public Func<string, string> IdOf { get; set; } = name => "id-" + name;

    /// <summary>Whether the system has such a record when it is asked.</summary>
    public Func<string, bool> Has { get; set; } = _ => false;

    /// <summary>Whether a further request of the last write could still have begun when its first one was answered.</summary>
    public bool? WasInTime { get; private set; }

    public int Most { get; private set; }

    public Manifest Manifest => throw new NotSupportedException("a lane does not look at it");

    /// <summary>Writes as the name, look-ups as the name with a question mark; in the order in which they began.</summary>
    public string[] Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public int Running
    {
        get
        {
            lock (_gate)
            {
                return _running;
            }
        }
    }

    /// <summary>Calls of these names wait for <see cref="Answer"/>.</summary>
    public void Hold(params string[] names)
    {
        lock (_gate)
        {
            foreach (var name in names)
            {
                _held[name] = new TaskCompletionSource<Failure?>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public void Answer(string name, Failure? failure = null)
    {
        lock (_gate)
        {
            _held.Remove(name, out var held);
            held!.TrySetResult(failure);
        }
    }

    public void AnswerAll()
    {
        lock (_gate)
        {
            foreach (var held in _held.Values)
            {
                held.TrySetResult(null);
            }

            _held.Clear();
        }
    }

    public Task BegunAsync(string name)
    {
        lock (_gate)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_calls.Contains(name))
            {
                begun.SetResult();
            }
            else
            {
                _awaited.Add((name, begun));
            }

            return begun.Task.Within($"the call {name} begins");
        }
    }

    public Task<ConnectionReport> TestAsync(CancellationToken cancellation) => Task.FromResult(new ConnectionReport("asked", Test()));

    public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) => throw new NotSupportedException("nothing is read");

    public async Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation)
    {
        var name = request.Key.Text("name")!;
        var has = Has(name);
        return await CallAsync(name + "?") is { } failure ? throw new ConnectorException(failure)
            : has ? [new SourceRecord("thing", IdOf(name), null, Fields.Empty)]
            : [];
    }

    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        var name = items.Single().Fields.Text("name")!;
        var outcome = await CallAsync(name);
        WasInTime = !CallDeadline.HasPassed;
        return [outcome is { } failure ? Receipt.Failed(failure) : Receipt.Done(IdOf(name))];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<Failure?> CallAsync(string name)
    {
        Task<Failure?> answer;
        lock (_gate)
        {
            _calls.Add(name);
            Most = Math.Max(Most, ++_running);
            answer = _held.TryGetValue(name, out var held) ? held.Task : Task.FromResult(Outcome(name));
            foreach (var (_, begun) in _awaited.Where(item => item.Name == name))
            {
                begun.TrySetResult();
            }
        }

        await Task.Yield();
        var failure = await answer;
        lock (_gate)
        {
            _running--;
        }

        return failure;
    }
}
