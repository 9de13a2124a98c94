using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Reads changes and looks records up. A pass reads everything stamped since the last pass began (less the overlap), ordered by id, so that records which
/// change or appear meanwhile neither shift a page nor get lost: the next pass starts at the newest stamp seen before the first page of this one.
/// </summary>
internal sealed class TrytonSource(TrytonClient client, TrytonSchema schema, int pageSize, TimeSpan overlap)
{
    private const string Stamp = "_timestamp";

    public async IAsyncEnumerable<SourcePage> ReadAsync(TrytonModel model, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var place = Place.Parse(from);
        var fields = await NamesAsync(model, cancellation);
        if (place.After is null)
        {
            place = place with { High = await NewestAsync(model, place.Since, cancellation), After = 0 };
        }

        while (true)
        {
            var domain = new JsonArray(new JsonArray("id", ">", place.After));
            if (model.Name == TrytonModels.Invoice)
            {
                domain.Add(new JsonArray("type", "=", "out"));
            }

            if (Since(place) is { } since)
            {
                domain.Add(new JsonArray([JsonValue.Create("OR"), .. model.Stamps.Select(name => new JsonArray(name, ">", TrytonJson.Instant(since)))]));
            }

            var records = await RecordsAsync(model, await SearchAsync(model, domain, pageSize, fields, cancellation), cancellation);
            var isLast = records.Length < pageSize;
            place = isLast
                ? new Place(place.High ?? place.Since, null, null)
                : place with { After = long.Parse(records[^1].ExternalId, CultureInfo.InvariantCulture) };
            yield return new SourcePage(records, place.ToCursor());
            if (isLast)
            {
                yield break;
            }
        }
    }

    public async Task<ImmutableArray<SourceRecord>> FindAsync(TrytonModel model, Fields key, CancellationToken cancellation)
    {
        var isDeclared = key.Keys.SequenceEqual([FindRequest.IdField]) || model.Manifest.FindKeys.Any(declared => declared.ToHashSet().SetEquals(key.Keys));
        if (!isDeclared)
        {
            var declared = string.Join("; ", model.Manifest.FindKeys.Select(names => string.Join(" and ", names)));
            throw new ConnectorException(TrytonFailures.Invalid(
                model.Name, [new FieldProblem(string.Join(" and ", key.Keys), $"is not a key by which it can be found; its keys are {declared}")]));
        }

        var values = new TrytonValues(client, schema);
        var domain = new JsonArray();
        foreach (var (name, value) in key)
        {
            if (name == FindRequest.IdField)
            {
                // An id that is not a number is some other system's: nothing here can have it.
                if (!long.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    return [];
                }

                domain.Add(new JsonArray("id", "=", id));
            }
            else if (name == TrytonModels.CodeInName)
            {
                domain.Add(CodeInName(value as string ?? ""));
            }
            else
            {
                domain.Add(new JsonArray(name, "=", await values.ConditionAsync(model.Name, name, value, cancellation)));
            }
        }

        var answer = await SearchAsync(model, domain, null, await NamesAsync(model, cancellation), cancellation);
        var records = await RecordsAsync(model, answer, cancellation);
        return key.Text(TrytonModels.CodeInName) is { } code
            ? [.. records.Where(record => HasCode(record.Fields.Text("name"), code))]
            : records;
    }

    /// <summary>True where a name begins with the code as a whole word, so that P-1 does not find P-10.</summary>
    public static bool HasCode(string? name, string code) =>
        name is not null && code.Length > 0 && name.StartsWith(code, StringComparison.Ordinal)
            && (name.Length == code.Length || char.IsWhiteSpace(name[code.Length]));

