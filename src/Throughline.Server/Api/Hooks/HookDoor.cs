using System.Globalization;
using System.Text;
using Throughline.Connect;
using Throughline.Engine.Intake;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Access;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Intake;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Hooks;

/// <summary><c>POST /hooks/{system}</c>: signed webhooks <c>{ type, timestamp, data }</c>, where type is the kind of record, a dot and what
/// happened.</summary>
internal sealed class HookDoor(Doors doors, RateGate rate)
{
    public async Task PostAsync(HttpContext context)
    {
        var name = context.Route("system");
        if (!doors.Landscape.Systems.TryGetValue(name, out var system))
        {
            await Answer.ProblemAsync(context, Problem.NotFound("unknown-system", "There is no such sender of webhooks."));
            return;
        }

        if (system.Hooks.IsEmpty)
        {
            await Answer.ProblemAsync(context, Problem.NotFound("no-webhooks",
                $"The landscape declares no webhook secret for {name}; add 'hooks: {{ secrets: [env:NAME] }}' to its file."));
            return;
        }

        if (rate.Wait("hook " + name) is { } wait)
        {
            await Answer.ProblemAsync(context, Problem.Busy(
                "This sender has sent more than the hub takes; nothing of this was stored. Send it again later.", wait));
            return;
        }

        var (bytes, unread) = await BodyReader.ReadAsync(context, doors.Parts.Limits.HookBytesMax);
        if ((unread ?? Verify(context.Request, system, bytes)) is { } refused)
        {
            await Answer.ProblemAsync(context, refused);
            return;
        }

        await TakeAsync(context, system, bytes);
    }

    private Problem? Verify(HttpRequest request, SystemDeclaration system, byte[] body)
    {
        var keys = system.Hooks.Select(reference => doors.Parts.Secrets.TryResolve(reference, out _)).OfType<string>().Select(WebhookSignature.KeyOf)
            .OfType<byte[]>().ToArray();
        if (keys.Length == 0)
        {
            return new Problem(503, "secret-unavailable", "The webhook cannot be verified now",
                $"No webhook secret of {system.Name} can be read by the hub; 'throughline doctor' says why.")
            {
                RetryAfter = TimeSpan.FromMinutes(1),
            };
        }

        var id = request.Headers[WebhookSignature.IdHeader].ToString();
        var refusal = WebhookSignature.Refusal(
            id, request.Headers[WebhookSignature.TimeHeader].ToString(), request.Headers[WebhookSignature.SignatureHeader].ToString(),
            body, keys, doors.Time.GetUtcNow());
        return refusal is { } why ? new Problem(401, why.Code, "The webhook is not accepted", $"The webhook is refused: {why.Says}.")
            : Encoding.UTF8.GetByteCount(id) > IntakeService.KeyBytesMax || id.Any(char.IsControl)
                ? IntakeDoor.Invalid([new FieldProblem(WebhookSignature.IdHeader,
                $"must be a text of 1 to {IntakeService.KeyBytesMax} bytes without control characters")])
                : null;
    }

    private async Task TakeAsync(HttpContext context, SystemDeclaration system, byte[] bytes)
    {
        var (items, isList, malformed) = BodyReader.Parse(bytes);
        if (malformed is not null)
        {
            await Answer.ProblemAsync(context, malformed);
            return;
        }

        var problems = new List<FieldProblem>();
        var request = isList ? null : Read(system.Name, context.Request.Headers[WebhookSignature.IdHeader].ToString(), items[0] as Fields, problems);
        if (request is null)
        {
            await Answer.ProblemAsync(context, IntakeDoor.Invalid(problems.Count > 0 ? problems
                : [new FieldProblem("/", "must be one object with type, timestamp and data")]));
            return;
        }

        var answer = (await doors.Hub.Intake.TakeAsync([request]))[0];
        if (answer.Receipt is not { } receipt)
        {
            problems.AddRange(answer.Problems.Select(problem =>
                problem with { Field = problem.Field == "/kind" ? "/type" : problem.Field.Replace("/record", "/data", StringComparison.Ordinal) }));
            await Answer.ProblemAsync(context, IntakeDoor.Invalid(problems));
        }
        else if (receipt.Outcome == IntakeOutcome.Conflict)
        {
            await Answer.ProblemAsync(context, new Problem(409, "key-conflict", "A webhook id came with another record",
                "This webhook id is known with other content; the first content stays. A new message needs a new id.")
            {
                More = Fields.Of(("key", receipt.Key), ("envelope", receipt.Envelope.ToString()), ("firstFingerprint", receipt.FirstFingerprint),
                    ("fingerprint", request.Record.Fields.Fingerprint())),
            });
        }
        else
        {
            // A sender that repeats a message gets the very same answer, so that it stops.
            await Answer.JsonAsync(context, 202, Fields.Of(("key", receipt.Key), ("status", "accepted"), ("envelope", receipt.Envelope.ToString())));
        }
    }

    private static IntakeRequest? Read(string system, string id, Fields? message, List<FieldProblem> problems)
    {
        var type = message?.Text("type") ?? "";
        var dot = type.LastIndexOf('.');
        if (message is null || dot <= 0 || dot == type.Length - 1 || type.Length > 200)
        {
            problems.Add(new FieldProblem("/type", "must be the kind of record, a dot and what happened, such as Opportunity.updated"));
            return null;
        }

        if (message.Nested("data") is not { } record || IntakeEnvelope.ExternalId(record) is not { } externalId)
        {
            problems.Add(new FieldProblem("/data", "must be the record as the system has it, with its 'Id' or 'id'"));
            return null;
        }

        var isDeleted = type[(dot + 1)..] == "deleted";
        DateTimeOffset? occurredAt = DateTimeOffset.TryParse(message.Text("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var at) ? at : null;
        return new IntakeRequest(system, type[..dot], id, occurredAt,
            new SourceRecord(type[..dot], externalId, IntakeEnvelope.VersionOf(record), record, isDeleted));
    }
}
