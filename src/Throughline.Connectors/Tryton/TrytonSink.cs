using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Writes. Consecutive creations of one entity are one call, which the server carries out as one transaction: all or none.
/// Changes and undos are one transaction each.
/// </summary>
internal sealed class TrytonSink(TrytonClient client, TrytonSchema schema, TimeProvider time)
{
    private const string Uuid = "uuid";

    private readonly TrytonUndo _undo = new(client, time);

    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        var receipts = ImmutableArray.CreateBuilder<Receipt>(items.Length);
        for (var start = 0; start < items.Length;)
        {
            var length = RunLength(items, start);
            receipts.AddRange(await RunAsync(items.AsSpan(start, length).ToImmutableArray(), cancellation));
            start += length;
        }

        return receipts.MoveToImmutable();
    }

    private static int RunLength(ImmutableArray<WriteItem> items, int start)
    {
        var end = start + 1;
        while (items[start].Operation == WriteOperation.Create && end < items.Length
            && items[end].Operation == WriteOperation.Create && items[end].Entity == items[start].Entity)
        {
            end++;
        }

        return end - start;
    }

    private async Task<Receipt[]> RunAsync(ImmutableArray<WriteItem> run, CancellationToken cancellation)
    {
        try
        {
            var model = TrytonModels.Find(run[0].Entity);
            if (model is null || !model.Manifest.Writes.Contains(run[0].Operation))
            {
                return Failed(run, model is null ? TrytonFailures.UnknownEntity(run[0].Entity)
                    : TrytonFailures.Invalid(model.Name, [new FieldProblem("", "can only be read")]));
            }

            return run[0].Operation switch
            {
                WriteOperation.Create => await CreateAsync(model, run, cancellation),
                WriteOperation.Update => [await UpdateAsync(model, run[0], cancellation)],
                WriteOperation.Undo => [await _undo.RunAsync(model, Id(run[0]), Version(model, run[0]), cancellation)],
            };
        }
        catch (ConnectorException e)
        {
            if (e.Failure is Failure.Validation)
            {
                schema.Forget();
            }
            else if (TrytonFailures.IsAbsentThere(e.Failure))
            {
                schema.ForgetReferences();
            }

            return Failed(run, TrytonFailures.ForBatch(e.Failure, run.Length));
        }
    }

    private async Task<Receipt[]> CreateAsync(TrytonModel model, ImmutableArray<WriteItem> run, CancellationToken cancellation)
    {
        var values = new TrytonValues(client, schema);
        var invoices = new TrytonInvoices(client);
        var rows = new JsonArray();
        foreach (var item in run)
        {
            var (payload, origins) = model.Name == TrytonModels.Invoice
                ? await new TrytonCredits(client, schema).CompleteAsync(Complete(model, item), cancellation)
                : (Complete(model, item), []);
            var row = await values.ForAsync(model.Name, payload, null, cancellation);
            if (model.Name == TrytonModels.Invoice)
            {
                TrytonCredits.SetOrigins(row, origins);
                await invoices.CompleteAsync(row, cancellation);
            }

            rows.Add(row);
        }

        var answer = await client.CallAsync($"model.{model.Name}.create", [rows], safe: false, cancellation);
        var ids = answer.EnumerateArray().Select(id => id.GetInt64()).ToArray();
        if (ids.Length != run.Length)
        {
            return Failed(run, new Failure.InDoubt($"Tryton answered {ids.Length} ids for {run.Length} new records of {model.Name}"));
        }

        var facts = await FactsAsync(model, ids, cancellation);
        return [.. ids.Zip(run, (id, item) => facts is null && item.Find is not null ? Unseen(model, id) : Done(model, id, facts?.GetValueOrDefault(id)))];
    }

    private async Task<Receipt> UpdateAsync(TrytonModel model, WriteItem item, CancellationToken cancellation)
    {
        var id = Id(item);
        if (model.Name == TrytonModels.Invoice)
        {
            Refuse(model, TrytonInvoices.Refused(item.Fields, isNew: false));
            await new TrytonPosting(client, schema).RunAsync(id, item.Fields, Version(model, item), cancellation);
        }
        else
        {
            var values = await new TrytonValues(client, schema).ForAsync(model.Name, item.Fields, id, cancellation);
            await client.CallAsync($"model.{model.Name}.write", [new JsonArray(id), values], safe: false, cancellation, Version(model, item));
        }

        if (await FactsAsync(model, [id], cancellation) is not { } all)
        {
            return Unseen(model, id);
        }

        var facts = all.GetValueOrDefault(id);
        return model.Name == TrytonModels.Invoice && facts is not null && TrytonPosting.NotReached(item.Fields, facts) is { } failure
            ? Receipt.Failed(failure)
            : Done(model, id, facts);
    }

    /// <summary>
    /// The payload with what the hub itself must add: a line's unique key. A project must carry its code in its name, or a lost answer could not be looked up.
    /// What only Tryton may set is refused.
    /// </summary>
    private static Fields Complete(TrytonModel model, WriteItem item)
    {
        if (model.Name == TrytonModels.TimesheetLine && item.Fields.Get(Uuid) is null)
        {
            return item.Fields.With(Uuid, item.Find?.Text(Uuid) ?? item.IdempotencyKey);
        }

        if (item.Find?.Text(TrytonModels.CodeInName) is { } code && !TrytonSource.HasCode(item.Fields.Text("name"), code))
        {
            throw new ConnectorException(TrytonFailures.Invalid(model.Name,
                [new FieldProblem("name", $"must begin with the code '{code}' and a space, by which the hub finds the project again")]));
        }

        if (model.Name == TrytonModels.Invoice)
        {
            Refuse(model, TrytonInvoices.Refused(item.Fields, isNew: true));
            if (item.Find?.Text("reference") is { } reference && item.Fields.Text("reference") != reference)
            {
                Refuse(model, [new FieldProblem("reference", $"must be '{reference}', by which the hub finds the invoice again")]);
            }

            return item.Fields.Without("state");
        }

        return item.Fields;
    }

    private static void Refuse(TrytonModel model, IEnumerable<FieldProblem> problems)
    {
        if (problems.ToArray() is { Length: > 0 } found)
        {
            throw new ConnectorException(TrytonFailures.Invalid(model.Name, found));
        }
    }

    private static long Id(WriteItem item) =>
        long.TryParse(item.ExternalId, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new ConnectorException(TrytonFailures.Invalid(item.Entity,
                [new FieldProblem("id", $"'{item.ExternalId}' is not an id of Tryton, which are whole numbers")]));

    private static JsonObject? Version(TrytonModel model, WriteItem item) =>
        item.ExpectedVersion is null ? null
            : new JsonObject { ["_timestamp"] = new JsonObject { [$"{model.Name},{item.ExternalId}"] = item.ExpectedVersion } };

    private static Receipt[] Failed(ImmutableArray<WriteItem> run, Failure failure) => [.. run.Select(_ => Receipt.Failed(failure))];

    /// <summary>What the server made of the records, which are written already; null where it does not say and later steps will ask for it.</summary>
    private async Task<Dictionary<long, Fields>?> FactsAsync(TrytonModel model, long[] ids, CancellationToken cancellation)
    {
        using var read = CallDeadline.None();
        try
        {
            var names = await schema.PresentAsync(model, model.Answer, cancellation);
            var answer = await client.SearchReadAsync(
                model.Name, [new JsonArray("id", "in", new JsonArray([.. ids.Select(id => JsonValue.Create(id))]))], null, null, [.. names, "_timestamp"],
                    cancellation);
            return answer.EnumerateArray().ToDictionary(row => row.GetProperty("id").GetInt64(), row => (Fields)TrytonJson.Decode(row)!);
        }
        catch (Exception e) when (e is ConnectorException or OperationCanceledException)
        {
            return model.Name == TrytonModels.TimesheetLine ? [] : null;
        }
    }

    // Not a failure of the write, and its answer is lost all the same: found by its key, the record says the same.
    private static Receipt Unseen(TrytonModel model, long id) => Receipt.Failed(new Failure.InDoubt(
        string.Create(CultureInfo.InvariantCulture, $"Tryton took {model.Name} {id}, and could not be asked what it made of it")));

    private static Receipt Done(TrytonModel model, long id, Fields? facts)
    {
        if (facts is null)
        {
            return Receipt.Done(TrytonClient.Id(id));
        }

        var answer = facts.Without("_timestamp").Without("id");
        return Receipt.Done(TrytonClient.Id(id), facts.Text("_timestamp"), model.Name == TrytonModels.Project ? WithTasks(answer) : answer);
    }

    /// <summary>Adds <c>tasks</c> and <c>timesheets</c>, each from a task's name to an id, for the steps that log time or bill later.</summary>
    public static Fields WithTasks(Fields answer)
    {
        var tasks = new Dictionary<string, object?>(StringComparer.Ordinal);
        var timesheets = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var child in answer.NestedList("children"))
        {
            if (child.Text("name") is { } name && tasks.TryAdd(name, child.Get("id")) && child.List("timesheet_works") is [var work, ..])
            {
                timesheets[name] = work;
            }
        }

        return answer.With("tasks", tasks).With("timesheets", timesheets);
    }
}
