using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Throughline.Model;
using Throughline.Server.Api.Hooks;

namespace Throughline.Benchmarks.Measurements;

/// <summary>
/// From when a signed webhook was due to be sent until the command with its line is durably acknowledged, at a rate that does not wait for the hub. The
/// sender is in the hub's process: what the one costs or holds up is in the other's time.
/// </summary>
internal sealed class LatencyMeasurement : Measurement
{
    private const int Connections = 64;
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, long> _due = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<CommandId, string[]> _batches = new();
    private ConcurrentBag<double> _latencies = [];
    private int _next;

    public override string Name => "latency";

    public override string About => "webhook to acknowledged command, open loop at 1,000 and 5,000 entries/s [--seconds 20 a rate, --warm-up-seconds 8]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        await using var stage = await EntryStage.OpenAsync(store);
        stage.Store.Sending = (batch, lines) => _batches[batch] = [.. lines];
        stage.Store.Concluded = Acknowledged;
        await using var server = await BenchServer.OfAsync(stage.Hub, stage.Store);
        var lines = Channel.CreateUnbounded<HttpLine>();
        for (var i = 0; i < Connections; i++)
        {
            lines.Writer.TryWrite(await HttpLine.ConnectAsync(server.Address));
        }

        var seconds = options.Size("seconds", 20, 1);
        var slow = options.IsQuick ? 100 : 1_000;
        var fast = options.IsQuick ? 200 : 5_000;
        await PlayAsync(lines, slow, options.Size("warm-up-seconds", 8, 1));
        var commits = new List<double> { await stage.Bench.CommitMillisecondsAsync() };
        var atSlow = await PlayAsync(lines, slow, seconds);
        commits.Add(await stage.Bench.CommitMillisecondsAsync());
        var atFast = await PlayAsync(lines, fast, seconds);
        commits.Add(await stage.Bench.CommitMillisecondsAsync());
        while (lines.Reader.TryRead(out var line))
        {
            line.Dispose();
        }

        var commit = Median(commits);
        return [Line("p50", slow, atSlow, 0.5, 5), Line("p99", slow, atSlow, 0.99, 50), Line("p99", fast, atFast, 0.99, 100)];

        Finding Line(string name, int rate, IReadOnlyCollection<double> latencies, double part, double wanted)
        {
            var value = Percentile(latencies, part);
            return new Finding(
                $"webhook to acknowledged command, {rate.ToString("N0", CultureInfo.InvariantCulture)}/s, {name}", store, value, "ms", commit, "ms, one 1-row commit",
                value / commit, new Wanted(OfRatio: false, AtLeast: false, wanted))
            {
                Notes = new Dictionary<string, double> { ["entries"] = latencies.Count, ["p50 ms"] = Percentile(latencies, 0.5), ["highest ms"] = latencies.Max() },
            };
        }
    }

    private async Task<IReadOnlyCollection<double>> PlayAsync(Channel<HttpLine> lines, int rate, int seconds)
    {
        _latencies = [];
        var (begin, count) = (Time.GetTimestamp(), rate * seconds);
        var sending = new List<Task>(count);
        while (sending.Count < count)
        {
            var dueNow = Math.Min(count, (int)(Time.GetElapsedTime(begin).TotalSeconds * rate) + 1);
            while (sending.Count < dueNow)
            {
                var due = begin + (long)(sending.Count * (double)Time.TimestampFrequency / rate);
                sending.Add(SendAsync(lines, _next++, due));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), Time, CancellationToken.None);
        }

        await Task.WhenAll(sending);
        var waiting = Time.GetTimestamp();
        while (!_due.IsEmpty && Time.GetElapsedTime(waiting) < Patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), Time, CancellationToken.None);
        }

        return _due.IsEmpty ? _latencies : throw new BenchException($"{_due.Count} of {count} entries are not acknowledged a minute after the last was sent");
    }

    // Whoever finds no line free waits, and his clock runs.
    private async Task SendAsync(Channel<HttpLine> lines, int number, long due)
    {
        var record = TimeLines.Record(number);
        _due[record.ExternalId] = due;
        var now = Time.GetUtcNow();
        var body = Encoding.UTF8.GetBytes(Fields.Of(("type", "time_entry.updated"), ("timestamp", now.ToString("O")), ("data", record.Fields)).ToJson());
        var id = "bench-" + record.ExternalId;
        var signature = WebhookSignature.Sign(WebhookSignature.KeyOf(BenchServer.HookSecret)!, id, now, body);
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST /hooks/psa HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"{WebhookSignature.IdHeader}: {id}\r\n{WebhookSignature.TimeHeader}: {now.ToUnixTimeSeconds()}\r\n{WebhookSignature.SignatureHeader}: {signature}\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n"));
        var line = await lines.Reader.ReadAsync();
        try
        {
            await line.SendAsync(new ReadOnlyMemory<byte>([.. head, .. body]));
            lines.Writer.TryWrite(line);
        }
        catch (Exception e)
        {
            // Nobody is to wait for a line that does not come back.
            lines.Writer.TryComplete(e);
            throw;
        }
    }

    private void Acknowledged(CommandId command)
    {
        if (!_batches.TryRemove(command, out var entries))
        {
            return;
        }

        var now = Time.GetTimestamp();
        foreach (var entry in entries)
        {
            if (_due.TryRemove(entry, out var due))
            {
                _latencies.Add(Time.GetElapsedTime(due, now).TotalMilliseconds);
            }
        }
    }
}
