using System.Net;
using System.Text;
using Throughline.Model;
using Throughline.Sandbox.Redmine;
using Xunit;

namespace Throughline.Tests.Sandbox.Redmine;

/// <summary>What the real server was seen to answer (BEHAVIOR.md of the connector), asked here without the connector.</summary>
public abstract class RedmineWire : IAsyncLifetime
{
    private readonly HttpClient _client = new();

    protected RedmineSandbox Sandbox { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Sandbox.StartAsync();
        await AskAsync("POST", "/projects.json", """{"project":{"name":"Rail","identifier":"p-1","nope":1}}""");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Sandbox.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<(int Status, string Body, HttpResponseMessage Response)> AskAsync(
        string method, string path, string? body = null, string? key = "admin")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Sandbox.Address, path));
        if (key is not null)
        {
            request.Headers.Add("X-Redmine-API-Key", key switch { "admin" => Sandbox.AdminKey, "hub" => Sandbox.HubKey, _ => key });
        }

        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    protected async Task<Fields> ListAsync(string path, string? key = "admin")
    {
        var (status, body, _) = await AskAsync("GET", path, key: key);
        Assert.Equal(200, status);
        return Fields.Parse(body);
    }
}

public sealed class When_Redmine_lists : RedmineWire
{
    [Fact]
    public async Task Should_cut_a_page_to_100_and_show_25_by_default()
    {
        for (var n = 0; n < 120; n++)
        {
            await AskAsync("POST", "/issues.json", $$$"""{"issue":{"project_id":"p-1","subject":"S{{{n}}}"}}""");
        }

        var page = await ListAsync("/issues.json?limit=1000");
        Assert.Equal((100, 120m, 100m), (page.NestedList("issues").Count, page.Number("total_count"), page.Number("limit")));
        Assert.Equal(25, (await ListAsync("/issues.json")).NestedList("issues").Count);
        Assert.Equal(50, (await ListAsync("/issues.json?page=2&limit=50")).Number("offset"));
        Assert.Empty((await ListAsync("/issues.json?offset=5000")).NestedList("issues"));
    }

    [Theory]
    [InlineData("/issues.json?cf_99=x", 1)] // no such custom field: ignored
    [InlineData("/issues.json?cf_3=x", 0)]
    [InlineData("/issues.json?cf_3=!x", 1)] // an operator, not a value
    [InlineData("/issues.json?cf_3=k%7C1", 1)]
    [InlineData("/issues.json?f[]=cf_3&op[cf_3]=%3D&v[cf_3][]=k%7C1", 1)]
    [InlineData("/issues.json?status_id=closed", 0)]
    [InlineData("/issues.json?updated_on=%3E%3D2999-01-01T00:00:00Z", 0)]
    [InlineData("/time_entries.json?updated_on=%3E%3D2999-01-01T00:00:00Z", 1)] // ignored
    [InlineData("/projects.json?updated_on=%3E%3D2999-01-01T00:00:00Z", 1)] // ignored
    public async Task Should_filter_like_the_real_one(string path, int expected)
    {
        await AskAsync("POST", "/issues.json", """{"issue":{"project_id":"p-1","subject":"S","custom_fields":[{"id":3,"value":"k|1"}]}}""");
        await AskAsync("POST", "/time_entries.json", """{"time_entry":{"issue_id":1,"hours":"1:30","activity_id":8}}""");
        Assert.Equal(expected, (await ListAsync(path)).Number("total_count"));
    }

    [Fact]
    public async Task Should_answer_a_bad_key_with_what_everybody_may_see()
    {
        await AskAsync("POST", "/projects.json", """{"project":{"name":"Secret","identifier":"p-2","is_public":false}}""");
        Assert.Equal(1, (await ListAsync("/projects.json", key: "bad")).Number("total_count"));
        Assert.Equal(401, (await AskAsync("GET", "/users/current.json", key: "bad")).Status);
        Assert.Equal(401, (await AskAsync("GET", "/projects/p-2.json", key: "bad")).Status);
        Assert.Equal(403, (await AskAsync("GET", "/projects/p-2.json", key: "hub")).Status);
        Sandbox.LoginRequired = true;
        Assert.Equal(401, (await AskAsync("GET", "/projects.json", key: "bad")).Status);
    }

    [Fact]
    public async Task Should_show_records_independently_of_the_api()
    {
        Assert.Equal(1, (await ListAsync("/_sandbox/records/projects", key: null)).Number("total_count"));
        var (status, _, _) = await AskAsync("POST", "/_sandbox/records/issues", """{"issue":{"project_id":1,"subject":"seeded"}}""", key: null);
        Assert.Equal(201, status);
        Assert.Equal(1, (await ListAsync("/issues.json")).Number("total_count"));
    }
}

