using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Throughline.Sandbox.Tryton;

/// <summary>Domains, orders and reads with dotted names.</summary>
internal sealed class TrytonQuery(TrytonStore store)
{
    public long[] Search(string modelName, JsonArray domain, int offset, int? limit, JsonArray? order, JsonObject context)
    {
        var model = store.Model(modelName);
        Verify(model, domain);
        var hideInactive = model.Fields.ContainsKey("active") && context["active_test"]?.GetValue<bool>() != false
            && !domain.ToJsonString().Contains("\"active\"", StringComparison.Ordinal);
        var candidates = new TrytonIndexes(store).Narrow(modelName, domain) ?? store.Table(modelName).Ids;
        var found = candidates.Where(id => (!hideInactive || store.Stored(modelName, id, "active") is not false)
            && All(modelName, id, domain));
        IOrderedEnumerable<long>? sorted = null;
        foreach (var rule in order?.OfType<JsonArray>() ?? [])
        {
            var name = (string)rule[0]!;
            model.Field(name);
            var isDescending = ((string?)rule[1])?.StartsWith("DESC", StringComparison.Ordinal) == true;
            sorted = (sorted, isDescending) switch
            {
                (null, false) => found.OrderBy(id => Value(modelName, id, name), Ordering),
                (null, true) => found.OrderByDescending(id => Value(modelName, id, name), Ordering),
                (_, false) => sorted.ThenBy(id => Value(modelName, id, name), Ordering),
                (_, true) => sorted.ThenByDescending(id => Value(modelName, id, name), Ordering),
            };
        }

        return [.. (sorted ?? found).Skip(offset).Take(limit ?? int.MaxValue)];
    }

    public JsonArray Read(string modelName, long[] ids, string[] fields, JsonObject context) =>
        new([.. ids.Select(id => ReadOne(modelName, id, fields, context))]);

    public object? Value(string model, long id, string field)
    {
        if (TrytonRules.Computed(store, model, id, field, out var computed))
        {
            return computed;
        }

        var description = store.Model(model).Field(field);
        return description is { IsKeptThere: true, Relation: { } relation, RelationField: { } back }
            ? store.With(relation, back, id)
            : store.Stored(model, id, field) ?? (description.Type == "many2many" ? Array.Empty<long>() : null);
    }

    private static readonly Comparer<object?> Ordering = Comparer<object?>.Create(Compare);

    private JsonObject ReadOne(string modelName, long id, string[] fields, JsonObject context)
    {
        var model = store.Model(modelName);
        var row = new JsonObject { ["id"] = id };
        foreach (var group in fields.GroupBy(name => name.Split('.')[0]))
        {
            var field = group.Key is "_timestamp" ? null : model.Field(group.Key);
            if (group.Contains(group.Key) && group.Key != "id")
            {
                row[group.Key] = TrytonWire.Encode(Value(modelName, id, group.Key));
            }

            var below = group.Where(name => name != group.Key).Select(name => name[(group.Key.Length + 1)..]).ToArray();
            if (below.Length > 0)
            {
                row[group.Key + "."] = Related(modelName, id, field!, below, context);
            }
        }

        return row;
    }

    private JsonNode? Related(string modelName, long id, TrytonField field, string[] below, JsonObject context) => Value(modelName, id, field.Name) switch
    {
        null => null,
        long target when store.Exists(field.Relation!, target) => ReadOne(field.Relation!, target, below, context),
        string reference when reference.Split(',') is [var model, var target] =>
            ReadOne(model, long.Parse(target, CultureInfo.InvariantCulture), below, context),
        IEnumerable<long> targets => new JsonArray([.. targets.Where(target => Shows(field.Relation!, target, context)).Select(target =>
            ReadOne(field.Relation!, target, below, context))]),
        _ => null,
    };

    private bool Shows(string model, long id, JsonObject context) => context["active_test"]?.GetValue<bool>() == false
        || store.Stored(model, id, "active") is not false;

    private void Verify(TrytonModel model, JsonArray clause)
    {
        if (clause.Count >= 3 && clause[0] is JsonValue && clause[1] is JsonValue)
        {
            var parts = ((string)clause[0]!).Split('.');
            if (parts[0] is not "_timestamp")
            {
                var field = model.Field(parts[0]);
                if (parts.Length > 1 && field.Relation is { } relation)
                {
                    store.Model(relation).Field(parts[1]);
                }
            }

            return;
        }

        foreach (var part in clause.OfType<JsonArray>())
        {
            Verify(model, part);
        }
    }

