using Throughline.Model;

namespace Throughline.Engine.Lineage;

/// <summary>One sentence of the story of an engagement: what happened, because of what, to which record where.</summary>
/// <param name="Number">Given by the store; 0 before.</param>
/// <param name="CorrelationId">The engagement, as a scope text.</param>
/// <param name="Kind">received, changed, not-applied, merged, not-approved, started, waiting, released, decided, sent, done, refused, in-doubt, probed, case,
/// published, undone ...</param>
/// <param name="Text">For people, complete in itself.</param>
/// <param name="System">The system concerned, where there is one.</param>
/// <param name="Entity">The system's kind of record; without a system, the entity of the subject of the process that it is about.</param>
/// <param name="ExternalId">The record's id in the system; without a system, the subject's key.</param>
/// <param name="Cause">The envelope or command that led to it.</param>
public sealed record LineageEntry(
    long Number,
    DateTimeOffset At,
    string CorrelationId,
    Scope Scope,
    string Kind,
    string Text,
    string? System = null,
    string? Entity = null,
    string? ExternalId = null,
    string? Cause = null);
