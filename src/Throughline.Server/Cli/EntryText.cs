using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Cli;

/// <summary>Lines of time in words.</summary>
internal static class EntryText
{
    public static string Table(IReadOnlyCollection<Fields> entries, int indent, bool isNarrow) => Cli.Table.Render(
        ["Entry", "Date", "Who", "Hours", "Task", "How it stands", "Worth", "In its system", "In the target"],
        [.. entries.Select(entry => new[]
        {
            entry.Text("id") ?? "", entry.Text("date") ?? "", entry.Text("person") ?? "", EntryCounts.Number(entry.Number("hours")),
            entry.Text("taskName") ?? entry.Text("task") ?? "", entry.Text("says") ?? "", Worth(entry),
            $"{entry.Text("system")} {entry.Text("externalId")}", Target(entry) ?? "",
        })],
        indent, isNarrow);

    /// <summary>An engagement's time: how many stand how, why those that are held are, and the newest.</summary>
    public static string Section(Fields time, bool isNarrow)
    {
        var text = new StringBuilder();
        foreach (var stand in time.NestedList("stands").Where(stand => stand.Number("count") > 0))
        {
            Line(text, $"  {EntryCounts.Number(stand.Number("count"))} {stand.Text("words")}, {EntryCounts.Number(stand.Number("hours"))} h");
        }

        foreach (var reason in time.NestedList("reasons"))
        {
            Line(text, $"    {EntryCounts.Number(reason.Number("count"))} {reason.Text("status")}, {EntryCounts.Number(reason.Number("hours"))} h: "
                + string.Join("; ", reason.List("says")));
        }

        foreach (var account in time.NestedList("value"))
        {
            Line(text, $"  Value {account.Text("words")}: {LedgerWords.Line(account)}");
        }

        return text.Append(Table(time.NestedList("newest"), indent: 2, isNarrow)).ToString();
    }

    /// <summary>One entry: where it came from, its checks, where it went.</summary>
    public static string Long(Fields entry)
    {
        var text = new StringBuilder();
        Line(text, $"Entry {entry.Text("id")}: {EntryCounts.Number(entry.Number("hours"))} h of {entry.Text("person") ?? "nobody"} on {entry.Text("date") ?? "no day"}");
        Line(text, $"  It came from {entry.Text("system")}: {entry.Text("sourceEntity")} {entry.Text("externalId")}, version {entry.Text("version") ?? "unknown"}"
            + (entry.Flag("deleted") == true ? ", deleted there since" : ""));
        Line(text, $"  Task: {entry.Text("taskName") ?? entry.Text("task") ?? "none"}{(entry.Text("note") is { Length: > 0 } note ? $" ({note})" : "")}");
        Line(text, entry.Text("engagement") is { } engagement
            ? $"  Engagement: {entry.Text("engagementTitle") ?? engagement}, throughline trace {CommonOptions.Quoted(engagement)}" : "  Engagement: none that the hub knows yet");
        Line(text, $"  It is {entry.Text("status")}: {entry.Text("says")}{(entry.Text("since") is { } since ? $", since {CaseText.Local(since)}" : "")}"
            + (entry.Text("lookedAtAgain") is { } due ? $"; looked at again at {CaseText.Local(due)}" : ""));
        foreach (var check in entry.NestedList("checks"))
        {
            Line(text, $"  Check {check.Text("check")}: {check.Text("outcome")}{(check.Text("says") is { } says ? $", {says}" : "")}");
        }

        Line(text, entry.Nested("batch") is { } batch
            ? $"  It went to {batch.Text("system")} last in line {batch.Number("line"):0} of {batch.Number("lines"):0} of batch {batch.Text("id")}, "
                + $"decided {CaseText.Local(batch.Text("decidedAt"))}, "
                + $"{batch.Text("status")}{(batch.Text("failure") is { } failure ? $": {failure}" : "")}; sent {Times(entry.Number("sends"))}"
            : "  Nothing of it was sent yet");
        Line(text, Target(entry) is { } target ? $"  It stands as {target}{(entry.Nested("target")!.Flag("isNewest") == true ? "" : ", in an earlier form")}"
            : "  Nothing of it is known to stand in the target");
        Line(text, entry.NestedList("value") is { Count: > 0 } value
            ? $"  Worth: {string.Join("; ", value.Select(part => $"{LedgerWords.Line(part)}, {part.Text("words")}"))} ({entry.Text("valueSays")})"
            : $"  It is worth nothing{(entry.Text("valueSays") is { } none ? $": {none}" : " so far")}");
        foreach (var invoice in entry.NestedList("invoices"))
        {
            Line(text, $"  {InvoiceWords.Title(invoice)}, {invoice.Text("status")}{(invoice.Text("number") is { } number ? $" as {number}" : "")}: {LedgerWords.Line(invoice)}; "
                + $"throughline why {CommonOptions.Quoted(invoice.Text("key")!)} {entry.Text("system")}:{entry.Text("externalId")}");
        }

        foreach (var posted in entry.NestedList("transactions"))
        {
            Line(text, $"  Ledger {posted.Number("number"):0}, {CaseText.Local(posted.Text("at"))}: "
                + $"{string.Join("; ", posted.NestedList("postings").Select(part => $"{part.Text("account")} {LedgerWords.Line(part)}"))} ({posted.Text("why")})");
        }

        return text.ToString();
    }

    private static string Worth(Fields entry) => string.Join("; ", entry.NestedList("value").Select(LedgerWords.Worth));

    private static string? Target(Fields entry) => entry.Nested("target") is { } target ? $"{target.Text("system")} {target.Text("entity")} {target.Text("id")}".Trim() : null;

    private static string Times(decimal? sends) => sends == 1 ? "once" : $"{sends:0} times";

    private static void Line(StringBuilder text, string line) => text.Append(CaseText.Clean(line).TrimEnd()).Append('\n');
}
