using Throughline.Conformance.Connectors.Tryton;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Throughline.Sandbox.Tryton;
using Throughline.Tests.Connectors.Tryton;
using Xunit;

namespace Throughline.Tests.Sandbox.Tryton;

public sealed class When_the_sandbox_is_asked() : TrytonWireFacts(new TrytonSandboxHost());

public sealed class When_the_sandbox_is_told
{
    [Fact]
    public async Task Should_take_and_show_records_over_http()
    {
        await using var sandbox = new TrytonSandbox();
        await sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = sandbox.Address };
        using var made = await http.PostAsJsonAsync("/_sandbox/records/party.party", new JsonObject { ["name"] = "Aster", ["code"] = "A-1" });
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        var rows = (await http.GetFromJsonAsync<JsonArray>("/_sandbox/records/party.party"))!;
        Assert.Contains(rows, row => (string?)row!["code"] == "A-1");
        using var refused = await http.PostAsJsonAsync("/_sandbox/records/party.party", new JsonObject { ["name"] = "Aster", ["code"] = "A-1" });
        Assert.Contains("must be unique", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var knob = await http.PostAsync(new Uri("/_sandbox/tryton/expire-sessions", UriKind.Relative), null);
        Assert.True(knob.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Should_lock_a_login_after_five_wrong_passwords()
    {
        await using var sandbox = new TrytonSandbox();
        await sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = sandbox.Address };
        var statuses = new List<int>();
        for (var i = 0; i < 7; i++)
        {
            using var answer = await http.PostAsJsonAsync("/tryton/",
                JsonNode.Parse("""{"id":1,"method":"common.db.login","params":["hub",{"password":"x"},"en"]}"""));
            statuses.Add((int)answer.StatusCode);
        }

        Assert.Equal([401, 401, 401, 401, 401, 401, 429], statuses);
    }
}
