using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>Finds the few records among which a domain's matches must be, so that not every record is tested.</summary>
internal sealed class TrytonIndexes(TrytonStore store)
{
    /// <summary>All ids that match, maybe with others, in order; null where every record must be looked at.</summary>
    public IEnumerable<long>? Narrow(string model, JsonArray domain) => Candidates(model, domain)?.Distinct().Order();

    private IEnumerable<long>? Candidates(string model, JsonArray domain)
    {
        if (domain is [JsonValue first, JsonValue op, var operand, ..] && (string?)first is not ("OR" or "AND"))
        {
            return Candidates(model, (string)first!, (string)op!, TrytonWire.Typed(operand));
        }

        var parts = domain.OfType<JsonArray>().Select(part => Candidates(model, part)).ToList();
        return domain is not [JsonValue word, ..] || (string?)word != "OR" ? IndexedTable.Fewest(parts)
            : parts.Count > 0 && parts.TrueForAll(part => part is not null) ? parts.SelectMany(part => part!)
            : null;
    }

    private IEnumerable<long>? Candidates(string model, string path, string op, object? operand)
    {
        if (path.Split('.', 2) is [var name, var below])
        {
            return Through(model, name, below, op, operand);
        }

        var table = store.Table(model);
        return (op, operand) switch
        {
            _ when !IsIndexed(model, path) => null,
            ("=", _) when Suits(model, path, operand) => table.With(path, operand),
            ("in", object?[] values) when values.All(value => Suits(model, path, value)) => values.SelectMany(value => table.With(path, value)),
            ("like", string pattern) when Prefix(pattern) is { Length: > 0 } prefix => table.Beginning(path, prefix),
            (">" or ">=", long or DateTime) when Suits(model, path, operand) => table.From(path, operand),
            _ => null,
        };
    }

    /// <summary>By what related records are: <c>identifiers.code</c>, <c>party.code</c>.</summary>
    private IEnumerable<long>? Through(string model, string name, string below, string op, object? operand)
    {
        var field = store.Model(model).Field(name);
        return !IsIndexed(model, name) || field.Relation is not { } relation || Candidates(relation, below, op, operand) is not { } related ? null
            : field switch
            {
                { IsKeptThere: true, RelationField: { } back } => related.Select(id => store.Stored(relation, id, back)).OfType<long>(),
                { Type: "many2one" } => related.SelectMany(id => store.Table(model).With(name, id)),
                _ => null,
            };
    }

    private static bool IsIndexed(string model, string field) => field == "id" || !TrytonRules.IsComputed(model, field);

    // Only where the value is of the type in which the field is kept, since the comparison of a domain converts and an index does not.
    private bool Suits(string model, string field, object? value) => (store.Model(model).Field(field).Type, value) switch
    {
        ("integer" or "many2one", long) or ("char" or "text" or "selection" or "reference", string) or ("timestamp", DateTime) => true,
        ("many2one" or "char" or "text" or "selection" or "timestamp", null) => true,
        _ => false,
    };

    private static string Prefix(string pattern)
    {
        var prefix = new System.Text.StringBuilder();
        for (var i = 0; i < pattern.Length && pattern[i] is not ('%' or '_'); i++)
        {
            i += pattern[i] == '\\' && i + 1 < pattern.Length ? 1 : 0;
            prefix.Append(pattern[i]);
        }

        return prefix.ToString();
    }
}
