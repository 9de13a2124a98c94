using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using Throughline.Connect;
using Throughline.Connectors.Redmine;
using Throughline.Model;
using Throughline.Sandbox;

namespace Throughline.Conformance.Connectors.Redmine;

/// <summary>The Redmine connector on one kind of record. Works in a project of its own, which goes when the test ends.</summary>
public abstract class RedmineUnderTest<TServer> : ConnectorUnderTest
    where TServer : IRedmineServer, new()
{
    private readonly TServer _server = new();
    private readonly HttpClient _direct = new(new SocketsHttpHandler { UseCookies = false });
    private FaultProxy? _proxy;
    private string _key = "";

    public override string Name => $"redmine {Entity}, {_server.Name}";

    public override IConnectorKind Kind { get; } = new RedmineKind();

    public override Fields Configuration => Fields.Of(("url", _proxy!.Address.ToString()), ("page_size", 5));

    public override Func<string, string> Secrets => _ => _key;

    public override Func<string, string> BadSecrets => _ => "0123456789012345678901234567890123456789";

    public override Faults Faults => _proxy!.Faults;

    public override string MissingId => "99999999";

    /// <summary>Makes keys of one run differ from those of any other on the same server.</summary>
    protected string Run { get; } = Guid.CreateVersion7().ToString("n")[^12..];

    protected string Project => $"conf-{Run}";

    protected abstract string Plural { get; }

    public override async Task StartAsync()
    {
        (var address, _key) = await _server.StartAsync();
        _direct.BaseAddress = address;
        _direct.DefaultRequestHeaders.Add("X-Redmine-API-Key", _key);
        _proxy = new FaultProxy(address);
        await _proxy.StartAsync();
        await PostAsync("/projects.json", "project", Fields.Of(
            ("name", "Conformance " + Run), ("identifier", Project), ("is_public", false),
            ("enabled_module_names", new[] { "issue_tracking", "time_tracking" })));
    }

    public override Fault OnCreate(Fault fault) => fault with { Method = "POST", Path = $"/{Plural}.json" };

    public override Fault OnRead(Fault fault) => fault with { Method = "GET", Path = $"/{Plural}.json" };

    public override Task ChangeDirectlyAsync(string id) =>
        SendAsync(HttpMethod.Put, $"/{Plural}/{id}.json", Fields.Of((Entity, Fields.Of(("description", "changed directly")))));

    public override Task DeleteDirectlyAsync(string id) => SendAsync(HttpMethod.Delete, $"/{Plural}/{id}.json", null);

    public override Task<string> DriftAsync()
    {
        if (!_server.TryDrift())
        {
            // A real server does not drift on demand, so its answer is replaced on the way.
            var record = Fields.Of(
                ("id", 1), ("name", "n"), ("identifier", "i"), ("subject", "s"), ("project", Fields.Of(("id", 1))),
                ("status", Fields.Of(("id", 1))), ("changed_on", "x"));
            var list = Fields.Of((Plural, new[] { record }), ("total_count", 1), ("offset", 0), ("limit", 5));
            Faults.Add(OnRead(new Fault { Kind = FaultKind.Answer, Status = 200, Body = list.ToJson() }));
        }

        return Task.FromResult("updated_on");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await CleanUpAsync();
            await _proxy.DisposeAsync();
        }

        _direct.Dispose();
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual Task CleanUpAsync() => SendAsync(HttpMethod.Delete, $"/projects/{Project}.json", null);

    protected async Task<string> PostAsync(string path, string name, Fields record) =>
        (await SendAsync(HttpMethod.Post, path, Fields.Of((name, record)))).Nested(name)!.Number("id")!.Value.ToString("0", null);

    protected async Task<Fields?> GetAsync(string path)
    {
        using var response = await _direct.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode == HttpStatusCode.NotFound ? null : Fields.Parse(await response.Content.ReadAsStringAsync());
    }

    protected async Task<long> CustomFieldAsync(string kind, string name)
    {
        var all = (await GetAsync("/custom_fields.json"))!.NestedList("custom_fields");
        var field = all.FirstOrDefault(f => f.Text("customized_type") == kind && f.Text("name") == name)
            ?? throw new InvalidOperationException($"this Redmine has no custom field \"{name}\" for {kind}; run redmine-seed.py seed");
        return (long)field.Number("id")!.Value;
    }

    private async Task<Fields> SendAsync(HttpMethod method, string path, Fields? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body.ToJson(), Encoding.UTF8, "application/json");
        using var response = await _direct.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? text.Trim().Length == 0 ? Fields.Empty : Fields.Parse(text)
            : throw new InvalidOperationException($"directly, {method} {path} gave {(int)response.StatusCode} {text}");
    }
}

