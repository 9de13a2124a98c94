using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Redmine;

public sealed class When_Redmine_would_ignore_something_silently : RedmineFixture
{
    [Theory]
    [InlineData("tracker_id", 99)]
    [InlineData("status_id", 99)]
    public async Task Should_say_that_an_id_does_not_exist(string attribute, int id)
    {
        var fields = Fields.Of(("project_identifier", "p-1"), ("subject", "S"), (attribute, id));
        Assert.IsType<Failure.MissingReference>((await WriteAsync("issue", WriteOperation.Create, fields)).Failure);
        Assert.Empty(await ReadAsync(Admin, "issue"));
    }

    [Fact]
    public async Task Should_say_that_an_issue_cannot_move_to_a_project_that_is_not_there()
    {
        var id = await IssueAsync("k-1");
        var moved = await WriteAsync("issue", WriteOperation.Update, Fields.Of(("project_identifier", "nowhere")), id);
        Assert.IsType<Failure.MissingReference>(moved.Failure);
    }

    [Fact]
    public async Task Should_say_that_a_custom_field_does_not_exist()
    {
        var fields = Fields.Of(("project_identifier", "p-1"), ("subject", "S"), ("custom_fields", Fields.Of(("Nobody made this", "x"))));
        var refusal = Assert.IsType<Failure.Validation>((await WriteAsync("issue", WriteOperation.Create, fields)).Failure);
        Assert.Contains("Nobody made this", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_that_an_identifier_cannot_be_changed()
    {
        var project = await FindAsync("project", ("identifier", "p-1"));
        var renamed = await WriteAsync("project", WriteOperation.Update, Fields.Of(("identifier", "p-2")), project.ExternalId);
        Assert.IsType<Failure.Validation>(renamed.Failure);
    }

    [Fact]
    public async Task Should_say_that_the_workflow_kept_the_old_status()
    {
        var id = await IssueAsync("k-1");
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Method = "PUT", Status = 204, Times = 1 }); // accepted and unchanged
        Assert.IsType<Failure.Policy>((await WriteAsync("issue", WriteOperation.Update, Fields.Of(("status_id", 3)), id)).Failure);
    }
}

public sealed class When_Redmine_refuses : RedmineFixture
{
    [Fact]
    public async Task Should_wait_for_a_project_that_is_not_there_yet()
    {
        foreach (var (entity, fields) in new[]
        {
            ("issue", Fields.Of(("project_identifier", "later"), ("subject", "S"))),
            ("version", Fields.Of(("project_identifier", "later"), ("name", "M"))),
            ("time_entry", Fields.Of(("project_identifier", "later"), ("hours", 1), ("activity_id", 8))),
            ("project", Fields.Of(("name", "P"), ("identifier", "p-2"), ("parent_id", 4711))),
            ("project", Fields.Of(("name", "P"), ("identifier", "p-2"), ("parent_identifier", "later"))),
            ("issue", Fields.Of(("project_identifier", "p-1"), ("subject", "S"), ("parent_issue_id", 4711))),
        })
        {
            Assert.IsType<Failure.MissingReference>((await WriteAsync(entity, WriteOperation.Create, fields)).Failure);
        }
    }

    [Fact]
    public async Task Should_take_a_refusal_without_a_text_for_a_conflict()
    {
        var id = await IssueAsync("k-1");
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Method = "PUT", Status = 422, Body = """{"errors":[]}""", Times = 1 });
        Assert.IsType<Failure.Conflict>((await WriteAsync("issue", WriteOperation.Update, Fields.Of(("subject", "x")), id)).Failure);
    }

    [Fact]
    public async Task Should_tell_all_problems_of_a_record()
    {
        var fields = Fields.Of(("project_identifier", "p-1"), ("subject", ""), ("estimated_hours", "much"), ("done_ratio", 130));
        var refusal = Assert.IsType<Failure.Validation>((await WriteAsync("issue", WriteOperation.Create, fields)).Failure);
        Assert.Equal(3, refusal.Problems.Length);
    }
}

public sealed class When_taking_back_would_destroy_more : RedmineFixture
{
    [Fact]
    public async Task Should_refuse_while_time_is_logged()
    {
        var issue = await IssueAsync("k-1");
        var project = (await FindAsync("project", ("identifier", "p-1"))).ExternalId;
        var time = await CreateAsync("time_entry", Fields.Of(("issue_id", issue), ("hours", 1), ("activity_id", 8)));
        Assert.IsType<Failure.Policy>((await WriteAsync("issue", WriteOperation.Undo, Fields.Empty, issue)).Failure);
        Assert.IsType<Failure.Policy>((await WriteAsync("project", WriteOperation.Undo, Fields.Empty, project)).Failure);
        Assert.Single(await ReadAsync(Admin, "time_entry"));

        foreach (var (entity, id) in new[] { ("time_entry", time), ("issue", issue), ("project", project) })
        {
            Assert.True((await WriteAsync(entity, WriteOperation.Undo, Fields.Empty, id)).IsDone);
        }

        Assert.Empty(await ReadAsync(Admin, "project"));
    }

    [Fact]
    public async Task Should_refuse_a_version_that_issues_refer_to()
    {
        var version = await CreateAsync("version", Fields.Of(("project_identifier", "p-1"), ("name", "M")));
        await CreateAsync("issue", Fields.Of(("project_identifier", "p-1"), ("subject", "S"), ("fixed_version_id", version)));
        Assert.IsType<Failure.Policy>((await WriteAsync("version", WriteOperation.Undo, Fields.Empty, version)).Failure);
    }

    [Fact]
    public async Task Should_be_content_where_the_record_has_gone_already() =>
        Assert.True((await WriteAsync("issue", WriteOperation.Undo, Fields.Empty, "4711")).IsDone);
}

public sealed class When_the_key_is_no_administrators : RedmineFixture
{
    [Fact]
    public async Task Should_work_with_custom_fields_from_the_configuration()
    {
        await CreateAsync("membership", Fields.Of(("project_identifier", "p-1"), ("user_id", 2), ("role_ids", new[] { 6 })));
        var fields = Fields.Of(("project_identifier", "p-1"), ("subject", "S"), ("custom_fields", Fields.Of(("Hub key", "k-9"))));

        var without = await WriteAsync("issue", WriteOperation.Create, fields, by: Connect(Sandbox.HubKey));
        Assert.IsType<Failure.Authentication>(without.Failure);
        Assert.Contains("custom_field_ids", without.Failure.Message, StringComparison.Ordinal);

        var connector = Connect(Sandbox.HubKey, Fields.Of(("custom_field_ids", "issue.Hub key=3, version.Hub key=4")));
        Assert.True((await WriteAsync("issue", WriteOperation.Create, fields, by: connector)).IsDone);
        Assert.Single(await connector.FindAsync(new FindRequest("issue", Fields.Of(("Hub key", "k-9"))), Cancellation));
        var project = await WriteAsync("project", WriteOperation.Create, Fields.Of(("name", "N"), ("identifier", "n")), by: connector);
        Assert.IsType<Failure.Authentication>(project.Failure);
    }
}
