using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors.Tryton;

namespace Throughline.EndToEnd.Firm;

/// <summary>The servers that <c>./test.sh</c> starts, read by plain HTTP and without anything of the hub.</summary>
internal sealed class RealServers : IDisposable
{
    private readonly HttpClient _redmine = new() { BaseAddress = new Uri(Setting("THROUGHLINE_REDMINE_URL")) };
    private readonly TrytonRawClient _tryton = new(
        Tryton, Setting("THROUGHLINE_TRYTON_DATABASE"), Setting("THROUGHLINE_TRYTON_USER"), Setting("THROUGHLINE_TRYTON_PASSWORD"));

    public RealServers() => _redmine.DefaultRequestHeaders.Add("X-Redmine-API-Key", Setting("THROUGHLINE_REDMINE_KEY"));

    public static Uri Tryton => new(Setting("THROUGHLINE_TRYTON_URL"));

    /// <summary>All rows of a list, page by page.</summary>
    public async Task<List<JsonNode>> RedmineAsync(string path, string list)
    {
        var rows = new List<JsonNode>();
        while (true)
        {
            var page = JsonNode.Parse(await _redmine.GetStringAsync(new Uri($"{path}&limit=100&offset={rows.Count}", UriKind.Relative)))!;
            rows.AddRange(((JsonArray)page[list]!).Select(row => row!));
            if (rows.Count >= ((int?)page["total_count"] ?? 0))
            {
                return rows;
            }
        }
    }

    public async Task<List<JsonNode>> TrytonAsync(string model, string field, string sign, JsonNode? value, params string[] names)
    {
        var domain = new JsonArray(new JsonArray(field, sign, value));
        var rows = await _tryton.CallAsync($"model.{model}.search_read", domain, 0, null, null, new JsonArray([.. names]));
        return [.. ((JsonArray)rows!).Select(row => row!)];
    }

    public void Dispose()
    {
        _redmine.Dispose();
        _tryton.Dispose();
    }

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is not set: these tests need the real Redmine and the real Tryton; run ./test.sh, which starts "
            + "and seeds both and says where they are");
}
