using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Row = System.Collections.Immutable.ImmutableDictionary<string, object?>;

namespace Throughline.Sandbox.Tryton;

/// <summary>The records of all models and the rules under which they change. Every call is one transaction: on an error nothing of it stays.</summary>
internal sealed class TrytonStore(TimeProvider time)
{
    private readonly Dictionary<string, IndexedTable<long, Row>> _tables = [];
    private readonly Dictionary<string, long> _lastIds = [];
    private readonly List<(string Model, long Id, Row? Before)> _undo = [];
    private DateTime _stamp;
    private DateTime _lastStamp;

    public Dictionary<string, TrytonModel> Models { get; } = new(TrytonSchema.Build());

    /// <summary>The least id for what is made from now on.</summary>
    public long FirstId { get; set; } = 1;

    public DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    public TrytonModel Model(string name) => Models.TryGetValue(name, out var model) ? model : throw TrytonError.Key(name);

    /// <summary>Carries out one call; its stamp is the time at which it began, and no two calls share one.</summary>
    public T InTransaction<T>(Func<T> call)
    {
        var now = time.GetUtcNow().UtcDateTime;
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        _stamp = now > _lastStamp ? now : _lastStamp.AddMicroseconds(1);
        _lastStamp = _stamp;
        _undo.Clear();
        try
        {
            return call();
        }
        catch
        {
            // Ids that were given out are not given out again, as with a database's sequence.
            for (var at = _undo.Count - 1; at >= 0; at--)
            {
                Table(_undo[at].Model).Put(_undo[at].Id, _undo[at].Before);
            }

            throw;
        }
    }

    public IndexedTable<long, Row> Table(string model) => _tables.TryGetValue(model, out var table) ? table
        : _tables[model] = new(Comparer<long>.Default, (id, row, field) => field == "id" ? id : row.GetValueOrDefault(field));

    /// <summary>The records whose stored field has a value, in the order of their ids.</summary>
    public long[] With(string model, string field, object? value) => [.. Table(model).With(field, value)];

    public bool Exists(string model, long id) => Table(model).Find(id) is not null;

    public object? Stored(string model, long id, string field) => Table(model).Find(id)?.GetValueOrDefault(field);

    public long Create(string modelName, JsonObject values, JsonObject context)
    {
        var model = Model(modelName);
        var id = Math.Max(_lastIds.GetValueOrDefault(modelName) + 1, FirstId);
        _lastIds[modelName] = id;
        TrytonAccounting.BeforeCreate(this, model, values);
        Put(modelName, id, TrytonRules.Defaults(this, model, id, context).SetItem("create_date", _stamp).SetItem("write_date", null));
        Apply(model, id, values, context);
        TrytonRules.AfterCreate(this, model, id, context, _stamp);
        Check(model, id);
        return id;
    }

    public void Write(string modelName, long[] ids, JsonObject values, JsonObject context)
    {
        var model = Model(modelName);
        foreach (var id in ids)
        {
            MustExist(model, id, "write to");
            TrytonRules.BeforeWrite(this, model, id);
            TrytonAccounting.BeforeWrite(this, model, id, values);
            Put(modelName, id, Table(modelName).Find(id)!.SetItem("write_date", _stamp));
            Apply(model, id, values, context);
        }

        foreach (var id in ids)
        {
            TrytonAccounting.AfterWrite(this, model, id, context);
            Check(model, id);
        }
    }

    public void Delete(string modelName, long[] ids)
    {
        var model = Model(modelName);
        foreach (var id in ids)
        {
            if (!Exists(modelName, id))
            {
                throw TrytonError.User($"You are trying to read records \"{id}\" of \"{model.Label}\" that don't exist anymore.");
            }

            TrytonRules.BeforeDelete(this, model, id);
        }

        foreach (var id in ids)
        {
            Put(modelName, id, null);
        }
    }

    public void MustExist(TrytonModel model, long id, string verb)
    {
        if (!Exists(model.Name, id))
        {
            throw model.HasCompanyRule
                ? TrytonError.User($"You are not allowed to {verb} records \"{id}\" of \"{model.Label}\" because of at least one of these "
                    + $"rules:\nUser in companies")
                : TrytonError.User($"You are trying to read records \"{id}\" of \"{model.Label}\" that don't exist anymore.");
        }
    }

