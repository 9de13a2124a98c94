using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>A request or an item that Salesforce refuses, with its own code. Unwinds to whoever writes the error body.</summary>
internal sealed class SalesforceRefusal(int status, string code, string message, params ImmutableArray<string> fields) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    /// <summary>True for errors of a write, whose body names fields even where there are none.</summary>
    public bool IsOfWrite { get; init; } = fields.Length > 0;

    public ImmutableArray<string> FieldNames => fields;

    /// <summary>The body of a single call.</summary>
    public IReadOnlyList<object?> AsBody()
    {
        var error = Fields.Of(("message", Message), ("errorCode", code));
        return [IsOfWrite ? error.With("fields", fields) : error];
    }

    /// <summary>The same as one item of a collection, where the code is called statusCode.</summary>
    public Fields AsItem() =>
        Fields.Of(("success", false), ("errors", new[] { Fields.Of(("statusCode", code), ("message", Message), ("fields", fields)) }));

    public static SalesforceRefusal NotFound() => new(404, "NOT_FOUND", "The requested resource does not exist");

    public static SalesforceRefusal Deleted() => new(404, "ENTITY_IS_DELETED", "entity is deleted") { IsOfWrite = true };

    public static SalesforceRefusal Malformed(string message) => new(400, "MALFORMED_QUERY", message);

    public static SalesforceRefusal BadJson(string message) => new(400, "JSON_PARSER_ERROR", message);
}
