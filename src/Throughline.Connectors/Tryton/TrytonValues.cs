using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Turns a payload of plain values with Tryton's field names into what the server takes, by the server's own description of its fields.
/// All problems of one record are collected before anything is sent; look-ups of references are read-only.
/// </summary>
internal sealed class TrytonValues(TrytonClient client, TrytonSchema schema)
{
    private const string Find = "find";
    private const string Model = "model";
    private const string ChildKeyField = "@key";

    /// <summary>The values of one record. <paramref name="id"/> is null for a creation; for a change, lists of children are matched with what is
    /// there.</summary>
    /// <exception cref="ConnectorException">A problem of the content (nothing was sent), or a look-up that failed.</exception>
    public async Task<JsonObject> ForAsync(string model, Fields payload, long? id, CancellationToken cancellation)
    {
        var problems = new List<FieldProblem>();
        var values = await ObjectAsync(model, payload, id, "", problems, cancellation);
        return problems.Count == 0 ? values : throw new ConnectorException(TrytonFailures.Invalid(model, problems));
    }

    /// <summary>A value for a search condition on a (possibly dotted) field.</summary>
    public async Task<JsonNode?> ConditionAsync(string model, string path, object? value, CancellationToken cancellation)
    {
        var owner = model;
        var parts = path.Split('.');
        TrytonField? field = null;
        foreach (var part in parts)
        {
            var fields = await schema.FieldsAsync(owner, cancellation);
            if (!fields.TryGetValue(part, out field))
            {
                throw new ConnectorException(TrytonFailures.Invalid(model, [new FieldProblem(path, $"is not a field of {owner}")]));
            }

            owner = field.Relation ?? owner;
        }

        var problems = new List<FieldProblem>();
        var result = field!.Type is "many2one" or "one2one" or "one2many" or "many2many" && value is string text
            ? text
            : await ScalarAsync(field, value, path, problems, cancellation);
        return problems.Count == 0 ? result : throw new ConnectorException(TrytonFailures.Invalid(model, problems));
    }

    private async Task<JsonObject> ObjectAsync(string model, Fields payload, long? id, string path, List<FieldProblem> problems,
        CancellationToken cancellation)
    {
        var fields = await schema.FieldsAsync(model, cancellation);
        var values = new JsonObject();
        foreach (var (name, value) in payload)
        {
            if (name == ChildKeyField && path.Length > 0)
            {
                continue;
            }

            var where = path + name;
            if (!fields.TryGetValue(name, out var field))
            {
                problems.Add(new FieldProblem(where, $"is not a field of {model} on this server"));
                continue;
            }

            values[name] = field.Type switch
            {
                "one2many" => await ChildrenAsync(field, value, id, where, problems, cancellation),
                "many2many" => await LinksAsync(field, value, where, problems, cancellation),
                _ => await ScalarAsync(field, value, where, problems, cancellation),
            };
        }

        return values;
    }

    private async Task<JsonNode?> ChildrenAsync(TrytonField field, object? value, long? parent, string path, List<FieldProblem> problems,
        CancellationToken cancellation)
    {
        if (value is not IReadOnlyList<object?> list || list.Any(item => item is not Fields) || field.Relation is null)
        {
            problems.Add(new FieldProblem(path, "must be a list of objects"));
            return null;
        }

        var existing = new Dictionary<(string Key, string Value), long>();
        if (parent is { } id)
        {
            await ExistingAsync(field, id, [.. list.Cast<Fields>().Select(child => KeyOf(field, child)).Distinct()], existing, path, problems, cancellation);
        }

        var created = new JsonArray();
        var commands = new JsonArray();
        var position = 0;
        foreach (var child in list.Cast<Fields>())
        {
            var where = $"{path}[{position++}].";
            var key = KeyOf(field, child);
            if (existing.TryGetValue((key, Text(child.Get(key))), out var childId))
            {
                commands.Add(new JsonArray("write", new JsonArray(childId), await ObjectAsync(field.Relation, child, childId, where, problems, cancellation)));
            }
            else
            {
                created.Add(await ObjectAsync(field.Relation, child, null, where, problems, cancellation));
            }
        }

        if (created.Count > 0)
        {
            commands.Add(new JsonArray("create", created));
        }

        return commands;
    }

