using System.Globalization;
using Throughline.Model;
using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>The REST API without its transport: a call in, a reply out. Composite requests come back here for their parts.</summary>
internal sealed class SalesforceApi
{
    private readonly SalesforceRecords _records;
    private readonly SalesforcePages _pages;
    private readonly SalesforceCollections _collections;
    private readonly SalesforceComposite _composite;
    private readonly SalesforceKnobs _knobs;

    public SalesforceApi(SalesforceRecords records, SalesforceKnobs knobs)
    {
        (_records, _knobs) = (records, knobs);
        _pages = new SalesforcePages(records, knobs);
        _collections = new SalesforceCollections(records, knobs);
        _composite = new SalesforceComposite(records, Answer);
    }

    /// <summary>Answers one call; refusals become the error body of a single call.</summary>
    public SalesforceReply Answer(SalesforceCall call)
    {
        lock (_records.Gate)
        {
            try
            {
                SalesforceReply? reply = null;
                _records.Atomically(() => (reply = Dispatch(call)).Status < 400);
                return reply!;
            }
            catch (SalesforceRefusal refusal)
            {
                return new(refusal.Status, refusal.AsBody());
            }
        }
    }

    /// <summary>As if every open query had been left for two days.</summary>
    public void ForgetLocators()
    {
        lock (_records.Gate)
        {
            _pages.Forget();
        }
    }

    private SalesforceReply Dispatch(SalesforceCall call) => (call.Method, call.Segments) switch
    {
        ("GET", []) => new(200, Fields.Of(("sobjects", call.Base + "/sobjects"), ("query", call.Base + "/query"), ("queryAll", call.Base + "/queryAll"),
            ("limits", call.Base + "/limits"), ("composite", call.Base + "/composite"))),
        ("GET", ["query"]) => _pages.First(call, withDeleted: false),
        ("GET", ["queryAll"]) => _pages.First(call, withDeleted: true),
        ("GET", ["query" or "queryAll", var locator]) => _pages.Next(call, locator),
        ("GET", ["limits"]) => new(200, Fields.Of(("DailyApiRequests",
            Fields.Of(("Max", _knobs.RequestLimit), ("Remaining", Math.Max(0, _knobs.RequestLimit - _knobs.Requests)))))),
        ("GET", ["sobjects"]) => new(200, Fields.Of(("encoding", "UTF-8"), ("maxBatchSize", 200),
            ("sobjects", _records.Objects.Select(o => SalesforceDescribe.Summary(o, call.Base)).ToList()))),
        ("GET", ["sobjects", var name, "describe"]) => new(200, SalesforceDescribe.Full(_records, _records.Need(name), call.Base)),
        ("POST", ["sobjects", var name]) => Create(call, _records.Need(name)),
        (_, ["sobjects", var name, var id]) => One(call, _records.Need(name), id),
        (_, ["sobjects", var name, var field, .. var value]) when value.Length > 0 => ByExternalId(call, _records.Need(name), field, string.Join('/', value)),
        ("POST", ["composite"]) => _composite.Run(call),
        (_, ["composite", "sobjects", .. var rest]) => _collections.Run(call, rest),
        _ => throw SalesforceRefusal.NotFound(),
    };

    private SalesforceReply Create(SalesforceCall call, SObject entity)
    {
        var id = _records.Create(entity, call.Json(), call.User);
        return new(201, Created(id))
        {
            Headers = new Dictionary<string, string> { ["Location"] = $"{call.Base}/sobjects/{entity.Name}/{id}" },
        };
    }

    private SalesforceReply One(SalesforceCall call, SObject entity, string id)
    {
        var row = _records.Live(entity, id);
        switch (call.Method)
        {
            case "GET":
                return new(200, Show(call, entity, row));
            case "PATCH":
                CheckUnmodified(call, row);
                _records.Update(entity, id, call.Json(), call.User);
                return new(204);
            case "DELETE":
                _records.Delete(entity, id, call.User);
                return new(204);
            default:
                throw NotAllowed(call);
        }
    }

