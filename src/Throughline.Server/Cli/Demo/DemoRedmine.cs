using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Reads lists of a real Redmine, with nothing of the connector.</summary>
internal sealed class DemoRedmine(HttpClient client, Uri address, string key)
{
    private const int PageSize = 100;
    private const int ReadingsMax = 5;

    // Active and closed; archived projects are never listed.
    private static readonly string[] Statuses = ["1", "5"];

    public async Task<List<Fields>> AllAsync(string kind, CancellationToken cancellation)
    {
        // Lists answer a wrong key with what is public and without an error; this does not.
        await PageAsync("/users/current.json", cancellation);
        var rows = new List<Fields>();
        foreach (var status in Statuses)
        {
            rows.AddRange(await AllAsync(kind, status, cancellation));
        }

        return rows;
    }

    private async Task<List<Fields>> AllAsync(string kind, string status, CancellationToken cancellation)
    {
        for (var reading = 0; reading < ReadingsMax; reading++)
        {
            var rows = new List<Fields>();
            var total = 1m;
            for (var offset = 0; offset < total; offset += PageSize)
            {
                var page = await PageAsync(string.Create(CultureInfo.InvariantCulture, $"/{kind}.json?status={status}&limit={PageSize}&offset={offset}"),
                    cancellation);
                rows.AddRange(page.NestedList(kind));
                total = page.Number("total_count") ?? 0;
            }

            // The pages shift when somebody adds or deletes one meanwhile.
            if (rows.DistinctBy(row => row.Number("id")).Count() == total)
            {
                return rows;
            }
        }

        throw new HttpRequestException($"its {kind} changed while they were read, {ReadingsMax} times.");
    }

    private async Task<Fields> PageAsync(string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        request.Headers.Add("X-Redmine-API-Key", key);
        using var answer = await client.SendAsync(request, cancellation);
        return Fields.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation));
    }
}
