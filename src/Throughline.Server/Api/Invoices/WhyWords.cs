using Throughline.Model;

namespace Throughline.Server.Api.Invoices;

/// <summary>Sentences about where an invoice comes from, which its page and the terminal share.</summary>
internal static class WhyWords
{
    private const int NamedMax = 5;

    /// <summary>"Contoso Rail AG, C-10002; CRM account 001A"; null where nothing is known.</summary>
    public static string? Customer(Fields? customer) => customer is null ? null
        : $"{Joined(", ", customer.Text("name"), customer.Text("number"))}; account {customer.Text("account")} in the CRM"
            + string.Concat((customer.Nested("ids") ?? Fields.Empty).Where(id => id.Value is not null).Select(id => $", {id.Value} in the {id.Key.ToUpperInvariant()}"));

    /// <summary>"P-20002 Contoso data platform; workstream P-20002-DE Germany".</summary>
    public static string? Project(Fields invoice)
    {
        var (project, workstream) = (invoice.Nested("project"), invoice.Nested("workstream"));
        var words = Joined("; ", project is null ? null : Joined(" ", project.Text("code"), project.Text("name")),
            workstream is null ? null : "workstream " + Joined(" ", workstream.Text("key"), workstream.Text("name")));
        return words.Length == 0 ? null : words;
    }

    public static string? Terms(Fields? workstream) => workstream is null ? null
        : $"billed by {workstream.Text("billing")} in {workstream.Text("currency")} by {workstream.Text("legalEntity")}, "
            + (workstream.Money("cap") is { } cap ? $"at most {cap} in all (cap)" : "without a cap");

    public static string Sale(Fields sale) => $"{Joined(" ", sale.Text("system"), sale.Text("id"))}: {sale.Text("name")}, {sale.Text("stage")} {sale.Text("closeDate")}, "
        + $"{sale.Money("amount")}"
        + (sale.Text("contract") is { } contract ? $", contract {contract}" : "");

    public static string SoldLine(Fields line) => Joined(
        ", ", line.Text("description"), line.Text("role"), line.Number("hours") is { } hours ? $"{InvoiceWords.Number(hours)} h" : null,
        line.Money("amount")?.ToString(), $"billed by {line.Text("billing")}", line.Money("cap") is { } cap ? $"cap {cap}" : null);

    public static string Contract(Fields contract) => $"{Joined(" ", contract.Text("system"), contract.Text("id"))}: "
        + Joined(", ", contract.Text("status"), contract.Text("signedOn") is { } day ? $"signed {day}" : "not signed",
            contract.Text("start") is { } start ? $"from {start}" : null);

    /// <summary>"150.00 EUR an hour for role Consultant, from 2026-01-01".</summary>
    public static string Rate(Fields rate)
    {
        var made = rate.Where(field => field.Key is not ("rate" or "from" or "until") && field.Value is string { Length: > 0 })
            .Select(field => $"{field.Key} {field.Value}").ToArray();
        return $"{rate.Money("rate")} an hour for {(made.Length == 0 ? "everybody" : string.Join(", ", made))}"
            + (rate.Text("from") is { } from ? $", from {from}" : "") + (rate.Text("until") is { } until ? $", until {until}" : "");
    }

    /// <summary>"approved by paul.meyer (name as stated ...), 2026-11-22 08:06:54: hours agreed".</summary>
    public static string Approval(Fields approval)
    {
        var reason = approval.Text("reason") is { Length: > 0 } why ? $": {why.TrimEnd('.')}" : "";
        return approval.Text("status") == "open" ? $"not yet; case {approval.Text("id")} asks {approval.Text("queue")}"
            : approval.Text("closedBy") is { } name ? $"{approval.Text("status")} by {name}{(approval.Text("closedByIs") is { } worth ? $" (name as {worth})" : "")}, "
                + $"{Console.Html.Local(approval.Text("closedAt"))}{reason}  [case {approval.Text("id")}]"
            : $"{approval.Text("status")} by itself, {Console.Html.Local(approval.Text("closedAt"))}{reason}  [case {approval.Text("id")}]";
    }

