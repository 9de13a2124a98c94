using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Reads lists of a real Redmine, with nothing of the connector.</summary>
internal sealed class DemoRedmine(HttpClient client, Uri address, string key)
{
    private const int PageSize = 100;

    // Active and closed; archived projects are never listed.
    private static readonly string[] Statuses = ["1", "5"];

    public async Task<List<Fields>> AllAsync(string kind, CancellationToken cancellation)
    {
        var rows = new List<Fields>();
        foreach (var status in Statuses)
        {
            for (var offset = 0; ; offset += PageSize)
            {
                var page = await PageAsync(string.Create(CultureInfo.InvariantCulture, $"/{kind}.json?status={status}&limit={PageSize}&offset={offset}"),
                    cancellation);
                rows.AddRange(page.NestedList(kind));
                if (offset + PageSize >= (page.Number("total_count") ?? 0))
                {
                    break;
                }
            }
        }

        return rows;
    }

    private async Task<Fields> PageAsync(string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        request.Headers.Add("X-Redmine-API-Key", key);
        using var answer = await client.SendAsync(request, cancellation);
        return Fields.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation));
    }
}
