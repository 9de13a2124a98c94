using System.Text;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Looks into PSA and ERP without the hub and its connectors, where they are sandboxes; a real server is left alone.</summary>
internal sealed class DemoSystems(Landscape.Landscape landscape) : IDisposable
{
    private static readonly (string Code, string Name)[] Countries = [("DE", "Germany"), ("GB", "United Kingdom"), ("US", "United States"),
        ("AT", "Austria"), ("FR", "France")];

    private readonly HttpClient _client = new();

    /// <summary>Gives a Tryton sandbox the countries in which the demo's customers are.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (await RecordsAsync("erp", "country.country", cancellation) is not { } known)
        {
            return;
        }

        foreach (var (code, name) in Countries.Where(country => known.All(row => row.Text("code") != country.Code)))
        {
            using var content = new StringContent(Fields.Of(("name", name), ("code", code)).ToJson(), Encoding.UTF8, "application/json");
            using var answer = await _client.PostAsync(new Uri(Base("erp")!, "/_sandbox/records/country.country"), content, cancellation);
        }
    }

    /// <summary>All records of a kind as the system itself keeps them; null where the system is not a sandbox.</summary>
    public async Task<IReadOnlyList<Fields>?> RecordsAsync(string role, string kind, CancellationToken cancellation)
    {
        if (Base(role) is not { } address)
        {
            return null;
        }

        try
        {
            using var answer = await _client.GetAsync(new Uri(address, $"/_sandbox/records/{kind}"), cancellation);
            if (!answer.IsSuccessStatusCode || answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) != true)
            {
                return null;
            }

            var value = Fields.Parse($$"""{"v":{{await answer.Content.ReadAsStringAsync(cancellation)}}}""");
            return value.Nested("v") is { } page ? page.NestedList(kind) : value.NestedList("v");
        }
        catch (Exception e) when (e is HttpRequestException or FormatException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();

    private Uri? Base(string role) =>
        landscape.Roles.TryGetValue(role, out var declared)
            && Uri.TryCreate(landscape.Systems[declared.Default].Configuration.Text("url"), UriKind.Absolute, out var address) ? address : null;
}
