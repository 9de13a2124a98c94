using System.Text;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

/// <summary>What storing does to values: whole microseconds, due times rounded up, no NUL and no half surrogate pairs.</summary>
public sealed partial class MemoryHubStore
{
    private static DateTimeOffset At(DateTimeOffset time) => new(time.UtcTicks / 10 * 10, TimeSpan.Zero);

    private static DateTimeOffset? At(DateTimeOffset? time) => time is { } given ? At(given) : null;

    private static DateTimeOffset Due(DateTimeOffset time) => time.UtcTicks % 10 == 0 ? At(time) : At(time).AddTicks(10);

    private static string? Prose(string? text) =>
        text is null ? null : string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));

    private static Command Stored(Command command) => command with
    {
        CreatedAt = At(command.CreatedAt),
        DueAt = Due(command.DueAt),
        SendBefore = At(command.SendBefore),
        LastFailure = Prose(command.LastFailure),
    };

    private static Case Stored(Case item) => item with
    {
        Step = Prose(item.Step),
        Kind = Prose(item.Kind)!,
        Subject = Prose(item.Subject)!,
        Says = Prose(item.Says)!,
        Remedy = Prose(item.Remedy)!,
        NotBy = Prose(item.NotBy),
        OpenedAt = At(item.OpenedAt),
        DueAt = Due(item.DueAt),
        ClosedAt = At(item.ClosedAt),
        ClosedBy = Prose(item.ClosedBy),
        Reason = Prose(item.Reason),
    };

    private static void Check(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (key.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key)) != key)
            {
                throw new ArgumentException("a key holds NUL or is not valid Unicode");
            }
        }
    }

    private static void Check(Scope scope)
    {
        if (scope.Kind.Length == 0 || scope.Kind.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException("the kind of a scope is neither empty nor holds a colon");
        }

        Check(scope.Kind, scope.Key);
    }

    private static void Check(UnitKey unit)
    {
        Check(unit.Scope);
        Check(unit.Unit);
    }

    private static void Check(NewEnvelope envelope)
    {
        Check(new UnitKey(envelope.Scope, envelope.Unit));
        Check(envelope.CorrelationId);
    }

    private static void Check(PartitionCommit commit)
    {
        foreach (var row in commit.State)
        {
            Check(row.Unit);
            Check(row.Id);
        }

        foreach (var row in commit.Crosswalk)
        {
            Check(row.Unit);
            Check(row.System, row.Entity, row.ExternalId, row.CanonicalEntity, row.CanonicalKey);
        }

        foreach (var row in commit.Matches)
        {
            Check(new UnitKey(row.Scope, row.Unit));
            Check(row.Entity, row.Key);
        }

        foreach (var command in commit.Commands)
        {
            Check(command.Unit);
            Check(command.System, command.Target, command.CorrelationId);
        }

        foreach (var timer in commit.Timers)
        {
            Check(timer.Unit);
            Check(timer.Id, timer.CorrelationId);
        }

        foreach (var item in commit.Cases)
        {
            Check(item.Unit);
            Check(item.CorrelationId, item.Queue);
        }

        foreach (var instance in commit.Instances)
        {
            Check(instance.Unit);
            Check(instance.Process, instance.Status);
        }

        foreach (var item in commit.Events)
        {
            Check(item.CorrelationId);
        }

        foreach (var entry in commit.Lineage)
        {
            Check(entry.Scope);
            Check(entry.CorrelationId);
        }

        foreach (var envelope in commit.Messages.Concat(commit.Parked.Select(item => item.Envelope.Content)))
        {
            Check(envelope);
        }
    }
}