/// <summary>Tasks: found by a custom field, doubled by Redmine if sent twice.</summary>
public abstract class RedmineIssues<TServer> : RedmineUnderTest<TServer>
    where TServer : IRedmineServer, new()
{
    public override ImmutableArray<Difference> Differences =>
        [new(ConformanceCase.ExactMoney, "an issue holds no amount of money (its hours cannot be negative); versions show it")];

    public override string Entity => "issue";

    public override string TextField => "description";

    public override string? MoneyField => null;

    public override string? DateField => "start_date";

    protected override string Plural => "issues";

    public override Fields NewRecord(int n) => Fields.Of(
        ("project_identifier", Project), ("tracker_id", 2), ("priority_id", 3), ("subject", $"Task {n} of {Run}"),
        ("description", $"First line {n}\nsecond line"),
        ("start_date", "2026-11-16"), ("estimated_hours", 12.25m), ("custom_fields", Fields.Of(("Hub key", Key(n)))));

    public override Fields BadRecord(int n) => NewRecord(n).With("subject", "").With("estimated_hours", "a lot");

    public override Fields FindKey(int n) => Fields.Of(("Hub key", Key(n)));

    public override Fields Change(int n) => Fields.Of(("subject", $"Task {n} changed"), ("estimated_hours", 0.5m), ("status_id", 2));

    public override Fields Shown(Fields written)
    {
        var shown = written.Without("project_identifier");
        foreach (var name in new[] { "tracker", "priority", "status" })
        {
            shown = written.Get(name + "_id") is { } id ? shown.Without(name + "_id").With(name, Fields.Of(("id", id))) : shown;
        }

        return shown;
    }

    public override async Task<string> InsertDirectlyAsync(int n)
    {
        var field = await CustomFieldAsync("issue", "Hub key");
        return await PostAsync("/issues.json", "issue", Fields.Of(
            ("project_id", Project), ("subject", $"Inserted {n}"), ("custom_fields", new[] { Fields.Of(("id", field), ("value", Key(n))) })));
    }

    public override async Task<int> CountDirectlyAsync(int n)
    {
        // Compared here and not by Redmine's filter, which would be the connector's own way.
        var list = await GetAsync($"/issues.json?status_id=*&project_id={Project}&limit=100");
        return list!.NestedList("issues").Count(issue =>
            issue.NestedList("custom_fields").Any(field => field.Text("name") == "Hub key" && field.Text("value") == Key(n)));
    }

    private string Key(int n) => $"!{Run}|{n}"; // signs that Redmine's short filters would take for operators
}

