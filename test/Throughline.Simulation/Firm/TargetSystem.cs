using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>One write that took effect in a system.</summary>
/// <param name="Content">The record after it; null where it is gone.</param>
internal sealed record Effect(DateTimeOffset At, WriteOperation Operation, string Entity, string Id, string Key, Fields? Content);

/// <summary>
/// A system in memory: tables of documents and a journal of everything that ever took effect. It knows nothing of the hub, and keeps no
/// idempotency keys, as the real ones do not.
/// </summary>
internal abstract class TargetSystem(string name)
{
    private readonly Dictionary<string, SortedDictionary<int, Fields>> _tables = [];
    private int _lastId;

    public string Name => name;

    public List<Effect> Journal { get; } = [];

    /// <summary>Something took effect.</summary>
    public Action<Effect> Happened { get; set; } = _ => { };

    /// <summary>Something was refused.</summary>
    public Action<WriteItem> Objected { get; set; } = _ => { };

    public IEnumerable<(string Id, Fields Fields)> All(string entity) =>
        _tables.GetValueOrDefault(entity)?.Select(pair => (Text(pair.Key), pair.Value)) ?? [];

    public Fields? Find(string entity, string? id) =>
        int.TryParse(id, CultureInfo.InvariantCulture, out var number) && _tables.TryGetValue(entity, out var table) ? table.GetValueOrDefault(number) : null;

    /// <summary>What comes in one call; each item by itself, where the system does not say otherwise.</summary>
    public virtual ImmutableArray<Receipt> Apply(ImmutableArray<WriteItem> items, DateTimeOffset now) => [.. items.Select(item => Apply(item, now))];

    private Receipt Apply(WriteItem item, DateTimeOffset now)
    {
        var known = Find(item.Entity, item.ExternalId);
        if (item.Operation != WriteOperation.Create && known is null)
        {
            return item.Operation == WriteOperation.Undo ? Receipt.Done(item.ExternalId!)
                : Receipt.Failed(new Failure.MissingReference($"{item.Entity} {item.ExternalId} does not exist", item.ExternalId!));
        }

        if (Objection(item, known) is { } objection)
        {
            Objected(item);
            return Receipt.Failed(objection);
        }

        var id = item.ExternalId ?? Text(++_lastId);
        var content = item.Operation switch
        {
            WriteOperation.Create => item.Fields,
            WriteOperation.Update => known!.Merge(item.Fields),
            _ => Remains(item.Entity, id, known!),
        };
        Put(item.Entity, id, content);
        Journal.Add(new Effect(now, item.Operation, item.Entity, id, item.IdempotencyKey, content));
        Happened(Journal[^1]);
        return Receipt.Done(id, answer: content is null ? null : Shown(item.Entity, id, content));
    }

    public ImmutableArray<SourceRecord> Look(FindRequest request) =>
    [
        .. All(request.Entity).Where(row => request.Key.All(pair => pair.Key == FindRequest.IdField ? row.Id == (string?)pair.Value : Holds(row.Fields, pair.Key, pair.Value)))
            .Select(row => new SourceRecord(request.Entity, row.Id, null, row.Fields.Merge(Shown(request.Entity, row.Id, row.Fields)))),
    ];

    /// <summary>Why the system does not take it; null where it does.</summary>
    protected abstract Failure? Objection(WriteItem item, Fields? known);

    /// <summary>What the system adds to a record by itself.</summary>
    protected virtual Fields Shown(string entity, string id, Fields content) => Fields.Empty;

    /// <summary>What is left of a record that is taken back; null where it is gone.</summary>
    protected virtual Fields? Remains(string entity, string id, Fields known) => null;

    protected virtual bool Holds(Fields fields, string name, object? value) => Fields.Of(("v", fields.Get(name))).Equals(Fields.Of(("v", value)));

    protected void Put(string entity, string id, Fields? content)
    {
        var table = _tables.TryGetValue(entity, out var known) ? known : _tables[entity] = [];
        var number = int.Parse(id, CultureInfo.InvariantCulture);
        if (content is null)
        {
            table.Remove(number);
        }
        else
        {
            table[number] = content;
        }
    }

    protected static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);
}
