using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// One measurement: approved time entries from intake to the acknowledged micro-batch, against a target that answers at once in this process,
/// between two measurements of how fast the same rows go into a bare table of the same store in batches of 500.
/// </summary>
internal sealed class EntriesRun(Options options, BenchStore bench)
{
    private const int Engagements = 60;
    private const int PerCall = 100;
    private const int QueuedMax = 50_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = false };

    private long _done;

    public static async Task RunAsync(Options options)
    {
        await using var bench = await BenchStore.OpenAsync(options.Store);
        Console.WriteLine(JsonSerializer.Serialize(await new EntriesRun(options, bench).MeasureAsync(), Json));
    }

    private async Task<Dictionary<string, object>> MeasureAsync()
    {
        await using var store = new MeasuredStore(bench.Open(), Time);
        await store.MigrateAsync(CancellationToken.None);
        store.LinesDone = lines => Interlocked.Add(ref _done, lines);
        var rows = Enumerable.Range(0, 2_000).Select(number => (Key: IdOf(number), Payload: Record(number, 0).Fields.ToJson())).ToArray();
        var before = await bench.RowsAsync(rows);
        var where = Fields.Of(
            ("crm", "http://127.0.0.1:9"), ("psa", "http://127.0.0.1:9"), ("erp", "http://127.0.0.1:9"), ("clientId", "c"), ("erpUser", "u"), ("clientSecret", "s"),
            ("psaKey", "k"), ("erpPassword", "p"));
        double seconds;
        (TimeSpan Hub, TimeSpan Postgres, long Allocated, (long Commits, long Flushes, long LogBytes) Statistics) start, end;
        ImmutableSortedDictionary<string, Operation> operations;
        await using (var hub = new HubUnderTest(store, where, isNull: true, NullLoggerFactory.Instance))
        {
            await SetUpAsync(hub.Hub);
            hub.Hub.Start();
            await PlayAsync(hub.Hub, 0, options.WarmUp);
            store.Reset();
            start = await SampleAsync();
            seconds = await PlayAsync(hub.Hub, options.WarmUp, options.Entries);
            end = await SampleAsync();
            operations = store.Operations.ToImmutableSortedDictionary();
        }

        var after = await bench.RowsAsync(rows);
        var (rate, limit) = (options.Entries / seconds, (before + after) / 2);
        return new Dictionary<string, object>
        {
            ["Store"] = options.Store, ["Entries"] = options.Entries, ["EntriesPerSecond"] = Math.Round(rate), ["BareRowsPerSecond"] = Math.Round(limit),
            ["Ratio"] = Math.Round(rate / limit, 3),
            ["HubMicroseconds"] = Math.Round((end.Hub - start.Hub).TotalMicroseconds / options.Entries, 1),
            ["PostgresMicroseconds"] = Math.Round((end.Postgres - start.Postgres).TotalMicroseconds / options.Entries, 1),
            ["AllocatedBytes"] = (end.Allocated - start.Allocated) / options.Entries,
            ["LogBytes"] = (end.Statistics.LogBytes - start.Statistics.LogBytes) / options.Entries,
            ["PeakMemory"] = Machine.PeakMemory, ["Load"] = Machine.Load,
            ["Operations"] = operations.ToDictionary(
                pair => pair.Key, pair => new[] { pair.Value.Calls, Math.Round(pair.Value.Waited.TotalMilliseconds / Math.Max(1, pair.Value.Calls), 2), pair.Value.Items }),
        };
    }

    private async Task<double> PlayAsync(Hub hub, int first, int count)
    {
        var begin = Time.GetTimestamp();
        var (next, sent, target) = (first - PerCall, (long)first, (long)first + count);
        await Task.WhenAll(Enumerable.Range(0, options.Feeders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Add(ref next, PerCall) is var from && from < target)
            {
                var records = Enumerable.Range(from, (int)Math.Min(PerCall, target - from)).Select(number => Record(number, 0));
                var answers = await hub.Intake.TakeAsync([.. records.Select(record => new IntakeRequest("psa", record.Entity, null, null, record))]);
                if (answers.FirstOrDefault(answer => answer.Receipt?.Outcome != IntakeOutcome.Accepted) is { } refused)
                {
                    throw new BenchException("an entry was not taken in: " + string.Join("; ", refused.Problems));
                }

                // A source that sends faster than the hub works would only measure the queue.
                while (Interlocked.Add(ref sent, 0) - Interlocked.Read(ref _done) > QueuedMax)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(2), Time, CancellationToken.None);
                }

                Interlocked.Add(ref sent, answers.Length);
            }
        })));
        while (Interlocked.Read(ref _done) < target)
        {
            if (Time.GetElapsedTime(begin) > Patience)
            {
                throw new BenchException($"after {Patience.TotalMinutes} minutes {_done} of {target} entries were acknowledged");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), Time, CancellationToken.None);
        }

        return Time.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>Engagements as they stand when their projects are set up: task, workstream, and their ids in PSA and ERP.</summary>
    private static async Task SetUpAsync(Hub hub)
    {
        for (var number = 0; number < Engagements; number++)
        {
            var key = new UnitKey(Scope.Engagement("bench-" + Text(number)), "");
            var task = new RecordId("task", "T" + Text(number));
            var workstream = new RecordId("workstream", "W" + Text(number));
            var instance = InstanceId.Derive("bench", Text(number));
            var unit = UnitState.Empty(key)
                .With(new CanonicalRecord(task, Fields.Of(("code", "P-1"), ("name", "Design"), ("workstream", workstream.Key), ("billable", true)), null, Fields.Empty))
                .With(new CanonicalRecord(workstream, Fields.Of(("code", "P-1-DE"), ("name", "Germany"), ("legalEntity", "DE"), ("billing", "time")), null, Fields.Empty))
                .With(new Target(Target.IdOf("psa-task", task), task, "psa-task", instance, "tasks", "psa", "issue", Issue(number)))
                .With(new Target(Target.IdOf("erp-project", workstream), workstream, "erp-project", instance, "erp", "erp", "project.work", Text(number))
                {
                    Answer = Fields.Of(("timesheets", Fields.Of(("P-1 Design", (long)(1_000 + number))))),
                });
            var epoch = await hub.Store.TakePartitionAsync(key.Scope.Partition, "bench", CancellationToken.None);
            await hub.Store.CommitAsync(
                new PartitionCommit
                {
                    Partition = key.Scope.Partition, Epoch = epoch, State = [.. UnitRows.Difference(UnitState.Empty(key), unit)],
                    Crosswalk = [new CrosswalkRow("psa", "project", Project(number), key, "project", "P" + Text(number))],
                },
                CancellationToken.None);
        }
    }

    /// <summary>A line as Redmine shows it, but with an id that does not grow with time, as several vendors have.</summary>
    private static SourceRecord Record(int number, int version)
    {
        var engagement = number % Engagements;
        var made = new DateTimeOffset(2026, 6, 1, 8, 0, 0, TimeSpan.Zero).AddSeconds(number / 10);
        return new SourceRecord("time_entry", IdOf(number), made.AddMinutes(version).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), Fields.Of(
            ("id", IdOf(number)),
            ("project", Fields.Of(("id", Project(engagement)), ("name", "P-20001 Acme rollout"))),
            ("issue", Fields.Of(("id", Issue(engagement)))),
            ("user", Fields.Of(("id", 7L), ("name", "Ada Lambert"))),
            ("activity", Fields.Of(("id", 9L), ("name", "Development"))),
            ("hours", 0.25m + (number % 31 * 0.25m)),
            ("comments", "Workshop with the customer, minutes and follow-up " + Text(number % 100)),
            ("spent_on", "2026-06-17"),
            ("created_on", made.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
            ("updated_on", made.AddMinutes(version).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
            ("custom_fields", Fields.Of(("External id", ""), ("Approved", "1")))));
    }

    private static string IdOf(int number) => CommandId.Derive("bench", Text(number)).ToString()[..18];

    private static string Project(int engagement) => Text(4_000 + engagement);

    private static string Issue(int engagement) => Text(9_000 + engagement);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<(TimeSpan Hub, TimeSpan Postgres, long Allocated, (long Commits, long Flushes, long LogBytes) Statistics)> SampleAsync()
    {
        using var self = Process.GetCurrentProcess();
        return (self.TotalProcessorTime, await bench.ProcessorAsync(), GC.GetTotalAllocatedBytes(), await bench.StatisticsAsync());
    }
}
