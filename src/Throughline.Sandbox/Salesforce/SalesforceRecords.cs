using System.Collections.Frozen;
using System.Globalization;
using Throughline.Model;
using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>
/// The organisation's records and the platform's rules for changing them. Rows are never changed once kept: a change keeps a new one,
/// so that a query page may hold on to what it saw. Callers hold <see cref="Gate"/>.
/// </summary>
internal sealed class SalesforceRecords
{
    private readonly TimeProvider _time;
    private readonly Dictionary<string, SObject> _schema = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IndexedTable<string, Row>> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);
    private List<(string Object, string Id, Row? Before)>? _journal;

    public SalesforceRecords(TimeProvider time)
    {
        _time = time;
        foreach (var entity in SalesforceSchema.Standard)
        {
            _schema[entity.Name] = entity;
            var fields = entity.Fields.ToFrozenDictionary(field => field.Name);
            _tables[entity.Name] = new(StringComparer.Ordinal, (_, row, name) => Indexed(fields[name], row.GetValueOrDefault(name)));
        }
    }

    public Lock Gate { get; } = new();

    /// <summary>The least number for the ids of what is made from now on.</summary>
    public long FirstId { get; set; } = 1;

    public IEnumerable<SObject> Objects => _schema.Values;

    /// <summary>A duplicate rule: a new record of the object with the same value is refused.</summary>
    public (string Object, string Field)? DuplicateRule { get; set; }

    public SObject? Object(string name) => _schema.GetValueOrDefault(name);

    /// <summary>Changes what an object looks like from outside.</summary>
    public void Reshape(string name, Func<SField, SField> change) =>
        _schema[Need(name).Name] = new SObject(Need(name).Name, Need(name).Prefix, [.. Need(name).Fields.Select(change)]);

    public SObject Need(string name) => Object(name) ?? throw SalesforceRefusal.NotFound();

    /// <summary>All rows, deleted ones included, in the order of their ids.</summary>
    public IEnumerable<Row> Rows(string entity) => _tables[entity].Rows;

    public Row? Find(string entity, string id) => _tables[entity].Find(SalesforceId.Short(id));

    /// <summary>The rows that may have a value in a field, deleted ones included, in the order of their ids: those that differ in case only are among
    /// them.</summary>
    public IEnumerable<Row> Having(SObject entity, SField field, object? value) =>
        _tables[entity.Name].With(field.Name, Indexed(field, value)).Select(id => Find(entity.Name, id)!);

    /// <summary>The same for a value or any greater one, in the order of values.</summary>
    public IEnumerable<Row> HavingFrom(SObject entity, SField field, string value) =>
        _tables[entity.Name].From(field.Name, Indexed(field, value)!).Select(id => Find(entity.Name, id)!);

    /// <summary>The row, or the refusal that Salesforce gives for a deleted or unknown one.</summary>
    public Row Live(SObject entity, string id)
    {
        var row = SalesforceId.IsValid(id) ? Find(entity.Name, id) : throw new SalesforceRefusal(
            404, "NOT_FOUND", $"Provided external ID field does not exist or is not accessible: {id}");
        return row is null ? throw SalesforceRefusal.NotFound() : IsDeleted(row) ? throw SalesforceRefusal.Deleted() : row;
    }

    /// <summary>The rows with exactly this value that are not deleted.</summary>
    public IReadOnlyList<Row> ByValue(SObject entity, SField field, object value) =>
        [.. Having(entity, field, value).Where(row => !IsDeleted(row) && Equals(row.GetValueOrDefault(field.Name), value))];

    /// <inheritdoc cref="ByValue(SObject, SField, object)"/>
    /// <param name="field">The field's own name, which drift does not change.</param>
    public IReadOnlyList<Row> ByValue(string entity, string field, object value) =>
        Need(entity) is var kind && kind.Fields.FirstOrDefault(f => f.Name == field) is { } there ? ByValue(kind, there, value) : [];

    /// <summary>The opportunity's lines that are not deleted.</summary>
    public IEnumerable<Row> Lines(string opportunity) =>
        ByValue("OpportunityLineItem", "OpportunityId", opportunity);

    public static bool IsDeleted(Row row) => row.GetValueOrDefault("IsDeleted") is true;

    /// <param name="seeding">True for a record that was there before the story begins: it may be in any state and carry its own stamps.</param>
    public string Create(SObject entity, Fields given, string user, bool seeding = false)
    {
        var row = new Row(StringComparer.Ordinal);
        Apply(entity, row, given, isNew: true, seeding);
        var missing = entity.Fields.Where(f => f.IsRequired && row.GetValueOrDefault(f.Name) is null).Select(f => f.WireName).ToList();
        if (missing.Count > 0)
        {
            throw Missing(missing);
        }

        var number = _numbers[entity.Name] = Math.Max(_numbers.GetValueOrDefault(entity.Name) + 1, FirstId);
        row["Id"] = SalesforceId.Make(entity.Prefix, number);
        if (entity.KeepsDeleted)
        {
            row["IsDeleted"] = false;
        }

        if (entity.Field("OwnerId") is not null)
        {
            row.TryAdd("OwnerId", user);
        }

        if (entity.Field("CurrencyIsoCode") is not null)
        {
            row.TryAdd("CurrencyIsoCode", "USD");
        }

        row.TryAdd("CreatedDate", Stamp());
        row.TryAdd("CreatedById", user);
        SalesforceDerivations.BeforeKeep(this, entity, row, given, before: null);
        SalesforceDerivations.CheckNew(entity, row, number, seeding);
        CheckDuplicateRule(entity, row);
        Keep(entity, row, user, keepStamp: seeding);
        return (string)row["Id"]!;
    }

    public void Update(SObject entity, string id, Fields given, string user, bool seeding = false)
    {
        var before = Live(entity, id);
        var row = new Row(before, StringComparer.Ordinal);
        if (seeding)
        {
            row.Remove("SystemModstamp");
        }

        Apply(entity, row, given, isNew: false, seeding);
        var emptied = entity.Fields.Where(f => f.IsRequired && row.GetValueOrDefault(f.Name) is null).Select(f => f.WireName).ToList();
        if (emptied.Count > 0)
        {
            throw Missing(emptied);
        }

        SalesforceDerivations.BeforeKeep(this, entity, row, given, before);
        Keep(entity, row, user, keepStamp: seeding);
    }

    public void Delete(SObject entity, string id, string user)
    {
        if (!entity.KeepsDeleted)
        {
            throw new SalesforceRefusal(400, "CANNOT_DELETE_ENTITY", $"entity type {entity.Name} does not support delete");
        }

        var row = new Row(Live(entity, id), StringComparer.Ordinal) { ["IsDeleted"] = true };
        Keep(entity, row, user);
        foreach (var (child, field) in SalesforceDerivations.DeletedWith(this, entity))
        {
            foreach (var orphan in ByValue(child.Name, field, row["Id"]!))
            {
                Delete(child, (string)orphan["Id"]!, user);
            }
        }
    }

    /// <summary>Keeps a changed copy without the checks of a request: the platform's own follow-up changes.</summary>
    public void Touch(SObject entity, Row row, string user) => Keep(entity, row, user);

    /// <summary>Runs work whose changes are taken back where it answers false or is refused.</summary>
    public void Atomically(Func<bool> work)
    {
        var outer = _journal;
        var journal = _journal = [];
        var done = false;
        try
        {
            done = work();
        }
        finally
        {
            _journal = outer;
            if (done)
            {
                outer?.AddRange(journal);
            }
            else
            {
                journal.Reverse();
                journal.ForEach(entry => Put(entry.Object, entry.Id, entry.Before));
            }
        }
    }

    public string Stamp()
    {
        // Salesforce keeps whole seconds; the milliseconds on the wire are always 000.
        var now = _time.GetUtcNow();
        return SalesforceFieldRules.Instant(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)));
    }

    private void Apply(SObject entity, Row row, Fields given, bool isNew, bool seeding)
    {
        foreach (var (name, value) in given.Where(pair => pair.Key != "attributes"))
        {
            if (value is Fields parent && entity.Parent(name) is { } by)
            {
                row[by.Name] = ParentId(by, parent);
                continue;
            }

            var field = entity.Field(name)
                ?? throw new SalesforceRefusal(400, "INVALID_FIELD", $"No such column '{name}' on sobject of type {entity.Name}");
            if (!seeding && (field.IsReadOnly || (!isNew && field.Name == "OpportunityId")))
            {
                throw new SalesforceRefusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                    $"Unable to create/update fields: {field.WireName}. Please check the security settings of this field "
                    + "and verify that it is read/write for your profile or permission set.",
                    field.WireName);
            }

            row[field.Name] = SalesforceFieldRules.Accept(field, value);
            if (field.Type == SType.Reference && row[field.Name] is string id)
            {
                CheckReference(field, id);
            }
        }
    }

    private void CheckReference(SField field, string id)
    {
        // Price books are not part of the sandbox; an id of the right form is taken as given.
        if (Object(field.ReferenceTo!) is not { } target)
        {
            return;
        }

        if (!id.StartsWith(target.Prefix, StringComparison.Ordinal))
        {
            throw new SalesforceRefusal(400, "FIELD_INTEGRITY_EXCEPTION", $"{field.WireName}: id value of incorrect type: {id}", field.WireName);
        }

        if (Find(target.Name, id) is not { } row || IsDeleted(row))
        {
            throw new SalesforceRefusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.WireName);
        }
    }

    private string ParentId(SField field, Fields parent)
    {
        var (name, value) = parent.FirstOrDefault(pair => pair.Key != "attributes");
        var target = Need(field.ReferenceTo!);
        if (name is null || target.Field(name) is not { IsExternalId: true } key)
        {
            throw new SalesforceRefusal(400, "INVALID_FIELD", $"{name} is not an external id field of {target.Name}");
        }

        var found = ByValue(target, key, value as string ?? "");
        return found.Count == 1
            ? (string)found[0]["Id"]!
            : throw new SalesforceRefusal(400, "INVALID_FIELD",
                $"Foreign key external ID: {value} not found for field {key.WireName} in entity {target.Name}");
    }

    private void CheckDuplicateRule(SObject entity, Row row)
    {
        if (DuplicateRule is { } rule && rule.Object == entity.Name && row.GetValueOrDefault(rule.Field) is { } value
            && ByValue(rule.Object, rule.Field, value).Count > 0)
        {
            throw new SalesforceRefusal(400, "DUPLICATES_DETECTED", "Use one of these records?") { IsOfWrite = true };
        }
    }

    private void Keep(SObject entity, Row row, string user, bool keepStamp = false)
    {
        foreach (var field in entity.Fields.Where(f => f.IsUnique))
        {
            if (row.GetValueOrDefault(field.Name) is string value && !IsDeleted(row)
                && ByValue(entity, field, value).FirstOrDefault(other => !Equals(other["Id"], row["Id"])) is { } holder)
            {
                throw new SalesforceRefusal(400, "DUPLICATE_VALUE",
                    $"duplicate value found: {field.WireName} duplicates value on record with id: {SalesforceId.Short((string)holder["Id"]!)}")
                {
                    IsOfWrite = true,
                };
            }
        }

        var stamp = keepStamp && row.GetValueOrDefault("SystemModstamp") is string given ? given : Stamp();
        row["SystemModstamp"] = stamp;
        row["LastModifiedDate"] = stamp;
        row["LastModifiedById"] = user;
        var before = Find(entity.Name, (string)row["Id"]!);
        Put(entity.Name, (string)row["Id"]!, row);
        SalesforceDerivations.AfterKeep(this, entity, before, row, user);
    }

    private void Put(string entity, string longId, Row? row)
    {
        var id = SalesforceId.Short(longId);
        _journal?.Add((entity, id, Find(entity, id)));
        _tables[entity].Put(id, row);
    }

    // Salesforce compares texts without regard to case, ids and unique fields with it.
    private static object? Indexed(SField field, object? value) =>
        value is string text && field is { IsText: true, IsUnique: false } ? text.ToUpperInvariant() : value;

    private static SalesforceRefusal Missing(List<string> names) => new(
        400, "REQUIRED_FIELD_MISSING", string.Create(CultureInfo.InvariantCulture, $"Required fields are missing: [{string.Join(", ", names)}]"), [.. names]);
}
