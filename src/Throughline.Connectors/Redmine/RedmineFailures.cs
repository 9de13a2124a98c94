using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>
/// What each answer of Redmine means, in one place.
/// <list type="table">
/// <item>401 and 412: authentication. 403: authentication (the key lacks a right, or the project is archived).</item>
/// <item>404 on a write: missing reference. On a read the caller takes it as "not there".</item>
/// <item>422 without a text: conflict, somebody else changed the record at the same moment [RUN]; on a deletion: policy, others refer to it [RUN].</item>
/// <item>422 "has already been taken": duplicate. Only texts about records that were referred to: missing reference. Else validation.</item>
/// <item>429: throttled (a gateway; Redmine itself has no limit). 503 and 408: transient, nothing was done.</item>
/// <item>Other 5xx: transient for a read, in doubt for a write.</item>
/// <item>3xx: policy; the hub does not follow to another address. Other 4xx: validation. Anything else: unknown.</item>
/// </list>
/// </summary>
internal static class RedmineFailures
{
    // The texts by which Redmine says that something we referred to is not there, and the attributes that then are to blame.
    // Project comes first: without one Redmine also calls tracker and status blank, which is only a consequence.
    private static readonly ImmutableArray<(string Text, ImmutableArray<string> Attributes)> References =
    [
        ("Project cannot be blank", ["project_identifier", "project_id"]),
        ("Project is invalid", ["project_identifier", "project_id"]),
        ("Tracker cannot be blank", ["project_identifier", "project_id", "tracker_id"]),
        ("Status cannot be blank", ["project_identifier", "project_id", "status_id"]),
        ("Parent task is invalid", ["parent_issue_id"]),
        ("Target version is not included in the list", ["fixed_version_id"]),
        ("Assignee is invalid", ["assigned_to_id"]),
        ("Issue is invalid", ["issue_id"]),
        ("User is invalid", ["user_id"]),
        ("Principal cannot be blank", ["user_id"]),
    ];

    public static Failure Of(HttpResponse response, string method, string what, Fields sent, TimeProvider time)
    {
        var isRead = method == "GET";
        var status = (int)response.Status;
        Failure failure = status switch
        {
            401 or 412 => new Failure.Authentication($"{what}: Redmine does not accept the API key; give a valid one in api_key"),
            403 => new Failure.Authentication($"{what}: the API key lacks the right, or the project is archived; an administrator can change either"),
            404 => new Failure.MissingReference($"{what}: Redmine has no such record (deleted, or never made)", what),
            422 => Refused(Texts(response), method, what, sent),
            429 => new Failure.Throttled($"{what}: the server asks to be called less often", response.RetryAfter(time)),
            503 or 408 => new Failure.Transient($"{what}: Redmine is not available at the moment ({status})"),
            >= 500 => isRead
                ? new Failure.Transient($"{what}: Redmine failed with {status}")
                : new Failure.InDoubt($"{what}: Redmine failed with {status}, the change may or may not have been made"),
            >= 300 and < 400 => new Failure.Policy($"{what}: Redmine refers to another address ({status}), which is not followed; correct url"),
            >= 400 => new Failure.Validation($"{what}: Redmine refuses the request ({status})", []),
            _ => new Failure.Unknown($"{what}: Redmine answered {status}, which it should not"),
        };
        return failure with { Evidence = Evidence(response) };
    }

    public static Failure NoSuchEntity(string entity) => new Failure.Validation(
        $"redmine has no entity '{entity}'; it has {string.Join(", ", RedmineEntities.All.Select(e => e.Name))}", [new FieldProblem("entity", "is not known")]);

    /// <summary>An answer without a field that we rely on: Redmine was changed or is not what we talk to.</summary>
    public static Failure Drift(string entity, string id, string field) => new Failure.Validation(
        $"Redmine's answer for {entity} {id} has no field '{field}', on which the hub relies; the server may have been changed or upgraded",
        [new FieldProblem(field, "is missing in the answer")]);

    public static Failure BadField(string what, string field, string problem) =>
        new Failure.Validation($"{what}: {field} {problem}", [new FieldProblem(field, problem)]);

    private static Failure Refused(ImmutableArray<string> texts, string method, string what, Fields sent)
    {
        if (texts.IsEmpty)
        {
            return method == "DELETE"
                ? new Failure.Policy($"{what}: Redmine does not delete it because other records refer to it")
                : new Failure.Conflict($"{what}: somebody else changed it at the same moment; nothing was written");
        }

        var all = string.Join("; ", texts);
        if (texts.FirstOrDefault(text => text.EndsWith("has already been taken", StringComparison.Ordinal)) is not null)
        {
            return new Failure.Duplicate($"{what}: Redmine has one already ({all})", null);
        }

        var missing = texts.Select(text => MissingAttribute(text, sent)).ToArray();
        if (missing.All(name => name is not null))
        {
            return new Failure.MissingReference(
                $"{what}: Redmine does not have what {missing[0]} refers to, or does not allow it there ({all})",
                $"{missing[0]} {sent.Get(missing[0]!)}");
        }

        return new Failure.Validation($"{what}: Redmine refuses it: {all}", [.. texts.Select(text => new FieldProblem("", text))]);
    }

    private static string? MissingAttribute(string text, Fields sent) =>
        References.Where(entry => entry.Text == text).SelectMany(entry => entry.Attributes).FirstOrDefault(name => sent.Get(name) is not null);

    private static ImmutableArray<string> Texts(HttpResponse response)
    {
        try
        {
            return [.. Fields.Parse(response.Body).List("errors").OfType<string>()];
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private static string? Evidence(HttpResponse response)
    {
        var text = response.Text.Trim();
        return text.Length == 0 ? null : text.Length <= 300 ? text : text[..300] + "...";
    }
}
