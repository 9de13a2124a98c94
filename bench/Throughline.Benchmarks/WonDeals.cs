using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox.Salesforce;

namespace Throughline.Benchmarks;

/// <summary>Won deals without a CRM: one that a sandbox showed, with other ids, names and tax ids.</summary>
internal sealed class WonDeals
{
    private static readonly Lazy<Task<WonDeals>> Learnt = new(ReadAsync);

    private readonly WonDeal _pattern;
    private readonly (string Old, string Prefix)[] _ids;

    private WonDeals(WonDeal pattern)
    {
        _pattern = pattern;
        _ids =
        [
            .. pattern.Records.Select(record => (record.ExternalId, record.Entity switch { "Account" => "001B", "Contract" => "800B", _ => "006B" })),
            (Digits(0), ""),
        ];
    }

    /// <summary>From one deal of a sandbox as the connector reads it; the sandbox is gone again afterwards.</summary>
    public static Task<WonDeals> LearnAsync() => Learnt.Value;

    public ImmutableArray<WonDeal> Take(int first, int count) => [.. Enumerable.Range(first, count).Select(Of)];

    private static async Task<WonDeals> ReadAsync()
    {
        await using var crm = new SalesforceSandbox();
        await crm.StartAsync();
        SandboxHost.Win(crm, 0);
        await using var bench = await BenchStore.OpenAsync("sqlite");
        await using var store = new MeasuredStore(bench.Open(), TimeProvider.System);
        await using var hub = new HubUnderTest(store, SandboxHost.Where(crm), _ => true, NullLoggerFactory.Instance);
        return new WonDeals((await hub.ReadDealsAsync()).Single());
    }

    private WonDeal Of(int number)
    {
        ImmutableArray<SourceRecord> records = [.. _pattern.Records.Select(record => record with
        {
            ExternalId = Renamed(record.ExternalId, number), Fields = Fields.Parse(Renamed(record.Fields.ToJson(), number)),
        })];
        return new WonDeal(records[^1].ExternalId, records);
    }

    private string Renamed(string text, int number) => _ids.Aggregate(text, (now, id) => now.Replace(
        id.Old, id.Prefix.Length == 0 ? Digits(number + 1) : id.Prefix + number.ToString("D14", CultureInfo.InvariantCulture), StringComparison.Ordinal));

    private static string Digits(int number) => (900_000_000 + number).ToString(CultureInfo.InvariantCulture);
}
