using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>How webhooks travel just now.</summary>
internal enum HookWeather
{
    Fair,
    Lost,
    Doubled,
    Disordered,
}

/// <summary>
/// A flow in the CRM that posts signed webhooks (https://www.standardwebhooks.com) to whichever hub a balancer picks. It sends each once and never again: what gets
/// lost is made good by the hub's own reading.
/// </summary>
internal sealed class Announcer(HttpClient client, CrmDoor crm, string secret, Func<IReadOnlyList<Uri>> hubs, Random random, TimeProvider time)
{
    private const string Prefix = "whsec_";

    // Fields that Salesforce sends as null and the stand-in's bare rows leave out.
    private static readonly string[] Nullable = ["Amount", "Type", "AccountId", "ContractId", "Parent_Opportunity__c"];

    private readonly ConcurrentBag<Task> _sending = [];
    private int _number;
    private int _taken;
    private int _refused;

    public HookWeather Weather { get; set; }

    /// <summary>Acknowledged by a hub.</summary>
    public int Taken => _taken;

    /// <summary>Met no hub, or one that could not store them.</summary>
    public int Refused => _refused;

    /// <summary>A sale with its lines, as a flow sends it.</summary>
    public async Task<JsonObject> ReadAsync(string deal)
    {
        var record = (JsonObject)(await crm.AllAsync("Opportunity")).First(row => (string?)row["Id"] == deal).DeepClone();
        foreach (var name in Nullable.Where(name => !record.ContainsKey(name)))
        {
            record[name] = null;
        }

        record["OpportunityLineItems"] = new JsonArray(
            [.. (await crm.AllAsync("OpportunityLineItem")).Where(line => (string?)line["OpportunityId"] == deal).Select(line => line.DeepClone())]);
        return record;
    }

    /// <summary>Tells of a change, in the background, as the weather has it.</summary>
    public void Announce(JsonObject before, JsonObject after)
    {
        JsonObject[] messages = Weather switch
        {
            HookWeather.Lost => [],
            HookWeather.Doubled => [after, after, after],
            HookWeather.Disordered => [after, before],
            _ => random.Next(2) == 0 ? [after] : [],
        };
        var id = $"chaos_{++_number}";
        var isTogether = Weather == HookWeather.Doubled;
        // The balancer's choice is drawn here: chance belongs to one thread.
        _sending.Add(SendAllAsync(messages, id, isTogether, random.Next(1_000)));
    }

    /// <summary>Returns when all that was announced has been sent.</summary>
    public Task DrainAsync() => Task.WhenAll(_sending);

    private async Task SendAllAsync(JsonObject[] messages, string id, bool isTogether, int pick)
    {
        // Doubled ones have one id and come to both hubs at once; the others come one after the other.
        var sending = new List<Task>();
        foreach (var (number, message) in messages.Index())
        {
            var one = SendAsync(message, isTogether ? id : $"{id}_{number}", pick + number);
            sending.Add(one);
            if (!isTogether)
            {
                await one;
            }
        }

        await Task.WhenAll(sending);
    }

    private async Task SendAsync(JsonObject record, string id, int pick)
    {
        var addresses = hubs();
        if (addresses.Count == 0)
        {
            Interlocked.Increment(ref _refused);
            return;
        }

        var now = time.GetUtcNow();
        var message = new JsonObject { ["type"] = "Opportunity.updated", ["timestamp"] = now.ToString("O", CultureInfo.InvariantCulture), ["data"] = record.DeepClone() };
        var body = message.ToJsonString();
        var stamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Convert.FromBase64String(secret[Prefix.Length..]), Encoding.UTF8.GetBytes($"{id}.{stamp}.{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(addresses[pick % addresses.Count], "/hooks/crm"));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", stamp);
        request.Headers.Add("webhook-signature", "v1," + Convert.ToBase64String(signature));
        try
        {
            using var answer = await client.SendAsync(request);
            Interlocked.Increment(ref answer.IsSuccessStatusCode ? ref _taken : ref _refused);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Interlocked.Increment(ref _refused);
        }
    }
}
