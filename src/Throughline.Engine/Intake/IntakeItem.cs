using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Engine.Intake;

/// <summary>One thing to take in.</summary>
/// <param name="Key">The idempotency key, unique per system and entity; at most 200 bytes of UTF-8.</param>
/// <param name="Fingerprint">Of the record without its volatile fields; tells a repetition from a conflict. Null where a repeated key is never
/// a conflict (polled records carry their content in the key).</param>
public sealed record IntakeItem(string System, string Entity, string Key, string? Fingerprint, NewEnvelope Envelope)
{
    /// <summary>Entries: whose engagement it belongs to, where that is to be looked up; the envelope's scope is where it waits if nobody knows.</summary>
    public HomeLookup? Home { get; init; }
}

public enum IntakeOutcome
{
    Accepted,
    Duplicate,
    Conflict,
}

/// <summary>What the sender is told.</summary>
/// <param name="Envelope">The envelope that stands for the key: for a duplicate or a conflict, the first one.</param>
/// <param name="Partition">Where it was appended; -1 where nothing was.</param>
/// <param name="FirstFingerprint">For a conflict, the fingerprint of what was accepted first.</param>
public sealed record IntakeReceipt(string Key, IntakeOutcome Outcome, EnvelopeId Envelope, int Partition, string? FirstFingerprint = null);