    /// <summary>Refuses a change of a record whose stamp is not the one the caller knows.</summary>
    public void CheckStamps(string model, IEnumerable<long> ids, JsonObject context)
    {
        if (context["_timestamp"] is not JsonObject stamps)
        {
            return;
        }

        foreach (var id in ids)
        {
            if (stamps[$"{model},{id}"] is { } known && (string?)known != TrytonRules.Stamp(this, model, id))
            {
                throw TrytonError.Concurrency();
            }
        }
    }

    /// <summary>Stamps a record that something else than a write is about to change, unless it is not what the caller knows.</summary>
    public void Touch(string model, long id, JsonObject context)
    {
        CheckStamps(model, [id], context);
        Set(model, id, "write_date", _stamp);
    }

    public void Set(string model, long id, string field, object? value) => Put(model, id, Table(model).Find(id)!.SetItem(field, value));

    private void Put(string model, long id, Row? row)
    {
        _undo.Add((model, id, Table(model).Find(id)));
        Table(model).Put(id, row);
    }

    private void Apply(TrytonModel model, long id, JsonObject values, JsonObject context)
    {
        // Plain fields first, since what the others make of theirs depends on them.
        foreach (var (name, node) in values.OrderBy(pair => model.Field(pair.Key).IsKeptThere ? 3 : pair.Key == "timesheet_available" ? 1
            : pair.Key.StartsWith("timesheet_", StringComparison.Ordinal) ? 2 : 0).ToArray())
        {
            var field = model.Field(name);
            if (field.IsKeptThere)
            {
                Commands(field, id, node, context);
                continue;
            }

            if (field.Type is "many2many")
            {
                Set(model.Name, id, name, Links(model, field, id, node));
                continue;
            }

            var value = TrytonWire.Decode(field, node);
            if (field is { Type: "many2one", Relation: { } relation } && value is long target && !Exists(relation, target))
            {
                throw TrytonError.User(string.Create(CultureInfo.InvariantCulture,
                    $"The value \"{target}\" for field \"{field.Label}\" in \"{model.Label}\" does not exist."));
            }

            if (!TrytonRules.Intercept(this, model, id, name, value, context))
            {
                Set(model.Name, id, name, value);
            }
        }
    }

    private long[] Links(TrytonModel model, TrytonField field, long id, JsonNode? node)
    {
        var links = new List<long>(Stored(model.Name, id, field.Name) as long[] ?? []);
        foreach (var command in (node as JsonArray ?? []).OfType<JsonArray>())
        {
            var ids = Ids(command[1]);
            if (ids.Where(target => !Exists(field.Relation!, target)).Select(target => (long?)target).FirstOrDefault() is { } missing)
            {
                var related = Model(field.Relation!).Label;
                throw TrytonError.User(string.Create(CultureInfo.InvariantCulture,
                    $"The value \"{missing}\" for field \"{related}\" in \"{model.Label} - {related}\" does not exist."));
            }

            links.RemoveAll(ids.Contains);
            links.AddRange((string?)command[0] == "add" ? ids : []);
        }

        return [.. links];
    }

    private void Commands(TrytonField field, long parent, JsonNode? node, JsonObject context)
    {
        if (node is not JsonArray commands || field is not { Relation: { } relation, RelationField: { } back })
        {
            throw TrytonError.Unexpected("too many values to unpack (expected 2)");
        }

        foreach (var command in commands.OfType<JsonArray>())
        {
            switch ((string?)command[0])
            {
                case "create":
                    foreach (var child in command[1]!.AsArray())
                    {
                        var values = (JsonObject)child!.DeepClone();
                        values[back] = parent;
                        Create(relation, values, context);
                    }

                    break;
                case "write":
                    for (var at = 1; at + 1 < command.Count; at += 2)
                    {
                        Write(relation, Ids(command[at]), (JsonObject)command[at + 1]!, context);
                    }

                    break;
                case "delete":
                    Delete(relation, Ids(command[1]));
                    break;
                case "add" or "remove":
                    foreach (var id in Ids(command[1]))
                    {
                        Set(relation, id, back, (string?)command[0] == "add" ? parent : null);
                    }

                    break;
            }
        }
    }

    private void Check(TrytonModel model, long id)
    {
        if (!Exists(model.Name, id))
        {
            return;
        }

        foreach (var field in model.Fields.Values.Where(field => field is { Required: true, ReadOnly: false } && Stored(model.Name, id, field.Name) is null))
        {
            throw TrytonError.User($"A value is required for field \"{field.Label}\" in \"{model.Label}\".");
        }

        TrytonRules.Check(this, model, id);
    }

    public static long[] Ids(JsonNode? node) => [.. node!.AsArray().Select(id => id!.GetValue<long>())];
}
