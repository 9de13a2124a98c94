using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Redmine;

/// <summary>One answer; most errors of Redmine have no body at all.</summary>
internal sealed record RedmineReply(int Status, JsonObject? Body, string? Location = null)
{
    public static RedmineReply Ok(JsonObject body) => new(200, body);

    public static RedmineReply Created(string name, JsonObject shown, string location) => new(201, new JsonObject { [name] = shown }, location);

    public static RedmineReply Empty(int status) => new(status, null);

    public static RedmineReply Invalid(IEnumerable<string> errors) =>
        new(422, new JsonObject { ["errors"] = new JsonArray([.. errors.Select(error => JsonValue.Create(error))]) });
}
