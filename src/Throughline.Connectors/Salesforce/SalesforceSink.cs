using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

/// <summary>
/// Writes. Neighbouring items of one kind go as one collection (each succeeds or fails alone), everything else as a call of its own.
/// A creation with the hub's key is an upsert by that key, so that a repetition finds the record instead of making a second.
/// </summary>
internal sealed class SalesforceSink(SalesforceClient client)
{
    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        var receipts = ImmutableArray.CreateBuilder<Receipt>(items.Length);
        var at = 0;
        while (at < items.Length)
        {
            var count = RunLength(items, at);
            var run = items.AsMemory().Slice(at, count).ToArray();
            receipts.AddRange(Refusal(run[0]) is { } refusal ? [Receipt.Failed(refusal)]
                : count == 1 ? [await OneAsync(run[0], cancellation)]
                : await CollectionAsync(run, cancellation));
            at += count;
        }

        return receipts.MoveToImmutable();
    }

    // A run ends where entity, operation or key changes, or where a record comes a second time: in one collection
    // Salesforce would refuse both, and the later write is meant to win.
    private static int RunLength(ImmutableArray<WriteItem> items, int from)
    {
        var first = items[from];
        if (first.ExpectedVersion is not null || Refusal(first) is not null)
        {
            return 1;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var at = from;
        while (at < items.Length && at - from < SalesforceKind.CollectionMax && items[at] is var item
            && item.Entity == first.Entity && item.Operation == first.Operation && item.ExpectedVersion is null && Refusal(item) is null
            && (Key(item) is null) == (Key(first) is null)
            && ((item.Operation == WriteOperation.Create ? Key(item)?.Value : item.ExternalId) is not { } identity || seen.Add(identity)))
        {
            at++;
        }

        return at - from;
    }

    private static Failure? Refusal(WriteItem item) =>
        SalesforceEntities.Find(item.Entity) is not { } entity ? new Failure.Validation(
            $"Salesforce's {item.Entity} is not written by this connector", [new FieldProblem("entity", "is unknown")])
        : !entity.IsWritable ? new Failure.Policy($"{item.Entity} is only read from Salesforce, never written")
        : item.Operation != WriteOperation.Create && string.IsNullOrEmpty(item.ExternalId) ? new Failure.Validation(
            $"an {item.Operation.ToString().ToLowerInvariant()} of {item.Entity} needs the id of the record", [new FieldProblem("ExternalId", "is missing")])
        : item.ExpectedVersion is { } version && !SalesforceInstants.TryParse(version, out _) ? new Failure.Validation(
            $"the expected version of {item.Entity} {item.ExternalId} is not a time", [new FieldProblem("ExpectedVersion", "is not a time")])
        : null;

    private static (string Field, string Value)? Key(WriteItem item) =>
        item.Operation == WriteOperation.Create && SalesforceEntities.Find(item.Entity)?.KeyField is { } field
            && item.Find?.Text(field) is { Length: > 0 } value ? (field, value) : null;

    private static string Doing(WriteItem item) => item.Operation switch
    {
        WriteOperation.Create => $"the creation of {item.Entity} {item.Find?.Values.OfType<string>().FirstOrDefault() ?? item.IdempotencyKey}",
        WriteOperation.Update => $"the update of {item.Entity} {item.ExternalId}",
        WriteOperation.Undo => $"the deletion of {item.Entity} {item.ExternalId}",
    };

    private async Task<Receipt> OneAsync(WriteItem item, CancellationToken cancellation)
    {
        var root = $"{client.Base}/sobjects/{item.Entity}";
        var key = Key(item);
        var row = item.ExternalId is null ? root : $"{root}/{Uri.EscapeDataString(item.ExternalId)}";
        var result = item.Operation switch
        {
            WriteOperation.Create when key is { } upsert => await client.SendAsync(
                HttpMethod.Patch, $"{root}/{upsert.Field}/{Uri.EscapeDataString(upsert.Value)}", item.Fields.Without(upsert.Field), isSafe: false,
                    cancellation),
            WriteOperation.Create => await client.SendAsync(HttpMethod.Post, root, item.Fields, isSafe: false, cancellation),
            WriteOperation.Update => await client.SendAsync(HttpMethod.Patch, row, item.Fields, isSafe: false, cancellation, headers =>
            {
                if (SalesforceInstants.TryParse(item.ExpectedVersion, out var version))
                {
                    headers.TryAddWithoutValidation("If-Unmodified-Since", version.ToString("R", CultureInfo.InvariantCulture));
                }
            }),
            WriteOperation.Undo => await client.SendAsync(HttpMethod.Delete, row, body: null, isSafe: false, cancellation),
        };
        if (result.Response is not { } response)
        {
            return Receipt.Failed(result.Failure!);
        }

        if (response.IsSuccess)
        {
            return item.ExternalId is { } known ? Receipt.Done(SalesforceIds.Long(known)) : Created(response, item);
        }

        return item.Operation == WriteOperation.Undo && SalesforceFailures.SaysDeleted(SalesforceFailures.FirstError(response))
            ? Receipt.Done(SalesforceIds.Long(item.ExternalId!))
            : Receipt.Failed(client.FailureOf(response, isWrite: true, Doing(item)));
    }

    private static Receipt Created(HttpResponse response, WriteItem item)
    {
        try
        {
            var body = Fields.Parse(response.Body);
            if (body.Text("id") is { Length: > 0 } id)
            {
                return Receipt.Done(SalesforceIds.Long(id), version: null, Answer(body));
            }
        }
        catch (FormatException)
        {
            // Told below, as for a document without an id.
        }

        return Receipt.Failed(new Failure.InDoubt($"Salesforce answered {Doing(item)} with success but without an id"));
    }

    // Whether an upsert made the record or found it.
    private static Fields Answer(Fields body) => body.Flag("created") is { } created ? Fields.Of(("created", created)) : Fields.Empty;

    private async Task<IReadOnlyList<Receipt>> CollectionAsync(WriteItem[] run, CancellationToken cancellation)
    {
        var first = run[0];
        var root = $"{client.Base}/composite/sobjects";
        var result = first.Operation switch
        {
            WriteOperation.Create when Key(first) is { } key => await client.SendAsync(
                HttpMethod.Patch, $"{root}/{first.Entity}/{key.Field}", Body(run, item => item.Fields.With(key.Field, Key(item)!.Value.Value)),
                    isSafe: false, cancellation),
            WriteOperation.Create => await client.SendAsync(HttpMethod.Post, root, Body(run, item => item.Fields), isSafe: false, cancellation),
            WriteOperation.Update => await client.SendAsync(HttpMethod.Patch, root, Body(run, item => item.Fields.With("Id", item.ExternalId)),
                isSafe: false, cancellation),
            WriteOperation.Undo => await client.SendAsync(
                HttpMethod.Delete, $"{root}?ids={Uri.EscapeDataString(string.Join(',', run.Select(item => item.ExternalId)))}&allOrNone=false", body: null,
                    isSafe: false, cancellation),
        };
        if (result.Response is not { } response)
        {
            return [.. run.Select(_ => Receipt.Failed(result.Failure!))];
        }

        if (!response.IsSuccess)
        {
            var failure = client.FailureOf(response, isWrite: true, $"a collection of {run.Length}, beginning with {Doing(first)}");
            return [.. run.Select(_ => Receipt.Failed(failure))];
        }

        var answers = Answers(response);
        return answers.Count == run.Length
            ? [.. run.Zip(answers, ItemReceipt)]
            : [.. run.Select(item => Receipt.Failed(new Failure.InDoubt(
                $"Salesforce answered a collection of {run.Length} with {answers.Count} results, so {Doing(item)} may have been carried out")))];
    }

    private static Fields Body(WriteItem[] run, Func<WriteItem, Fields> content) => Fields.Of(
        ("allOrNone", false),
        ("records", run.Select(item => Fields.Of(("attributes", Fields.Of(("type", item.Entity)))).Merge(content(item))).ToList()));

    private static IReadOnlyList<Fields> Answers(HttpResponse response)
    {
        try
        {
            return Fields.Parse($$"""{"results":{{response.Text}}}""").NestedList("results");
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private Receipt ItemReceipt(WriteItem item, Fields answer)
    {
        var error = answer.NestedList("errors") is [var first, ..] ? first : null;
        var isDone = answer.Flag("success") == true || (item.Operation == WriteOperation.Undo && SalesforceFailures.SaysDeleted(error));
        return isDone && (answer.Text("id") ?? item.ExternalId) is { } id
            ? Receipt.Done(SalesforceIds.Long(id), version: null, Answer(answer))
            : Receipt.Failed(client.FailureOfItem(error, Doing(item)));
    }
}
