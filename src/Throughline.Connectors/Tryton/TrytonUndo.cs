using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>Takes creations back. Every step can be repeated: what is gone already is done.</summary>
internal sealed class TrytonUndo(TrytonClient client, TimeProvider time)
{
    private const string ClosedPrefix = "Cancelled: ";

    public async Task<Receipt> RunAsync(TrytonModel model, long id, JsonObject? version, CancellationToken cancellation)
    {
        var found = await client.SearchReadAsync(model.Name, [new JsonArray("id", "=", id)], null, null, ["id", "_timestamp"], cancellation);
        if (found.GetArrayLength() == 0)
        {
            return Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", "was gone")));
        }

        switch (model.UndoBy)
        {
            case UndoBy.Archive:
                await client.CallAsync($"model.{model.Name}.write", [new JsonArray(id), new JsonObject { ["active"] = false }], safe: false, cancellation,
                    version);
                return Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", "archived")));
            case UndoBy.Delete:
                await client.CallAsync($"model.{model.Name}.delete", [new JsonArray(id)], safe: false, cancellation, version);
                return Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", "deleted")));
            case UndoBy.DeleteOrClose:
                return await ProjectAsync(id, version, cancellation);
            default:
                return await InvoiceAsync(id, version, cancellation);
        }
    }

    private async Task<Receipt> ProjectAsync(long root, JsonObject? version, CancellationToken cancellation)
    {
        var answer = await client.SearchReadAsync(
            TrytonModels.Project,
            [new JsonArray("parent", "child_of", new JsonArray(root))],
            null,
            null,
            ["name", "parent", "timesheet_works", "timesheet_duration"],
            cancellation);
        var works = answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).ToDictionary(work => (long)work.Number("id")!.Value);
        if (works.Values.All(work => (work.Number("timesheet_duration") ?? 0) == 0))
        {
            try
            {
                await DeleteAsync(works, root, version, cancellation);
                return Receipt.Done(TrytonClient.Id(root), answer: Fields.Of(("undone", "deleted")));
            }
            catch (ConnectorException e) when (e.Failure is Failure.Validation)
            {
                // Something refers to it (an invoice, a purchase, a line logged this moment): it stays, closed.
            }
        }

        await CloseAsync(works, root, version, cancellation);
        return Receipt.Done(TrytonClient.Id(root), answer: Fields.Of(("undone", "closed")));
    }

    /// <summary>Only what has no number yet: a number must not be missing from the books, so what has one is credited, and a person decides that.</summary>
    private async Task<Receipt> InvoiceAsync(long id, JsonObject? version, CancellationToken cancellation)
    {
        var invoice = await ReadInvoiceAsync(id, cancellation);
        if (Refusal(id, invoice) is { } refusal)
        {
            return refusal;
        }

        try
        {
            await client.CallAsync($"model.{TrytonModels.Invoice}.delete", [new JsonArray(id)], safe: false, cancellation, version);
            return Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", "deleted")));
        }
        catch (ConnectorException e) when (e.Failure is Failure.Validation)
        {
            // Something refers to it, or somebody posted it this moment. A company may allow posted invoices to be cancelled, so that the button is
            // pressed only on what was seen to have no number, and only while it is as it was seen.
            invoice = await ReadInvoiceAsync(id, cancellation);
        }

        if (invoice is not null && Refusal(id, invoice) is { } late)
        {
            return late;
        }

        if (invoice is not null)
        {
            var seen = new JsonObject { ["_timestamp"] = new JsonObject { [$"{TrytonModels.Invoice},{TrytonClient.Id(id)}"] = invoice.Text("_timestamp") } };
            await client.CallAsync($"model.{TrytonModels.Invoice}.cancel", [new JsonArray(id)], safe: false, cancellation, seen);
        }

        return Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", invoice is null ? "was gone" : "cancelled")));
    }

    private async Task<Fields?> ReadInvoiceAsync(long id, CancellationToken cancellation)
    {
        var answer = await client.SearchReadAsync(
            TrytonModels.Invoice, [new JsonArray("id", "=", id)], 1, null, ["state", "number", "reference", "_timestamp"], cancellation);
        return answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).FirstOrDefault();
    }

    private static Receipt? Refusal(long id, Fields? invoice)
    {
        var (state, number) = (invoice?.Text("state"), invoice?.Text("number"));
        return (state, number) switch
        {
            ("cancelled", not null) => Receipt.Done(TrytonClient.Id(id), answer: Fields.Of(("undone", "was cancelled"))),
            _ when number is null && !TrytonPosting.IsFinal(state) => null,
            _ => Receipt.Failed(new Failure.Policy($"{TrytonPosting.Name(id, invoice!)} is {(TrytonPosting.IsFinal(state) ? state : "numbered")} in Tryton, so it "
                + "is not taken back: it must be credited there (Accounting > Customer Invoices, 'Credit')")),
        };
    }

    /// <summary>The server refuses parents together with their children, so each level of the tree is a call of its own, deepest first.</summary>
    private async Task DeleteAsync(Dictionary<long, Fields> works, long root, JsonObject? version, CancellationToken cancellation)
    {
        foreach (var level in works.Keys.GroupBy(id => Depth(works, id, root)).OrderByDescending(level => level.Key))
        {
            await client.CallAsync(
                $"model.{TrytonModels.Project}.delete", [Ids(level)], safe: false, cancellation, level.Key == 0 && works.Count == 1 ? version : null);
        }
    }

    /// <summary>One call: a project can only be done together with all its tasks, and done means 100 percent (see BEHAVIOR.md).</summary>
    private async Task CloseAsync(Dictionary<long, Fields> works, long root, JsonObject? version, CancellationToken cancellation)
    {
        var statuses = await client.SearchReadAsync("project.work.status", [new JsonArray("progress", "=", 1.0)], 1,
            new JsonArray(new JsonArray("id", "ASC")), ["id"], cancellation);
        if (statuses.GetArrayLength() == 0)
        {
            throw new ConnectorException(new Failure.Policy("Tryton has no project status with a progress of 100 %, so the project cannot be closed; "
                + "close it by hand"));
        }

        var status = statuses[0].GetProperty("id").GetInt64();
        var name = works.GetValueOrDefault(root)?.Text("name") ?? "";
        var rootValues = new JsonObject { ["name"] = name.StartsWith(ClosedPrefix, StringComparison.Ordinal) ? name : ClosedPrefix + name };
        JsonArray parameters = [Ids(works.Keys), new JsonObject { ["status"] = status, ["progress"] = 1.0 }, Ids([root]), rootValues];
        var logged = works.Where(work => work.Value.List("timesheet_works").Count > 0).Select(work => work.Key).ToArray();
        if (logged.Length > 0)
        {
            // "Done" alone does not stop time from being logged; an end date does.
            var yesterday = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-1);
            parameters.Add(Ids(logged));
            parameters.Add(new JsonObject { ["timesheet_end_date"] = TrytonJson.Date(yesterday) });
        }

        await client.CallAsync($"model.{TrytonModels.Project}.write", parameters, safe: false, cancellation, version);
    }

    private static int Depth(Dictionary<long, Fields> works, long id, long root)
    {
        var depth = 0;
        for (var at = id; at != root && works.TryGetValue(at, out var work) && work.Number("parent") is { } parent; at = (long)parent)
        {
            depth++;
        }

        return depth;
    }

    private static JsonArray Ids(IEnumerable<long> ids) => new([.. ids.Select(id => JsonValue.Create(id))]);
}
