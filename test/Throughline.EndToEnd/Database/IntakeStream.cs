using System.Globalization;
using System.Net.Http.Headers;
using Throughline.Model;

namespace Throughline.EndToEnd.Database;

/// <summary>A sender as it should be: sends a record under its key until it is acknowledged, then the next one. Remembers what it was promised.</summary>
internal sealed class IntakeStream : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, string> _promised = new(StringComparer.Ordinal);
    private readonly Task _loop;

    public IntakeStream(Uri hub, string token)
    {
        _client = new HttpClient { BaseAddress = hub, Timeout = TimeSpan.FromSeconds(30) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _loop = RunAsync();
    }

    /// <summary>Records that were acknowledged.</summary>
    public int Taken { get; private set; }

    /// <summary>Answers 503.</summary>
    public int Refused { get; private set; }

    /// <summary>What the last of them said.</summary>
    public Fields? Refusal { get; private set; }

    /// <summary>Answers that are neither; there should be none.</summary>
    public List<string> Strange { get; } = [];

    /// <summary>Stops sending; what was promised and is not so.</summary>
    public async Task<IReadOnlyList<string>> WrongAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        var wrong = new List<string>(Strange);
        foreach (var (key, envelope) in _promised)
        {
            // Who sends it again is told of the same envelope as the first time: it was kept, and it was kept once.
            var (status, body) = await PostAsync(key);
            var receipt = body.List("receipts").OfType<Fields>().FirstOrDefault();
            if (status != 202 || receipt?.Text("status") != "duplicate" || receipt.Text("envelope") != envelope)
            {
                wrong.Add($"{key}, acknowledged as {envelope}, is now {status} {receipt?.Text("status")} {receipt?.Text("envelope")}");
            }
        }

        return wrong;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            for (var number = 0; ; await Task.Delay(Pace, TimeProvider.System, _stop.Token))
            {
                var key = "intake-" + number.ToString(CultureInfo.InvariantCulture);
                // Not torn by stopping: what was sent must be known to have been taken in or not.
                var (status, body) = await PostAsync(key);
                if (status == 202)
                {
                    _promised.Add(key, ((Fields)body.List("receipts")[0]!).Text("envelope")!);
                    Taken++;
                    number++;
                }
                else if (status == 503)
                {
                    Refused++;
                    Refusal = body;
                }
                else
                {
                    Strange.Add($"{key}: {status} {body.Text("detail")}");
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Enough.
        }
    }

    private async Task<(int Status, Fields Body)> PostAsync(string key)
    {
        using var content = new StringContent(
            $$"""{"key":"{{key}}","kind":"Account","record":{"Id":"{{key}}","Name":"Customer by {{key}}","BillingCountry":"DE","BillingCity":"Bonn"} }""",
            new MediaTypeHeaderValue("application/json"));
        try
        {
            using var answer = await _client.PostAsync(new Uri("/api/v1/intake/crm", UriKind.Relative), content);
            return ((int)answer.StatusCode, Fields.Parse(await answer.Content.ReadAsStringAsync()));
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            return (0, Fields.Of(("detail", "no answer: " + e.Message)));
        }
    }
}
