using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>What the hub relies on, said once and asked of the sandbox and of the real server. Where they differ, the sandbox is wrong.</summary>
public abstract class TrytonWireFacts(TrytonHost host) : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly string _run = Guid.CreateVersion7().ToString("N")[20..];

    public async ValueTask InitializeAsync() => await host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_answer_statuses_and_pages_as_its_web_layer_does()
    {
        var (status, body, headers) = await PostAsync($"/{host.Database}/", """{"id":1,"method":"model.party.party.search","params":[[],0,1,null,{}]}""");
        Assert.Equal((HttpStatusCode.Unauthorized, ""), (status, body));
        Assert.Equal("Basic realm=\"Tryton\"", headers.WwwAuthenticate.ToString());
        var ghost = $$"""{"id":1,"method":"common.db.login","params":["ghost-{{_run}}",{"password":"x"},"en"]}""";
        (status, body, _) = await PostAsync($"/{host.Database}/", ghost);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.StartsWith("<!doctype html>", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/no_such_db/", ghost)).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await PostAsync($"/{host.Database}/", "{oops")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _http.GetAsync(new Uri(host.Address, $"/{host.Database}/"))).StatusCode);
        (_, body, headers) = await PostAsync("/", """{"id":4,"method":"common.server.version","params":[]}""");
        Assert.Matches("""^\{"id":\s?4,\s?"result":\s?"6\.0\.""", body);
        Assert.Contains("close", headers.Connection);
        Assert.Contains("403", await RefusalAsync("model.party.party.fly", new JsonArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("party.party", """{"nme":"x"}""", """["'nme'",""]""")]
    [InlineData("no.such", "{}", """["'no.such'",""]""")]
    [InlineData("party.party", """{"name":"x","code":"C-100"}""", "The code on party must be unique.")]
    [InlineData("party.party", """{"name":"x","identifiers":[["create",[{}]]]}""", "A value is required for field \\\"Code\\\" in \\\"Party Identifier\\\".")]
    [InlineData("party.party", """{"name":"x","addresses":[["create",[{"country":9999}]]]}""",
        "The value \\\"9999\\\" for field \\\"Country\\\" in \\\"Address\\\" does not exist.")]
    [InlineData("project.work", """{"name":"x","type":"epic"}""", "is not valid according to its domain.")]
    [InlineData("project.work", """{"name":"x","status":77}""", "The value \\\"77\\\" for field \\\"Status\\\" in \\\"Work Effort\\\" does not exist.")]
    [InlineData("project.work", """{"name":"x","company":"x"}""", "invalid literal for int() with base 10: 'x'")]
    [InlineData("product.template", """{"name":"x","list_price":{"__class__":"Decimal","decimal":"1"}}""",
        "A value is required for field \\\"Default UOM\\\" in \\\"Product Template\\\".")]
    [InlineData("party.party", """{"name":"a\u0000b"}""", "A string literal cannot contain NUL (0x00) characters.")]
    public async Task Should_refuse_a_creation_with_the_same_text(string model, string values, string text) =>
        Assert.Contains(text, await RefusalAsync($"model.{model}.create", new JsonArray(JsonNode.Parse(values))), StringComparison.Ordinal);

    [Fact]
    public async Task Should_refuse_unknown_records_by_model()
    {
        var rule = "records \\\"99999\\\" of \\\"Work Effort\\\" because of at least one of these rules:\\nUser in companies";
        Assert.Contains($"You are not allowed to write to {rule}", await RefusalAsync("model.project.work.write", new JsonArray(99999), new JsonObject()),
            StringComparison.Ordinal);
        Assert.Contains($"You are not allowed to read {rule}", await RefusalAsync("model.project.work.read", new JsonArray(99999), new JsonArray("name")),
            StringComparison.Ordinal);
        Assert.Contains("that don't exist anymore.", await RefusalAsync("model.project.work.delete", new JsonArray(99999)), StringComparison.Ordinal);
        Assert.Contains("'nope'", await RefusalAsync("model.party.party.search", new JsonArray(new JsonArray("nope", "=", 1)), 0, null, null),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_guard_the_project_tree()
    {
        var tasks = """["create",[{"name":"A","timesheet_available":true},{"name":"B"}]]""";
        var values = JsonNode.Parse($$"""{"name":"W{{_run}}","type":"project","children":[{{tasks}}]}""");
        var root = (long)(await host.Raw.CallAsync("model.project.work.create", new JsonArray(values)))![0]!;
        var rows = (JsonArray)(await host.Raw.CallAsync(
            "model.project.work.search_read", new JsonArray(new JsonArray("parent", "=", root)), 0, null, new JsonArray(new JsonArray("id", "ASC")),
                new JsonArray("name", "type", "timesheet_works", "status.name", "parent.name")))!;
        Assert.Equal("task", (string?)rows[0]!["type"]);
        Assert.Single((JsonArray)rows[0]!["timesheet_works"]!);
        Assert.Empty((JsonArray)rows[1]!["timesheet_works"]!);
        Assert.Equal("Open", (string?)rows[0]!["status."]!["name"]);
        Assert.Equal($"W{_run}", (string?)rows[0]!["parent."]!["name"]);
        var children = new JsonArray([.. rows.Select(row => JsonValue.Create((long)row!["id"]!))]);
        var used = "The records could not be deleted because they are used by field \\\"Parent\\\" of \\\"Work Effort\\\".";
        Assert.Contains(used, await RefusalAsync("model.project.work.delete", new JsonArray([.. children.Select(id => id!.DeepClone()), root])),
            StringComparison.Ordinal);
        Assert.Contains("you must increase its progress up to at least 100.00%.",
            await RefusalAsync("model.project.work.write", new JsonArray(root), JsonNode.Parse("""{"status":2}""")), StringComparison.Ordinal);
        Assert.Contains("you must complete also all its children.", await RefusalAsync("model.project.work.write", new JsonArray(root),
            JsonNode.Parse("""{"status":2,"progress":1.0}""")), StringComparison.Ordinal);
        await host.Raw.CallAsync("model.project.work.delete", children);
        await host.Raw.CallAsync("model.project.work.delete", new JsonArray(root));
    }

    [Fact]
    public async Task Should_lock_by_stamp_and_touch_a_parent_only_through_itself()
    {
        var values = JsonNode.Parse($$"""{"name":"S{{_run}}","addresses":[["create",[{"name":"HQ"}]]]}""");
        var id = (long)(await host.Raw.CallAsync("model.party.party.create", new JsonArray(values)))![0]!;
        var before = await ReadAsync(id);
        Assert.Null(before["write_date"]);
        Assert.Matches(@"^\d{10}\.\d{6}$", (string?)before["_timestamp"]);
        var address = (long)((JsonArray)before["addresses"]!)[0]!;
        await host.Raw.CallAsync("model.party.address.write", new JsonArray(address), JsonNode.Parse("""{"city":"Ghent"}"""));
        Assert.Equal((string?)before["_timestamp"], (string?)(await ReadAsync(id))["_timestamp"]);
        await host.Raw.CallAsync("model.party.party.write", new JsonArray(id),
            new JsonObject { ["addresses"] = new JsonArray(new JsonArray("write", new JsonArray(address), new JsonObject { ["city"] = "Antwerp" })) });
        Assert.NotEqual((string?)before["_timestamp"], (string?)(await ReadAsync(id))["_timestamp"]);
        var stale = new JsonObject { ["company"] = 1, ["_timestamp"] = new JsonObject { [$"party.party,{id}"] = (string?)before["_timestamp"] } };
        var refusal = await RefusalWithAsync(stale, "model.party.party.write", new JsonArray(id), new JsonObject { ["name"] = "x" });
        Assert.Contains("Records were modified in the meanwhile", refusal, StringComparison.Ordinal);
        await host.Raw.CallAsync("model.party.party.delete", new JsonArray(id));
    }

    private async Task<JsonObject> ReadAsync(long id) =>
        (JsonObject)(await host.Raw.CallAsync("model.party.party.read", new JsonArray(id), new JsonArray("write_date", "_timestamp", "addresses")))![0]!;

    private Task<string> RefusalAsync(string method, params JsonNode?[] parameters) =>
        RefusalWithAsync(new JsonObject { ["company"] = 1 }, method, parameters);

    private async Task<string> RefusalWithAsync(JsonObject context, string method, params JsonNode?[] parameters)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Raw.CallAsync(context, method, parameters));
        return refused.Message.Replace("\", \"", "\",\"", StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Body, System.Net.Http.Headers.HttpResponseHeaders Headers)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(host.Direct, path), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers);
    }
}
