using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

/// <summary>What an error code of Salesforce means to the hub.</summary>
internal enum SalesforceMeaning
{
    Transient,

    /// <summary>Passing for a read; for a write it is not known what was done.</summary>
    ServerFault,
    Throttled,
    Authentication,
    Validation,
    MissingReference,
    Duplicate,
    Conflict,
}

/// <summary>Everything that Salesforce may answer instead of success, as failures. The one place that knows its codes.</summary>
internal static partial class SalesforceFailures
{
    private const int EvidenceMax = 400;

    public static readonly FrozenDictionary<string, SalesforceMeaning> Codes = new Dictionary<string, SalesforceMeaning>
    {
        ["UNABLE_TO_LOCK_ROW"] = SalesforceMeaning.Transient,
        ["QUERY_TIMEOUT"] = SalesforceMeaning.Transient,
        ["INVALID_QUERY_LOCATOR"] = SalesforceMeaning.Transient,
        ["SERVER_UNAVAILABLE"] = SalesforceMeaning.Transient,
        ["ALL_OR_NONE_OPERATION_ROLLED_BACK"] = SalesforceMeaning.Transient,
        ["PROCESSING_HALTED"] = SalesforceMeaning.Transient,
        ["UNKNOWN_EXCEPTION"] = SalesforceMeaning.ServerFault,
        ["REQUEST_LIMIT_EXCEEDED"] = SalesforceMeaning.Throttled,
        ["INVALID_SESSION_ID"] = SalesforceMeaning.Authentication,
        ["INVALID_AUTH_HEADER"] = SalesforceMeaning.Authentication,
        ["INSUFFICIENT_ACCESS"] = SalesforceMeaning.Authentication,
        ["INSUFFICIENT_ACCESS_OR_READONLY"] = SalesforceMeaning.Authentication,
        ["INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"] = SalesforceMeaning.Authentication,
        ["API_DISABLED_FOR_ORG"] = SalesforceMeaning.Authentication,
        ["API_CURRENTLY_DISABLED"] = SalesforceMeaning.Authentication,
        ["FUNCTIONALITY_NOT_ENABLED"] = SalesforceMeaning.Authentication,
        ["DUPLICATE_VALUE"] = SalesforceMeaning.Duplicate,
        ["DUPLICATES_DETECTED"] = SalesforceMeaning.Duplicate,
        ["INVALID_CROSS_REFERENCE_KEY"] = SalesforceMeaning.MissingReference,
        ["PRECONDITION_FAILED"] = SalesforceMeaning.Conflict,
        ["REQUIRED_FIELD_MISSING"] = SalesforceMeaning.Validation,
        ["FIELD_CUSTOM_VALIDATION_EXCEPTION"] = SalesforceMeaning.Validation,
        ["FIELD_INTEGRITY_EXCEPTION"] = SalesforceMeaning.Validation,
        ["FIELD_FILTER_VALIDATION_EXCEPTION"] = SalesforceMeaning.Validation,
        ["INVALID_FIELD"] = SalesforceMeaning.Validation,
        ["INVALID_FIELD_FOR_INSERT_UPDATE"] = SalesforceMeaning.Validation,
        ["INVALID_TYPE"] = SalesforceMeaning.Validation,
        ["INVALID_TYPE_ON_FIELD_IN_RECORD"] = SalesforceMeaning.Validation,
        ["INVALID_STATUS"] = SalesforceMeaning.Validation,
        ["MALFORMED_QUERY"] = SalesforceMeaning.Validation,
        ["JSON_PARSER_ERROR"] = SalesforceMeaning.Validation,
        ["MALFORMED_ID"] = SalesforceMeaning.Validation,
        ["STRING_TOO_LONG"] = SalesforceMeaning.Validation,
        ["NUMBER_OUTSIDE_VALID_RANGE"] = SalesforceMeaning.Validation,
        ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"] = SalesforceMeaning.Validation,
        ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"] = SalesforceMeaning.Validation,
        ["DELETE_FAILED"] = SalesforceMeaning.Validation,
        ["ENTITY_IS_DELETED"] = SalesforceMeaning.Validation,
        ["NOT_FOUND"] = SalesforceMeaning.Validation,
        ["DUPLICATE_EXTERNAL_ID"] = SalesforceMeaning.Validation,
    }.ToFrozenDictionary();

    /// <param name="doing">What was tried, for people: "the query of Opportunity", "the update of Account 001...".</param>
    public static Failure Of(HttpResponse response, bool isWrite, string doing, TimeProvider time, Func<string, string> redact)
    {
        var error = FirstError(response);
        var code = error?.Text("errorCode");
        var text = redact(error?.Text("message") ?? "");
        var status = (int)response.Status;
        var meaning = Meaning(code, status);
        if (status == 300)
        {
            return new Failure.Validation($"Salesforce holds several records for {doing}; its external id is not unique there", []);
        }

        return meaning switch
        {
            null => new Failure.Unknown($"Salesforce answered {status} {code} to {doing}; look at it in Salesforce") { Evidence = Short(text) },
            // Salesforce itself gives no time; a gateway in front of it may.
            SalesforceMeaning.Throttled =>
                new Failure.Throttled($"Salesforce's request limit is reached ({status} {code})", response.RetryAfter(time))
            {
                Evidence = Short(text),
            },
            SalesforceMeaning.ServerFault => (isWrite ? (Failure)new Failure.InDoubt($"Salesforce answered {status} to {doing}; it may have been carried out")
                : new Failure.Transient($"Salesforce answered {status} to {doing}")) with { Evidence = Short(text) },
            { } known => Of(known, code ?? "HTTP " + status, text, error, doing),
        };
    }

