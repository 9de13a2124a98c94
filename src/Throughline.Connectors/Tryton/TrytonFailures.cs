using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// The one place that knows what Tryton's answers mean. The server answers almost everything with HTTP 200; the first member of <c>error</c> tells the
/// class, and within UserError only the (English) text differs, which is why every call asks for English.
/// </summary>
internal static partial class TrytonFailures
{
    /// <summary>How the message of a question to a person ends.</summary>
    public const string ConfirmAdvice = " Confirm it in Tryton, then try again";

    private const int EvidenceLengthMax = 400;

    // Each was seen on trytond 6.0.29 with PostgreSQL; the transaction was rolled back, so nothing was done.
    private static readonly ImmutableArray<string> PassingTexts =
    [
        "could not serialize access", "could not obtain lock", "connection already closed", "deadlock detected", "database is locked",
        "terminating connection", "server closed the connection", "the database system is", "could not connect to server", "connection to server",
    ];

    public static Failure UnknownEntity(string entity) =>
        new Failure.Validation(
            $"the Tryton connector has no entity '{entity}'; it has {string.Join(", ", TrytonModels.All.Select(model => model.Name))}",
            [new FieldProblem("entity", "is unknown")]);

    public static Failure WrongPassword(string user) =>
        new Failure.Authentication($"Tryton does not accept the user '{user}' with this password; check the user and the secret of this system");

    public static Failure.Validation Invalid(string model, IEnumerable<FieldProblem> problems)
    {
        var list = problems.ToImmutableArray();
        return new Failure.Validation(
            $"the content for {model} cannot be sent: {string.Join("; ", list.Select(problem => $"{problem.Field} {problem.Message}"))}", list);
    }

    /// <summary>
    /// The server itself said that something which was referred to does not exist. Its words are the evidence; the connector's own "found none" has none,
    /// and says nothing about what was found before.
    /// </summary>
    public static bool IsAbsentThere(Failure failure) => failure is Failure.MissingReference { Evidence: not null };

