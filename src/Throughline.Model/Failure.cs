using System.Collections.Immutable;

namespace Throughline.Model;

/// <summary>What the hub may do about a failure without asking anybody.</summary>
public enum Disposition
{
    /// <summary>The same request may succeed later; Delivery sends it again.</summary>
    RetryLater,

    /// <summary>It is not known whether the request was carried out; the target is read before anything is sent again.</summary>
    ReadBackFirst,

    /// <summary>It waits for a record that has not arrived and goes on by itself when it does.</summary>
    WaitForRecord,

    /// <summary>The same request will fail again; a person has to change something.</summary>
    AskPerson,
}

/// <summary>One problem with one field, for people: which field, what is wrong.</summary>
public sealed record FieldProblem(string Field, string Message);

/// <summary>
/// Why something was not done. The family is closed: the ten kinds of the error taxonomy (requirement G1) and
/// <see cref="InDoubt"/>. Connectors map everything a vendor may say onto it; nobody parses texts later.
/// </summary>
public abstract record Failure
{
    private protected Failure(string message) => Message = message;

    /// <summary>A sentence for a person. Never holds a secret.</summary>
    public string Message { get; }

    /// <summary>What the vendor said, shortened and with secrets removed; null where it said nothing.</summary>
    public string? Evidence { get; init; }

    /// <summary>The stable, searchable name of the kind, for example <c>throttled</c>.</summary>
    public abstract string Code { get; }

    public abstract Disposition Disposition { get; }

    /// <summary>A passing fault: connection refused, server error on a safe request, lock contention.</summary>
    public sealed record Transient(string Message) : Failure(Message)
    {
        public override string Code => "transient";

        public override Disposition Disposition => Disposition.RetryLater;
    }

    /// <summary>The target asks us to slow down; <paramref name="RetryAfter"/> is what it asked for, null where it gave no time.</summary>
    public sealed record Throttled(string Message, TimeSpan? RetryAfter) : Failure(Message)
    {
        public override string Code => "throttled";

        public override Disposition Disposition => Disposition.RetryLater;
    }

    /// <summary>The target does not accept our credentials, or they lack a right.</summary>
    public sealed record Authentication(string Message) : Failure(Message)
    {
        public override string Code => "authentication";

        public override Disposition Disposition => Disposition.AskPerson;
    }

    /// <summary>The target refuses the content.</summary>
    public sealed record Validation(string Message, ImmutableArray<FieldProblem> Problems) : Failure(Message)
    {
        public override string Code => "validation";

        public override Disposition Disposition => Disposition.AskPerson;
    }

    /// <summary>The content refers to a record that the target (or the hub) does not have.</summary>
    public sealed record MissingReference(string Message, string Reference) : Failure(Message)
    {
        public override string Code => "missing-reference";

        public override Disposition Disposition => Disposition.WaitForRecord;
    }

    /// <summary>The target already has such a record; <paramref name="ExistingId"/> where it said which.</summary>
    public sealed record Duplicate(string Message, string? ExistingId) : Failure(Message)
    {
        public override string Code => "duplicate";

        public override Disposition Disposition => Disposition.ReadBackFirst;
    }

    /// <summary>Somebody else changed the record meanwhile, or one key came with two payloads.</summary>
    public sealed record Conflict(string Message) : Failure(Message)
    {
        public override string Code => "conflict";

        public override Disposition Disposition => Disposition.ReadBackFirst;
    }

    /// <summary>A system tried to change an attribute that another system owns.</summary>
    public sealed record Ownership(string Message) : Failure(Message)
    {
        public override string Code => "ownership";

        public override Disposition Disposition => Disposition.AskPerson;
    }

    /// <summary>A rule of the firm forbids it, or demands a person.</summary>
    public sealed record Policy(string Message) : Failure(Message)
    {
        public override string Code => "policy";

        public override Disposition Disposition => Disposition.AskPerson;
    }

    /// <summary>Nothing above fits; a person has to look.</summary>
    public sealed record Unknown(string Message) : Failure(Message)
    {
        public override string Code => "unknown";

        public override Disposition Disposition => Disposition.AskPerson;
    }

    /// <summary>The answer to a write was lost: it may or may not have happened (invariant 3).</summary>
    public sealed record InDoubt(string Message) : Failure(Message)
    {
        public override string Code => "in-doubt";

        public override Disposition Disposition => Disposition.ReadBackFirst;
    }
}
