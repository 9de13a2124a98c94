using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>
/// A Salesforce organisation on loopback: OAuth, the REST API with SOQL, collections and composite requests, and the rules of the
/// platform that integrations stumble over. Other processes seed and inspect it without credentials at
/// <c>/_sandbox/records/{Object}</c> (GET, POST one or a list, PATCH and DELETE with <c>/{id}</c>) and turn its knobs at <c>/_sandbox/salesforce</c>.
/// </summary>
public sealed class SalesforceSandbox : SandboxServer
{
    public const string OrganizationId = "00D5g0000000001EAA";

    private const string ControlRoot = "/_sandbox/";

    private readonly SalesforceRecords _records;
    private readonly SalesforceTokens _tokens;
    private readonly SalesforceApi _api;

    /// <param name="time">The organisation's clock: stamps of records, expiry of assertions. Default the system's.</param>
    /// <param name="firstId">The least number in the ids of what is made later, see <see cref="FirstIds"/>; what every organisation has begins at 1.</param>
    public SalesforceSandbox(TimeProvider? time = null, int firstId = 1)
    {
        _records = new SalesforceRecords(time ?? TimeProvider.System);
        _tokens = new SalesforceTokens(this, time ?? TimeProvider.System);
        _api = new SalesforceApi(_records, Knobs);
        RunAsId = _records.Create(_records.Need("User"), Fields.Of(("Username", Username), ("FirstName", "Integration"), ("LastName", "Hub"),
            ("Email", Username), ("IsActive", true)), SalesforceId.Make("005", 0), seeding: true);
        var order = 0;
        foreach (var (label, probability, closed, won, forecast) in SalesforceSchema.Stages)
        {
            Insert("OpportunityStage", Fields.Of(("MasterLabel", label), ("ApiName", label), ("IsActive", true), ("SortOrder", ++order), ("IsClosed", closed),
                ("IsWon", won), ("DefaultProbability", probability), ("ForecastCategory", forecast), ("ForecastCategoryName", forecast)));
        }

        _records.FirstId = firstId;
    }

    public override string Name => "salesforce";

    public SalesforceKnobs Knobs { get; } = new();

    /// <summary>The one connected app.</summary>
    public string ClientId { get; set; } = "3MVG9sandboxConsumerKey";

    public string ClientSecret { get; set; } = "sandbox-consumer-secret";

    /// <summary>The user as whom integrations run.</summary>
    public string Username { get; set; } = "hub@firm.example";

    /// <summary>The certificate's public key for the JWT bearer flow, as PEM; null where none is registered.</summary>
    public string? PublicKeyPem { get; set; }

    public string RunAsId { get; }

    /// <summary>Makes a record as if it had always been there: any state, and its own CreatedDate or SystemModstamp where given. Returns its 18 character
    /// id.</summary>
    /// <exception cref="ArgumentException">Salesforce would refuse it; the message is Salesforce's.</exception>
    public string Insert(string entity, Fields fields) => Seeding(() => _records.Create(_records.Need(entity), fields, RunAsId, seeding: true));

    /// <inheritdoc cref="Insert"/>
    public void Update(string entity, string id, Fields fields) => Seeding(() =>
    {
        _records.Update(_records.Need(entity), id, fields, RunAsId, seeding: true);
        return id;
    });

    /// <inheritdoc cref="Insert"/>
    public void Delete(string entity, string id) => Seeding(() =>
    {
        _records.Delete(_records.Need(entity), id, RunAsId);
        return id;
    });

    /// <summary>Every record of an object as it is kept, deleted ones included: for checks that do not go through the API.</summary>
    public ImmutableArray<Fields> All(string entity)
    {
        lock (_records.Gate)
        {
            return [.. _records.Rows(_records.Need(entity).Name).Select(row => Fields.From(row))];
        }
    }

    /// <summary>Makes every token invalid, as an administrator or a session time-out would.</summary>
    public void ExpireTokens() => _tokens.ExpireAll();

    /// <summary>Schema drift: a field gets another name or another type (<c>string</c>, <c>double</c>, ...) in everything that is answered.</summary>
    public void Drift(string entity, string field, string? rename = null, string? retype = null)
    {
        lock (_records.Gate)
        {
            _records.Reshape(entity, f => f.Name != field ? f : f with
            {
                WireName = rename ?? f.WireName,
                WireType = retype is null ? f.WireType : Enum.Parse<SType>(retype, ignoreCase: true),
            });
        }
    }

    /// <summary>A duplicate rule: a new record with the same value of the field is refused with DUPLICATES_DETECTED.</summary>
    public void SetDuplicateRule(string entity, string field)
    {
        lock (_records.Gate)
        {
            _records.DuplicateRule = (entity, field);
        }
    }

    protected override void Map(WebApplication application) => application.Run(AnswerAsync);