    /// <summary>The answer as JSON with a <c>result</c>, or null and the failure. A write whose answer cannot be understood is in doubt.</summary>
    public static JsonDocument? Open(HttpResponse response, string method, bool safe, out Failure? failure, TimeSpan? retryAfter = null)
    {
        failure = null;
        if (!response.IsSuccess)
        {
            failure = FromStatus(response, method, safe, retryAfter);
            return null;
        }

        JsonDocument? answer = null;
        try
        {
            answer = JsonDocument.Parse(response.Body);
            var root = answer.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Array)
            {
                failure = FromError(error, method);
            }
            else if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("result", out _))
            {
                failure = NotUnderstood(response, method, safe);
            }
        }
        catch (JsonException)
        {
            failure = NotUnderstood(response, method, safe);
        }

        if (failure is null)
        {
            return answer;
        }

        answer?.Dispose();
        return null;
    }

    public static Failure ForBatch(Failure failure, int count)
    {
        if (count == 1)
        {
            return failure;
        }

        var message = $"the batch of {count} was refused as a whole, so this record was not written either; the reason for one of them: {failure.Message}";
        return failure switch
        {
            Failure.Transient => new Failure.Transient(message) { Evidence = failure.Evidence },
            Failure.Throttled throttled => new Failure.Throttled(message, throttled.RetryAfter) { Evidence = failure.Evidence },
            Failure.Validation validation => new Failure.Validation(message, validation.Problems) { Evidence = failure.Evidence },
            Failure.MissingReference missing => new Failure.MissingReference(message, missing.Reference) { Evidence = failure.Evidence },
            Failure.Duplicate duplicate => new Failure.Duplicate(message, duplicate.ExistingId) { Evidence = failure.Evidence },
            Failure.Policy => new Failure.Policy(message) { Evidence = failure.Evidence },
            _ => failure,
        };
    }

    private static Failure FromStatus(HttpResponse response, string method, bool safe, TimeSpan? retryAfter)
    {
        var evidence = Shorten(TagPattern().Replace(response.Text, " "));
        var status = (int)response.Status;
        return response.Status switch
        {
            HttpStatusCode.Unauthorized =>
                new Failure.Authentication("Tryton refused the session twice; check that the hub's user is active") { Evidence = evidence },
            HttpStatusCode.Forbidden => new Failure.Authentication(
                $"Tryton does not offer {method} to the hub's user; check its groups and the activated modules") { Evidence = evidence },
            HttpStatusCode.NotFound => new Failure.Validation("Tryton has no such database; check 'database' of this system",
                [new FieldProblem(TrytonKind.Database, "is unknown")]) { Evidence = evidence },
            HttpStatusCode.TooManyRequests => new Failure.Throttled("Tryton asks to wait (too many requests or wrong passwords for this user)",
                retryAfter) { Evidence = evidence },
            _ when status >= 500 && !safe =>
                new Failure.InDoubt($"Tryton answered {status} to {method}; it may or may not have been carried out") { Evidence = evidence },
            _ when status >= 500 => new Failure.Transient($"Tryton answered {status} to {method}") { Evidence = evidence },
            _ => new Failure.Unknown($"Tryton answered {status} to {method}") { Evidence = evidence },
        };
    }

    private static Failure NotUnderstood(HttpResponse response, string method, bool safe)
    {
        var evidence = Shorten(TagPattern().Replace(response.Text, " "));
        return safe
            ? new Failure.Unknown($"the answer to {method} is not what Tryton sends; check that the address leads to Tryton") { Evidence = evidence }
            : new Failure.InDoubt($"the answer to {method} could not be understood; it may or may not have been carried out") { Evidence = evidence };
    }

    private static Failure FromError(JsonElement error, string method)
    {
        var kind = error.GetArrayLength() > 0 && error[0].ValueKind == JsonValueKind.String ? error[0].GetString()! : "";
        var detail = error.GetArrayLength() > 1 ? error[1] : default;
        return kind switch
        {
            "UserError" => FromUserError(First(detail)),
            "UserWarning" => new Failure.Policy(
                $"Tryton asks a person to confirm: {Shorten(Second(detail))}{ConfirmAdvice}") { Evidence = Shorten(First(detail)) },
            "ConcurrencyException" => new Failure.Conflict("somebody changed the record in Tryton meanwhile") { Evidence = First(detail) },
            "LoginException" => new Failure.Authentication("Tryton asks for a sign-in that the hub cannot give (a second factor, or no password)"),
            _ => FromUnexpected(kind.Trim(), method),
        };
    }

    private static Failure FromUserError(string text)
    {
        var evidence = Shorten(text);
        if (text.Contains("must be unique", StringComparison.Ordinal))
        {
            return new Failure.Duplicate($"Tryton already has such a record: {evidence}", null) { Evidence = evidence };
        }

        if (AbsentValuePattern().Match(text) is { Success: true } absent)
        {
            var reference = $"{absent.Groups["field"].Value} {absent.Groups["value"].Value}";
            return new Failure.MissingReference($"Tryton has no such record: {evidence}", reference) { Evidence = evidence };
        }

        if (AbsentRecordPattern().Match(text) is { Success: true } gone)
        {
            var reference = $"{gone.Groups["model"].Value} {gone.Groups["id"].Value}";
            return new Failure.MissingReference($"{reference} does not exist in Tryton, or the hub's user may not see it", reference) { Evidence = evidence };
        }

        if (text.StartsWith("You are not allowed", StringComparison.Ordinal))
        {
            return new Failure.Authentication($"the hub's user lacks a right in Tryton: {evidence}") { Evidence = evidence };
        }

        if (NoPeriodPattern().Match(text) is { Success: true } period)
        {
            var message = $"Tryton has no open period for {period.Groups["date"].Value}; open one (Accounting > Fiscal Years), or choose a date in an open one";
            return new Failure.Validation(message, [new FieldProblem("invoice_date", evidence)]) { Evidence = evidence };
        }

        if (NumberedLaterPattern().Match(text) is { Success: true } later)
        {
            var message = $"Tryton numbers invoices in the order of their dates, and {later.Groups["invoice"].Value}, which is dated later, has its number "
                + "already; give this one an accounting date that is not before that one's";
            return new Failure.Validation(message, [new FieldProblem("accounting_date", evidence)]) { Evidence = evidence };
        }

        var field = FieldPattern().Match(text) is { Success: true } named ? named.Groups["field"].Value : "";
        return new Failure.Validation($"Tryton refuses it: {evidence}", [new FieldProblem(field, evidence)]) { Evidence = evidence };
    }

    private static Failure FromUnexpected(string text, string method)
    {
        var evidence = Shorten(text);
        if (PassingTexts.Any(passing => text.Contains(passing, StringComparison.OrdinalIgnoreCase)))
        {
            return new Failure.Transient($"Tryton could not do {method} right now and undid it") { Evidence = evidence };
        }

        // A Python KeyError arrives as its bare, quoted key: a field or model that this server does not have.
        if (QuotedPattern().Match(text) is { Success: true } name)
        {
            var unknown = name.Groups["name"].Value;
            return new Failure.Validation(
                $"this Tryton has no field or model '{unknown}' (asked by {method}); a module may be missing or a field renamed",
                [new FieldProblem(unknown, "is unknown to this Tryton")]) { Evidence = evidence };
        }

        return new Failure.Validation($"Tryton could not take the content of {method}: {evidence}", [new FieldProblem("", evidence)]) { Evidence = evidence };
    }

    private static string First(JsonElement detail) => detail.ValueKind switch
    {
        JsonValueKind.String => detail.GetString()!,
        JsonValueKind.Array when detail.GetArrayLength() > 0 && detail[0].ValueKind == JsonValueKind.String => detail[0].GetString()!,
        _ => "",
    };

    private static string Second(JsonElement detail) =>
        detail.ValueKind == JsonValueKind.Array && detail.GetArrayLength() > 1 && detail[1].ValueKind == JsonValueKind.String ? detail[1].GetString()! : "";

    private static string Shorten(string text)
    {
        var flat = SpacePattern().Replace(text, " ").Trim();
        return flat.Length <= EvidenceLengthMax ? flat : string.Create(CultureInfo.InvariantCulture, $"{flat[..EvidenceLengthMax]}...");
    }

    [GeneratedRegex("""The value "(?<value>[^"]*)" for field "(?<field>[^"]*)" in "[^"]*" does not exist""")]
    private static partial Regex AbsentValuePattern();

    [GeneratedRegex(
        """You are (?:trying to read records|not allowed to (?:read|write to|delete) records) """
        + "\"(?<id>[^\"]*)\" of \"(?<model>[^\"]*)\" (?:that don't exist|because of)")]
    private static partial Regex AbsentRecordPattern();

    [GeneratedRegex("To continue, you must create a period for the date \"(?<date>[^\"]*)\"")]
    private static partial Regex NoPeriodPattern();

    [GeneratedRegex("To number the invoice .* has already been used for invoice \"(?<invoice>[^\"]*)\"")]
    private static partial Regex NumberedLaterPattern();

    [GeneratedRegex("for field \"(?<field>[^\"]*)\"")]
    private static partial Regex FieldPattern();

    [GeneratedRegex("^'(?<name>[^']*)'$")]
    private static partial Regex QuotedPattern();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex SpacePattern();
}