    private bool All(string model, long id, JsonArray domain)
    {
        if (domain is [JsonValue first, JsonValue, _, ..] && (string?)first is not ("OR" or "AND"))
        {
            return Holds(model, id, (string)domain[0]!, (string)domain[1]!, domain[2]);
        }

        var parts = domain.OfType<JsonArray>();
        return domain.Count > 0 && domain[0] is JsonValue op && (string?)op == "OR" ? parts.Any(part => All(model, id, part))
            : parts.All(part => All(model, id, part));
    }

    private bool Holds(string model, long id, string path, string op, JsonNode? operand)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var name = dot < 0 ? path : path[..dot];
        var value = Value(model, id, name);
        if (dot > 0)
        {
            var field = store.Model(model).Field(name);
            var targets = value switch
            {
                long one => [(field.Relation!, one)],
                IEnumerable<long> many => many.Select(one => (field.Relation!, one)),
                string reference when reference.Split(',') is [var kind, var key] => [(kind, long.Parse(key, CultureInfo.InvariantCulture))],
                _ => Enumerable.Empty<(string, long)>(),
            };
            return targets.Any(target => Holds(target.Item1, target.Item2, path[(dot + 1)..], op, operand));
        }

        if (op == "child_of")
        {
            return ChildOf(model, value as long?, name, [.. TrytonStore.Ids(operand)]) || (name == "parent" && TrytonStore.Ids(operand).Contains(id));
        }

        return value is IEnumerable<long> list ? list.Any(item => Compare(item, op, TrytonWire.Typed(operand)))
            : Compare(value, op, TrytonWire.Typed(operand));
    }

    private bool ChildOf(string model, long? at, string field, long[] roots) =>
        at is { } id && (roots.Contains(id) || ChildOf(model, store.Stored(model, id, field) as long?, field, roots));

    private static bool Compare(object? value, string op, object? operand) => op switch
    {
        "=" => Same(value, operand),
        "!=" => !Same(value, operand),
        "in" => operand is IEnumerable list && list.Cast<object?>().Any(item => Same(value, item)),
        "not in" => operand is IEnumerable list && !list.Cast<object?>().Any(item => Same(value, item)),
        "like" => value is string text && Like(text, (string)operand!, RegexOptions.None),
        "ilike" => value is string text && Like(text, (string)operand!, RegexOptions.IgnoreCase),
        "not like" => value is not string text || !Like(text, (string)operand!, RegexOptions.None),
        "<" => value is not null && Compare(value, operand) < 0,
        "<=" => value is not null && Compare(value, operand) <= 0,
        ">" => value is not null && Compare(value, operand) > 0,
        ">=" => value is not null && Compare(value, operand) >= 0,
        _ => throw TrytonError.Unexpected($"'{op}'"),
    };

    private static bool Same(object? left, object? right) => left is null || right is null ? left is null && right is null : Compare(left, right) == 0;

    // Nulls last, as PostgreSQL has them.
    private static int Compare(object? left, object? right) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        (string a, string b) => string.CompareOrdinal(a, b),
        (long or double or decimal, long or double or decimal) => Convert.ToDecimal(left,
            CultureInfo.InvariantCulture).CompareTo(Convert.ToDecimal(right, CultureInfo.InvariantCulture)),
        (IComparable a, _) when a.GetType() == right.GetType() => a.CompareTo(right),
        (DateOnly date, string text) => string.CompareOrdinal(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), text),
        _ => string.CompareOrdinal(Convert.ToString(left, CultureInfo.InvariantCulture), Convert.ToString(right, CultureInfo.InvariantCulture)),
    };

    private static bool Like(string text, string pattern, RegexOptions options)
    {
        var regex = new System.Text.StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            regex.Append(pattern[i] switch
            {
                '%' => ".*",
                '_' => ".",
                '\\' when i + 1 < pattern.Length => Regex.Escape(pattern[++i].ToString()),
                var c => Regex.Escape(c.ToString()),
            });
        }

        return Regex.IsMatch(text, regex.Append('$').ToString(), options | RegexOptions.Singleline, TimeSpan.FromSeconds(1));
    }
}
