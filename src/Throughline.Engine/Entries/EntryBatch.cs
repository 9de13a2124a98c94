using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>What became of one line of a batch that is concluded.</summary>
/// <param name="ExternalId">Of the record in the target: what the target gave it, or what was to be changed or taken back. Null where there is none.</param>
/// <param name="IsTaken">The target has done what the line asked for.</param>
/// <param name="Refusal">Why it did not; null where it said nothing of this line, so that it may be sent again.</param>
public readonly record struct LineFate(string? ExternalId, bool IsTaken, string? Refusal);

/// <summary>A batch as its target left it. Every line does the same to its record.</summary>
/// <param name="IsInDoubt">It was given up without knowing whether the target took it.</param>
/// <param name="WasThere">The target had what was to be created, from before, in a form that is not known.</param>
/// <param name="Lines">Empty as long as the batch is not concluded.</param>
public sealed record EntryBatch(
    CommandId Id, string System, CommandStatus Status, WriteOperation Operation, bool IsInDoubt, bool WasThere, ImmutableArray<LineFate> Lines)
{
    private const string Doubt = "in-doubt";

    public bool IsConcluded => Status is CommandStatus.Done or CommandStatus.Failed;

    /// <param name="answer">For one that is done: what <see cref="BatchAnswer"/> made of the target's answer.</param>
    /// <param name="content">The command's own item and lines, looked at only where the answer does not tell: a batch is long.</param>
    public static EntryBatch Of(
        CommandId id, string system, CommandStatus status, string? lastFailure, Fields? answer, Func<(WriteItem Item, ImmutableArray<WriteItem> Lines)> content)
    {
        if (status == CommandStatus.Done && BatchAnswer.Read(answer!, () => content().Lines) is var (operation, wasThere, fates))
        {
            return new EntryBatch(id, system, status, operation, false, wasThere, fates);
        }

        var (item, lines) = content();
        if (status != CommandStatus.Failed)
        {
            return new EntryBatch(id, system, status, item.Operation, false, false, []);
        }

        // Refused as a whole says of one line only that it is not there, unless it was alone.
        var refusal = lines.Length == 1 ? Said(lastFailure) : null;
        return new EntryBatch(
            id, system, status, item.Operation, lastFailure?.StartsWith(Doubt, StringComparison.Ordinal) == true, false,
            [.. lines.Select(line => new LineFate(line.ExternalId, false, refusal))]);
    }

    // Without the code that it begins with.
    private static string Said(string? failure) =>
        failure is null ? "no reason is known" : failure[(failure.IndexOf(": ", StringComparison.Ordinal) is var at and >= 0 ? at + 2 : 0)..];
}

/// <summary>What a batch was answered, as it is kept with its command: the ids of its lines in the target, and why some were not taken.</summary>
public static class BatchAnswer
{
    private const string Ids = "ids";
    private const string Did = "did";
    private const string Refused = "refused";
    private const string WasThere = "wasThere";

    /// <param name="ids">By line; null for one that was not taken.</param>
    /// <param name="refused">By line; one that was not taken and is not here may be sent again.</param>
    public static Fields Of(WriteOperation did, ImmutableArray<string?> ids, ImmutableDictionary<int, string>? refused = null, bool wasThere = false) => Fields.Of(
        (Ids, ids.Select(id => (object?)id).ToArray()),
        (Did, did.ToString()),
        (Refused, refused is { IsEmpty: false } some ? Fields.Of([.. some.Select(line => (Text(line.Key), (object?)line.Value))]) : null),
        (WasThere, wasThere ? true : null));

    /// <summary>How many lines were taken.</summary>
    public static int Taken(Fields answer) => answer.List(Ids).Count(id => id is not null);

    internal static (WriteOperation Operation, bool WasThere, ImmutableArray<LineFate> Fates) Read(Fields answer, Func<ImmutableArray<WriteItem>> lines)
    {
        var refused = answer.Nested(Refused) ?? Fields.Empty;
        var ids = answer.List(Ids);
        // What a line was to change still has its id where it was refused.
        var known = ids.All(id => id is not null) ? [] : lines();
        return (
            Enum.Parse<WriteOperation>(answer.Text(Did)!),
            answer.Flag(WasThere) == true,
            [.. ids.Select((id, place) => id is string taken ? new LineFate(taken, true, null) : new LineFate(known[place].ExternalId, false, refused.Text(Text(place))))]);
    }

    private static string Text(int place) => place.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What of an entry stands in its target, as far as is known.</summary>
public enum Standing
{
    Nothing,

    /// <summary>Its record is there.</summary>
    Stands,

    /// <summary>A line of it is on its way.</summary>
    UnderWay,

    /// <summary>Nobody knows whether what was sent was taken.</summary>
    Unknown,
}

/// <param name="System">Where it stands.</param>
/// <param name="ExternalId">The id of its record there.</param>
/// <param name="Hash">Fingerprint of its content there; null where that is not known.</param>
public sealed record EntryStanding(Standing Standing, string? System = null, string? ExternalId = null, string? Hash = null)
{
    /// <summary>What stands follows from the line that was sent last and what its batch came to; nothing else is written down of it.</summary>
    /// <param name="batch">Null where it is not known, as of one that is not concluded.</param>
    public static EntryStanding Of(EntryRow row, EntryBatch? batch)
    {
        if (row.Batch is null)
        {
            return new EntryStanding(Standing.Nothing);
        }

        if (batch is not { IsConcluded: true } || row.Place >= batch.Lines.Length)
        {
            return new EntryStanding(Standing.UnderWay);
        }

        var fate = batch.Lines[row.Place];
        return (batch.Operation, fate.IsTaken) switch
        {
            (WriteOperation.Undo, true) => new EntryStanding(Standing.Nothing),
            (WriteOperation.Create, false) => new EntryStanding(batch.IsInDoubt ? Standing.Unknown : Standing.Nothing),
            (_, true) => new EntryStanding(Standing.Stands, batch.System, fate.ExternalId, batch.WasThere ? null : row.SentHash),
            (_, false) => new EntryStanding(Standing.Stands, batch.System, fate.ExternalId),
        };
    }
}
