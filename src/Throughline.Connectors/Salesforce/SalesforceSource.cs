using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

/// <summary>Reads changes in the order of (SystemModstamp, Id), and looks records up by key.</summary>
internal sealed class SalesforceSource(SalesforceClient client, SalesforceShapes shapes, int pageSize, TimeSpan overlap)
{
    private const int BatchOptionMin = 200;

    public async IAsyncEnumerable<SourcePage> ReadAsync(SalesforceEntity entity, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var selection = await shapes.SelectionAsync(entity, cancellation);
        var high = from is null ? null : Place.Parse(from);
        var where = high is null ? "" : $" WHERE SystemModstamp >= {Literal(high.Stamp - overlap)}";
        while (true)
        {
            // The limit bounds the server's sort; the key set (not an offset) survives rows that are inserted or move meanwhile.
            var soql = $"{selection.Select}{where} ORDER BY SystemModstamp, Id LIMIT {pageSize.ToString(CultureInfo.InvariantCulture)}";
            var count = 0;
            Place? last = null;
            await foreach (var records in PagesAsync("queryAll", soql, selection, cancellation))
            {
                count += records.Length;
                last = Place.Of(records[^1]);
                high = high is null || last.IsAfter(high) ? last : high;
                yield return new SourcePage(records, high.ToCursor());
            }

            if (count < pageSize || last is null)
            {
                yield break;
            }

            where = $" WHERE (SystemModstamp = {Literal(last.Stamp)} AND Id > '{last.Id}') OR SystemModstamp > {Literal(last.Stamp)}";
        }
    }

    public async Task<ImmutableArray<SourceRecord>> FindAsync(SalesforceEntity entity, Fields key, CancellationToken cancellation)
    {
        foreach (var unknown in key.Keys.Where(name => name != FindRequest.IdField && !entity.Required.Contains(name) && !entity.Optional.Contains(name)))
        {
            throw NoSuchField(entity, unknown);
        }

        var selection = await shapes.SelectionAsync(entity, cancellation);
        var conditions = key.Select(pair => Equal(selection, pair.Key == FindRequest.IdField ? "Id" : pair.Key, pair.Value));
        var found = ImmutableArray.CreateBuilder<SourceRecord>();
        await foreach (var records in PagesAsync("query", $"{selection.Select} WHERE {string.Join(" AND ", conditions)} ORDER BY Id", selection,
            cancellation))
        {
            found.AddRange(records);
        }

        return found.ToImmutable();
    }

    private async IAsyncEnumerable<ImmutableArray<SourceRecord>> PagesAsync(
        string resource, string soql, SalesforceSelection selection, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = $"{client.Base}/{resource}?q={Uri.EscapeDataString(soql)}";
        while (next is not null)
        {
            var page = await PageAsync(next, selection.Entity.Name, cancellation);
            var records = ImmutableArray.CreateBuilder<SourceRecord>();
            foreach (var wire in page.NestedList("records"))
            {
                records.Add(selection.Record(await CompletedAsync(wire, selection, cancellation)));
            }

            if (records.Count > 0)
            {
                yield return records.ToImmutable();
            }

            next = Next(page);
        }
    }

    private Task<Fields> PageAsync(string path, string entity, CancellationToken cancellation) =>
        client.GetAsync(path, $"the query of {entity}", cancellation, headers =>
        {
            if (pageSize >= BatchOptionMin)
            {
                headers.TryAddWithoutValidation("Sforce-Query-Options", "batchSize=" + pageSize.ToString(CultureInfo.InvariantCulture));
            }
        });

    // A record with many lines has only the first of them in it; the rest is fetched as pages of its own.
    private async Task<Fields> CompletedAsync(Fields wire, SalesforceSelection selection, CancellationToken cancellation)
    {
        if (selection.Entity.Lines is not { } lines || wire.Nested(lines.Relationship) is not { } first || Next(first) is not { } next)
        {
            return wire;
        }

        var all = first.NestedList("records").ToList();
        while (next is not null)
        {
            var page = await PageAsync(next, lines.Object, cancellation);
            all.AddRange(page.NestedList("records"));
            next = Next(page);
        }

        return wire.With(lines.Relationship, Fields.Of(("records", all)));
    }

    private static string? Next(Fields page) => page.Flag("done") == true ? null
        : page.Text("nextRecordsUrl") is { } next && next.StartsWith("/services/data/", StringComparison.Ordinal) ? next
        : throw new ConnectorException(new Failure.Unknown("Salesforce sent a query page that is neither the last nor names the next"));

    private static string Equal(SalesforceSelection selection, string field, object? value)
    {
        if (!selection.Own.Fields.TryGetValue(field, out var kind))
        {
            throw NoSuchField(selection.Entity, field);
        }

        var literal = (kind, value) switch
        {
            (_, null) => "null",
            (FieldClass.Number, long or decimal) => Convert.ToString(value, CultureInfo.InvariantCulture),
            (FieldClass.Flag, bool flag) => flag ? "true" : "false",
            (FieldClass.Date, string date) when DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) => date,
            (FieldClass.Instant, string text) when SalesforceInstants.TryParse(text, out var instant) => Literal(instant),
            (FieldClass.Text, string text) => Quoted(text),
            _ => throw new ConnectorException(new Failure.Validation(
                $"{selection.Entity.Name} cannot be looked up by {field}: the value is not a {kind.ToString().ToLowerInvariant()}",
                    [new FieldProblem(field, "has another type in Salesforce")])),
        };
        return $"{field} = {literal}";
    }

    private static ConnectorException NoSuchField(SalesforceEntity entity, string field) => new(new Failure.Validation(
        $"{entity.Name} cannot be looked up by {field}: Salesforce has no such field, or this connector does not read it",
            [new FieldProblem(field, "is not read from Salesforce")]));

    private static string Literal(DateTimeOffset instant) => SalesforceInstants.Write(instant);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '\'' => @"\'",
                '\\' => @"\\",
                '\n' => @"\n",
                '\r' => @"\r",
                '\t' => @"\t",
                _ => c,
            });
        }

        return quoted.Append('\'').ToString();
    }

    /// <summary>A place in the order of changes.</summary>
    private sealed record Place(DateTimeOffset Stamp, string Id)
    {
        public static Place Of(SourceRecord record) =>
            SalesforceInstants.TryParse(record.Version, out var stamp)
                ? new(stamp, record.ExternalId)
                : throw SalesforceShapes.Drift(record.Entity, ["SystemModstamp"], "is not a time");

        public static Place Parse(Cursor cursor)
        {
            try
            {
                var fields = Fields.Parse(cursor.Value);
                if (fields.Text("id") is { } id && SalesforceInstants.TryParse(fields.Text("stamp"), out var stamp))
                {
                    return new(stamp, id);
                }
            }
            catch (FormatException)
            {
                // Told below, as for a cursor with other content.
            }

            throw new ConnectorException(new Failure.Validation("the cursor is not one of this connector; read the entity again from the start",
                [new FieldProblem("cursor", "is not { stamp, id }")]));
        }

        public bool IsAfter(Place other) => Stamp != other.Stamp ? Stamp > other.Stamp : string.CompareOrdinal(Id, other.Id) > 0;

        public Cursor ToCursor() => new(Fields.Of(("stamp", SalesforceInstants.Write(Stamp)), ("id", Id)).ToJson());
    }
}
