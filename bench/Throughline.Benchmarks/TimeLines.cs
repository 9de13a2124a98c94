using System.Globalization;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>The approved lines of time that are measured, by number, and what they are booked on.</summary>
internal static class TimeLines
{
    public const int Engagements = 60;

    /// <summary>The same rows as a bare table would hold them.</summary>
    public static (string Key, string Payload)[] BareRows { get; } =
        [.. Enumerable.Range(0, 2_000).Select(number => (IdOf(number), Record(number).Fields.ToJson()))];

    private static readonly Fields[] Rates =
    [
        Fields.Of(("role", "Consultant"), ("rate", Money.Of(150m, "EUR"))), Fields.Of(("role", "Consultant"), ("rate", Money.Of(156m, "EUR")), ("from", "2026-06-16")),
        Fields.Of(("role", "Architect"), ("rate", Money.Of(190m, "EUR"))), Fields.Of(("rate", Money.Of(120m, "EUR"))),
    ];

    /// <summary>Engagements as they stand when their projects are set up: task, workstream, and their ids in PSA and ERP.</summary>
    /// <param name="works">The places for time that an ERP which is there has for them.</param>
    public static async Task SetUpAsync(IHubStore store, IReadOnlyList<long>? works = null)
    {
        for (var number = 0; number < Engagements; number++)
        {
            var key = new UnitKey(Scope.Engagement("bench-" + Text(number)), "");
            var task = new RecordId("task", "T" + Text(number));
            var workstream = new RecordId("workstream", "W" + Text(number));
            var instance = InstanceId.Derive("bench", Text(number));
            var unit = UnitState.Empty(key)
                .With(new CanonicalRecord(task, Fields.Of(
                    ("code", "P-1"), ("name", "Design"), ("workstream", workstream.Key), ("role", "Consultant"), ("billable", true)), null, Fields.Empty))
                .With(new CanonicalRecord(workstream, Fields.Of(
                    ("code", "P-1-DE"), ("name", "Germany"), ("legalEntity", "DE"), ("country", "DE"), ("billing", "time"), ("currency", "EUR")), null, Fields.Empty))
                .With(new CanonicalRecord(new RecordId("rate-card", workstream.Key), Fields.Of(("workstream", workstream.Key), ("rates", Rates)), null, Fields.Empty))
                .With(new Target(Target.IdOf("psa-task", task), task, "psa-task", instance, "tasks", "psa", "issue", Issue(number)))
                .With(new Target(Target.IdOf("erp-project", workstream), workstream, "erp-project", instance, "erp", "erp", "project.work", Text(number))
                {
                    Answer = Fields.Of(("timesheets", Fields.Of(("P-1 Design", works?[number] ?? 1_000 + number)))),
                });
            var epoch = await store.TakePartitionAsync(key.Scope.Partition, "bench", CancellationToken.None);
            await store.CommitAsync(
                new PartitionCommit
                {
                    Partition = key.Scope.Partition, Epoch = epoch, State = [.. UnitRows.Difference(UnitState.Empty(key), unit)],
                    Crosswalk = [new CrosswalkRow("psa", "project", Project(number), key, "project", "P" + Text(number))],
                },
                CancellationToken.None);
        }
    }

    /// <summary>A line as Redmine shows it, but with an id that does not grow with time, as several vendors have.</summary>
    public static SourceRecord Record(int number)
    {
        var engagement = number % Engagements;
        var made = new DateTimeOffset(2026, 6, 1, 8, 0, 0, TimeSpan.Zero).AddSeconds(number / 10).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return new SourceRecord("time_entry", IdOf(number), made, Fields.Of(
            ("id", IdOf(number)),
            ("project", Fields.Of(("id", Project(engagement)), ("name", "P-20001 Acme rollout"))),
            ("issue", Fields.Of(("id", Issue(engagement)))),
            ("user", Fields.Of(("id", 7L), ("name", "Ada Lambert"))),
            ("activity", Fields.Of(("id", 9L), ("name", "Development"))),
            ("hours", 0.25m + (number % 31 * 0.25m)),
            ("comments", "Workshop with the customer, minutes and follow-up " + Text(number % 100)),
            ("spent_on", "2026-06-17"),
            ("created_on", made),
            ("updated_on", made),
            ("custom_fields", Fields.Of(("External id", ""), ("Approved", "1")))));
    }

    public static string IdOf(int number) => CommandId.Derive("bench", Text(number)).ToString()[..18];

    private static string Project(int engagement) => Text(4_000 + engagement);

    private static string Issue(int engagement) => Text(9_000 + engagement);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
