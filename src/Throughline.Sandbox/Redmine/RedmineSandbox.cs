using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Redmine;

/// <summary>
/// Redmine 5.0's REST API as the real server was seen to behave: empty bodies, silently ignored parameters and all. Empty but for an
/// administrator, an integration user and the hub's custom fields. Control: <c>GET /_sandbox/records/{kind}</c> shows the records of a kind
/// (projects, versions, issues, memberships, time_entries) without rights or paging; <c>POST</c> takes what the REST API takes, without a key;
/// <c>PUT</c> and <c>DELETE /_sandbox/records/{kind}/{id}</c> likewise. <c>POST /_sandbox/drift {"from","to"}</c> renames a field in every
/// answer, <c>DELETE</c> ends that; <c>POST /_sandbox/keys/revoke</c> withdraws all keys.
/// </summary>
public sealed class RedmineSandbox : SandboxServer
{
    private const string Control = "/_sandbox/";

    private readonly Lock _gate = new();
    private readonly RedmineData _data;
    private readonly RedmineRoutes _routes;
    private (string From, string To)? _drift;

    /// <param name="time">The server's clock. Default: the system's.</param>
    /// <param name="firstId">The least id of what is made later, see <see cref="FirstIds"/>; what every Redmine has begins at 1.</param>
    public RedmineSandbox(TimeProvider? time = null, int firstId = 1)
    {
        _data = new RedmineData(time ?? TimeProvider.System);
        _routes = new RedmineRoutes(_data);
        AdminKey = _data.AddUser("admin", "Redmine", "Admin", isAdmin: true).Key;
        HubKey = _data.AddUser("hub", "Integration", "Hub", isAdmin: false).Key;
        AddCustomField("time_entry", "External id", "string", isFilter: true, lengthMax: 64);
        AddCustomField("time_entry", "Approved", "bool", isFilter: true);
        AddCustomField("issue", "Hub key", "string", isFilter: true);
        AddCustomField("version", "Hub key", "string", isFilter: false);
        AddCustomField("version", "Amount", "float", isFilter: false);
        _data.FirstId = firstId;
    }

    public override string Name => "redmine";

    /// <summary>The key of an administrator, who may do everything.</summary>
    public string AdminKey { get; }

    /// <summary>The key of a user who may work in projects that he is a member of, and may not list users or custom fields.</summary>
    public string HubKey { get; }

    /// <summary>Every request needs a valid key; off as in the package, where a bad key reads what everybody may read.</summary>
    public bool LoginRequired { get; set; }

    /// <summary>Adds an active person and answers the id.</summary>
    public int AddPerson(string login, string firstName, string lastName)
    {
        lock (_gate)
        {
            return _data.AddUser(login, firstName, lastName, isAdmin: false).Id;
        }
    }

    /// <summary>Adds a custom field and answers its id. <paramref name="kind"/> is project, issue, version or time_entry.</summary>
    public int AddCustomField(string kind, string name, string format, bool isFilter, int? lengthMax = null)
    {
        lock (_gate)
        {
            var field = new RedmineCustomField(_data.NextId("custom_field"), kind, name, format, isFilter, lengthMax);
            _data.CustomFields.Add(field);
            return field.Id;
        }
    }

    /// <summary>The id of a custom field that is there.</summary>
    public int CustomFieldId(string kind, string name)
    {
        lock (_gate)
        {
            return _data.CustomFields.First(field => field.Kind == kind && field.Name == name).Id;
        }
    }

    /// <summary>The records of a kind (projects, versions, issues, memberships, time_entries, users) as they stand, for independent checks.</summary>
    public IReadOnlyList<JsonObject> Records(string kind)
    {
        lock (_gate)
        {
            return [.. Shown(kind)];
        }
    }

    /// <summary>Withdraws every API key, as an administrator does when one has leaked.</summary>
    public void RevokeKeys()
    {
        lock (_gate)
        {
            foreach (var user in _data.Users.Rows.ToList())
            {
                _data.Users.Put(user.Id, user with { Key = RedmineData.KeyOf("revoked " + user.Key) });
            }
        }
    }

    /// <summary>From now on every answer shows the field <paramref name="from"/> as <paramref name="to"/>, as after an upgrade; null ends that.</summary>
    public void Drift(string? from, string to = "")
    {
        lock (_gate)
        {
            _drift = from is null ? null : (from, to);
        }
    }

