using System.Collections.Immutable;
using System.Text;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Cluster;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Ledger;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

/// <summary>
/// The port in plain lists under one lock: the model that the SQL stores are compared with, and the store of the simulation. It shares
/// no code with them. What is here is lost with the object; <see cref="Reopen"/> plays a restart.
/// </summary>
public sealed partial class MemoryHubStore : IHubStore, IClusterStore
{
    private readonly Lock _lock;
    private readonly Data _data;

    public MemoryHubStore()
        : this(new Data(), new Lock())
    {
    }

    private MemoryHubStore(Data data, Lock shared) => (_data, _lock) = (data, shared);

    public string Description => "memory";

    /// <summary>Another store object over the same data, as another process would have it.</summary>
    public MemoryHubStore Reopen() => new(_data, _lock) { Clock = Clock };

    public Task MigrateAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) => Do(() =>
    {
        foreach (var item in items)
        {
            Check(item.System, item.Entity, item.Key);
            Check(item.Envelope);
        }

        return items.Select(Take).ToImmutableArray();
    });

    public Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation) => Do(() =>
    {
        var old = _data.Keys.Where(key => key.Value.Received < At(before)).OrderBy(key => key.Value.Received).Take(max).Select(key => key.Key).ToList();
        old.ForEach(key => _data.Keys.Remove(key));
        return old.Count;
    });

    public Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) => Do(() =>
    {
        Check(owner);
        _data.Heads[partition].Owner = owner;
        return ++_data.Heads[partition].Epoch;
    });

    public Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation) => Do(() =>
        Enumerable.Range(0, Scope.PartitionCount).Where(partition => Waiting(partition).Any()).ToImmutableArray());

    public Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) => Do(() =>
        partitions.SelectMany(partition => Waiting(partition).Take(maxEach)).ToImmutableArray());

    public Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation) => Do(() =>
        lookups.SelectMany(lookup => Find(lookup).Select(unit => new FoundUnit(lookup, unit))).ToImmutableArray());

    public Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) => Do(() =>
        units.Distinct()
            .SelectMany(unit => _data.RowsOf(unit).Values.OrderBy(row => row.Kind).ThenBy(row => row.Id, ByBytes))
            .ToImmutableArray());

    public Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Do(() =>
    {
        var claimed = new Dictionary<(string, string, string, string), CrosswalkRow>();
        foreach (var commit in commits)
        {
            Check(commit);
            CheckCommands(commit);
            Claim(commit, claimed);
        }

        foreach (var commit in commits)
        {
            CheckHead(commit);
            foreach (var lane in commit.Lanes)
            {
                FenceLane(lane.System, lane.Epoch);
            }
        }

        foreach (var (key, row) in claimed)
        {
            _data.Crosswalk[key] = row;
        }

        foreach (var commit in commits)
        {
            Apply(commit);
            var head = _data.Heads[commit.Partition];
            head.Control = Math.Max(head.Control, commit.ControlCursor ?? 0);
            head.Intake = Math.Max(head.Intake, commit.IntakeCursor ?? 0);
        }

        foreach (var message in commits.SelectMany(commit => commit.Messages))
        {
            Append(message, message.Stream);
        }

        return true;
    });

    private void Claim(PartitionCommit commit, Dictionary<(string, string, string, string), CrosswalkRow> claimed)
    {
        foreach (var row in commit.Crosswalk)
        {
            var owner = _data.Crosswalk.GetValueOrDefault(KeyOf(row)) ?? claimed.GetValueOrDefault(KeyOf(row));
            if (owner is not null && owner != row)
            {
                throw new CrosswalkConflictException(row);
            }

            claimed[KeyOf(row)] = row;
        }
    }

    private void CheckHead(PartitionCommit commit)
    {
        if (_data.Heads[commit.Partition].Epoch != commit.Epoch)
        {
            throw new FencedException($"partition {commit.Partition} has another writer");
        }

        if (IsBeyondEnd(commit.ControlCursor, EnvelopeStream.Control) || IsBeyondEnd(commit.IntakeCursor, EnvelopeStream.Intake))
        {
            throw new InvalidOperationException("a cursor points beyond the end of its stream");
        }

        bool IsBeyondEnd(long? cursor, EnvelopeStream stream) => cursor > _data.Streams[commit.Partition, (int)stream].Count;
    }

    public Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) => Do(() =>
        _data.Parked.Where(item => units.Contains(new UnitKey(item.Envelope.Scope, item.Envelope.Content.Unit))).ToImmutableArray());

    private static (string, string, string, string) KeyOf(CrosswalkRow row) => (row.Unit.Scope.Kind, row.System, row.Entity, row.ExternalId);

    private IntakeReceipt Take(IntakeItem item)
    {
        if (_data.Keys.TryAdd((item.System, item.Entity, item.Key), (item.Fingerprint, item.Envelope.Id, At(item.Envelope.ReceivedAt))))
        {
            Append(item.Envelope, item.Envelope.Stream);
            return new IntakeReceipt(item.Key, IntakeOutcome.Accepted, item.Envelope.Id, item.Envelope.Scope.Partition);
        }

        var (fingerprint, first, _) = _data.Keys[(item.System, item.Entity, item.Key)];
        var isConflict = fingerprint is not null && item.Fingerprint is not null && fingerprint != item.Fingerprint;
        return new IntakeReceipt(
            item.Key, isConflict ? IntakeOutcome.Conflict : IntakeOutcome.Duplicate, first, -1, isConflict ? fingerprint : null);
    }

    private IEnumerable<Envelope> Waiting(int partition) =>
        // Number n stands at place n - 1.
        _data.Streams[partition, (int)EnvelopeStream.Control].Skip((int)_data.Heads[partition].Control)
            .Concat(_data.Streams[partition, (int)EnvelopeStream.Intake].Skip((int)_data.Heads[partition].Intake));

    private IEnumerable<string> Find(UnitLookup lookup) => lookup.System == UnitLookup.MatchSystem
        ? _data.Matches.Where(row => row.Scope == lookup.Scope && row.Entity == lookup.Entity && row.Key == lookup.Key)
            .Select(row => row.Unit).Order(ByBytes)
        : _data.Crosswalk.TryGetValue((lookup.Scope.Kind, lookup.System, lookup.Entity, lookup.Key), out var found) && found.Unit.Scope == lookup.Scope
            ? [found.Unit.Unit]
            : [];

    private void Append(NewEnvelope envelope, EnvelopeStream stream)
    {
        var list = _data.Streams[envelope.Scope.Partition, (int)stream];
        list.Add(new Envelope(envelope with { OccurredAt = At(envelope.OccurredAt), ReceivedAt = At(envelope.ReceivedAt) }, list.Count + 1) { Stream = stream });
    }

    private void Apply(PartitionCommit commit)
    {
        foreach (var row in commit.State)
        {
            if (row.Data is null)
            {
                _data.RowsOf(row.Unit).Remove((row.Kind, row.Id));
            }
            else
            {
                _data.RowsOf(row.Unit)[(row.Kind, row.Id)] = row;
            }
        }

        _data.Matches.UnionWith(commit.Matches);
        Decide(commit.Commands);

        foreach (var outcome in commit.Outcomes)
        {
            Conclude(outcome, isDecided: true);
        }

        foreach (var timer in commit.Timers)
        {
            _data.Timers.RemoveAll(known => known.Unit == timer.Unit && known.Id == timer.Id);
            if (timer.Due is { } due)
            {
                _data.Timers.Add(timer with { Due = Due(due) });
            }
        }

        foreach (var item in commit.Cases)
        {
            _data.Cases[item.Id] = Stored(item);
        }

        foreach (var instance in commit.Instances)
        {
            _data.Instances[instance.Id] = instance with
            {
                Summary = Prose(instance.Summary)!, StartedAt = At(instance.StartedAt), ChangedAt = At(instance.ChangedAt),
            };
        }

        Park(commit.Parked);
        _data.Parked.RemoveAll(item => commit.Released.Contains(item.Envelope.Id));
        foreach (var item in commit.Events)
        {
            _data.Events.Add(item with { Number = _data.Events.Count + 1, At = At(item.At) });
        }

        Tell(commit.Lineage);
    }

    private void Decide(ImmutableArray<Command> commands)
    {
        foreach (var command in commands.Where(command => !_data.CommandsById.ContainsKey(command.Id)))
        {
            var held = new Held(Stored(command))
            {
                Epoch = command.Status == CommandStatus.Sending ? _data.Lanes[command.System] : 0,
            };
            _data.Commands.Add(held);
            _data.CommandsById.Add(command.Id, held);
        }
    }

    private void Park(ImmutableArray<ParkedEnvelope> parked)
    {
        foreach (var item in parked)
        {
            var place = _data.Parked.FindIndex(known => known.Envelope.Id == item.Envelope.Id);
            if (place >= 0)
            {
                _data.Parked[place] = _data.Parked[place] with { Reason = Prose(item.Reason)!, Due = Due(item.Due) };
                continue;
            }

            var content = item.Envelope.Content;
            _data.Parked.Add(new ParkedEnvelope(
                item.Envelope with { Content = content with { OccurredAt = At(content.OccurredAt), ReceivedAt = At(content.ReceivedAt) } },
                Prose(item.Reason)!,
                Due(item.Due)));
        }
    }

    private void Tell(IEnumerable<LineageEntry> entries)
    {
        foreach (var entry in entries)
        {
            _data.Lineage.Add(entry with { Number = _data.Lineage.Count + 1, At = At(entry.At), Text = Prose(entry.Text)! });
        }
    }

    private Task<T> Do<T>(Func<T> work)
    {
        lock (_lock)
        {
            try
            {
                return Task.FromResult(work());
            }
            catch (Exception failure)
            {
                return Task.FromException<T>(failure);
            }
        }
    }

    /// <summary>Text sorts as its UTF-8 bytes do.</summary>
    private static readonly Comparer<string> ByBytes =
        Comparer<string>.Create((left, right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right)));

    private sealed class Head
    {
        public string Owner { get; set; } = "";

        public long Epoch { get; set; }

        public long Control { get; set; }

        public long Intake { get; set; }

        public long Entries { get; set; }
    }

    private sealed class Held(Command content)
    {
        public Command Content { get; set; } = content;

        public long Epoch { get; set; }

        public string? Answer { get; set; }
    }

    private sealed class Data
    {
        public Head[] Heads { get; } = [.. Enumerable.Range(0, Scope.PartitionCount).Select(_ => new Head())];

        public Dictionary<EntryId, EntryRow> Entries { get; } = [];

        public Dictionary<(EntryId Line, int Number), LedgerTransaction> Ledger { get; } = [];

        public Dictionary<string, Invoice> Invoices { get; } = new(StringComparer.Ordinal);

        public Dictionary<(string Invoice, EntryId Entry), InvoiceLine> InvoiceLines { get; } = [];

        public List<Envelope>[,] Streams { get; } = NewStreams();

        public Dictionary<(string System, string Entity, string Key), (string? Fingerprint, EnvelopeId First, DateTimeOffset Received)> Keys { get; } = [];

        public Dictionary<UnitKey, Dictionary<(StateKind Kind, string Id), StateRow>> State { get; } = [];

        public Dictionary<(string ScopeKind, string System, string Entity, string ExternalId), CrosswalkRow> Crosswalk { get; } = [];

        public HashSet<MatchRow> Matches { get; } = [];

        /// <summary>In the order in which they were decided.</summary>
        public List<Held> Commands { get; } = [];

        public Dictionary<CommandId, Held> CommandsById { get; } = [];

        public Dictionary<string, long> Lanes { get; } = [];

        public Dictionary<string, (string Hub, long Token, DateTimeOffset ValidUntil)> Drivers { get; } = [];

        public Dictionary<string, (string Release, DateTimeOffset ValidUntil)> Hubs { get; } = [];

        public List<TimerRow> Timers { get; } = [];

        public Dictionary<CaseId, Case> Cases { get; } = [];

        public Dictionary<InstanceId, InstanceRow> Instances { get; } = [];

        public List<PublishedEvent> Events { get; } = [];

        public List<LineageEntry> Lineage { get; } = [];

        public List<ParkedEnvelope> Parked { get; } = [];

        public Dictionary<(string System, string Entity), string> Cursors { get; } = [];

        public Dictionary<(StateKind Kind, string Id), StateRow> RowsOf(UnitKey unit) =>
            State.TryGetValue(unit, out var rows) ? rows : State[unit] = [];

        private static List<Envelope>[,] NewStreams()
        {
            var streams = new List<Envelope>[Scope.PartitionCount, 3];
            for (var partition = 0; partition < Scope.PartitionCount; partition++)
            {
                (streams[partition, 0], streams[partition, 1], streams[partition, 2]) = ([], [], []);
            }

            return streams;
        }
    }
}