    private SalesforceReply ByExternalId(SalesforceCall call, SObject entity, string fieldName, string value)
    {
        var key = entity.Field(fieldName) is { IsExternalId: true } field
            ? field
            : throw new SalesforceRefusal(404, "NOT_FOUND", $"Provided external ID field does not exist or is not accessible: {fieldName}");
        var rows = _records.ByValue(entity, key, value);
        if (rows.Count > 1)
        {
            return new(300, rows.Select(row => (object?)$"{call.Base}/sobjects/{entity.Name}/{row["Id"]}").ToList());
        }

        switch (call.Method)
        {
            case "GET":
                return new(200, Show(call, entity, rows.Count == 1 ? rows[0] : throw SalesforceRefusal.NotFound()));
            case "PATCH" when rows.Count == 1:
                CheckUnmodified(call, rows[0]);
                _records.Update(entity, (string)rows[0]["Id"]!, Body(call, entity, key), call.User);
                return new(200, Created((string)rows[0]["Id"]!).With("created", false));
            case "PATCH":
                return call.Query.GetValueOrDefault("updateOnly") == "true"
                    ? throw SalesforceRefusal.NotFound()
                    : new(201, Created(_records.Create(entity, Body(call, entity, key).With(key.WireName, value), call.User)).With("created", true));
            case "DELETE":
                _records.Delete(entity, (string)(rows.Count == 1 ? rows[0] : throw SalesforceRefusal.NotFound())["Id"]!, call.User);
                return new(204);
            default:
                throw NotAllowed(call);
        }
    }

    private static Fields Body(SalesforceCall call, SObject entity, SField key)
    {
        var body = call.Json();
        return body.Keys.FirstOrDefault(name => name.Equals(key.WireName, StringComparison.OrdinalIgnoreCase)
            || name.Equals("Id", StringComparison.OrdinalIgnoreCase)) is { } repeated
            ? throw new SalesforceRefusal(400, "INVALID_FIELD", $"The {repeated} field should not be specified in the sobject data.", repeated)
            : body;
    }

    private static Fields Show(SalesforceCall call, SObject entity, Row row)
    {
        var wanted = call.Query.TryGetValue("fields", out var list)
            ? list.Split(',').Select(name => entity.Field(name.Trim()) ?? throw new SalesforceRefusal(400, "INVALID_FIELD",
                $"No such column '{name.Trim()}' on sobject of type {entity.Name}")).Prepend(entity.Fields[0]).DistinctBy(f => f.Name)
            : entity.Fields;
        return Fields.Of(
        [
            ("attributes", Fields.Of(("type", entity.Name), ("url", $"{call.Base}/sobjects/{entity.Name}/{row["Id"]}"))),
            .. wanted.Select(field => (field.WireName, SalesforceFieldRules.Show(field, row.GetValueOrDefault(field.Name)))),
        ]);
    }

    private static void CheckUnmodified(SalesforceCall call, Row row)
    {
        if (call.Header("If-Unmodified-Since") is not { } header)
        {
            return;
        }

        if (!DateTimeOffset.TryParseExact(header, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since))
        {
            throw new SalesforceRefusal(400, "INVALID_HEADER_VALUE", $"Invalid value for header If-Unmodified-Since: {header}");
        }

        if (SalesforceFieldRules.ParseInstant((string)row["SystemModstamp"]!) > since)
        {
            throw new SalesforceRefusal(412, "PRECONDITION_FAILED", "The precondition given in one or more of the request-header fields evaluated to false");
        }
    }

    private static Fields Created(string id) => Fields.Of(("id", id), ("success", true), ("errors", Array.Empty<object>()));

    private static SalesforceRefusal NotAllowed(SalesforceCall call) =>
        new(405, "METHOD_NOT_ALLOWED", $"HTTP Method '{call.Method}' not allowed. Allowed are HEAD,GET,PATCH,DELETE");
}