    protected override void Map(WebApplication application) => application.Run(HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        var (body, isJson) = await ReadBodyAsync(context);
        RedmineReply reply;
        lock (_gate)
        {
            reply = path.StartsWith(Control, StringComparison.Ordinal) ? AnswerControl(context, path[Control.Length..].Split('/'), body)
                : !path.EndsWith(".json", StringComparison.Ordinal) ? RedmineReply.Empty(404)
                : !isJson ? RedmineReply.Empty(400)
                : Answer(context, path[1..^5].Split('/'), body);
            if (_drift is { } drift && reply.Body is { } shown && !path.StartsWith(Control, StringComparison.Ordinal))
            {
                Rename(shown, drift.From, drift.To);
            }
        }

        await SendAsync(context, reply);
    }

    private RedmineReply Answer(HttpContext context, string[] path, JsonObject? body)
    {
        var user = Who(context.Request);
        if (user is { IsAdmin: true } && context.Request.Headers["X-Redmine-Switch-User"].FirstOrDefault() is { } login)
        {
            user = _data.UserBy("login", login);
            if (user is null)
            {
                return RedmineReply.Empty(412);
            }
        }

        return user is null && LoginRequired
            ? RedmineReply.Empty(401)
            : _routes.Answer(new RedmineCall(user, context.Request.Method, path, context.Request.Query, body));
    }

    // A key that nobody has makes the caller a nameless one, not a refused one: lists then show what everybody may see [RUN].
    private RedmineUser? Who(HttpRequest request)
    {
        var key = request.Headers["X-Redmine-API-Key"].FirstOrDefault() ?? request.Query["key"].FirstOrDefault();
        if (key is null && request.Headers.Authorization.FirstOrDefault() is { } basic && basic.StartsWith("Basic ", StringComparison.Ordinal))
        {
            var bytes = new byte[basic.Length];
            key = Convert.TryFromBase64String(basic[6..], bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length).Split(':')[0] : null;
        }

        return _data.UserBy("key", key);
    }

    private RedmineReply AnswerControl(HttpContext context, string[] path, JsonObject? body)
    {
        var admin = _data.Users.Rows.First(user => user.IsAdmin);
        switch (context.Request.Method, path)
        {
            case ("GET", ["records", var kind]):
                var all = Shown(kind).ToArray();
                return RedmineReply.Ok(new JsonObject { [kind] = new JsonArray([.. all]), ["total_count"] = all.Length });
            case ("POST" or "PUT" or "DELETE", ["records", .. var rest]):
                return _routes.Answer(new RedmineCall(admin, context.Request.Method, rest, context.Request.Query, body));
            case ("POST", ["drift"]):
                _drift = (body?["from"]?.ToString() ?? "", body?["to"]?.ToString() ?? "");
                return RedmineReply.Empty(204);
            case ("DELETE", ["drift"]):
                _drift = null;
                return RedmineReply.Empty(204);
            case ("POST", ["keys", "revoke"]):
                RevokeKeys();
                return RedmineReply.Empty(204);
            default:
                return RedmineReply.Empty(404);
        }
    }

    private IEnumerable<JsonObject> Shown(string kind) => kind switch
    {
        "projects" => _data.Projects.All.Select(project => _data.Show(project, listed: false)),
        "versions" => _data.Versions.All.Select(version => _data.Show(version, listed: false)),
        "issues" => _data.Issues.All.Select(issue => _data.Show(issue, created: false)),
        "memberships" => _data.Memberships.All.Select(_data.Show),
        "time_entries" => _data.TimeEntries.All.Select(_data.Show),
        "users" => _data.Users.Rows.Select(user => RedmineData.Show(user, listed: true)),
        _ => [],
    };

    private static void Rename(JsonNode? node, string from, string to)
    {
        switch (node)
        {
            case JsonObject shown:
                if (shown.TryGetPropertyValue(from, out var value))
                {
                    shown.Remove(from);
                    shown[to] = value;
                }

                foreach (var (_, child) in shown)
                {
                    Rename(child, from, to);
                }

                break;
            case JsonArray list:
                foreach (var child in list)
                {
                    Rename(child, from, to);
                }

                break;
        }
    }

    private static async Task<(JsonObject? Body, bool IsJson)> ReadBodyAsync(HttpContext context)
    {
        // Anything but JSON is as good as no body; what then lacks is reported as blank.
        if (context.Request.ContentLength is 0 || context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            return (null, true);
        }

        try
        {
            return (await JsonNode.ParseAsync(context.Request.Body) as JsonObject, true);
        }
        catch (JsonException)
        {
            return (null, false);
        }
    }

    private async Task SendAsync(HttpContext context, RedmineReply reply)
    {
        context.Response.StatusCode = reply.Status;
        if (reply.Status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Redmine API\"";
        }

        if (reply.Location is { } location)
        {
            context.Response.Headers.Location = Address.ToString().TrimEnd('/') + location;
        }

        if (reply.Body is { } body)
        {
            var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.Headers.ETag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"";
            context.Response.Headers.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes);
        }
    }
}
