using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Throughline.Chaos.Count;

namespace Throughline.Chaos;

/// <summary>What came of a run, as a page that is committed and as lines for a terminal.</summary>
internal static class ChaosReport
{
    private const int WrongMax = 40;

    public static string Markdown(ChaosOutcome outcome)
    {
        var page = new StringBuilder();
        page.AppendLine("# Chaos on real processes").AppendLine()
            .AppendLine("Written by `throughline chaos`; do not edit. Two hubs, PostgreSQL, RabbitMQ and the systems run as they would in a firm, people sell, book and approve,")
            .AppendLine("and faults strike at random. Then the faults end, the hubs do what is left to do, and what stands in each system is read by its own interface, without")
            .AppendLine("anything of the hub, and counted against what people entered.").AppendLine();
        Table(page, ["what", ""], Head(outcome));
        page.AppendLine("## The count").AppendLine()
            .AppendLine(outcome.IsRight ? "**It is right.**" : $"**It is not right:** {outcome.Wrong.Count} things are wrong.").AppendLine();
        Table(page, ["what", "there should be", "there are"], Counts(outcome).Select(row => new[] { row.What, Text(row.Expected), Text(row.Found) }));
        Table(page, ["check", "holds", "wrong"], Check.All.Select(check =>
            new[] { $"`{check.Name}`", check.Holds, Text(outcome.Wrong.Count(wrong => wrong.Check.Name == check.Name)) }));
        foreach (var (check, says) in outcome.Wrong.Take(WrongMax))
        {
            page.AppendLine($"- `{check.Name}`: {says}");
        }

        if (outcome.Wrong.Count > 0)
        {
            page.AppendLine();
        }

        page.AppendLine("## What struck").AppendLine();
        Table(page, ["fault", "what it is", "times", "seconds in all"], outcome.Troubles.Select(trouble =>
        {
            var strikes = outcome.Strikes.Where(strike => strike.Trouble == trouble).ToArray();
            return new[] { trouble.Name, trouble.Says, Text(strikes.Length), Text((int)strikes.Sum(strike => ((strike.Ended ?? strike.Began) - strike.Began).TotalSeconds)) };
        }));
        Proof(page, outcome);
        return page.ToString().TrimEnd() + "\n";
    }

    /// <summary>The end of a run in a few lines.</summary>
    public static IEnumerable<string> Lines(ChaosOutcome outcome)
    {
        yield return $"{outcome.Strikes.Count} faults of {outcome.Strikes.Select(strike => strike.Trouble.Name).Distinct().Count()} kinds; "
            + $"the longest time without progress was {Seconds(outcome.Pulse.LongestPause)}; "
            + (outcome.Rested is { } rested ? $"all was done {Seconds(rested)} after the last fault." : "after the last fault it never came to rest.");
        foreach (var (what, expected, found) in Counts(outcome))
        {
            yield return $"  {what,-44} {expected,6} entered {found,6} found";
        }

        foreach (var (check, says) in outcome.Wrong.Take(WrongMax))
        {
            yield return $"  wrong ({check.Name}): {says}";
        }

        foreach (var proved in outcome.Proof.Where(proved => proved.Says is null))
        {
            yield return $"  the check {proved.Check} did not see: {proved.Mistake}";
        }

        if (outcome.Proof.Count > 0)
        {
            yield return $"{outcome.Proof.Count(proved => proved.Says is not null)} of {outcome.Proof.Count} mistakes made on purpose were seen by their checks.";
        }

        yield return outcome.IsRight
            ? "The count is right: every deal one customer, one project, one financial project for each workstream; every approved hour once in the ERP."
            : outcome.Wrong.Count > 0 ? $"The count is wrong: {outcome.Wrong.Count} things." : "The count cannot be relied on.";
    }

