using Throughline.Model;

namespace Throughline.Engine;

/// <summary>What an envelope brings.</summary>
public enum EnvelopeKind
{
    /// <summary>A record as a system sent it.</summary>
    SourceRecord,

    /// <summary>A canonical change that another scope passes on.</summary>
    Change,

    /// <summary>What became of a command.</summary>
    Receipt,

    /// <summary>A due time has come.</summary>
    Timer,

    /// <summary>Another scope asks for something (a customer, a project code).</summary>
    Request,

    /// <summary>The answer to a request.</summary>
    Reply,

    /// <summary>Another scope wants to be told of changes here.</summary>
    Subscribe,

    /// <summary>A person settled, approved or rejected a case.</summary>
    PersonAction,

    /// <summary>A system as a whole stopped or began again to take what is sent.</summary>
    LaneState,

    /// <summary>An entry (a line of time, an expense) as a system sent it, or as another scope passes it on.</summary>
    Entry,

    /// <summary>A batch of entries, or lines of it, were refused.</summary>
    BatchReceipt,

    /// <summary>The entries of an engagement that wait or are held are to be looked at once more.</summary>
    EntriesAgain,

    /// <summary>How the entries of an engagement stand that people are to know of.</summary>
    EntryTrouble,

    /// <summary>Invoices are to be drawn of what is unbilled in an engagement.</summary>
    DrawInvoices,

    /// <summary>Invoices were drawn, or why none were.</summary>
    InvoicesDrawn,

    /// <summary>The entries on an invoice are invoiced, or may be billed again.</summary>
    InvoiceLines,

    /// <summary>A posted invoice, or some of its lines, are to be taken back by a credit note.</summary>
    CreditInvoice,
}

/// <summary>Streams of a partition: control is drained first, so that a receipt does not queue behind records; entries go a way of their own beside both.</summary>
public enum EnvelopeStream
{
    Control,
    Intake,
    Entries,
}

/// <summary>One durable message before it is numbered.</summary>
/// <param name="Unit">Part of the scope that it is about, where the sender knows it; empty for an engagement, which is one unit.</param>
/// <param name="CorrelationId">The engagement that all of this is for, as a scope text; the thread that a trace follows.</param>
/// <param name="OccurredAt">When it happened in the world, as the source says.</param>
public sealed record NewEnvelope(
    EnvelopeId Id,
    Scope Scope,
    string Unit,
    EnvelopeKind Kind,
    Fields Payload,
    string CorrelationId,
    EnvelopeId? CausationId,
    DateTimeOffset OccurredAt,
    DateTimeOffset ReceivedAt)
{
    public EnvelopeStream Stream => Kind switch
    {
        EnvelopeKind.SourceRecord => EnvelopeStream.Intake,
        EnvelopeKind.Entry or EnvelopeKind.BatchReceipt or EnvelopeKind.EntriesAgain or EnvelopeKind.DrawInvoices or EnvelopeKind.InvoiceLines
            or EnvelopeKind.CreditInvoice => EnvelopeStream.Entries,
        _ => EnvelopeStream.Control,
    };
}

/// <summary>A durable message with its place in its partition's stream.</summary>
public sealed record Envelope(NewEnvelope Content, long Number)
{
    /// <summary>Which stream it stands in: its kind's own, but control for one that was parked and put back.</summary>
    public EnvelopeStream Stream { get; init; } = Content.Stream;

    public EnvelopeId Id => Content.Id;

    public Scope Scope => Content.Scope;

    public EnvelopeKind Kind => Content.Kind;

    public Fields Payload => Content.Payload;
}

/// <summary>The names inside envelope payloads, in one place.</summary>
public static class PayloadNames
{
    public const string System = "system";
    public const string Entity = "entity";
    public const string ExternalId = "externalId";
    public const string Version = "version";
    public const string Deleted = "deleted";
    public const string Record = "record";
    public const string Reference = "reference";
}