public sealed class When_Redmine_refuses_on_the_wire : RedmineWire
{
    [Theory]
    [InlineData("/projects.json", """{"project":{"name":"","identifier":"p 1"}}""", """{"errors":["Name cannot be blank","Identifier is invalid"]}""")]
    [InlineData("/projects.json", """{"project":{"name":"X","identifier":"p-1"}}""", """{"errors":["Identifier has already been taken"]}""")]
    [InlineData("/projects.json", "{}", """{"errors":["Name cannot be blank","Identifier cannot be blank"]}""")]
    [InlineData("/issues.json", """{"issue":{"project_id":"p-1"}}""", """{"errors":["Subject cannot be blank"]}""")]
    [InlineData("/issues.json", """{"issue":{"project_id":"no","subject":"S"}}""",
        """{"errors":["Project cannot be blank","Tracker cannot be blank","Status cannot be blank"]}""")]
    [InlineData("/time_entries.json", """{"time_entry":{"project_id":1,"hours":-7.5,"activity_id":8,"user_id":999}}""",
        """{"errors":["Hours is invalid","User is invalid"]}""")]
    [InlineData("/projects/1/versions.json", """{"version":{"name":"","due_date":"x","status":"bad"}}""",
        """{"errors":["Name cannot be blank","Due date is not a valid date","Status is not included in the list"]}""")]
    [InlineData("/projects/1/memberships.json", """{"membership":{"user_id":999,"role_ids":[99]}}""",
        """{"errors":["Principal cannot be blank","Role cannot be empty"]}""")]
    public async Task Should_say_what_the_real_one_says(string path, string body, string expected)
    {
        var (status, answer, _) = await AskAsync("POST", path, body);
        Assert.Equal((422, expected), (status, answer));
    }

    [Fact]
    public async Task Should_answer_with_empty_bodies_otherwise()
    {
        Assert.Equal((404, ""), await StatusAsync("GET", "/issues/99.json"));
        Assert.Equal((400, ""), await StatusAsync("POST", "/issues.json", "{nope"));
        Assert.Equal((204, ""), await StatusAsync("PUT", "/projects/p-1.json", """{"project":{"identifier":"other"}}"""));
        Assert.Equal((204, ""), await StatusAsync("DELETE", "/projects/p-1.json"));
        Assert.Equal((404, ""), await StatusAsync("GET", "/projects/1.json"));
    }

    [Fact]
    public async Task Should_leave_nothing_behind_of_a_refused_change()
    {
        await AskAsync("POST", "/issues.json", """{"issue":{"project_id":"p-1","subject":"S"}}""");
        Assert.Equal(422, (await AskAsync("PUT", "/issues/1.json", """{"issue":{"description":"kept?","subject":""}}""")).Status);
        Assert.Equal((422, """{"errors":[]}"""), await StatusAsync("PUT", "/issues/1.json", """{"issue":{"subject":"late","lock_version":7}}"""));
        var issue = Fields.Parse((await AskAsync("GET", "/issues/1.json")).Body).Nested("issue")!;
        Assert.Equal(("S", null), (issue.Text("subject"), issue.Text("description")));
    }

    [Fact]
    public async Task Should_name_the_place_of_what_was_made()
    {
        var (_, _, response) = await AskAsync("POST", "/issues.json", """{"issue":{"project_id":"p-1","subject":"S"}}""");
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(new Uri(Sandbox.Address, "/issues/1"), response.Headers.Location);
        Assert.StartsWith("W/", response.Headers.ETag!.ToString(), StringComparison.Ordinal);
    }

    private async Task<(int, string)> StatusAsync(string method, string path, string? body = null)
    {
        var (status, text, _) = await AskAsync(method, path, body);
        return (status, text);
    }
}

public sealed class When_the_hours_are_ruby_floats : RedmineWire
{
    [Fact]
    public async Task Should_be_printed_with_a_decimal()
    {
        var (_, body, _) = await AskAsync("POST", "/issues.json", """{"issue":{"project_id":"p-1","subject":"S","estimated_hours":40}}""");
        Assert.Contains("\"estimated_hours\":40.0,", body, StringComparison.Ordinal);
    }
}

public sealed class When_Redmine_takes_a_person : RedmineWire
{
    private const string Ada = """{"user":{"login":"ada","firstname":"Ada","lastname":"Lambert","mail":"ada@halden.example"}}""";

    [Fact]
    public async Task Should_need_an_administrator_and_refuse_a_login_that_is_taken()
    {
        Assert.Equal(403, (await AskAsync("POST", "/users.json", Ada, "hub")).Status);
        var (status, body, _) = await AskAsync("POST", "/users.json", Ada);
        Assert.Equal((201, "Lambert"), (status, Fields.Parse(body).Nested("user")!.Text("lastname")));
        Assert.Contains("Login has already been taken", (await AskAsync("POST", "/users.json", Ada)).Body, StringComparison.Ordinal);
        Assert.Contains("Email cannot be blank", (await AskAsync("POST", "/users.json", """{"user":{"login":"ben"}}""")).Body, StringComparison.Ordinal);
        Assert.Single((await ListAsync("/users.json?name=Ada")).NestedList("users"));
    }
}