/// <summary>Milestones: found by project and name, which Redmine keeps unique, with an amount in a custom field.</summary>
public abstract class RedmineVersions<TServer> : RedmineUnderTest<TServer>
    where TServer : IRedmineServer, new()
{
    public override string Entity => "version";

    public override string TextField => "description";

    public override int? TextLengthMax => 255;

    public override string? MoneyField => "Amount";

    public override string? DateField => "due_date";

    protected override string Plural => "versions";

    public override Fields NewRecord(int n) => Fields.Of(
        ("project_identifier", Project), ("name", Title(n)), ("description", $"Milestone {n}"), ("due_date", "2026-12-18"), ("status", "open"),
        ("custom_fields", Fields.Of(("Hub key", $"{Run}-{n}"), ("Amount", 1500.50m))));

    public override Fields BadRecord(int n) => NewRecord(n).With("due_date", "someday");

    public override Fields FindKey(int n) => Fields.Of(("project_identifier", Project), ("name", Title(n)));

    public override Fields Change(int n) => Fields.Of(
        ("description", $"changed {n}"), ("custom_fields", Fields.Of(("Hub key", $"{Run}-{n}"), ("Amount", 99.90m))));

    // A number in a custom field is a text on the wire, and comes back with the digits it was written with.
    public override Fields Shown(Fields written)
    {
        var amount = written.Nested("custom_fields")!.Number("Amount")!.Value;
        return Set(written.Without("project_identifier"), "Amount", amount.ToString(CultureInfo.InvariantCulture));
    }

    public override Fields Set(Fields record, string field, object? value) =>
        field == "Amount" ? record.With("custom_fields", record.Nested("custom_fields")!.With(field, value)) : record.With(field, value);

    public override object? Get(Fields record, string field) => field == "Amount" ? record.Nested("custom_fields")?.Get(field) : record.Get(field);

    public override Task<string> InsertDirectlyAsync(int n) =>
        PostAsync($"/projects/{Project}/versions.json", "version", Fields.Of(("name", Title(n))));

    public override async Task<int> CountDirectlyAsync(int n) =>
        (await GetAsync($"/projects/{Project}/versions.json"))!.NestedList("versions").Count(version => version.Text("name") == Title(n));

    private static string Title(int n) => $"Milestone no. {n} – Ü";
}

/// <summary>Projects: found by their identifier, which Redmine keeps unique.</summary>
public abstract class RedmineProjects<TServer> : RedmineUnderTest<TServer>
    where TServer : IRedmineServer, new()
{
    private readonly HashSet<int> _used = [];

    public override ImmutableArray<Difference> Differences =>
    [
        new(ConformanceCase.ExactMoney, "a project holds no amount of money; versions show it"),
        new(ConformanceCase.ExactDates, "a project holds no date; issues and versions show it"),
    ];

    public override string Entity => "project";

    public override string TextField => "description";

    public override string? MoneyField => null;

    public override string? DateField => null;

    protected override string Plural => "projects";

    public override Fields NewRecord(int n) => Fields.Of(
        ("name", $"Project {n}"), ("identifier", Identifier(n)), ("description", $"SoW {n}"), ("is_public", false), ("parent_identifier", Project),
        ("enabled_module_names", new[] { "issue_tracking", "time_tracking" }));

    public override Fields BadRecord(int n) => NewRecord(n).With("name", "");

    public override Fields FindKey(int n) => Fields.Of(("identifier", Identifier(n)));

    public override Fields Change(int n) => Fields.Of(("name", $"Project {n} changed"), ("description", "changed"));

    public override Fields Shown(Fields written) => written.Without("parent_identifier").Without("enabled_module_names");

    public override Task<string> InsertDirectlyAsync(int n) =>
        PostAsync("/projects.json", "project", Fields.Of(("name", $"Inserted {n}"), ("identifier", Identifier(n)), ("is_public", false)));

    public override async Task<int> CountDirectlyAsync(int n) => await GetAsync($"/projects/{Identifier(n)}.json") is null ? 0 : 1;

    protected override async Task CleanUpAsync()
    {
        await base.CleanUpAsync(); // what was made below it goes with it
        foreach (var n in _used)
        {
            if (await GetAsync($"/projects/{Identifier(n)}.json") is { } there)
            {
                await DeleteDirectlyAsync(there.Nested("project")!.Number("id")!.Value.ToString("0", null));
            }
        }
    }

    private string Identifier(int n)
    {
        _used.Add(n);
        return $"{Project}-{n}";
    }
}
