using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Redmine;

public sealed class When_the_key_was_withdrawn : RedmineFixture
{
    [Theory]
    [InlineData("project")]
    [InlineData("version")]
    [InlineData("issue")]
    [InlineData("membership")]
    [InlineData("user")]
    [InlineData("time_entry")]
    public async Task Should_fail_instead_of_showing_everything_as_gone(string entity)
    {
        await IssueAsync("k-1");
        Sandbox.RevokeKeys();
        var thrown = await Assert.ThrowsAsync<ConnectorException>(() => ReadAsync(Admin, entity));
        Assert.IsType<Failure.Authentication>(thrown.Failure);
    }

    [Theory]
    [InlineData("project", "identifier")]
    [InlineData("issue", "Hub key")]
    [InlineData("time_entry", "External id")]
    public async Task Should_fail_instead_of_finding_nothing(string entity, string key)
    {
        await IssueAsync("k-1");
        Sandbox.RevokeKeys();
        var absent = new FindRequest(entity, Fields.Of((key, "absent")));
        var thrown = await Assert.ThrowsAsync<ConnectorException>(async () => await Admin.FindAsync(absent, Cancellation));
        Assert.IsType<Failure.Authentication>(thrown.Failure);
    }

    [Fact]
    public async Task Should_fail_in_the_middle_of_a_read()
    {
        for (var n = 0; n < 12; n++)
        {
            await IssueAsync("k-" + n);
        }

        var pages = 0;
        var thrown = await Assert.ThrowsAsync<ConnectorException>(async () =>
        {
            await foreach (var page in Admin.ReadAsync("issue", null, Cancellation))
            {
                pages++;
                Sandbox.RevokeKeys();
            }
        });
        Assert.Equal(1, pages); // the second page came as a success, and was not believed
        Assert.IsType<Failure.Authentication>(thrown.Failure);
    }
}

public sealed class When_issues_move_while_they_are_read : RedmineFixture
{
    [Fact]
    public async Task Should_lose_none_where_read_ones_are_deleted()
    {
        var ids = new List<string>();
        for (var n = 0; n < 20; n++)
        {
            ids.Add(await IssueAsync("k-" + n));
        }

        var seen = new List<string>();
        await foreach (var page in Admin.ReadAsync("issue", null, Cancellation))
        {
            seen.AddRange(page.Records.Select(record => record.ExternalId));
            if (seen.Count == 5)
            {
                foreach (var id in ids[..4]) // everything behind moves forward by four
                {
                    await WriteAsync("issue", WriteOperation.Undo, Fields.Empty, id);
                }
            }
        }

        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task Should_go_on_in_the_middle_and_then_see_what_changed_behind_it()
    {
        var ids = new List<string>();
        for (var n = 0; n < 12; n++)
        {
            ids.Add(await IssueAsync("k-" + n));
        }

        Cursor? middle = null;
        await foreach (var page in Admin.ReadAsync("issue", null, Cancellation))
        {
            middle = page.Next;
            break;
        }

        await WriteAsync("issue", WriteOperation.Update, Fields.Of(("subject", "changed behind")), ids[0]);
        Cursor? end = null;
        var rest = new List<string>();
        await foreach (var page in Admin.ReadAsync("issue", middle, Cancellation))
        {
            rest.AddRange(page.Records.Select(record => record.ExternalId));
            end = page.Next;
        }

        Assert.Equal(ids[5..], rest);
        Assert.Contains(await ReadAsync(Admin, "issue", end), record => record.Fields.Text("subject") == "changed behind");
    }

    [Fact]
    public async Task Should_read_closed_ones_too()
    {
        var id = await IssueAsync("k-1");
        await WriteAsync("issue", WriteOperation.Update, Fields.Of(("status_id", 5)), id);
        Assert.Contains(await ReadAsync(Admin, "issue"), record => record.ExternalId == id);
    }
}

public sealed class When_sweeping : RedmineFixture
{
    [Fact]
    public async Task Should_list_closed_projects_which_Redmine_hides()
    {
        var id = (await FindAsync("project", ("identifier", "p-1"))).ExternalId;
        Assert.True((await WriteAsync("project", WriteOperation.Update, Fields.Of(("status", 5)), id)).IsDone);
        var closed = Assert.Single(await ReadAsync(Admin, "project"));
        Assert.Equal(5, closed.Fields.Number("status"));
        Assert.True((await WriteAsync("project", WriteOperation.Update, Fields.Of(("status", 1), ("name", "Again")), id)).IsDone);
        Assert.Equal("Again", Assert.Single(await ReadAsync(Admin, "project")).Fields.Text("name"));
    }

    [Fact]
    public async Task Should_never_read_the_api_keys_of_users()
    {
        var everyone = await ReadAsync(Admin, "user");
        var one = await FindAsync("user", ("login", "hub"));
        var alone = Assert.Single(await Admin.FindAsync(FindRequest.ById("user", one.ExternalId), Cancellation));
        Assert.Equal(2, everyone.Count);
        Assert.All([.. everyone, one, alone], record =>
        {
            Assert.DoesNotContain(Sandbox.HubKey, record.Fields.ToJson(), StringComparison.Ordinal);
            Assert.DoesNotContain(Sandbox.AdminKey, record.Fields.ToJson(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Should_read_and_find_members_and_time()
    {
        var person = Sandbox.AddPerson("ada", "Ada", "Lambert");
        var project = await FindAsync("project", ("identifier", "p-1"));
        await CreateAsync("membership", Fields.Of(("project_identifier", "p-1"), ("user_id", person), ("role_ids", new[] { 4 })));
        var time = Fields.Of(
            ("project_identifier", "p-1"), ("user_id", person), ("hours", 7.25m), ("activity_id", 8), ("spent_on", "2026-03-29"), ("comments", "Workshop"),
            ("custom_fields", Fields.Of(("External id", "e-1"), ("Approved", true))));
        await CreateAsync("time_entry", time);

        var member = await FindAsync("membership", ("project_id", project.ExternalId), ("user_id", person));
        Assert.Equal(member.ExternalId, Assert.Single(await ReadAsync(Admin, "membership")).ExternalId);
        var entry = await FindAsync("time_entry", ("External id", "e-1"));
        Assert.Equal(7.25m, entry.Fields.Number("hours"));
        Assert.Equal("1", entry.Fields.Nested("custom_fields")!.Text("Approved"));
        Assert.Equal(entry.Fields, Assert.Single(await ReadAsync(Admin, "time_entry")).Fields);
    }
}

public sealed class When_a_custom_field_is_no_filter : RedmineFixture
{
    [Fact]
    public async Task Should_refuse_to_search_instead_of_taking_everything_for_found()
    {
        await IssueAsync("k-1");
        var wrong = Sandbox.AddCustomField("issue", "Other", "string", isFilter: false);
        var connector = Connect(Sandbox.AdminKey, Fields.Of(("custom_field_ids", $"issue.Hub key={wrong}")));
        var request = new FindRequest("issue", Fields.Of(("Hub key", "k-2")));
        var thrown = await Assert.ThrowsAsync<ConnectorException>(async () => await connector.FindAsync(request, Cancellation));
        Assert.Contains("Used as a filter", thrown.Failure.Message, StringComparison.Ordinal);
    }
}

public sealed class When_the_server_throttles_or_redirects : RedmineFixture
{
    [Fact]
    public async Task Should_not_follow_to_another_address()
    {
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 302, Headers = new() { ["Location"] = "http://127.0.0.1:1/" } });
        var report = await Admin.TestAsync(Cancellation);
        Assert.IsType<Failure.Policy>(report.Failure);
    }
}