    private string Seeding(Func<string> work)
    {
        lock (_records.Gate)
        {
            try
            {
                var id = "";
                _records.Atomically(() => (id = work()).Length > 0);
                return id;
            }
            catch (SalesforceRefusal refusal)
            {
                throw new ArgumentException($"{refusal.Code}: {refusal.Message}", refusal);
            }
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        if (path.StartsWith(ControlRoot, StringComparison.Ordinal))
        {
            var (status, answer) = Control(context.Request.Method, path[ControlRoot.Length..].Split('/'), body);
            await WriteAsync(context, new SalesforceReply(status, answer));
        }
        else if (path == "/services/oauth2/token" || path == "/services/oauth2/revoke")
        {
            await OAuthAsync(context, path, body);
        }
        else
        {
            await WriteAsync(context, Data(context, path, body));
        }
    }

    private async Task OAuthAsync(HttpContext context, string path, string body)
    {
        var form = new FormUrlEncoded(body);
        if (path.EndsWith("/revoke", StringComparison.Ordinal))
        {
            _tokens.Revoke(form.Values.GetValueOrDefault("token") ?? "");
            return;
        }

        var (status, answer) = _tokens.Issue(form.Values, context.Request.Headers.Authorization);
        await WriteAsync(context, new SalesforceReply(status, answer));
    }

    private SalesforceReply Data(HttpContext context, string path, string body)
    {
        var segments = path.Split("/", StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (segments is ["services", "data"])
        {
            return new(200, new[] { "58.0", "59.0", "60.0" }.Select(v =>
                (object?)Fields.Of(("label", "API " + v), ("url", "/services/data/v" + v), ("version", v))).ToList());
        }

        if (segments is not ["services", "data", ['v', ..] version, .. var rest])
        {
            return new(404, SalesforceRefusal.NotFound().AsBody());
        }

        lock (_records.Gate)
        {
            Knobs.Requests++;
            context.Response.Headers["Sforce-Limit-Info"] = $"api-usage={Knobs.Requests}/{Knobs.RequestLimit}";
            var bearer = context.Request.Headers.Authorization.ToString();
            if (!_tokens.Use(bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer[7..] : null))
            {
                return new(401, new SalesforceRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid").AsBody());
            }

            if (Knobs.Requests > Knobs.RequestLimit)
            {
                return new(403, new SalesforceRefusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").AsBody());
            }
        }

        return _api.Answer(new SalesforceCall(context.Request.Method, version, rest,
            context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), body,
            context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase), RunAsId));
    }

    private (int Status, object? Body) Control(string method, string[] path, string body)
    {
        try
        {
            switch (method, path)
            {
                case ("GET", ["records", var name]):
                    return (200, All(name).Cast<object?>().ToList());
                case ("POST", ["records", var name]):
                    var given = Fields.Parse($$"""{"v":{{body}}}""");
                    return given.Nested("v") is { } one
                        ? (201, Fields.Of(("id", Insert(name, one))))
                        : (201, given.NestedList("v").Select(item => (object?)Fields.Of(("id", Insert(name, item)))).ToList());
                case ("PATCH", ["records", var name, var id]):
                    Update(name, id, Fields.Parse(body));
                    return (204, null);
                case ("DELETE", ["records", var name, var id]):
                    Delete(name, id);
                    return (204, null);
                case ("POST", ["salesforce"]):
                    Turn(Fields.Parse(body));
                    return (204, null);
                default:
                    return (404, null);
            }
        }
        catch (Exception e) when (e is ArgumentException or FormatException or SalesforceRefusal)
        {
            return (400, Fields.Of(("error", e.Message)));
        }
    }

    private void Turn(Fields given)
    {
        Knobs.Set(given);
        if (given.Flag("expireTokens") == true)
        {
            ExpireTokens();
        }

        if (given.Flag("expireLocators") == true)
        {
            _api.ForgetLocators();
        }

        if (given.Nested("drift") is { } drift)
        {
            foreach (var (field, name) in drift.Nested("rename") ?? Fields.Empty)
            {
                Drift(drift.Text("object") ?? "", field, rename: name as string);
            }

            foreach (var (field, type) in drift.Nested("retype") ?? Fields.Empty)
            {
                Drift(drift.Text("object") ?? "", field, retype: type as string);
            }
        }

        if (given.Nested("duplicateRule") is { } rule)
        {
            SetDuplicateRule(rule.Text("object") ?? "", rule.Text("field") ?? "");
        }
    }

    private static async Task WriteAsync(HttpContext context, SalesforceReply reply)
    {
        context.Response.StatusCode = reply.Status;
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (reply.Body is not null)
        {
            context.Response.ContentType = "application/json;charset=UTF-8";
            await context.Response.WriteAsync(SalesforceReply.Write(reply.Body), context.RequestAborted);
        }
    }

    private sealed class FormUrlEncoded(string body)
    {
        public Dictionary<string, string> Values { get; } = body.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .GroupBy(pair => pair[0]).ToDictionary(
                group => group.Key,
                group => Uri.UnescapeDataString((group.First() is [_, var value] ? value : "").Replace('+', ' ')),
                StringComparer.Ordinal);
    }
}
