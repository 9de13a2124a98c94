using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>An error as the server answers it: the content of <c>error</c> in an answer with status 200.</summary>
internal sealed class TrytonError : Exception
{
    private TrytonError(string message, JsonArray error)
        : base(message) => Error = error;

    public JsonArray Error { get; }

    public static TrytonError User(string text) => new(text, ["UserError", new JsonArray(text, "", null)]);

    public static TrytonError Domain(string text, JsonArray domain) =>
        new(text, ["UserError", new JsonArray(text, "", new JsonArray(domain, new JsonObject()))]);

    public static TrytonError Warning(string name, string text) => new(text, ["UserWarning", new JsonArray(name, text, "")]);

    public static TrytonError Concurrency() => new("modified", ["ConcurrencyException", "Records were modified in the meanwhile"]);

    /// <summary>An exception that the server did not foresee: its bare text.</summary>
    public static TrytonError Unexpected(string text) => new(text, [text, ""]);

    /// <summary>Python's KeyError, which is what an unknown field or model gives.</summary>
    public static TrytonError Key(string name) => Unexpected($"'{name}'");
}