    private static JsonArray CodeInName(string code)
    {
        var escaped = code.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_",
            StringComparison.Ordinal);
        return new JsonArray(new JsonArray("name", "like", escaped + "%"), new JsonArray("type", "=", "project"));
    }

    private async Task<ImmutableArray<SourceRecord>> RecordsAsync(TrytonModel model, JsonElement answer, CancellationToken cancellation)
    {
        var rows = answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).ToArray();
        var credited = model.Name == TrytonModels.Invoice ? await TrytonCredits.CreditedAsync(client, rows, cancellation) : null;
        return [.. rows.Select(row => Record(model, row, credited))];
    }

    private static SourceRecord Record(TrytonModel model, Fields row, IReadOnlyDictionary<long, Fields>? credited)
    {
        var version = model.Name == TrytonModels.Invoice ? TrytonSettlement.Version(row) : row.Text(Stamp);
        var fields = model.Name switch
        {
            TrytonModels.Project => TrytonSink.WithTasks(row),
            TrytonModels.Invoice => TrytonCredits.Shown(TrytonSettlement.Shown(row), credited!),
            _ => row,
        };
        return new SourceRecord(model.Name, TrytonClient.Id((long)row.Number("id")!.Value), version, fields.Without(Stamp));
    }

    private async Task<JsonElement> SearchAsync(TrytonModel model, JsonArray domain, int? limit, IEnumerable<string> fields, CancellationToken cancellation)
    {
        try
        {
            return await client.SearchReadAsync(model.Name, domain, limit, new JsonArray(new JsonArray("id", "ASC")), fields, cancellation);
        }
        catch (ConnectorException e) when (e.Failure is Failure.Validation)
        {
            schema.Forget();
            throw;
        }
    }

    private async Task<IEnumerable<string>> NamesAsync(TrytonModel model, CancellationToken cancellation) =>
        [.. await schema.PresentAsync(model, model.Read, cancellation), "create_date", "write_date", Stamp];

    /// <summary>The newest stamp there is, on the server's own clock; where nothing is newer, what was known before.</summary>
    private async Task<DateTimeOffset?> NewestAsync(TrytonModel model, DateTimeOffset? known, CancellationToken cancellation)
    {
        var newest = known;
        foreach (var (owner, field) in new[] { (model.Name, "create_date"), (model.Name, "write_date"), (model.Entries, "write_date") })
        {
            if (owner is null)
            {
                continue;
            }

            var domain = new JsonArray(new JsonArray(field, "!=", null));
            if (known is { } since)
            {
                domain.Add(new JsonArray(field, ">", TrytonJson.Instant(since)));
            }

            var answer = await client.SearchReadAsync(owner, domain, 1, new JsonArray(new JsonArray(field, "DESC")), [field], cancellation);
            foreach (var row in answer.EnumerateArray())
            {
                var stamp = DateTimeOffset.Parse(((Fields)TrytonJson.Decode(row)!).Text(field)!, CultureInfo.InvariantCulture);
                newest = newest is null || stamp > newest ? stamp : newest;
            }
        }

        return newest;
    }

    private DateTimeOffset? Since(Place place) => place.Since is { } since ? since - overlap : null;

    /// <summary>A place in the stream: the pass reads what is newer than Since, ids above After remain, and the next pass starts at High.</summary>
    private sealed record Place(DateTimeOffset? Since, long? After, DateTimeOffset? High)
    {
        public static Place Parse(Cursor? cursor)
        {
            if (cursor is null)
            {
                return new Place(null, null, null);
            }

            try
            {
                var fields = Fields.Parse(cursor.Value);
                return new Place(Instant(fields.Text("since")), (long?)fields.Number("after"), Instant(fields.Text("high")));
            }
            catch (FormatException)
            {
                throw new ConnectorException(new Failure.Validation(
                    "the place from which to read is not one that the Tryton connector made; read this entity again from the start",
                        [new FieldProblem("cursor", "is not valid")]));
            }
        }

        public Cursor ToCursor() => new(Fields.Of(("since", Since), ("after", After), ("high", High)).ToJson());

        private static DateTimeOffset? Instant(string? text) =>
            text is null ? null : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
    }
}
