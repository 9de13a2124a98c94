using System.Collections.Concurrent;
using System.Globalization;

namespace Throughline.Chaos.Firm;

/// <summary>A sale as the firm's people entered it.</summary>
/// <param name="TaxId">Of its customer, who may have bought before.</param>
/// <param name="HasMilestones">It has a second workstream, billed by milestones.</param>
internal sealed record ChaosDeal(string Id, string Name, string TaxId, bool HasMilestones)
{
    /// <summary>Lines of time that people still mean to book on it.</summary>
    public int TimeLeft { get; set; }

    /// <summary>What is to stand in PSA and ERP, by name, behind the project's code.</summary>
    public IEnumerable<(string Workstream, string[] Tasks)> Parts => HasMilestones
        ? [("-DE Germany", ["-DE-01 Discovery", "-DE-02 Delivery", "-DE-03 Project management"]), ("-GB United Kingdom", ["-GB-01 Design", "-GB-02 Build", "-GB-03 Acceptance"])]
        : [("-DE Germany", ["-DE-01 Discovery", "-DE-02 Delivery", "-DE-03 Project management"])];

    public IEnumerable<string> Milestones => HasMilestones ? ["-GB-M1 Design accepted", "-GB-M2 Pilot live"] : [];
}

/// <summary>A line of time as it was entered last.</summary>
/// <param name="Id">In the PSA.</param>
/// <param name="Note">Tells it from all others, in both systems.</param>
/// <param name="Task">The name of the task, with the project's code.</param>
internal sealed record ChaosTime(long Id, string Note, string Task, string Person, string Day, decimal Hours, bool IsApproved, bool IsDeleted = false)
{
    /// <summary>At any time.</summary>
    public bool WasApproved { get; init; } = IsApproved;

    /// <summary>It is to stand in the ERP.</summary>
    public bool Counts => IsApproved && !IsDeleted;
}

/// <summary>What the firm's people remember of what they entered: against it everything is counted.</summary>
internal sealed class Books(string mark)
{
    /// <summary>Tells this run from others on the same servers: part of all numbers, names and notes.</summary>
    public string Mark => mark;

    public string CustomerPrefix => $"C{mark}-";

    public string ProjectPrefix => $"P{mark}-";

    public ConcurrentQueue<ChaosDeal> Deals { get; } = new();

    public ConcurrentDictionary<string, ChaosTime> Time { get; } = new(StringComparer.Ordinal);

    public string[] TaxIds => [.. Deals.Select(deal => deal.TaxId).Distinct(StringComparer.Ordinal)];

    public IReadOnlyList<ChaosTime> Counting => [.. Time.Values.Where(line => line.Counts)];

    /// <summary>A mark by the time of the start, of five letters and digits.</summary>
    public static string MarkAt(DateTimeOffset start)
    {
        const string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var rest = start.ToUnixTimeSeconds();
        var mark = "";
        for (; mark.Length < 5; rest /= digits.Length)
        {
            mark = digits[(int)(rest % digits.Length)] + mark;
        }

        return mark;
    }

    /// <summary>A tax id of nine digits that no other customer of this run has, nor one of a run of the last days.</summary>
    public static string TaxId(DateTimeOffset start, int customer) =>
        string.Create(CultureInfo.InvariantCulture, $"DE{100_000_000 + (start.ToUnixTimeSeconds() % 800_000 * 1_000) + customer}");
}
