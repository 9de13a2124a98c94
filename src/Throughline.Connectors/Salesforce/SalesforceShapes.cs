using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

internal enum FieldClass
{
    Text,
    Number,
    Flag,
    Date,
    Instant,

    /// <summary>A compound value (address, location); passed on as it is.</summary>
    Other,
}

/// <summary>What describe said about an object: its fields and their classes.</summary>
internal sealed record SalesforceShape(string Object, FrozenDictionary<string, FieldClass> Fields)
{
    public bool Has(string field) => Fields.ContainsKey(field);
}

/// <summary>
/// The organisation's objects, asked for once. A field that vanishes later is then refused by name (drift) instead of being
/// dropped without a word.
/// </summary>
internal sealed class SalesforceShapes(SalesforceClient client)
{
    private readonly ConcurrentDictionary<string, SalesforceShape> _known = new(StringComparer.Ordinal);

    public async Task<SalesforceShape> OfAsync(string name, CancellationToken cancellation)
    {
        if (_known.TryGetValue(name, out var known))
        {
            return known;
        }

        var described = await client.GetAsync($"{client.Base}/sobjects/{name}/describe", $"the description of {name}", cancellation);
        var fields = described.NestedList("fields").Where(f => f.Text("name") is not null)
            .ToFrozenDictionary(f => f.Text("name")!, f => Class(f.Text("type")), StringComparer.Ordinal);
        return _known.GetOrAdd(name, new SalesforceShape(name, fields));
    }

    private static FieldClass Class(string? type) => type switch
    {
        "double" or "currency" or "percent" or "int" or "long" => FieldClass.Number,
        "boolean" => FieldClass.Flag,
        "date" => FieldClass.Date,
        "datetime" => FieldClass.Instant,
        "address" or "location" or "anyType" or "complexvalue" => FieldClass.Other,
        _ => FieldClass.Text,
    };

    /// <summary>The shapes of the entity, of what it reads along, keyed by the path under which they appear in an answer ("" for the record
    /// itself).</summary>
    public async Task<SalesforceSelection> SelectionAsync(SalesforceEntity entity, CancellationToken cancellation)
    {
        var shapes = ImmutableDictionary.CreateBuilder<string, SalesforceShape>();
        var own = shapes[""] = await OfAsync(entity.Name, cancellation);
        if (entity.Required.Where(field => !own.Has(field)).ToImmutableArray() is { IsEmpty: false } gone)
        {
            throw Drift(entity.Name, gone, "is no longer there (or the integration user may not see it)");
        }

        var selected = entity.Required.Concat(entity.Optional.Where(own.Has)).ToList();
        foreach (var parent in entity.Parents.Where(parent => own.Has(parent.Reference)))
        {
            var shape = shapes[parent.Path] = await OfAsync(parent.Object, cancellation);
            selected.AddRange(parent.Fields.Where(shape.Has).Select(field => parent.Path + "." + field));
        }

        if (entity.Lines is { } lines && SalesforceEntities.Find(lines.Object) is { } child)
        {
            var shape = shapes[lines.Relationship] = await OfAsync(lines.Object, cancellation);
            var fields = child.Required.Concat(child.Optional).Where(shape.Has);
            // queryAll would list deleted lines too.
            selected.Add($"(SELECT {string.Join(", ", fields)} FROM {lines.Relationship} WHERE IsDeleted = false ORDER BY Id)");
        }

        return new SalesforceSelection(entity, $"SELECT {string.Join(", ", selected)} FROM {entity.Name}", shapes.ToImmutable());
    }

    public static ConnectorException Drift(string entity, ImmutableArray<string> fields, string what) => new(new Failure.Validation(
        $"Salesforce changed: {string.Join(", ", fields.Select(field => entity + "." + field))} {what}; restore it there or adapt the mappings",
        [.. fields.Select(field => new FieldProblem(field, what))]));
}

/// <summary>What is asked of an entity, and how its answers are read.</summary>
internal sealed record SalesforceSelection(SalesforceEntity Entity, string Select, ImmutableDictionary<string, SalesforceShape> Shapes)
{
    public SalesforceShape Own => Shapes[""];

    /// <summary>A record of an answer as a source record: without <c>attributes</c>, instants in ISO form, sub-queries as lists.</summary>
    public SourceRecord Record(Fields wire)
    {
        var fields = Flat(wire, "");
        var id = fields.Text("Id") ?? throw new ConnectorException(new Failure.Unknown($"Salesforce sent a record of {Entity.Name} without Id"));
        return new SourceRecord(Entity.Name, id, fields.Text("SystemModstamp"), fields, fields.Flag("IsDeleted") == true);
    }

    private Fields Flat(Fields wire, string path) =>
        Fields.From(wire.Where(pair => pair.Key != "attributes").Select(pair => KeyValuePair.Create(pair.Key, Value(pair.Key, pair.Value, path))));

    private object? Value(string name, object? value, string path)
    {
        var below = path.Length == 0 ? name : path + "." + name;
        if (name == Entity.Lines?.Relationship && path.Length == 0)
        {
            return value is Fields list ? list.NestedList("records").Select(line => Flat(line, below)).ToList() : new List<Fields>();
        }

        if (value is Fields parent && Shapes.Keys.Any(key => key == below || key.StartsWith(below + ".", StringComparison.Ordinal)))
        {
            return Flat(parent, below);
        }

        return Shapes.GetValueOrDefault(path) is { } shape && shape.Fields.TryGetValue(name, out var kind) ? Checked(shape.Object, name, kind, value) : value;
    }

    private static object? Checked(string entity, string name, FieldClass kind, object? value)
    {
        var fits = (kind, value) switch
        {
            (_, null) or (FieldClass.Other, _) => true,
            (FieldClass.Number, long or decimal) or (FieldClass.Flag, bool) or (FieldClass.Text or FieldClass.Date or FieldClass.Instant, string) => true,
            _ => false,
        };
        return !fits ? throw SalesforceShapes.Drift(
            entity, [name], $"came as {value!.GetType().Name.ToLowerInvariant()} where Salesforce describes {kind.ToString().ToLowerInvariant()}")
            : kind == FieldClass.Instant && value is string text ? SalesforceInstants.FromWire(text)
            : value;
    }
}

/// <summary>The wire writes <c>2026-11-20T20:49:32.000+0000</c>, without the colon of ISO 8601.</summary>
internal static class SalesforceInstants
{
    private const string Iso = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string FromWire(string wire) => TryParse(wire, out var instant) ? Write(instant) : wire;

    public static string Write(DateTimeOffset instant) => instant.ToUniversalTime().ToString(Iso, CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out instant);
}
