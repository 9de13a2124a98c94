using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>How a deal of the demo is to end.</summary>
internal enum DealEnd
{
    Active,

    /// <summary>Withdrawn in the CRM: on hold, with a case for the PMO.</summary>
    Held,

    /// <summary>Rejected: nothing stands.</summary>
    Undone,
}

/// <summary>One sale of the demo.</summary>
internal sealed record Deal(string Name, string Story, string Account, string Contract, DealEnd End, Fields[] Lines)
{
    /// <summary>The opportunity's id, once it is in the CRM.</summary>
    public string Id { get; set; } = "";

    public decimal Amount => Lines.Sum(line => line.Number("TotalPrice") ?? 0);

    /// <summary>What the hub said last.</summary>
    public Fields? Seen { get; set; }

    /// <summary>Its lines of time as the hub tells of them; null where there are none.</summary>
    public Fields? Time => Seen?.Nested("time");

    public string State => Seen?.Nested("standing")?.Text("state") ?? "unknown";

    public bool IsAsExpected => State.Equals(End.ToString(), StringComparison.OrdinalIgnoreCase);

    public IEnumerable<Fields> Records(string what) => Seen?.NestedList("records").Where(record => record.Text("what") == what) ?? [];
}
