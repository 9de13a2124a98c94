using System.Globalization;
using System.Text;
using Throughline.Landscape;

namespace Throughline.Server.Api.Processes;

/// <summary>What becomes of the entries of one kind, as a page for people, made from the definition that runs; see <see cref="ProcessText"/>.</summary>
internal static class EntriesText
{
    public static string Markdown(EntryDefinition definition, Landscape.Landscape landscape)
    {
        var text = new StringBuilder();
        var map = landscape.OutwardMaps[definition.Map];
        Line(text, $"## {definition.Title}");
        Line(text, "");
        Line(text, $"Each {definition.From} on its own, in batches; entries `{definition.Name}`.");
        Line(text, "");
        foreach (var source in landscape.InwardMaps.Where(inward => inward.To == definition.From).OrderBy(inward => inward.System, StringComparer.Ordinal))
        {
            var every = landscape.Systems[source.System].Reads.Where(read => read.Entity == source.Entity)
                .Select(read => $", every {Span(read.Every)}").FirstOrDefault();
            Line(text, $"- Read from {source.System}: `{source.Entity}`{every}. Its engagement is that of the {source.ScopeOf ?? "key"} that it names; "
                + "until the hub knows that, it waits.");
        }

        Line(text, $"- Ready when `{ProcessText.OneLine(definition.Ready.Text)}`. What is not is kept, and what stood in the target before is taken back.");
        Line(text, $"- Becomes `{map.Entity}` in the system that plays `{map.Role}`, by the map `{map.Name}`, once; a correction changes the same record.");
        if (definition.Value is { } value)
        {
            Line(text, $"- Worth to the customer: `{ProcessText.OneLine(value.Quantity.Text)}` times the rate of the day `{ProcessText.OneLine(value.Date.Text)}`, in "
                + $"`{ProcessText.OneLine(value.Currency.Text)}`, rounded to the cent of each entry; in the value ledger as `{ProcessText.OneLine(value.State.Text)}`.");
            Line(text, $"- Its rate is one of `{ProcessText.OneLine(value.Cards.Text)}`, the first that there is: "
                + string.Join(", then ", value.Precedence.Select(names => names.IsEmpty ? "for everybody" : $"for {string.Join(" and ", names)}"))
                + $" ({string.Join(", ", value.Facts.Select(fact => $"{fact.Name}: `{ProcessText.OneLine(fact.Is.Text)}`"))}). Without one the entry is held.");
        }

        Line(text, string.Create(CultureInfo.InvariantCulture, $"- At most {definition.Batch:N0} in one call. ")
            + "One that the target refuses is taken out, and the others go without it.");
        Line(text, $"- What waits for longer than {Span(definition.Within)} is a case.");
        Line(text, "");
        Line(text, definition.Checks.IsEmpty ? "No checks."
            : "Checks, in this order. What fails one is held; all that an engagement has held for one reason are one case, which closes by itself.");
        Line(text, "");
        foreach (var check in definition.Checks)
        {
            Line(text, $"- **{check.Name}** holds when `{ProcessText.OneLine(check.Require.Text)}`; otherwise a case for {check.Case.Queue}: "
                + $"`{ProcessText.OneLine(check.Case.Says.Text)}`.");
            Line(text, $"  What to do: `{ProcessText.OneLine(check.Case.Remedy.Text)}`");
        }

        return text.ToString();
    }

    private static string Span(TimeSpan span) => span.TotalMinutes >= 1 ? ProcessText.Span(span)
        : $"{span.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} second{(span.TotalSeconds == 1 ? "" : "s")}";

    private static void Line(StringBuilder text, string line) => text.Append(line.TrimEnd()).Append('\n');
}
