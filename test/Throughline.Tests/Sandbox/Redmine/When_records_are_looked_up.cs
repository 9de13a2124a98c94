using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Sandbox.Redmine;

/// <summary>What is found by an index is what stands in the records, whatever happened to them before.</summary>
public sealed class When_records_are_looked_up : RedmineWire
{
    [Fact]
    public async Task Should_find_by_the_present_value_only()
    {
        await IssueAsync("A", "k1");
        await IssueAsync("B", "k2");
        Assert.Equal("A", await SubjectsAsync("/issues.json?cf_3=k1"));
        await AskAsync("PUT", "/issues/1.json", """{"issue":{"parent_issue_id":2,"custom_fields":[{"id":3,"value":"k3"}]}}""");
        Assert.Equal("", await SubjectsAsync("/issues.json?cf_3=k1"));
        Assert.Equal("A", await SubjectsAsync("/issues.json?cf_3=k3"));
        Assert.Equal("A", await SubjectsAsync("/issues.json?parent_id=2"));
        Assert.Equal("A,B", await SubjectsAsync("/issues.json?issue_id=2,1,02&sort=id"));
        Assert.Equal("A,B", await SubjectsAsync("/issues.json?updated_on=%3E%3D2020-01-01&sort=id"));
        Assert.Equal(422, (await AskAsync("PUT", "/issues/2.json", """{"issue":{"subject":"","custom_fields":[{"id":3,"value":"k4"}]}}""")).Status);
        Assert.Equal("", await SubjectsAsync("/issues.json?cf_3=k4"));
        await AskAsync("DELETE", "/issues/2.json");
        Assert.Equal("", await SubjectsAsync("/issues.json?cf_3=k3"));
    }

    [Fact]
    public async Task Should_keep_to_a_project_and_what_is_below_it()
    {
        await AskAsync("POST", "/projects.json", """{"project":{"name":"Below","identifier":"p-2","parent_id":1}}""");
        await AskAsync("POST", "/projects.json", """{"project":{"name":"Beside","identifier":"p-3"}}""");
        await IssueAsync("A", "k1");
        await IssueAsync("B", "k2", "p-2");
        await IssueAsync("C", "k3", "p-3");
        Assert.Equal("A,B", await SubjectsAsync("/issues.json?project_id=p-1&sort=id"));
        Assert.Equal(404, (await AskAsync("GET", "/issues.json?project_id=p-9")).Status);
        Assert.Equal(204, (await AskAsync("PUT", "/projects/2/close.json")).Status);
        Assert.Equal("A,B", await SubjectsAsync("/issues.json?project_id=p-1&sort=id"));
        await AskAsync("DELETE", "/projects/1.json");
        Assert.Equal("C", await SubjectsAsync("/issues.json?sort=id"));
    }

    [Fact]
    public async Task Should_not_narrow_a_list_by_a_filter_that_it_ignores()
    {
        await IssueAsync("A", "k1");
        await AskAsync("POST", "/time_entries.json", """{"time_entry":{"issue_id":1,"hours":1,"activity_id":8}}""");
        Assert.Equal(1, (await ListAsync("/time_entries.json?parent_id=7")).Number("total_count"));
        Assert.Equal(0, (await ListAsync("/time_entries.json?issue_id=7")).Number("total_count"));
    }

    private async Task IssueAsync(string subject, string key, string project = "p-1")
    {
        var body = Fields.Of(("issue", Fields.Of(
            ("project_id", project), ("subject", subject), ("custom_fields", new[] { Fields.Of(("id", 3), ("value", key)) }))));
        Assert.Equal(201, (await AskAsync("POST", "/issues.json", body.ToJson())).Status);
    }

    private async Task<string> SubjectsAsync(string path) =>
        string.Join(',', (await ListAsync(path)).NestedList("issues").Select(issue => issue.Text("subject")));
}
