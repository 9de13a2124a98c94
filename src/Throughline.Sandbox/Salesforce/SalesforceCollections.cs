using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>sObject collections: up to 200 records in one request, answered item by item, all or none where asked.</summary>
internal sealed class SalesforceCollections(SalesforceRecords records, SalesforceKnobs knobs)
{
    private const int RecordsMax = 200;

    public SalesforceReply Run(SalesforceCall call, string[] rest) => (call.Method, rest) switch
    {
        ("POST", []) => Each(call, Records(call), item => Created(records.Create(Entity(item), item, call.User))),
        ("PATCH", []) => Each(call, Records(call), item => Update(call, item)),
        ("DELETE", []) => Each(call, [.. call.Need("ids").Split(',').Select(id => Fields.Of(("id", id.Trim())))], item => Delete(call, item.Text("id")!)),
        ("PATCH", [var name, var field]) => Upserts(call, records.Need(name), field),
        (_, [var name]) => Retrieve(call, records.Need(name)),
        _ => throw SalesforceRefusal.NotFound(),
    };

    private SalesforceReply Each(SalesforceCall call, IReadOnlyList<Fields> items, Func<Fields, Fields> work)
    {
        if (items.Count > RecordsMax)
        {
            throw new SalesforceRefusal(400, "EXCEEDED_ID_LIMIT", $"record limit reached. cannot submit more than {RecordsMax} records into this call");
        }

        var allOrNone = call.Method == "DELETE" ? call.Query.GetValueOrDefault("allOrNone") == "true" : call.Json().Flag("allOrNone") == true;
        var repeated = items.Select(Id).OfType<string>().GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet();
        var answers = new List<object?>();
        var failed = false;
        records.Atomically(() =>
        {
            foreach (var item in items)
            {
                var answer = Id(item) is { } id && repeated.Contains(id)
                    ? new SalesforceRefusal(400, "DUPLICATE_VALUE", $"Duplicate id specified: {id}").AsItem()
                    : One(item, work);
                failed |= answer.Flag("success") == false;
                answers.Add(answer);
            }

            return !(failed && allOrNone);
        });
        if (failed && allOrNone)
        {
            var rolledBack = new SalesforceRefusal(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "Record rolled back because not all records were valid and the request was using AllOrNone header").AsItem();
            answers = [.. answers.Select(answer => answer is Fields done && done.Flag("success") == true ? rolledBack : answer)];
        }

        return new(200, answers);
    }

    private static string? Id(Fields item) =>
        item.Keys.FirstOrDefault(key => key.Equals("id", StringComparison.OrdinalIgnoreCase)) is { } name && item.Text(name) is { } id
            ? SalesforceId.Short(id) : null;

    private Fields One(Fields item, Func<Fields, Fields> work)
    {
        try
        {
            if (knobs.StrikesItem())
            {
                throw new SalesforceRefusal(400, knobs.PartialBatchCode, "unable to obtain exclusive access to this record");
            }

            Fields? answer = null;
            records.Atomically(() => (answer = work(item)) is not null);
            return answer!;
        }
        catch (SalesforceRefusal refusal)
        {
            return refusal.AsItem();
        }
    }

    private Fields Update(SalesforceCall call, Fields item)
    {
        var name = item.Keys.FirstOrDefault(key => key.Equals("id", StringComparison.OrdinalIgnoreCase));
        if (name is null || item.Text(name) is not { } id)
        {
            throw new SalesforceRefusal(400, "MISSING_ARGUMENT", "Id not specified in an update call", "Id");
        }

        var entity = Entity(item);
        records.Update(entity, Known(entity, id), item.Without(name), call.User);
        return Created(records.Find(entity.Name, id)!["Id"] as string ?? id);
    }

    private Fields Delete(SalesforceCall call, string id)
    {
        var entity = records.Objects.FirstOrDefault(o => id.StartsWith(o.Prefix, StringComparison.Ordinal))
            ?? throw new SalesforceRefusal(400, "MALFORMED_ID", "malformed id " + id);
        records.Delete(entity, Known(entity, id), call.User);
        return Created(SalesforceId.Long(id));
    }

    // Collections answer an unknown id with another code than a single call does.
    private string Known(SObject entity, string id) =>
        !SalesforceId.IsValid(id) ? throw new SalesforceRefusal(400, "MALFORMED_ID", "malformed id " + id)
        : records.Find(entity.Name, id) is null ? throw new SalesforceRefusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        : id;

    private SalesforceReply Upserts(SalesforceCall call, SObject entity, string fieldName)
    {
        var key = entity.Field(fieldName) is { IsExternalId: true } field
            ? field
            : throw new SalesforceRefusal(404, "NOT_FOUND", $"Provided external ID field does not exist or is not accessible: {fieldName}");
        var items = Records(call);
        var repeated = items.Select(item => item.Text(key.WireName)).GroupBy(value => value).Where(group => group.Count() > 1)
            .Select(group => group.Key).ToHashSet();
        return Each(call, items, item =>
        {
            if (Entity(item).Name != entity.Name)
            {
                throw new SalesforceRefusal(400, "INVALID_TYPE", $"all records must be of type {entity.Name}");
            }

            var value = item.Text(key.WireName) ?? throw new SalesforceRefusal(400, "MISSING_ARGUMENT", $"{key.WireName} not specified", key.WireName);
            if (repeated.Contains(value))
            {
                throw new SalesforceRefusal(400, "DUPLICATE_VALUE", $"Duplicate external id specified: {value}", key.WireName);
            }

            var found = records.ByValue(entity, key, value);
            switch (found.Count)
            {
                case 0:
                    return Created(records.Create(entity, item, call.User)).With("created", true);
                case 1:
                    records.Update(entity, (string)found[0]["Id"]!, item.Without(key.WireName), call.User);
                    return Created((string)found[0]["Id"]!).With("created", false);
                default:
                    throw new SalesforceRefusal(400, "DUPLICATE_EXTERNAL_ID", $"{key.WireName}: more than one record found for external id field: {value}");
            }
        });
    }

    private SalesforceReply Retrieve(SalesforceCall call, SObject entity)
    {
        var body = call.Method == "POST" ? call.Json() : Fields.Of(("ids", call.Need("ids").Split(',')), ("fields", call.Need("fields").Split(',')));
        var wanted = body.List("fields").OfType<string>().Select(name => entity.Field(name)
            ?? throw new SalesforceRefusal(400, "INVALID_FIELD", $"No such column '{name}' on sobject of type {entity.Name}")).ToList();
        return new(200, body.List("ids").OfType<string>().Select(id => records.Find(entity.Name, id) is { } row && !SalesforceRecords.IsDeleted(row)
            ? Fields.Of(
            [
                ("attributes", Fields.Of(("type", entity.Name), ("url", $"{call.Base}/sobjects/{entity.Name}/{row["Id"]}"))),
                .. wanted.Select(field => (field.WireName, SalesforceFieldRules.Show(field, row.GetValueOrDefault(field.Name)))),
            ])
            : (object?)null).ToList());
    }

    private SObject Entity(Fields item) => item.Nested("attributes")?.Text("type") is { } type
        ? records.Object(type) ?? throw new SalesforceRefusal(400, "INVALID_TYPE", $"sObject type '{type}' is not supported.")
        : throw new SalesforceRefusal(400, "INVALID_TYPE", "attributes.type is required");

    private static IReadOnlyList<Fields> Records(SalesforceCall call) => call.Json().NestedList("records");

    private static Fields Created(string id) => Fields.Of(("id", id), ("success", true), ("errors", Array.Empty<object>()));
}
