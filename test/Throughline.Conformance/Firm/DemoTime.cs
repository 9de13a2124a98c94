using System.Text.Json.Nodes;

namespace Throughline.Conformance.Firm;

/// <summary>People who book time in the PSA of the demo firm.</summary>
public static class DemoTime
{
    /// <summary>Somebody whom both the PSA and the ERP know.</summary>
    public static int Person(this DemoFirm firm, string firstName = "Ada", string lastName = "Lambert") =>
        firm.Psa.AddPerson(firstName.ToLowerInvariant(), firstName, lastName);

    /// <summary>Books hours on an issue; returns the id of the line in the PSA.</summary>
    public static Task<int> BookAsync(
        this DemoFirm firm, int person, JsonNode? issue, decimal hours, bool isApproved = true, string date = "2026-06-17", int? project = null) =>
        firm.Psa.BookAsync(person, issue, hours, isApproved, date, project);

    /// <summary>Changes a booked line, as a person does in the PSA.</summary>
    public static Task ChangeTimeAsync(this DemoFirm firm, int line, JsonObject changes) => firm.Psa.ChangeTimeAsync(line, changes);

    public static Task ApproveTimeAsync(this DemoFirm firm, int line, bool isApproved) => firm.Psa.ApproveTimeAsync(line, isApproved);

    /// <summary>Timesheet lines, as the ERP itself lists them.</summary>
    public static IReadOnlyList<JsonObject> TimesheetLines(this DemoFirm firm) => [.. firm.Erp.Records("timesheet.line").OfType<JsonObject>()];

    /// <summary>Makes a person a member of a project: Redmine takes time of members only.</summary>
    public static Task JoinAsync(this DemoFirm firm, int person, int project) => firm.Psa.JoinAsync(person, project);
}
