using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Something counted in a system itself, and what the hub says it should be; null where the system could not be read.</summary>
internal sealed record DemoCount(string What, decimal? Found, decimal Expected)
{
    public bool IsRight => Found is null || Found == Expected;

    public Fields ToFields() => Fields.Of(("what", What), ("found", Found), ("expected", Expected));
}

/// <summary>How a demo ended.</summary>
internal sealed record DemoOutcome(IReadOnlyList<Deal> Deals, IReadOnlyList<DemoCount> Counts)
{
    public bool IsAsExpected => Deals.All(deal => deal.IsAsExpected) && Counts.All(count => count.IsRight);

    public Fields ToFields() => Fields.Of(
        ("asExpected", IsAsExpected), ("deals", Deals.Select(DealFields)), ("counts", Counts.Select(count => count.ToFields())));

    private static Fields DealFields(Deal deal) => Fields.Of(
        ("name", deal.Name), ("opportunity", deal.Id), ("amount", deal.Amount), ("outcome", deal.State), ("expected", deal.End.ToString().ToLowerInvariant()),
        ("customers", Texts(deal.Records("customer"), "number")), ("project", Texts(deal.Records("project"), "number").FirstOrDefault()),
        ("time", deal.Time?.NestedList("newest").Select(line => Fields.Of(
            ("id", line.Text("id")), ("externalId", line.Text("externalId")), ("person", line.Text("person")), ("hours", line.Number("hours")), ("status", line.Text("status")),
            ("target", line.Nested("target")?.Text("id"))))),
        ("openCases", deal.Seen?.NestedList("openCases").Select(item => item.Text("queue")) ?? []));

    private static IEnumerable<string> Texts(IEnumerable<Fields> records, string name) =>
        records.Select(record => record.Text(name)).OfType<string>().Distinct(StringComparer.Ordinal);
}
