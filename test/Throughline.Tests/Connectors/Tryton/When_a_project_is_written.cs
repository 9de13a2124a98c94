using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

public sealed class When_a_project_is_written : TrytonFixture
{
    private const string Project = "project.work";

    [Fact]
    public async Task Should_answer_with_the_ids_of_tasks_and_timesheets()
    {
        var receipt = await CreateProjectAsync("P-1-DE");
        var tasks = receipt.Answer.Nested("tasks")!;
        var timesheets = receipt.Answer.Nested("timesheets")!;
        Assert.Equal(["Discovery", "Build"], tasks.Keys);
        Assert.Equal(["Discovery"], timesheets.Keys);
        Assert.NotNull(receipt.Version);
        var line = await WriteAsync(new WriteItem("k", "timesheet.line", WriteOperation.Create, null, null, Fields.Of(
            ("employee", Fields.Of(("find", Fields.Of(("party.code", "E-002"))))), ("work", timesheets.Get("Discovery")), ("date", "2026-11-20"),
                ("duration", 3600))));
        Assert.True(line.IsDone, line.Failure?.Message);
        Assert.Equal("k", (string?)Sandbox.Records("timesheet.line")[0]!["uuid"]);
    }

    /// <summary>Time could never be logged on a project without the ids of its tasks.</summary>
    [Fact]
    public async Task Should_be_in_doubt_where_it_stands_there_and_the_ids_of_its_tasks_are_not_known()
    {
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 429, BodyContains = "project.work.search_read" });
        var receipt = await WriteAsync(new WriteItem("k", Project, WriteOperation.Create, null, Fields.Of(("@code", "P-1-DE")), Fields.Of(
            ("name", "P-1-DE Depot"), ("type", "project"), ("children", new[] { Fields.Of(("name", "Discovery"), ("timesheet_available", true)) }))));
        Assert.Contains("what it made of it", Assert.IsType<Failure.InDoubt>(receipt.Failure).Message, StringComparison.Ordinal);
        Sandbox.Faults.Clear();
        var found = Assert.Single(await Connector.FindAsync(new FindRequest(Project, Fields.Of(("@code", "P-1-DE"))), default));
        Assert.Equal(["Discovery"], found.Fields.Nested("timesheets")!.Keys);
    }

    [Fact]
    public async Task Should_find_it_by_its_code_and_not_by_a_longer_one()
    {
        var receipt = await CreateProjectAsync("P-1-DE");
        await CreateProjectAsync("P-1-DEX");
        var found = await Connector.FindAsync(new FindRequest(Project, Fields.Of(("@code", "P-1-DE"))), default);
        Assert.Equal(receipt.ExternalId, Assert.Single(found).ExternalId);
        Assert.Empty(await Connector.FindAsync(new FindRequest(Project, Fields.Of(("@code", "P_1%"))), default));
    }

    [Fact]
    public async Task Should_refuse_a_name_without_the_code_by_which_it_is_found()
    {
        var receipt = await WriteAsync(new WriteItem("k", Project, WriteOperation.Create, null, Fields.Of(("@code", "P-9")),
            Fields.Of(("name", "Depot"), ("type", "project"))));
        Assert.Contains("P-9", Assert.IsType<Failure.Validation>(receipt.Failure).Message, StringComparison.Ordinal);
        Assert.Empty(Sandbox.Records(Project));
    }

    [Fact]
    public async Task Should_change_tasks_by_name_and_add_new_ones_but_delete_none()
    {
        var receipt = await CreateProjectAsync("P-1-DE");
        var changed = await WriteAsync(new WriteItem("u", Project, WriteOperation.Update, receipt.ExternalId, null, Fields.Of(("children", new[]
        {
            Fields.Of(("name", "Discovery"), ("effort_duration", 7200)),
            Fields.Of(("name", "Training"), ("type", "task"), ("timesheet_available", true)),
        }))));
        Assert.True(changed.IsDone, changed.Failure?.Message);
        Assert.Equal(["Discovery", "Build", "Training"], changed.Answer.Nested("tasks")!.Keys);
        Assert.Equal(receipt.Answer.Nested("tasks")!.Get("Discovery"), changed.Answer.Nested("tasks")!.Get("Discovery"));
        Assert.Equal(7200, (double)Sandbox.Records(Project).Single(row => (string?)row!["name"] == "Discovery")!["effort_duration"]!);
    }

    [Fact]
    public async Task Should_wait_for_a_customer_that_is_not_there_yet()
    {
        var receipt = await WriteAsync(new WriteItem("k", Project, WriteOperation.Create, null, null, Fields.Of(
            ("name", "P-1 X"), ("type", "project"), ("party", Fields.Of(("find", Fields.Of(("code", "C-999"))))))));
        var missing = Assert.IsType<Failure.MissingReference>(receipt.Failure);
        Assert.Contains("C-999", missing.Reference, StringComparison.Ordinal);
        var direct = await WriteAsync(new WriteItem("k", Project, WriteOperation.Create, null, null,
            Fields.Of(("name", "P-1 X"), ("type", "project"), ("party", 4711))));
        Assert.IsType<Failure.MissingReference>(direct.Failure);
    }

    [Fact]
    public async Task Should_delete_it_with_its_tasks_where_nothing_is_booked()
    {
        var receipt = await CreateProjectAsync("P-1-DE");
        var undone = await UndoAsync(receipt.ExternalId!);
        Assert.Equal("deleted", undone.Answer.Text("undone"));
        Assert.Empty(Sandbox.Records(Project));
        Assert.Empty(Sandbox.Records("timesheet.work"));
        Assert.True((await UndoAsync(receipt.ExternalId!)).IsDone, "undoing twice must be harmless");
    }

    [Fact]
    public async Task Should_close_it_and_stop_its_timesheets_where_time_is_booked()
    {
        var receipt = await CreateProjectAsync("P-1-DE");
        var work = (long)receipt.Answer.Nested("timesheets")!.Get("Discovery")!;
        var line = new JsonObject { ["employee"] = 1, ["work"] = work, ["date"] = "2020-01-01",
            ["duration"] = new JsonObject { ["__class__"] = "timedelta", ["seconds"] = 60 } };
        Sandbox.Insert("timesheet.line", line);
        var undone = await UndoAsync(receipt.ExternalId!);
        Assert.Equal("closed", undone.Answer.Text("undone"));
        Assert.Equal("Cancelled: P-1-DE Depot", (string?)Sandbox.Records(Project)[0]!["name"]);
        Assert.All(Sandbox.Records(Project), row => Assert.Equal(2, (long)row!["status"]!));
        Assert.NotNull(Sandbox.Records("timesheet.work")[0]!["timesheet_end_date"]);
        Assert.Empty(await Connector.FindAsync(new FindRequest(Project, Fields.Of(("@code", "P-1-DE"))), default));
    }

    private Task<Receipt> UndoAsync(string id) => WriteAsync(new WriteItem("undo", Project, WriteOperation.Undo, id, null, Fields.Empty));

    private async Task<Receipt> CreateProjectAsync(string code)
    {
        var receipt = await WriteAsync(new WriteItem("k" + code, Project, WriteOperation.Create, null, Fields.Of(("@code", code)), Fields.Of(
            ("name", code + " Depot"), ("type", "project"), ("party", Fields.Of(("find", Fields.Of(("code", "C-100"))))),
            ("children", new[] { Fields.Of(("name", "Discovery"), ("timesheet_available", true)), Fields.Of(("name", "Build")) }))));
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
        return receipt;
    }
}
