using System.Collections.Immutable;

namespace Throughline.Model.Canonical;

/// <summary>The type of one canonical attribute.</summary>
public enum AttributeType
{
    Text,
    Whole,
    Number,
    Flag,

    /// <summary><c>{ amount, currency }</c>.</summary>
    Money,

    /// <summary><c>yyyy-MM-dd</c>, without a zone.</summary>
    Date,

    /// <summary>ISO 8601 in UTC.</summary>
    Instant,

    /// <summary>A list of documents with attributes of their own.</summary>
    List,

    /// <summary>A document whose shape the landscape decides.</summary>
    Document,
}

/// <param name="Meaning">What it says about the business, in words that a finance or delivery person uses.</param>
/// <param name="Of">The attributes of the items, for <see cref="AttributeType.List"/>.</param>
public sealed record AttributeSchema(string Name, AttributeType Type, string Meaning, ImmutableArray<AttributeSchema> Of = default);

/// <summary>The shape of one canonical entity (requirement B1).</summary>
/// <param name="ScopeKind">What orders its changes: <see cref="Scope.EngagementKind"/>, or the entity's own name where it is a master record.</param>
public sealed record EntitySchema(string Name, string ScopeKind, string Meaning, ImmutableArray<AttributeSchema> Attributes)
{
    /// <summary>Attributes by which two records are recognised as one (the customer's tax id).</summary>
    public ImmutableArray<string> IdentityKeys { get; init; } = [];

    /// <summary>Attributes by which people look a record up (numbers and codes that the hub issues).</summary>
    public ImmutableArray<string> LookupKeys { get; init; } = [];

    /// <summary>
    /// Comes in numbers and is a fact of its own once approved: kept as an entry beside the engagement and carried to its target in batches,
    /// instead of being a record of the engagement that processes look at.
    /// </summary>
    public bool IsEntry { get; init; }

    public bool IsMaster => ScopeKind != Scope.EngagementKind;

    public AttributeSchema? Attribute(string name) => Find(Attributes, name);

    private static AttributeSchema? Find(ImmutableArray<AttributeSchema> attributes, string name)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Name == name)
            {
                return attribute;
            }
        }

        return null;
    }

    /// <summary>The document with every attribute of the entity, null where it is not known, so that expressions can ask for any of them.</summary>
    public Fields Complete(Fields fields)
    {
        List<(string, object?)>? unknown = null;
        foreach (var attribute in Attributes)
        {
            if (!fields.ContainsKey(attribute.Name))
            {
                (unknown ??= []).Add((attribute.Name, null));
            }
        }

        return unknown is null ? fields : fields.Merge(Fields.Of([.. unknown]));
    }

    /// <summary>Every problem of a document against this shape: unknown attributes and values of another type. Absent and null values are fine.</summary>
    public ImmutableArray<FieldProblem> Check(Fields fields)
    {
        var problems = ImmutableArray.CreateBuilder<FieldProblem>();
        CheckInto(problems, "", Attributes, fields);
        return problems.ToImmutable();
    }

    private static void CheckInto(ImmutableArray<FieldProblem>.Builder problems, string path, ImmutableArray<AttributeSchema> attributes, Fields fields)
    {
        foreach (var (name, value) in fields)
        {
            if (Find(attributes, name) is not { } attribute)
            {
                problems.Add(new FieldProblem(path + name, $"is not an attribute; there are {string.Join(", ", attributes.Select(a => a.Name))}"));
            }
            else if (value is not null)
            {
                CheckValue(problems, path + name, attribute, value);
            }
        }
    }

    private static void CheckValue(ImmutableArray<FieldProblem>.Builder problems, string path, AttributeSchema attribute, object value)
    {
        if (attribute.Type == AttributeType.List && value is IReadOnlyList<object?> list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is Fields item)
                {
                    CheckInto(problems, $"{path}[{i}].", attribute.Of, item);
                }
                else
                {
                    problems.Add(new FieldProblem($"{path}[{i}]", "must be a document"));
                }
            }

            return;
        }

        var wrong = attribute.Type switch
        {
            AttributeType.Text => value is string ? null : "must be a text",
            AttributeType.Whole => value is long ? null : "must be a whole number",
            AttributeType.Number => value is long or decimal ? null : "must be a number",
            AttributeType.Flag => value is bool ? null : "must be true or false",
            AttributeType.Money => (value as Fields)?.AsMoney() is not null ? null : "must be money: an amount and a currency code",
            AttributeType.Date => value is string date && DateOnly.TryParseExact(date, "yyyy-MM-dd", out _) ? null : "must be a date, yyyy-MM-dd",
            AttributeType.Instant => value is string text && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _)
                ? null : "must be an instant in ISO 8601",
            AttributeType.List => "must be a list",
            AttributeType.Document => value is Fields ? null : "must be a document",
        };
        if (wrong is not null)
        {
            problems.Add(new FieldProblem(path, wrong));
        }
    }
}
