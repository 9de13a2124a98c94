using System.Collections.Immutable;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Server.Api.Entries;

/// <summary>How many entries stand how, in the words that the API, the pages and the terminal share.</summary>
internal static class EntryCounts
{
    /// <summary>In the order in which an entry goes through them.</summary>
    private static readonly (string Name, string Words, Func<EntryCount, bool> Of)[] Stands =
    [
        ("kept", "kept, not approved or deleted", count => count.Status == EntryStatus.Kept),
        ("waiting", "waiting for something that comes by itself", count => count.Status == EntryStatus.Waiting),
        ("held", "held, a case says why", count => count.Status == EntryStatus.Held),
        ("sent", "on their way", count => count is { Status: EntryStatus.Sent, IsTaken: false }),
        ("taken", "taken by the target", count => count is { Status: EntryStatus.Sent, IsTaken: true }),
    ];

    public static Fields ToFields(ImmutableArray<EntryCount> counts)
    {
        // The newest kept and sent ones are counted together up to the limit, those that wait or are held apart from them.
        var isCut = new[] { true, false }.Any(isOpen => counts
            .Where(count => count.Status is EntryStatus.Waiting or EntryStatus.Held == isOpen).Sum(count => count.Count) >= EntryCount.Max);
        return Fields.Of(
            ("count", counts.Sum(count => count.Count)), ("hours", counts.Sum(count => count.Hours)), ("atLeast", isCut),
            ("stands", Stands.Select(stand => Fields.Of(
                ("name", stand.Name), ("words", stand.Words), ("count", counts.Where(stand.Of).Sum(count => count.Count)),
                ("hours", counts.Where(stand.Of).Sum(count => count.Hours))))));
    }

    /// <summary>"12 entries, 80.5 h, 2 held", or null where there is none.</summary>
    public static string? Line(Fields counts)
    {
        var count = (long)(counts.Number("count") ?? 0);
        var held = counts.NestedList("stands").FirstOrDefault(stand => stand.Text("name") == "held")?.Number("count") ?? 0;
        return count == 0 ? null : $"{Number(count)}{(counts.Flag("atLeast") == true ? " or more" : "")} {(count == 1 ? "entry" : "entries")}, {Number(counts.Number("hours"))} h, "
            + $"{Number(held)} held";
    }

    public static string Word(EntryStatus status) => status.ToString().ToLowerInvariant();

    public static string Number(decimal? number) => (number ?? 0).ToString("#,##0.##", System.Globalization.CultureInfo.InvariantCulture);
}
