using System.Collections.Immutable;
using System.Text;
using Throughline.Connect;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Intake;

/// <summary>One record that somebody wants the hub to take in.</summary>
/// <param name="Reference">The sender's own correlation id, told in the lineage.</param>
/// <param name="Key">The sender's idempotency key; null where the record's own id, version and content make one (polled records).</param>
public sealed record IntakeRequest(string System, string Entity, string? Key, DateTimeOffset? OccurredAt, SourceRecord Record, string? Reference = null);

/// <summary>What became of one request: a receipt, or the problems that kept it out.</summary>
public sealed record IntakeAnswer(IntakeReceipt? Receipt, ImmutableArray<FieldProblem> Problems);

/// <summary>Turns source records into durable envelopes of the scope that they belong to.</summary>
public sealed class IntakeService(ReleaseHolder release, GroupCommit commit, EntryHomes homes, Func<string, Manifest?> manifestOf, TimeProvider time)
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

        var known = ImmutableArray.CreateBuilder<IntakeItem>();
        var knownPlaces = new List<int>();
        var placed = (await homes.PlaceAsync(items.ToImmutable(), CancellationToken.None)).Zip(places).ToArray();
        // A sender of several is told that nothing of them was taken in, so nothing may be.
        var isRefused = placed.Any(pair => IsAboutNothingKnown(pair.First) && requests[pair.Second].Key is not null);
        foreach (var (item, place) in placed)
        {
            if (isRefused && !IsAboutNothingKnown(item))
            {
                answers[place] = new IntakeAnswer(null, []);
            }
            else if (IsAboutNothingKnown(item))
            {
                // Who polls has nobody to tell, and other people's records are none of the hub's business.
                answers[place] = new IntakeAnswer(
                    null, requests[place].Key is null ? [] : [new FieldProblem("/record", $"is about {item.Home!.Entity} {item.Home.ExternalId}, which the hub does not know")]);
            }
            else
            {
                known.Add(item);
                knownPlaces.Add(place);
            }
        }

        var receipts = await commit.AppendAsync(known.ToImmutable());
        for (var i = 0; i < receipts.Length; i++)
        {
            answers[knownPlaces[i]] = new IntakeAnswer(receipts[i], []);
        }

        return [.. answers];
    }

    // Entries wait until they are; of anything else the next version comes when it changes once more.
    private static bool IsAboutNothingKnown(IntakeItem item) =>
        item is { Home: not null, Envelope: { Kind: EnvelopeKind.SourceRecord, Scope.Kind: Placement.UnplacedKind } };

    /// <summary>What <see cref="TakeAsync"/> would refuse, per request; takes nothing in.</summary>
    public ImmutableArray<ImmutableArray<FieldProblem>> Check(ImmutableArray<IntakeRequest> requests) =>
        [.. requests.Select(request => Prepare(request).Problem is { } problem ? [problem] : ImmutableArray<FieldProblem>.Empty)];

    private (IntakeItem? Item, FieldProblem? Problem) Prepare(IntakeRequest request)
    {
        var placement = Placement.Of(release.Landscape, request.System, request.Record);
        // Who sends it is told; what the hub fetched itself has nobody to tell, so it is taken in and a person is asked.
        if (placement.Problem is { } problem && request.Key is not null)
        {
            return (null, problem);
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
            EnvelopeId.New(time), placement.Scope, placement.Unit, placement.IsEntry ? EnvelopeKind.Entry : EnvelopeKind.SourceRecord,
            PayloadOf(request, placement), placement.Scope.ToString(), null, request.OccurredAt ?? now, now);
        return (new IntakeItem(request.System, request.Entity, key, request.Key is null ? null : fingerprint, envelope) { Home = placement.Home }, null);
    }

    // What is found by what another record is known as does not become known as that itself.
    private static Fields PayloadOf(IntakeRequest request, Placement placement)
    {
        var payload = SourcePayload.Write(request.System, request.Record, request.Reference);
        payload = request.Key is null ? payload : payload.With(PayloadNames.Sent, true);
        return placement is { Home: not null, IsEntry: false } ? payload.With(MoveDecider.KeepsCrosswalk, placement.Scope.ToString()) : payload;
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
