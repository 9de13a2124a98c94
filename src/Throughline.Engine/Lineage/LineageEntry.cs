using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Lineage;

/// <summary>One sentence of the story of an engagement: what happened, because of what, to which record where.</summary>
/// <param name="Number">Given by the store; 0 before.</param>
/// <param name="CorrelationId">The engagement, as a scope text.</param>
/// <param name="Kind">received, changed, not-applied, merged, not-approved, started, waiting, went-on, released, decided, sent, done, refused, in-doubt, probed, case,
/// published, undone ...</param>
/// <param name="Text">For people, complete in itself.</param>
/// <param name="System">The system concerned, where there is one.</param>
/// <param name="Entity">The system's kind of record.</param>
/// <param name="ExternalId">The record's id in the system.</param>
/// <param name="Cause">The envelope or command that led to it.</param>
/// <param name="Instance">The process instance that it belongs to; null for what a system said or changed by itself.</param>
/// <param name="Step">The step of that process, by its name in the definition; null for what is about the whole of it.</param>
/// <param name="Record">The canonical record that it is about: the one that was sent, written or planned, else the subject of the process.</param>
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
    string? Cause = null,
    InstanceId? Instance = null,
    string? Step = null,
    RecordId? Record = null);
