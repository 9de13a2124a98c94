using Throughline.Engine;

namespace Throughline.Store;

/// <summary>An envelope as its columns take it.</summary>
internal sealed class StoredEnvelope(NewEnvelope envelope, EnvelopeStream stream)
{
    public StoredEnvelope(NewEnvelope envelope)
        : this(envelope, envelope.Stream)
    {
    }

    public int Partition { get; } = envelope.Scope.Partition;

    public int Stream { get; } = (int)stream;

    public bool IsOfEntries => Stream == (int)EnvelopeStream.Entries;

    public Guid Id { get; } = envelope.Id.Value;

    public string Scope { get; } = StoredText.Of(envelope.Scope);

    public string Unit { get; } = StoredText.Key(envelope.Unit);

    public int Kind { get; } = (int)envelope.Kind;

    public string Payload { get; } = envelope.Payload.ToJson();

    public string CorrelationId { get; } = StoredText.Key(envelope.CorrelationId);

    public Guid? CausationId { get; } = envelope.CausationId?.Value;

    public DateTimeOffset OccurredAt { get; } = StoredTime.At(envelope.OccurredAt);

    public DateTimeOffset ReceivedAt { get; } = StoredTime.At(envelope.ReceivedAt);
}
