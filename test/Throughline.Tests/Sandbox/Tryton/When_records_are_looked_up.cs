using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Throughline.Sandbox.Tryton;
using Xunit;

namespace Throughline.Tests.Sandbox.Tryton;

/// <summary>What is found by an index is what stands in the records, whatever happened to them before.</summary>
public sealed class When_records_are_looked_up : IAsyncLifetime
{
    private readonly TrytonSandbox _sandbox = new();
    private readonly HttpClient _http = new();

    public async ValueTask InitializeAsync()
    {
        await _sandbox.StartAsync();
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{TrytonSandbox.User}:{TrytonSandbox.Password}")));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _sandbox.DisposeAsync();
    }

    [Fact]
    public async Task Should_find_by_the_present_value_only()
    {
        var party = Party("Aster", "A-1", "DE1");
        Assert.Equal([party], await SearchAsync("party.party", """[["code","=","A-1"]]"""));
        Assert.Equal([party], await SearchAsync("party.party", """[["identifiers.code","=","DE1"]]"""));
        _sandbox.Change("party.party", party, new JsonObject { ["code"] = "A-2" });
        _sandbox.Change("party.identifier", 1, new JsonObject { ["code"] = "DE2" });
        Assert.Empty(await SearchAsync("party.party", """["OR",["code","=","A-1"],["identifiers.code","=","DE1"]]"""));
        Assert.Equal([party], await SearchAsync("party.party", """[["code","in",["A-1","A-2"]],["identifiers.code","=","DE2"]]"""));
        _sandbox.Change("party.party", party, new JsonObject { ["active"] = false });
        Assert.Empty(await SearchAsync("party.party", """[["code","=","A-2"]]"""));
    }

    [Fact]
    public async Task Should_not_find_what_was_rolled_back()
    {
        var party = Party("Aster", "A-1", "DE1");
        Assert.ThrowsAny<Exception>(() => Party("Birch", "A-1", "DE1"));
        Assert.Equal([party], await SearchAsync("party.party", """[["identifiers.code","=","DE1"]]"""));
        Assert.Empty(await SearchAsync("party.party", """[["name","=","Birch"]]"""));
        Assert.ThrowsAny<Exception>(() => _sandbox.Change("party.party", party, new JsonObject { ["name"] = "Cedar", ["code"] = "C-100" }));
        Assert.Equal([party], await SearchAsync("party.party", """[["name","=","Aster"]]"""));
    }

    [Fact]
    public async Task Should_find_by_the_beginning_of_a_text()
    {
        var project = Project("P_1 Rail");
        Project("P11 Rail");
        var other = Project("P_1% Road");
        Assert.Equal([project, other], await SearchAsync("project.work", """[[["name","like","P\\_1%"],["type","=","project"]]]"""));
        Assert.Equal([other], await SearchAsync("project.work", """[["name","like","P\\_1\\%%"]]"""));
        Assert.Equal([project], await SearchAsync("project.work", """[["name","ilike","p%1 rail"],["name","like","P\\_%"]]"""));
    }

    [Fact]
    public async Task Should_read_on_from_an_id_and_a_stamp()
    {
        var first = Party("Aster", "A-1", "DE1");
        var second = Party("Birch", "B-1", "DE2");
        Assert.Equal([second], await SearchAsync("party.party", $$"""[["id",">",{{first}}]]"""));
        const string stamp = """{"__class__":"datetime","year":2020,"month":1,"day":1}""";
        const string late = """{"__class__":"datetime","year":2999,"month":1,"day":1}""";
        Assert.Equal([second], await SearchAsync("party.party", $$"""[["id",">",{{first}}],["OR",["create_date",">",{{stamp}}],["write_date",">",{{stamp}}]]]"""));
        Assert.Empty(await SearchAsync("party.party", $$"""["OR",["create_date",">",{{late}}],["write_date",">",{{late}}]]"""));
        Assert.Equal([first, second], await SearchAsync("party.party", $$"""[["write_date","=",null],["id",">=",{{first}}]]"""));
    }

    private long Party(string name, string code, string taxId) => _sandbox.Insert("party.party", new JsonObject
    {
        ["name"] = name, ["code"] = code,
        ["identifiers"] = new JsonArray(new JsonArray("create", new JsonArray(new JsonObject { ["code"] = taxId }))),
    });

    private long Project(string name) => _sandbox.Insert("project.work", new JsonObject { ["name"] = name, ["type"] = "project" });

    private async Task<long[]> SearchAsync(string model, string domain)
    {
        using var body = new StringContent(
            $$$"""{"id":1,"method":"model.{{{model}}}.search","params":[{{{domain}}},0,null,null,{}]}""", Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(_sandbox.Address, "/tryton/"), body);
        var text = await answer.Content.ReadAsStringAsync();
        return JsonNode.Parse(text)!["result"] is JsonArray ids ? [.. ids.Select(id => (long)id!)] : throw new InvalidOperationException(text);
    }
}
