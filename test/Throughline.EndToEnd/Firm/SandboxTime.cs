using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Tryton;

namespace Throughline.EndToEnd.Firm;

/// <summary>
/// People who book approved time on the projects that already run, correct it and take approvals back, and what must stand in the ERP for it.
/// Only approved hours have a line there: exactly one, with the newest content.
/// </summary>
internal sealed class SandboxTime(RedmineSandbox psa, TrytonSandbox erp)
{
    private readonly List<(int Line, string Task, string Note)> _booked = [];
    private readonly Dictionary<int, decimal> _hours = [];
    private readonly HashSet<int> _unapproved = [];
    private int? _person;

    /// <summary>Lines that must stand.</summary>
    public int Approved => _booked.Count(booked => !_unapproved.Contains(booked.Line));

    public int Booked => _booked.Count;

    /// <summary>Books some time, where a project runs; now and then corrects what was booked before.</summary>
    public async Task BookAsync(Random random)
    {
        var tasks = psa.Records("issues").Where(issue => issue["parent"] is not null).ToArray();
        if (tasks.Length == 0)
        {
            return;
        }

        _person ??= psa.AddPerson("ada", "Ada", "Lambert");
        for (var left = 1 + random.Next(3); left > 0; left--)
        {
            var task = tasks[random.Next(tasks.Length)];
            var (hours, note) = (Hours(random), string.Create(CultureInfo.InvariantCulture, $"time {_booked.Count + 1}"));
            var line = await psa.BookAsync(_person.Value, task, hours, isApproved: true, "2026-11-20", note: note);
            _hours[line] = hours;
            _booked.Add((line, task["subject"]!.ToString(), note));
        }

        var other = _booked[random.Next(_booked.Count)].Line;
        switch (random.Next(4))
        {
            case 0:
                _hours[other] = Hours(random);
                await psa.ChangeTimeAsync(other, new JsonObject { ["hours"] = _hours[other].ToString(CultureInfo.InvariantCulture) });
                break;
            case 1:
                var isUnapproved = _unapproved.Add(other) || !_unapproved.Remove(other);
                await psa.ApproveTimeAsync(other, !isUnapproved);
                break;
        }
    }

    /// <summary>What the ERP holds of it that it should not, or lacks; empty where every approved hour stands exactly once.</summary>
    public IReadOnlyList<string> Wrong()
    {
        var wrong = new List<string>();
        var lines = erp.Records("timesheet.line").OfType<JsonObject>().ToArray();
        foreach (var (line, task, note) in _booked)
        {
            var standing = lines.Where(row => row["description"]?.ToString() == note).ToArray();
            var expected = _unapproved.Contains(line) ? 0 : 1;
            if (standing.Length != expected)
            {
                wrong.Add($"{note}: {standing.Length} lines in the ERP instead of {expected}");
            }
            else if (standing is [var only] && Different(only, task, _hours[line]) is { } difference)
            {
                wrong.Add($"{note}: {difference}");
            }
        }

        if (lines.Length > _booked.Count)
        {
            wrong.Add($"{lines.Length} lines in the ERP, and only {_booked.Count} were booked");
        }

        return wrong;
    }

    private string? Different(JsonObject row, string task, decimal hours)
    {
        var seconds = row["duration"] is JsonObject length ? length["seconds"]!.GetValue<double>() : row["duration"]!.GetValue<double>();
        var place = TaskOf(row["work"]!.GetValue<long>());
        return seconds != (double)hours * 3600 ? $"{seconds} s instead of {hours} h"
            : place != task ? $"on {place} instead of {task}"
            : row["date"]!.ToString() != "2026-11-20" ? $"on {row["date"]}"
            : null;
    }

    // The place for time names the task that it is for.
    private string? TaskOf(long work)
    {
        var origin = erp.Records("timesheet.work").OfType<JsonObject>().Single(row => row["id"]!.GetValue<long>() == work)["origin"]!.ToString();
        var id = long.Parse(origin[(origin.IndexOf(',', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        return erp.Records("project.work").OfType<JsonObject>().Single(row => row["id"]!.GetValue<long>() == id)["name"]!.ToString();
    }

    private static decimal Hours(Random random) => 0.25m * (1 + random.Next(32));
}