    private async Task ExistingAsync(
        TrytonField field, long parent, string[] keys, Dictionary<(string Key, string Value), long> existing, string path, List<FieldProblem> problems,
            CancellationToken cancellation)
    {
        if (field.RelationField is null)
        {
            problems.Add(new FieldProblem(path, "cannot be matched with what is there; the server names no way back to the parent"));
            return;
        }

        var fields = await schema.FieldsAsync(field.Relation!, cancellation);
        foreach (var key in keys.Where(key => !fields.ContainsKey(key)))
        {
            problems.Add(new FieldProblem(path, $"has no field '{key}' to match by"));
            return;
        }

        var answer = await client.SearchReadAsync(
            field.Relation!,
            [new JsonArray(field.RelationField, "=", parent)],
            null,
            new JsonArray(new JsonArray("id", "ASC")),
            keys,
            cancellation);
        foreach (var row in answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!))
        {
            foreach (var key in keys)
            {
                existing.TryAdd((key, Text(row.Get(key))), (long)row.Number("id")!.Value);
            }
        }
    }

    private async Task<JsonNode?> LinksAsync(TrytonField field, object? value, string path, List<FieldProblem> problems, CancellationToken cancellation)
    {
        if (value is not IReadOnlyList<object?> list)
        {
            problems.Add(new FieldProblem(path, "must be a list of ids or look-ups"));
            return null;
        }

        var ids = new JsonArray();
        foreach (var item in list)
        {
            ids.Add(await ReferenceAsync(field.Relation, item, path, problems, cancellation) is { } id ? id : null);
        }

        return new JsonArray(new JsonArray("add", ids));
    }

    private async Task<JsonNode?> ScalarAsync(TrytonField field, object? value, string path, List<FieldProblem> problems, CancellationToken cancellation)
    {
        if (value is null)
        {
            return null;
        }

        var (node, expected) = (field.Type, value) switch
        {
            ("many2one" or "one2one" or "one2many" or "many2many", _) =>
                (await ReferenceAsync(field.Relation, value, path, problems, cancellation) is { } id ? JsonValue.Create(id) : null, null),
            ("reference", Fields target) => (await TypedReferenceAsync(target, path, problems, cancellation), null),
            ("numeric", long or decimal) => (TrytonJson.Decimal(Number(value)), null),
            ("numeric", string text) when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) =>
                (TrytonJson.Decimal(number), null),
            ("numeric", _) => (null, "a number"),
            // The server keeps doubles: what does not fit into one would be rounded on the way.
            ("float", long or decimal) when Math.Abs(Number(value)) >= 1e15m || (decimal)(double)Number(value) != Number(value) =>
                (null, "a number of at most 15 digits"),
            ("float", long or decimal) => (JsonValue.Create(Number(value)), null),
            ("float", _) => (null, "a number"),
            ("integer" or "biginteger", long whole) => (JsonValue.Create(whole), null),
            ("integer" or "biginteger", _) => (null, "a whole number"),
            ("boolean", bool flag) => (JsonValue.Create(flag), null),
            ("boolean", _) => (null, "true or false"),
            ("date", string text) when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) =>
                (TrytonJson.Date(date), null),
            ("date", _) => (null, "a date such as 2026-11-30"),
            ("datetime" or "timestamp", string text) when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
                out var instant) => (TrytonJson.Instant(instant), null),
            ("datetime" or "timestamp", _) => (null, "an instant such as 2026-11-30T08:00:00Z"),
            ("time", string text) when TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time) => (TrytonJson.Time(time), null),
            ("time", _) => (null, "a time of day such as 08:00:00"),
            ("timedelta", long or decimal) => (TrytonJson.Duration(Number(value)), null),
            ("timedelta", string text) when text.EndsWith('s') && decimal.TryParse(text[..^1], NumberStyles.Number, CultureInfo.InvariantCulture,
                out var seconds) => (TrytonJson.Duration(seconds), null),
            ("timedelta", _) => (null, "a number of seconds"),
            ("binary", string base64) => (TrytonJson.Bytes(base64), null),
            ("multiselection", IReadOnlyList<object?> list) => (new JsonArray([.. list.Select(item => JsonValue.Create(item as string))]), null),
            ("dict", Fields map) => (JsonNode.Parse(map.ToJson()), null),
            (_, string text) => ((JsonNode?)JsonValue.Create(text), (string?)null),
            _ => (null, "a text"),
        };
        if (expected is not null)
        {
            problems.Add(new FieldProblem(path, $"must be {expected}"));
        }

        return node;
    }

    private async Task<JsonNode?> TypedReferenceAsync(Fields target, string path, List<FieldProblem> problems, CancellationToken cancellation)
    {
        if (target.Text(Model) is not { } model)
        {
            problems.Add(new FieldProblem(path, "needs the name of the model beside what to find"));
            return null;
        }

        return await ReferenceAsync(model, target, path, problems, cancellation) is { } id ? JsonValue.Create($"{model},{TrytonClient.Id(id)}") : null;
    }

    /// <summary>The id that a value stands for: an id, or a look-up of which there must be exactly one.</summary>
    public async Task<long?> ReferenceAsync(string? model, object? value, string path, List<FieldProblem> problems, CancellationToken cancellation)
    {
        switch (value)
        {
            case long id:
                return id;
            case string text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                return id;
            case Fields reference when reference.Nested(Find) is { Count: > 0 } key && model is not null:
                return await LookUpAsync(model, key, path, cancellation);
            case Fields reference when reference.Get("id") is long id:
                return id;
            default:
                problems.Add(new FieldProblem(path, "must be an id or a look-up such as { find: { code: ... } }"));
                return null;
        }
    }

    private async Task<long> LookUpAsync(string model, Fields key, string path, CancellationToken cancellation)
    {
        var name = $"{model} with {string.Join(" and ", key.Select(pair => $"{pair.Key} {Text(pair.Value)}"))}";
        // Not by the sentence: it reads alike for different look-ups.
        var lookUp = model + "\n" + key.Fingerprint();
        if (schema.Reference(lookUp) is { } known)
        {
            return known;
        }

        var domain = new JsonArray();
        foreach (var (field, value) in key)
        {
            domain.Add(new JsonArray(field, "=", await ConditionAsync(model, field, value, cancellation)));
        }

        var answer = await client.SearchReadAsync(model, domain, 2, null, ["id"], cancellation, inactiveToo: false);
        return schema.KeepReference(lookUp, answer.GetArrayLength() switch
        {
            1 => answer[0].GetProperty("id").GetInt64(),
            0 => throw new ConnectorException(new Failure.MissingReference($"{path} refers to {name}, which Tryton does not have (or has archived)", name)),
            _ => throw new ConnectorException(TrytonFailures.Invalid(model, [new FieldProblem(path, $"refers to {name}, of which Tryton has more than one")])),
        });
    }

    private static string KeyOf(TrytonField field, Fields child) => child.Text(ChildKeyField) ?? TrytonModels.ChildKey(field.Relation!);

    private static decimal Number(object value) => Convert.ToDecimal(value, CultureInfo.InvariantCulture);

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