    /// <summary>One refused item of a collection. The call itself was answered, so what is refused was not done.</summary>
    public static Failure OfItem(Fields? error, string doing, Func<string, string> redact)
    {
        var code = error?.Text("statusCode") ?? error?.Text("errorCode") ?? "";
        var text = redact(error?.Text("message") ?? "");
        return Codes.GetValueOrDefault(code, SalesforceMeaning.Validation) switch
        {
            SalesforceMeaning.Throttled => new Failure.Throttled($"Salesforce's request limit is reached ({code})", null) { Evidence = Short(text) },
            SalesforceMeaning.ServerFault =>
                new Failure.InDoubt($"Salesforce failed inside {doing} ({code}); it may have been carried out") { Evidence = Short(text) },
            var known => Of(known, code, text, error, doing),
        };
    }

    /// <summary>An answer of the token endpoint that is not a token.</summary>
    public static Failure OfToken(HttpResponse response, TimeProvider time, Func<string, string> redact)
    {
        var status = (int)response.Status;
        var body = Parsed(response.Text);
        var text = Short(redact($"{body?.Text("error")}: {body?.Text("error_description")}"));
        return (status, body?.Text("error_description") ?? body?.Text("error")) switch
        {
            (429, _) or (_, "login rate exceeded") => new Failure.Throttled(
                "Salesforce asks to sign in less often", response.RetryAfter(time)) { Evidence = text },
            ( >= 500, _) or (_, "retry your request") => new Failure.Transient($"Salesforce's token endpoint answered {status}") { Evidence = text },
            _ => new Failure.Authentication(
                $"Salesforce did not accept the sign-in ({text}); check client_id, the secret and the app's policies") { Evidence = text },
        };
    }

    /// <summary>True where an undo finds what it wants: the record is already gone.</summary>
    public static bool SaysDeleted(Fields? error) => (error?.Text("errorCode") ?? error?.Text("statusCode")) == "ENTITY_IS_DELETED";

    public static Fields? FirstError(HttpResponse response) =>
        Parsed($$"""{"errors":{{(response.Body.Length == 0 ? "[]" : response.Text)}}}""")?.NestedList("errors") is [var first, ..] ? first : null;

    private static SalesforceMeaning? Meaning(string? code, int status) => (code, status) switch
    {
        ({ } known, _) when Codes.TryGetValue(known, out var meaning) => meaning,
        (_, 401 or 403) => SalesforceMeaning.Authentication,
        (_, 409 or 412) => SalesforceMeaning.Conflict,
        (_, 429) => SalesforceMeaning.Throttled,
        (_, 408 or >= 500) => SalesforceMeaning.ServerFault,
        ({ }, >= 400) => SalesforceMeaning.Validation,
        _ => null,
    };

    private static Failure Of(SalesforceMeaning meaning, string code, string text, Fields? error, string doing)
    {
        var evidence = Short($"{code}: {text}");
        var names = Names(error, text);
        // A parent that is named by its external id and is not there comes as an invalid field.
        if (ForeignKey().Match(text) is { Success: true } foreign)
        {
            return new Failure.MissingReference(
                $"Salesforce does not have the {foreign.Groups[3].Value} that {doing} refers to ({foreign.Groups[2].Value} = {foreign.Groups[1].Value})",
                foreign.Groups[1].Value) { Evidence = evidence };
        }

        return meaning switch
        {
            SalesforceMeaning.Transient => new Failure.Transient($"Salesforce could not carry out {doing} just now ({code})") { Evidence = evidence },
            SalesforceMeaning.Authentication => new Failure.Authentication(
                $"Salesforce does not allow the hub {doing} ({code}); check the integration user's rights") { Evidence = evidence },
            SalesforceMeaning.Duplicate => new Failure.Duplicate($"Salesforce already has such a record, so it refused {doing} ({code})",
                ExistingId(text)) { Evidence = evidence },
            SalesforceMeaning.MissingReference => new Failure.MissingReference(
                $"{doing} refers to a record that Salesforce does not have ({(names.IsEmpty ? code : string.Join(", ", names))})",
                names.IsEmpty ? code : names[0]) { Evidence = evidence },
            SalesforceMeaning.Conflict => new Failure.Conflict($"somebody changed the record in Salesforce before {doing}") { Evidence = evidence },
            _ => new Failure.Validation($"Salesforce refused {doing} ({code}): {Short(text)}",
                [.. names.Select(name => new FieldProblem(name, Short(text)))]) { Evidence = evidence },
        };
    }

    private static ImmutableArray<string> Names(Fields? error, string text) =>
        error?.List("fields").OfType<string>().ToImmutableArray() is { IsEmpty: false } named ? named
        : NoSuchColumn().Match(text) is { Success: true } column ? [column.Groups[1].Value]
        : [];

    private static string? ExistingId(string text) => RecordWithId().Match(text) is { Success: true } found ? SalesforceIds.Long(found.Groups[1].Value)
        : null;

    private static Fields? Parsed(string json)
    {
        try
        {
            return Fields.Parse(json);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // The platform repeats a refused value in full; the start is enough to recognise it.
    private static string Short(string text) => text.Length > EvidenceMax ? text[..EvidenceMax] + "..." : text;

    [GeneratedRegex("No such column '([^']+)'")]
    private static partial Regex NoSuchColumn();

    [GeneratedRegex("record with id: ([A-Za-z0-9]{15,18})")]
    private static partial Regex RecordWithId();

    [GeneratedRegex("^Foreign key external ID: (.*) not found for field ([A-Za-z0-9_]+) in entity ([A-Za-z0-9_]+)")]
    private static partial Regex ForeignKey();
}
