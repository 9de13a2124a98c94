using System.Collections.Concurrent;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Entries;

/// <summary>What expressions see of the engagement that entries belong to.</summary>
internal sealed class EntryScene
{
    private readonly UnitState _unit;
    private readonly ConcurrentDictionary<(string System, string Entity, string Id), Fields> _known = new();
    private Dictionary<(string System, string Entity, string Id), RecordId>? _ids;

    public EntryScene(Landscape.Landscape landscape, UnitState unit)
    {
        _unit = unit;
        Context = new OutwardContext(unit.RecordsView, null, null, (role, entity, key) => Scene.TargetOf(landscape, unit, role, entity, key)?.ExternalId)
        {
            Answer = (map, key) => Scene.AnswerOf(landscape, unit, map, key),
        };
    }

    public OutwardContext Context { get; }

    /// <summary>
    /// The records that an entry belongs to, by the name of their entity; empty where there is none. An entry names them by the ids of its system.
    /// </summary>
    public Dictionary<string, object?> Beside(EntitySchema schema, string system, Fields attributes)
    {
        var beside = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var entity in VariableNames.ReferencesOf(schema))
        {
            beside[entity] = attributes.Text(entity) is { } id ? RecordOf(system, entity, id) : Missing(entity);
        }

        // A task says which workstream it is part of.
        if (beside.GetValueOrDefault("task") is Fields task && task.Text("workstream") is { } workstream
            && _unit.Records.GetValueOrDefault(new RecordId("workstream", workstream)) is { } found)
        {
            beside["workstream"] = found.View;
        }

        return beside;
    }

    /// <summary>
    /// What an entry names that the engagement does not have, or not yet; null where it has everything. A system may not tell of what kind a record is, so
    /// one id may be named as several, of which it is one.
    /// </summary>
    public (string Entity, string Id)? UnknownOf(EntitySchema schema, string system, Fields attributes)
    {
        var named = VariableNames.ReferencesOf(schema).Select(entity => (Entity: entity, Id: attributes.Text(entity)!)).Where(name => name.Id is not null).ToArray();
        foreach (var (entity, id) in named)
        {
            if (!named.Any(name => name.Id == id && RecordOf(system, name.Entity, id).Text("key") is not null))
            {
                return (entity, id);
            }
        }

        return null;
    }

    private Fields RecordOf(string system, string entity, string id)
    {
        if (_known.TryGetValue((system, entity, id), out var view))
        {
            return view;
        }

        // One record may stand in a system under several maps, each with an id of its own.
        _ids ??= _unit.Targets.Values.Where(target => target.ExternalId is not null)
            .GroupBy(target => (target.System, target.Record.Entity, target.ExternalId!)).ToDictionary(group => group.Key, group => group.First().Record);
        view = _ids.TryGetValue((system, entity, id), out var record) && _unit.Records.TryGetValue(record, out var found) ? found.View : Missing(entity);
        return _known[(system, entity, id)] = view;
    }

    private static Fields Missing(string entity) => VariableNames.Complete(entity, Fields.Of(("key", null)));
}
