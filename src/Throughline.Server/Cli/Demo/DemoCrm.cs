using System.Globalization;
using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Hooks;

namespace Throughline.Server.Cli.Demo;

/// <summary>
/// The sales people of the demo: they work in the Salesforce sandbox through its own control door (not through the hub's connector), and a
/// flow there sends signed webhooks.
/// </summary>
internal sealed class DemoCrm : IDisposable
{
    // Fields that Salesforce sends as null and the sandbox's bare rows leave out.
    private static readonly Dictionary<string, string[]> Nullable = new(StringComparer.Ordinal)
    {
        ["Account"] = ["ParentId", "BillingStreet", "BillingCity", "BillingPostalCode", "BillingCountry"],
        ["Opportunity"] = ["Amount", "Type", "AccountId", "ContractId", "Parent_Opportunity__c"],
        ["Contract"] = ["CustomerSignedDate", "StartDate", "Sow_Hash__c", "Payment_Days__c"],
    };

    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly bool _hasHooks;
    private int _hooks;

    public DemoCrm(Landscape.Landscape landscape, TimeProvider time)
    {
        _time = time;
        System = landscape.Roles.TryGetValue("crm", out var role) ? role.Default
            : throw new CommandFailedException("The landscape has no system in the role crm; the demo's deals begin there.");
        var crm = landscape.Systems[System];
        var address = AddressIn(landscape)
            ?? throw new CommandFailedException($"The demo plays its deals in a Salesforce sandbox; the CRM of this landscape is of kind {crm.Kind}.");
        _hasHooks = crm.Hooks.Length > 0;
        _client = new HttpClient { BaseAddress = address };
    }

    private DemoCrm(Uri address, TimeProvider time) => (System, _time, _client) = ("crm", time, new HttpClient { BaseAddress = address });

    /// <summary>Where the Salesforce of a landscape is, null where its CRM is none. One on loopback is a stand-in: nobody runs a Salesforce of their own.</summary>
    public static Uri? AddressIn(Landscape.Landscape landscape) => landscape.Roles.TryGetValue("crm", out var role) && landscape.Systems[role.Default] is var crm
        && crm.Kind == "salesforce" && Uri.TryCreate(crm.Configuration.Text("login_url"), UriKind.Absolute, out var address) ? address : null;

    /// <summary>A stand-in of which nothing but its address is known.</summary>
    public static DemoCrm At(Uri address, TimeProvider time) => new(address, time);

    /// <summary>The CRM's name in the landscape.</summary>
    public string System { get; }

    /// <summary>How a change is announced: <c>signed webhook</c>, or where the landscape declares no secret, the intake API.</summary>
    public string Announcement => _hasHooks ? "a signed webhook" : "the intake API";

    /// <summary>Refuses a CRM that is not a sandbox: the demo writes made-up deals.</summary>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri("/_sandbox/records/Account", UriKind.Relative), cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                throw new CommandFailedException(
                    $"{_client.BaseAddress} is not a Salesforce sandbox of Throughline; the demo writes made-up deals only there.");
            }
        }
        catch (HttpRequestException)
        {
            throw new CommandFailedException(
                $"The Salesforce stand-in at {_client.BaseAddress} cannot be reached. Start it with 'throughline sandbox all'; 'throughline demo' starts one of its own "
                    + "where its address is not set.", Exit.Unreachable);
        }
    }

    public async Task<string> AddAsync(string entity, Fields record, CancellationToken cancellation)
    {
        using var content = Json(record);
        using var answer = await _client.PostAsync(new Uri($"/_sandbox/records/{entity}", UriKind.Relative), content, cancellation);
        var body = await answer.Content.ReadAsStringAsync(cancellation);
        return answer.IsSuccessStatusCode ? Fields.Parse(body).Text("id")!
            : throw new CommandFailedException($"The CRM did not take a {entity} of the demo: {body}");
    }

    public async Task ChangeAsync(string entity, string id, Fields changes, CancellationToken cancellation)
    {
        using var content = Json(changes);
        using var answer = await _client.PatchAsync(new Uri($"/_sandbox/records/{entity}/{id}", UriKind.Relative), content, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new CommandFailedException($"The CRM did not take a change of {entity} {id}: {await answer.Content.ReadAsStringAsync(cancellation)}");
        }
    }

    public async Task<IReadOnlyList<Fields>> AllAsync(string entity, CancellationToken cancellation)
    {
        var body = await _client.GetStringAsync(new Uri($"/_sandbox/records/{entity}", UriKind.Relative), cancellation);
        return Fields.Parse($$"""{"v":{{body}}}""").NestedList("v");
    }

    /// <summary>Tells the hub of a record as it stands, as a flow in the CRM does.</summary>
    public async Task AnnounceAsync(HubClient hub, string entity, string id, CancellationToken cancellation)
    {
        var record = await ReadAsync(entity, id, cancellation);
        var key = $"demo_{entity}_{id}_{(++_hooks).ToString(CultureInfo.InvariantCulture)}";
        var answer = _hasHooks
            ? await SendHookAsync(hub, key, Fields.Of(("type", entity + ".updated"), ("timestamp", _time.GetUtcNow()), ("data", record)), cancellation)
            : await hub.PostAsync($"/api/v1/intake/{System}", Fields.Of(("key", key), ("kind", entity), ("record", record)), cancellation);
        answer.Need();
    }

    public void Dispose() => _client.Dispose();

    private async Task<HubAnswer> SendHookAsync(HubClient hub, string id, Fields message, CancellationToken cancellation)
    {
        var body = Encoding.UTF8.GetBytes(message.ToJson());
        var now = _time.GetUtcNow();
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        content.Headers.Add(WebhookSignature.IdHeader, id);
        content.Headers.Add(WebhookSignature.TimeHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        content.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(WebhookSignature.KeyOf(SandboxCommand.HookSecret)!, id, now, body));
        return await hub.SendAsync(HttpMethod.Post, $"/hooks/{System}", content, cancellation);
    }

    private async Task<Fields> ReadAsync(string entity, string id, CancellationToken cancellation)
    {
        var record = (await AllAsync(entity, cancellation)).First(row => row.Text("Id") == id);
        foreach (var name in Nullable[entity].Where(name => !record.ContainsKey(name)))
        {
            record = record.With(name, null);
        }

        return entity != "Opportunity"
            ? record
            : record.With("OpportunityLineItems", (await AllAsync("OpportunityLineItem", cancellation))
            .Where(line => line.Text("OpportunityId") == id && line.Flag("IsDeleted") != true));
    }

    private static StringContent Json(Fields fields) => new(fields.ToJson(), Encoding.UTF8, "application/json");
}