    /// <summary>"create account.invoice in the ERP (Tryton), map erp-invoice".</summary>
    public static string Call(Fields call) => $"{call.Text("operation")} {call.Text("entity")} in the {call.Text("systemTitle")}, by map {call.Text("map")}";

    public static string CallMoments(Fields call) => $"decided {Console.Html.Local(call.Text("decidedAt"))}, "
        + (call.Text("answeredAt") is { } at ? $"answered {Console.Html.Local(at)}" : "no answer in the story yet")
        + $"; {call.Text("status")} after {(call.Number("attempts") == 1 ? "one attempt" : $"{call.Number("attempts"):0} attempts")}"
        + (call.Text("externalId") is { } id ? $"; {call.Text("entity")} {id} there" : "") + (call.Text("failure") is { } failure ? $"; {failure}" : "");

    public static string? Precedence(Fields why) => why.List("precedence") is not { Count: > 0 } order ? null
        : "Which rate wins, by the release that priced it, which is today's: " + string.Join(", then ", order.OfType<IReadOnlyList<object?>>()
            .Select(facts => facts.Count == 0 ? "the rate of everybody" : string.Join(" and ", facts))) + ".";

    /// <summary>How one entry was priced, and by which release of the landscape.</summary>
    public static string Priced(Fields entry) => $"{entry.Text("why")}; "
        + (entry.Text("release") is { } release ? $"drawn {Console.Html.Local(entry.Text("drawnAt"))} by release {release}, "
            + $"which is {(entry.Flag("isReleaseOfToday") == true ? "" : "not ")}today's (transaction {entry.Number("transaction"):0} of the ledger)"
            : "the ledger has no transaction that put it there");

    public static string Approved(Fields entry) => $"{ApprovedIn(entry)}, as of version {entry.Text("version") ?? "unknown"}";

    /// <summary>What holds for all entries of a page: whether their system says that they are approved, and by which release they were priced.</summary>
    public static IEnumerable<string> Together(IReadOnlyList<Fields> entries)
    {
        foreach (var alike in entries.GroupBy(entry => (System: entry.Text("system"), Approved: entry.Flag("approved"))).OrderBy(alike => alike.Key.System, StringComparer.Ordinal))
        {
            var which = alike.Count() == entries.Count ? "All of these" : $"{alike.Count()} of these ({string.Join(", ", alike.Take(NamedMax).Select(entry => entry.Text("id")))}"
                + $"{(alike.Count() > NamedMax ? " ..." : "")})";
            yield return $"{which}: {ApprovedIn(alike.First())}.";
        }

        foreach (var alike in entries.Where(entry => entry.Text("release") is not null).GroupBy(entry => entry.Text("release")))
        {
            var which = alike.Count() == entries.Count ? "All of these" : $"{alike.Count()} of these";
            yield return $"{which}: priced by release {alike.Key} of the landscape, which is {(alike.First().Flag("isReleaseOfToday") == true ? "" : "not ")}today's.";
        }
    }

    public static string? Since(Fields entry) => entry.Number("postedSince") is > 0 and var count
        ? $"{count:0} later {(count == 1 ? "transaction changes" : "transactions change")} its worth: throughline entries show {entry.Text("entry")}" : null;

    private static string ApprovedIn(Fields entry) => entry.Flag("approved") switch
    {
        true => $"approved in {entry.Text("system")}",
        false => $"not approved in {entry.Text("system")} any more",
        null => $"{entry.Text("system") ?? "their system"} says nothing of an approval",
    };

    private static string Joined(string between, params IEnumerable<string?> parts) => string.Join(between, parts.Where(part => !string.IsNullOrEmpty(part)));
}
