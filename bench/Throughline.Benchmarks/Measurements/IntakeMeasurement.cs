using System.Globalization;
using System.Text;

namespace Throughline.Benchmarks.Measurements;

/// <summary>
/// Durable intake over 64 connections: each request is parsed, its token checked, its key found to be new, and answered 202 after the commit. In turns
/// with a server that does nothing, which is sent the same bytes. Nothing is worked meanwhile: that is what the other rows measure.
/// </summary>
internal sealed class IntakeMeasurement : Measurement
{
    private const string Slot = "##########";

    private int _sent;

    public override string Name => "intake";

    public override string About => "HTTP 202 after the commit against an endpoint that does nothing [--connections 64 --millis 2500 a look, --warm-up 20000]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(4);
        await using var stage = await EntryStage.OpenAsync(store, isRunning: false);
        await using var server = await BenchServer.OfAsync(stage.Hub, stage.Store);
        await using var nothing = await BenchServer.OfNothingAsync();
        var connections = options.Size("connections", 64, 64);
        var look = TimeSpan.FromMilliseconds(options.Size("millis", 2_500, 250));
        HttpLine[] intake = await OpenAsync(server, connections), idle = await OpenAsync(nothing, connections);
        try
        {
            var warmUp = options.Size("warm-up", 20_000, 200);
            await RunAsync(intake, server.Token, _ => _sent < warmUp);
            await RunAsync(idle, server.Token, _ => _sent < warmUp * 3);
            var taken = 0;
            var before = stage.Store.Operations.GetValueOrDefault("append intake").Items;
            var (measured, limit, ratio) = await InTurnsAsync(looks, () => RateAsync(idle, server.Token, look), async () =>
            {
                var first = _sent;
                var rate = await RateAsync(intake, server.Token, look);
                taken += _sent - first;
                return rate;
            });
            var operation = stage.Store.Operations.GetValueOrDefault("append intake");
            if (operation.Items - before != taken)
            {
                throw new BenchException($"{taken} requests were answered 202 and {operation.Items - before} are in the store");
            }

            return
            [
                new Finding(
                    "durable intake, " + connections.ToString(CultureInfo.InvariantCulture) + " connections", store, measured, "requests/s", limit,
                    "requests/s, endpoint that does nothing", ratio, new Wanted(OfRatio: true, AtLeast: true, store == "postgres" ? 0.25 : 0.30))
                {
                    Notes = new Dictionary<string, double> { ["requests a commit"] = (double)operation.Items / operation.Calls },
                },
            ];
        }
        finally
        {
            foreach (var line in intake.Concat(idle))
            {
                line.Dispose();
            }
        }
    }

    private static async Task<HttpLine[]> OpenAsync(BenchServer server, int connections) =>
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => HttpLine.ConnectAsync(server.Address)));

    private async Task<double> RateAsync(HttpLine[] lines, string token, TimeSpan look)
    {
        var (begin, first) = (TimeProvider.System.GetTimestamp(), _sent);
        await RunAsync(lines, token, _ => TimeProvider.System.GetElapsedTime(begin) < look);
        return (_sent - first) / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
    }

    private Task RunAsync(HttpLine[] lines, string token, Func<int, bool> isOn) => Task.WhenAll(lines.Select(line => Task.Run(async () =>
    {
        var (request, slots) = Request(token);
        while (isOn(_sent))
        {
            // Spread, so that the keys do not come in the order of time.
            var number = (ulong)Interlocked.Increment(ref _sent) * 7_182_818_287 % 10_000_000_000;
            foreach (var slot in slots)
            {
                number.TryFormat(request.AsSpan(slot, Slot.Length), out _, "D10", CultureInfo.InvariantCulture);
            }

            await line.SendAsync(request);
        }
    })));

    // One line of time, with room for its number wherever that stands.
    private static (byte[] Bytes, int[] Slots) Request(string token)
    {
        var record = TimeLines.Record(1).Fields.ToJson().Replace(TimeLines.IdOf(1), "line-" + Slot, StringComparison.Ordinal);
        var body = "{\"key\":\"line-" + Slot + "/1\",\"kind\":\"time_entry\",\"record\":" + record + "}";
        var text = $"POST /api/v1/intake/psa HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
        var slots = new List<int>();
        for (var at = text.IndexOf(Slot, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Slot, at + Slot.Length, StringComparison.Ordinal))
        {
            slots.Add(at);
        }

        return (Encoding.ASCII.GetBytes(text), [.. slots]);
    }
}
