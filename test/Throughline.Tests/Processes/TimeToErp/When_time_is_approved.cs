using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Engine.Cases;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Processes.TimeToErp;

/// <summary>Requirement D3 in its thin form: approved hours of the PSA stand as timesheet lines in the ERP, once each, and follow their corrections.</summary>
public sealed class When_time_is_approved : IAsyncLifetime
{
    private DemoFirm _firm = null!;
    private int _person;

    public async ValueTask InitializeAsync()
    {
        _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());
        _person = _firm.Person();
    }

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_stand_in_the_ERP_once_on_the_task_of_the_day_by_the_person()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        foreach (var hours in new[] { 8m, 7.5m, 0.25m })
        {
            await _firm.BookAsync(_person, _firm.Tasks[0], hours);
        }

        await _firm.UntilAsync("three lines", () => _firm.TimesheetLines().Count == 3);

        Assert.Equal([900d, 27_000d, 28_800d], Durations());
        Assert.All(_firm.TimesheetLines(), line => Assert.Equal("2026-06-17", line["date"]!.ToString()));
        Assert.All(_firm.TimesheetLines(), line => Assert.Equal("1", line["employee"]!.ToString()));
        Assert.Single(_firm.TimesheetLines().Select(line => line["work"]!.ToString()).Distinct());
    }

    [Fact]
    public async Task Should_be_kept_until_it_is_approved_and_be_taken_back_when_it_is_not_any_more()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        var line = await _firm.BookAsync(_person, _firm.Tasks[0], 8m, isApproved: false);
        await UntilAsync(line, EntryStatus.Kept);
        Assert.Empty(_firm.TimesheetLines());

        await _firm.ApproveTimeAsync(line, true);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
        await _firm.ApproveTimeAsync(line, false);
        await _firm.UntilAsync("none", () => _firm.TimesheetLines().Count == 0);
        await _firm.ApproveTimeAsync(line, true);
        await _firm.UntilAsync("one again", () => _firm.TimesheetLines().Count == 1);
    }

    [Fact]
    public async Task Should_follow_a_correction_in_the_same_line()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        var line = await _firm.BookAsync(_person, _firm.Tasks[0], 8m);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
        var id = _firm.TimesheetLines()[0]["id"]!.ToString();

        await _firm.ChangeTimeAsync(line, new JsonObject { ["hours"] = "6.5" });

        await _firm.UntilAsync("6.5 hours", () => Durations() is [23_400d]);
        Assert.Equal(id, Assert.Single(_firm.TimesheetLines())["id"]!.ToString());
    }

    /// <summary>Time may be booked in the PSA before the ERP has the financial project, or before the hub knows the project at all.</summary>
    [Fact]
    public async Task Should_wait_for_what_it_refers_to_and_go_on_by_itself()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503, BodyContains = "project.work.create" });
        var deal = _firm.PlainDeal();
        await _firm.UntilAsync("the PSA has the tasks", () => _firm.Tasks.Count > 0);
        var line = await _firm.BookAsync(_person, _firm.Tasks[0], 4m);
        await UntilAsync(line, EntryStatus.Waiting);

        _firm.Erp.Faults.Clear();

        await _firm.UntilDoneAsync(deal);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
    }

    [Fact]
    public async Task Should_be_one_case_for_all_lines_with_the_same_fault_that_closes_when_they_are_corrected()
    {
        var deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(deal);
        var project = _firm.Projects[0]["id"]!.GetValue<int>();
        var first = await _firm.BookAsync(_person, null, 3m, project: project);
        var second = await _firm.BookAsync(_person, null, 5m, project: project);

        var found = await _firm.CaseAsync(EntryTrouble.CaseKind, "2 entries, 8 h");
        Assert.Contains("booked on no task", found.Says, StringComparison.Ordinal);
        Assert.Equal("pmo", found.Queue);
        await _firm.ActAsync(found, CaseAction.Retry, "root");
        await _firm.UntilAsync("it was tried", async () => (await _firm.StoryAsync(deal)).Contains("looked at once more", StringComparison.Ordinal));
        var still = await _firm.CaseAsync(EntryTrouble.CaseKind, "2 entries, 8 h");
        Assert.Equal((found.Id, found.OpenedAt, found.DueAt), (still.Id, still.OpenedAt, still.DueAt));
        foreach (var line in new[] { first, second })
        {
            await _firm.ChangeTimeAsync(line, new JsonObject { ["issue_id"] = _firm.Tasks[0]["id"]!.GetValue<int>() });
        }

        await _firm.UntilAsync("two lines", () => _firm.TimesheetLines().Count == 2);
        await _firm.UntilAsync("the case is settled", async () => (await _firm.Hub.Store.FindCaseAsync(found.Id, CancellationToken.None))!.Status == CaseStatus.Settled);
    }

    /// <summary>The line belongs to another engagement then, whose writer is another; the ERP has it once all the same.</summary>
    [Fact]
    public async Task Should_move_its_line_when_it_is_booked_on_the_project_of_another_sale()
    {
        var first = _firm.PlainDeal();
        var account = _firm.Crm.All("Account").Single().Text("Id")!;
        var second = _firm.WonDeal("Acme audit", account, _firm.Contract(account, isSigned: true));
        await _firm.UntilDoneAsync(first);
        await _firm.UntilDoneAsync(second);
        var tasks = _firm.Tasks.GroupBy(task => task["project"]!["id"]!.GetValue<int>()).Select(group => group.First()).ToArray();
        Assert.Equal(2, tasks.Length);
        var line = await _firm.BookAsync(_person, tasks[0], 4m);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
        var (id, work) = (_firm.TimesheetLines()[0]["id"]!.ToString(), _firm.TimesheetLines()[0]["work"]!.ToString());
        await _firm.JoinAsync(_person, tasks[1]["project"]!["id"]!.GetValue<int>());

        await _firm.ChangeTimeAsync(line, new JsonObject
        {
            ["project_id"] = tasks[1]["project"]!["id"]!.GetValue<int>(), ["issue_id"] = tasks[1]["id"]!.GetValue<int>(),
        });

        await _firm.UntilAsync("the line is on the other work", () => _firm.TimesheetLines() is [var only] && only["work"]!.ToString() != work);
        Assert.Equal(id, Assert.Single(_firm.TimesheetLines())["id"]!.ToString());
        Assert.Equal([3_600d * 4], Durations());
        Assert.Equal(EntryStatus.Sent, Assert.Single(await EntriesAsync()).Status);
    }

    /// <summary>The line keeps its place in the ERP through a refusal: neither a second one is made, nor is it forgotten.</summary>
    [Fact]
    public async Task Should_change_the_same_line_after_the_ERP_refused_to_change_it()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        var line = await _firm.BookAsync(_person, _firm.Tasks[0], 8m);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
        var id = _firm.TimesheetLines()[0]["id"]!.ToString();
        const string Refusal = """{"id":1,"error":["UserError",["You cannot modify an invoiced line.","",null]]}""";
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "timesheet.line.write", Body = Refusal });
        await _firm.ChangeTimeAsync(line, new JsonObject { ["hours"] = "6.5" });
        await _firm.CaseAsync(EntryTrouble.CaseKind, "cannot modify an invoiced line");

        _firm.Erp.Faults.Clear();
        await _firm.ChangeTimeAsync(line, new JsonObject { ["hours"] = "6" });

        await _firm.UntilAsync("6 hours", () => Durations() is [21_600d]);
        Assert.Equal(id, Assert.Single(_firm.TimesheetLines())["id"]!.ToString());
    }

    /// <summary>Invariant 3: the target is asked before anything is sent again.</summary>
    [Fact]
    public async Task Should_stand_once_when_the_answer_is_lost_after_the_ERP_accepted()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "timesheet.line.create", Times = 1 });
        foreach (var hours in new[] { 1m, 2m, 3m })
        {
            await _firm.BookAsync(_person, _firm.Tasks[0], hours);
        }

        await _firm.UntilAsync("three lines known by their ids", async () => (await EntriesAsync()).Count(row => row.Status == EntryStatus.Sent) == 3
            && await AllDoneAsync());
        Assert.Equal([3_600d, 7_200d, 10_800d], Durations());
    }

    /// <summary>What the lost answer would have said is read from the record that is found.</summary>
    [Fact]
    public async Task Should_stand_on_a_project_whose_own_answer_was_lost()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "project.work.create", Times = 1 });
        await _firm.UntilDoneAsync(_firm.PlainDeal());

        await _firm.BookAsync(_person, _firm.Tasks[0], 4m);

        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
    }

    /// <summary>A hub that was restored from an older copy of its store finds lines that it does not know of.</summary>
    [Fact]
    public async Task Should_be_written_over_where_the_ERP_has_it_in_an_earlier_form_and_not_disturb_the_others()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        await _firm.BookAsync(_person, _firm.Tasks[0], 1m);
        await _firm.UntilAsync("one line", () => _firm.TimesheetLines().Count == 1);
        var line = await _firm.BookAsync(_person, _firm.Tasks[0], 8m, isApproved: false);
        await UntilAsync(line, EntryStatus.Kept);
        var id = (await EntriesAsync()).Single(row => row.Status == EntryStatus.Kept).Id;
        var other = _firm.TimesheetLines()[0];
        _firm.Erp.Insert("timesheet.line", new JsonObject
        {
            ["uuid"] = id.ToString(), ["employee"] = other["employee"]!.DeepClone(), ["work"] = other["work"]!.DeepClone(),
            ["date"] = new JsonObject { ["__class__"] = "date", ["year"] = 2026, ["month"] = 6, ["day"] = 17 },
            ["duration"] = new JsonObject { ["__class__"] = "timedelta", ["seconds"] = 3_600 },
        });
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503 });

        await _firm.ApproveTimeAsync(line, true);
        await _firm.BookAsync(_person, _firm.Tasks[0], 2m);
        await _firm.UntilAsync("both are sent", async () => (await EntriesAsync()).Count(row => row.Status == EntryStatus.Sent) == 3);
        _firm.Erp.Faults.Clear();

        await _firm.UntilAsync("three lines with their hours", () => Durations() is [3_600d, 7_200d, 28_800d]);
    }

    /// <summary>Tryton takes all or none: the ones beside a refused line must not suffer.</summary>
    [Fact]
    public async Task Should_send_the_others_when_one_line_of_a_batch_is_refused()
    {
        await _firm.UntilDoneAsync(_firm.PlainDeal());
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503 });
        var stranger = _firm.Person("Ben", "Okafor");
        await _firm.BookAsync(_person, _firm.Tasks[0], 1m);
        await _firm.BookAsync(stranger, _firm.Tasks[0], 2m);
        await _firm.BookAsync(_person, _firm.Tasks[0], 3m);
        await _firm.UntilAsync("all are sent", async () => (await EntriesAsync()).Count(row => row.Status == EntryStatus.Sent) == 3);
        _firm.Erp.Remove("company.employee", 2);
        _firm.Erp.Faults.Clear();

        await _firm.UntilAsync("the two others stand", () => Durations() is [3_600d, 10_800d]);
        await _firm.CaseAsync(EntryTrouble.CaseKind, "1 entry, 2 h");
    }

    private async Task UntilAsync(int line, EntryStatus status) => await _firm.UntilAsync($"line {line} is {status}", async () =>
        (await EntriesAsync()).Any(row => row.ExternalId == line.ToString(System.Globalization.CultureInfo.InvariantCulture) && row.Status == status));

    private async Task<IReadOnlyList<EntryRow>> EntriesAsync()
    {
        var rows = new List<EntryRow>();
        foreach (var deal in _firm.Crm.All("Opportunity"))
        {
            rows.AddRange(await _firm.Hub.Store.ListEntriesAsync(Scope.Engagement(deal.Text("Id")!), null, 1_000, CancellationToken.None));
        }

        return rows;
    }

    private async Task<bool> AllDoneAsync()
    {
        var batches = (await EntriesAsync()).Select(row => row.Batch).OfType<CommandId>().Distinct();
        return (await _firm.Hub.Store.LoadBatchesAsync([.. batches], CancellationToken.None)).All(batch => batch.IsConcluded && batch.Lines.All(line => line.IsTaken));
    }

    private double[] Durations() => [.. _firm.TimesheetLines().Select(line => line["duration"] is JsonObject length
        ? length["seconds"]!.GetValue<double>() : line["duration"]!.GetValue<double>()).Order()];
}
