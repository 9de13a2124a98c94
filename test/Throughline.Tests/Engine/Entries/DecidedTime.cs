using System.Globalization;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Tests.Engine.Entries;

/// <summary>Decisions about time alone, on the demo landscape: an engagement with one task, whose place for time the ERP has named.</summary>
internal sealed class DecidedTime
{
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);
    public static readonly Scope Home = Scope.Engagement("006");
    public static readonly Scope Elsewhere = new("unplaced", "psa/project/9");
    public static readonly EntryId Id = EntryId.Of("psa", "time_entry", "1", Now);

    private readonly Throughline.Landscape.Landscape _landscape = new DecidedFirm().Landscape;

    /// <summary>The rate card of the engagement: 150 EUR for everybody unless a test says otherwise.</summary>
    public Fields[] Rates { get; init; } = [Rate(150m)];

    /// <summary>What all invoices of the workstream together must not exceed.</summary>
    public Money? Cap { get; init; }

    public static Fields Rate(decimal amount, string? from = null, string currency = "EUR") => Fields.Of(("rate", Money.Of(amount, currency)), ("from", from));

    /// <summary>A turn that knows the engagement, where the scope is one.</summary>
    public EntryTurn Turn(Scope scope, params ReadOnlySpan<EntryRow> known)
    {
        var turn = new EntryTurn(scope.Partition, 1, _landscape, Now);
        turn.Load(Home, new EntryScene(_landscape, Engagement()));
        foreach (var row in known)
        {
            turn.Load(row);
        }

        return turn;
    }

    /// <summary>What the PSA says of the one entry; the later of two has the higher number.</summary>
    public static EntryChange Said(int number, decimal hours = 8m, Scope? scope = null, bool isDeleted = false, string? failure = null,
        bool isApproved = true, bool isOnTask = true, string entry = "1", string date = "2026-11-20") => new(
        EntryId.Of("psa", "time_entry", entry, Now), scope ?? Home, "psa", "time-entry", "time_entry", entry,
        string.Create(CultureInfo.InvariantCulture, $"2026-11-20T10:00:{number:00}Z"),
        failure is not null ? null : Fields.Of(
            ("person", "Ada Lambert"), ("date", date), ("hours", hours), ("task", isOnTask ? "11" : null), ("workstream", isOnTask ? "11" : null),
            ("approved", isApproved), ("note", "workshop")),
        isDeleted, failure, new EnvelopeId(CommandId.Derive("said", entry, number.ToString(CultureInfo.InvariantCulture)).Value));

    /// <summary>The entry and its line as they are after one turn that took it.</summary>
    public (EntryRow Row, Command Batch) Sent(int number, decimal hours = 8m)
    {
        var turn = Turn(Home);
        turn.Take(Said(number, hours));
        var commit = turn.ToCommit();
        return (commit.Rows.Single(), commit.Commands.Single());
    }

    private UnitState Engagement()
    {
        var (task, workstream) = (new RecordId("task", "T"), new RecordId("workstream", "W"));
        return UnitState.Empty(new UnitKey(Home, ""))
            .With(new CanonicalRecord(workstream, Fields.Of(
                ("code", "P-1-A"), ("name", "A"), ("billing", "time"), ("currency", "EUR"), ("country", "DE"), ("cap", Cap),
                ("billingAccount", "001A"), ("legalEntity", "DE")), null, Fields.Empty))
            .With(new CanonicalRecord(new RecordId("rate-card", "W"), Fields.Of(("workstream", "W"), ("rates", Rates)), null, Fields.Empty))
            .With(new CanonicalRecord(task, Fields.Of(("code", "P-1-A-01"), ("name", "Discovery"), ("workstream", "W")), null, Fields.Empty))
            .With(new Target(Target.IdOf("psa-task", task), task, "psa-task", default, "plan", "psa", "issue", "11"))
            .With(new Target(Target.IdOf("erp-project", workstream), workstream, "erp-project", default, "finance", "erp", "project.work", "5")
            {
                Answer = Fields.Of(("timesheets", Fields.Of(("P-1-A-01 Discovery", 7L)))),
            });
    }
}
