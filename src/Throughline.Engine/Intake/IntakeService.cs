using System.Collections.Immutable;
using System.Text;
using Throughline.Connect;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Intake;

/// <summary>One record that somebody wants the hub to take in.</summary>
/// <param name="Key">The sender's idempotency key; null where the record's own id, version and content make one (polled records).</param>
public sealed record IntakeRequest(string System, string Entity, string? Key, DateTimeOffset? OccurredAt, SourceRecord Record);

/// <summary>What became of one request: a receipt, or the problems that kept it out.</summary>
public sealed record IntakeAnswer(IntakeReceipt? Receipt, ImmutableArray<FieldProblem> Problems);

/// <summary>Turns source records into durable envelopes of the scope that they belong to.</summary>
public sealed class IntakeService(ReleaseHolder release, GroupCommit commit, Func<string, Manifest?> manifestOf, TimeProvider time)
{
    public const int KeyBytesMax = 200;

    /// <summary>Takes in what is acceptable and says of each of the rest why it is not. Returns after the commit.</summary>
    public async Task<ImmutableArray<IntakeAnswer>> TakeAsync(ImmutableArray<IntakeRequest> requests)
    {
        var answers = new IntakeAnswer[requests.Length];
        var items = ImmutableArray.CreateBuilder<IntakeItem>();
        var places = new List<int>();
        for (var i = 0; i < requests.Length; i++)
        {
            var (item, problem) = Prepare(requests[i]);
            if (item is null)
            {
                answers[i] = new IntakeAnswer(null, [problem!]);
            }
            else
            {
                items.Add(item);
                places.Add(i);
            }
        }

        var receipts = await commit.AppendAsync(items.ToImmutable());
        for (var i = 0; i < receipts.Length; i++)
        {
            answers[places[i]] = new IntakeAnswer(receipts[i], []);
        }

        return [.. answers];
    }

    private (IntakeItem? Item, FieldProblem? Problem) Prepare(IntakeRequest request)
    {
        var landscape = release.Landscape;
        if (landscape.InwardMap(request.System, request.Entity) is not { } map)
        {
            var known = landscape.InwardMaps.Where(m => m.System == request.System).Select(m => m.Entity);
            return (null, new FieldProblem("/kind", $"the landscape has no mapping for {request.Entity} of {request.System}; it takes {string.Join(", ", known)}"));
        }

        if (request.Record.ExternalId.Length == 0)
        {
            return (null, new FieldProblem("/record", $"has no id: the system's own id of the {request.Entity} is needed to recognise it again"));
        }

        var (scope, unit, problem) = Place(landscape, map, request.Record);
        if (problem is not null)
        {
            return (null, new FieldProblem("/record", problem));
        }

        var stable = Stable(request);
        var fingerprint = stable.Fingerprint();
        var key = request.Key ?? $"{request.Record.ExternalId}|{request.Record.Version}|{fingerprint}";
        if (Encoding.UTF8.GetByteCount(key) > KeyBytesMax)
        {
            return (null, new FieldProblem("/key", $"is longer than {KeyBytesMax} bytes"));
        }

        var now = time.GetUtcNow();
        var envelope = new NewEnvelope(
            EnvelopeId.New(time), scope!.Value, unit, EnvelopeKind.SourceRecord,
            Fields.Of(
                (PayloadNames.System, request.System), (PayloadNames.Entity, request.Entity), (PayloadNames.ExternalId, request.Record.ExternalId),
                (PayloadNames.Version, request.Record.Version), (PayloadNames.Deleted, request.Record.Deleted), (PayloadNames.Record, request.Record.Fields)),
            scope.Value.ToString(), null, request.OccurredAt ?? now, now);
        return (new IntakeItem(request.System, request.Entity, key, request.Key is null ? null : fingerprint, envelope), null);
    }

    private static (Scope? Scope, string Unit, string? Problem) Place(Landscape.Landscape landscape, InwardMap map, SourceRecord record)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal) { ["source"] = record.Fields, ["parameters"] = landscape.Parameters };
        try
        {
            var schema = EntityCatalog.Find(map.To)!;
            if (map.Key.Evaluate(variables) is not string { Length: > 0 } key)
            {
                return (null, "", $"the key of the {map.To} ({map.Key.Text}) is empty");
            }

            if (schema.IsMaster)
            {
                return (Scope.Master(map.To), key, null);
            }

            var home = map.Scope is null ? key : map.Scope.Evaluate(variables) as string;
            return (Scope.Engagement(home is { Length: > 0 } ? home : key), "", null);
        }
        catch (EvaluationException e)
        {
            return (null, "", $"the {map.To} that it belongs to cannot be told ({map.Place}): {e.Message}");
        }
    }

    // Fields that change without meaning do not make two deliveries of one record different.
    private Fields Stable(IntakeRequest request)
    {
        var fields = request.Record.Fields;
        foreach (var name in manifestOf(request.System)?.Entity(request.Entity)?.Volatile ?? [])
        {
            fields = fields.Without(name);
        }

        return fields;
    }
}
