using System.Collections.Immutable;
using Throughline.Engine.Intake;
using Throughline.Model;
using Throughline.Server.Api.Access;
using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Intake;

/// <summary><c>POST /api/v1/intake/{system}</c>: source records, one or a list, answered after they are durable.</summary>
internal sealed class IntakeDoor(Doors doors, RateGate rate)
{
    public async Task PostAsync(HttpContext context)
    {
        if (rate.Wait("token") is { } wait)
        {
            await Answer.ProblemAsync(context, Problem.Busy(
                "This token has sent more requests than the hub takes; nothing of this was stored. Send it again later.", wait));
            return;
        }

        var system = context.Route("system");
        if (!doors.Landscape.Systems.ContainsKey(system))
        {
            await Answer.ProblemAsync(context, UnknownSystem(doors));
            return;
        }

        var (bytes, unread) = await BodyReader.ReadAsync(context, doors.Parts.Limits.BodyBytesMax);
        if (unread is not null)
        {
            await Answer.ProblemAsync(context, unread);
            return;
        }

        var (items, isList, malformed) = BodyReader.Parse(bytes);
        if ((malformed ?? WrongCount(items, isList)) is { } problem)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        await TakeAsync(context, system, items, isList);
    }

    public static Problem UnknownSystem(Doors doors) => Problem.NotFound(
        "unknown-system", $"The landscape has no such system; it has {string.Join(", ", doors.Landscape.Systems.Keys.Order(StringComparer.Ordinal))}.");

    public static Problem Invalid(IReadOnlyCollection<FieldProblem> problems) => new(
        422, "invalid-records", "Some of it cannot be taken in", $"Nothing of this request was taken in. {problems.First().Field} "
            + $"{problems.First().Message}.")
    {
        More = Fields.Of(("problems", problems.Take(100).Select(problem => Fields.Of(("pointer", problem.Field), ("message", problem.Message))))),
    };

    private async Task TakeAsync(HttpContext context, string system, IReadOnlyList<object?> items, bool isList)
    {
        string Place(int i) => isList ? $"/{i}" : "";
        var problems = new List<FieldProblem>();
        var requests = items.Select((item, i) => IntakeEnvelope.Read(system, item, Place(i), problems)).OfType<IntakeRequest>().ToImmutableArray();
        if (problems.Count == 0 && isList)
        {
            // A list is taken as a whole or not at all, so that a sender never has to find out which half arrived.
            problems.AddRange(doors.Hub.Intake.Check(requests).SelectMany((found, i) => found.Select(problem => problem with { Field = Place(i) + problem.Field })));
        }

        if (problems.Count == 0)
        {
            var answers = await doors.Hub.Intake.TakeAsync(requests);
            problems.AddRange(answers.SelectMany((answer, i) => answer.Problems.Select(problem => problem with { Field = Place(i) + problem.Field })));
            if (problems.Count == 0)
            {
                await AnswerAsync(context, [.. answers.Zip(requests, items)
                    .Select(each => Receipt(each.First.Receipt!, each.Second, (Fields)each.Third!))]);
                return;
            }
        }

        await Answer.ProblemAsync(context, Invalid(problems));
    }

    private static Task AnswerAsync(HttpContext context, ImmutableArray<Fields> receipts)
    {
        var body = Fields.Of(("receipts", receipts));
        var conflicts = receipts.Count(receipt => receipt.Text("status") == "conflict");
        return conflicts == 0
            ? Answer.JsonAsync(context, 202, body)
            : Answer.ProblemAsync(context, new Problem(
                409, "key-conflict", "A key came with another record",
                $"{conflicts} of {receipts.Length} keys are known with other content; the first content stays. Everything else was taken in. Send "
                    + "changed content under a new key.") { More = body });
    }

    private static Fields Receipt(IntakeReceipt receipt, IntakeRequest request, Fields given)
    {
        var fields = Fields.Of(("key", receipt.Key), ("status", receipt.Outcome.ToString().ToLowerInvariant()), ("envelope", receipt.Envelope.ToString()));
        if (given.Text("correlationId") is { } correlation)
        {
            fields = fields.With("correlationId", correlation);
        }

        return receipt.Outcome == IntakeOutcome.Conflict
            ? fields.With("firstFingerprint", receipt.FirstFingerprint).With("fingerprint", request.Record.Fields.Fingerprint())
            : fields;
    }

    private static Problem? WrongCount(IReadOnlyList<object?> items, bool isList) =>
        isList && items.Count == 0 ? Invalid([new FieldProblem("/", "is an empty list; send at least one envelope")])
        : items.Count > IntakeEnvelope.ItemsMax ? Invalid(
            [new FieldProblem("/", $"holds {items.Count} envelopes; at most {IntakeEnvelope.ItemsMax} may come in one request")])
        : null;
}