    private static IEnumerable<string[]> Head(ChaosOutcome outcome)
    {
        var (choices, took) = (outcome.Choices, outcome.Pulse.Took);
        yield return ["date", outcome.Began.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)];
        yield return ["commit", choices.Commit];
        yield return ["machine", $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"];
        yield return ["seed", Text(choices.Seed)];
        yield return ["how long faults struck", $"{choices.Trouble.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture)} minutes"];
        yield return ["systems", choices.Real is null ? "stand-ins of CRM, PSA and ERP" : "a real Redmine, a real Tryton, and a stand-in of the CRM"];
        yield return ["faults", $"{outcome.Strikes.Count} of {outcome.Strikes.Select(strike => strike.Trouble.Name).Distinct().Count()} kinds, up to three at a time"];
        yield return ["hubs", string.Join("; ", outcome.Hubs.Select(hub => $"{hub.Name} was started {hub.Starts} times, {hub.OwnEnds} of them in vain, since its store was away"))];
        yield return ["webhooks", $"{outcome.Hooks.Taken} acknowledged, {outcome.Hooks.Refused} met no hub that could take them and were never sent again"];
        yield return ["from won to set up", took.Count == 0 ? "none" : $"half of the deals within {Seconds(took[took.Count / 2])}, the slowest in {Seconds(took[^1])}"];
        yield return ["longest time without progress", Seconds(outcome.Pulse.LongestPause)
            + (outcome.Pulse.DuringLongestPause is { Length: > 0 } during ? $"; meanwhile struck: {during}" : "")];
        yield return ["after the last fault", outcome.Rested is { } rested ? $"all was done within {Seconds(rested)}" : "it never came to rest"];
        yield return ["again", $"`throughline chaos --minutes {choices.Trouble.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture)} --seed {choices.Seed}"
            + $"{(choices.Real is null ? "" : " --landscape real")}`"];
    }

    private static IEnumerable<(string What, decimal Expected, decimal Found)> Counts(ChaosOutcome outcome)
    {
        var (books, seen) = (outcome.Books, outcome.Seen);
        var parts = books.Deals.Sum(deal => deal.Parts.Count());
        yield return ("deals won, and active in the CRM", books.Deals.Count, seen.Deals.Count(deal => deal.Status == "Active"));
        yield return ("customers in the ERP", books.TaxIds.Length, seen.Customers.Count);
        yield return ("projects in the PSA", books.Deals.Count, seen.Projects.Count);
        yield return ("financial projects in the ERP, one a workstream", parts, seen.Works.Count(work => work.IsProject));
        yield return ("cost centres in the ERP", parts, seen.CostCentres.Count);
        yield return ("lines of time in the PSA", books.Time.Values.Count(line => !line.IsDeleted), seen.Time.Count);
        yield return ("approved lines of time, and lines in the ERP", books.Counting.Count, seen.Lines.Count);
        yield return ("approved hours, and hours in the ERP", books.Counting.Sum(line => line.Hours), seen.Lines.Sum(line => line.Hours));
        yield return ("approved hours, and hours in the value ledger", books.Counting.Sum(line => line.Hours), seen.Hubs.LedgerHours ?? 0);
    }

    private static void Proof(StringBuilder page, ChaosOutcome outcome)
    {
        page.AppendLine("## That the checks can fail").AppendLine();
        if (outcome.Proof.Count == 0)
        {
            page.AppendLine("Not shown in this run: mistakes are made on purpose in stand-ins only, after a right count, and where there is enough to make them with.");
            return;
        }

        page.AppendLine(
            "After the count each of these mistakes was made on purpose, in the systems themselves, and all was read again. The check that must see it said:").AppendLine();
        Table(page, ["mistake", "check", "it said"], outcome.Proof.Select(proved => new[] { proved.Mistake, $"`{proved.Check}`", proved.Says ?? "**nothing**" }));
    }

    private static void Table(StringBuilder page, string[] head, IEnumerable<string[]> rows)
    {
        page.AppendLine($"| {string.Join(" | ", head)} |").AppendLine($"|{string.Concat(head.Select(_ => "---|"))}");
        foreach (var row in rows)
        {
            page.AppendLine($"| {string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
        }

        page.AppendLine();
    }

    private static string Text(decimal number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
}
