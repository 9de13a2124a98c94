using System.Collections.Immutable;
using Throughline.Landscape.Expressions;

namespace Throughline.Landscape;

/// <summary>
/// A business process as data: what starts it, its steps, what each waits for, how long, and how it is undone. The same definition
/// runs, draws its diagram and prints its documentation.
/// </summary>
/// <param name="Text">The file as it was read; its fingerprint is kept with every instance.</param>
/// <param name="Subject">The canonical entity that one instance is about.</param>
/// <param name="StartsWhen">The condition on the subject that starts an instance (once per subject); null where it starts on request only.</param>
/// <param name="Withdrawn">
/// When this becomes true, a running instance holds, and a completed one reports, with the given case; null where that cannot happen.
/// </param>
public sealed record ProcessDefinition(
    string Name,
    int Version,
    string Title,
    string Purpose,
    string Owner,
    string Subject,
    Expression? StartsWhen,
    Withdrawal? Withdrawn,
    ImmutableArray<StepDefinition> Steps,
    Template? Result,
    string Text,
    Place Place)
{
    /// <summary>How long a step may wait before a person is told, where the step itself does not say: nothing waits without an end.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The steps with each one behind all that it comes after.</summary>
    public ImmutableArray<StepDefinition> InOrder { get; } = Order(Steps);

    public StepDefinition Step(string name) => Steps.First(step => step.Name == name);

    public TimeSpan DeadlineOf(StepDefinition step) => step.Deadline ?? Within;

    private static ImmutableArray<StepDefinition> Order(ImmutableArray<StepDefinition> steps)
    {
        var ordered = ImmutableArray.CreateBuilder<StepDefinition>(steps.Length);
        var left = steps.ToList();
        while (left.FirstOrDefault(step => !step.After.Any(name => left.Any(other => other.Name == name))) is { } free)
        {
            ordered.Add(free);
            left.Remove(free);
        }

        // Steps that wait for one another; the landscape's check refuses them.
        ordered.AddRange(left);
        return ordered.ToImmutable();
    }
}

public sealed record Withdrawal(Expression When, CaseText Case);

/// <summary>What a case says: whose work it is and in which words. Expressions yield texts and see the step's variables.</summary>
/// <param name="Queue">finance-ops, pmo, staffing, integration-ops, account-team or data-steward.</param>
/// <param name="Amount">Money at stake, or null.</param>
public sealed record CaseText(string Queue, Expression Says, Expression Remedy, Expression? Amount);

/// <summary>One step. It is done or waits with a reason; <see cref="After"/> names what must be done before it.</summary>
public abstract record StepDefinition(string Name, string Title, ImmutableArray<string> After, Place Place)
{
    public abstract string Kind { get; }

    /// <summary>How long the step may wait before it is a case; null where the process says it for all its steps.</summary>
    public virtual TimeSpan? Deadline => null;

    /// <summary>Holds while every check holds; re-examined whenever a record changes.</summary>
    public sealed record Check(string Name, string Title, ImmutableArray<string> After, ImmutableArray<CheckDefinition> Checks, Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "check";

        public override TimeSpan? Deadline => Checks.Any(check => check.Waits) ? Checks.Max(check => check.Within) : null;
    }

    /// <summary>
    /// Needs a person where <see cref="When"/> is true. The approval covers the value of <see cref="Covers"/> at that time; another value
    /// needs another approval.
    /// </summary>
    public sealed record Approval(
        string Name, string Title, ImmutableArray<string> After, Expression When, Expression Covers, Expression NotBy, CaseText Case, TimeSpan Within,
        Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "approval";

        public override TimeSpan? Deadline => Within;
    }

    /// <summary>A named pure decision of the process that derives canonical records.</summary>
    public sealed record Decide(string Name, string Title, ImmutableArray<string> After, string Decision, Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "decide";
    }

    /// <summary>Asks another scope (one request per item of <see cref="Each"/>) and waits; the answers become records of <see cref="Into"/>.</summary>
    public sealed record Request(
        string Name, string Title, ImmutableArray<string> After, string Process, Expression Each, string Into, TimeSpan Within, CaseText Case, Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        /// <summary>Requests that the hub answers itself by counting: <c>number/project</c>.</summary>
        public const string NumberPrefix = "number/";

        public override string Kind => "request";

        public bool IsNumber => AsksForNumber(Process);

        /// <summary>The same of a process as a request's envelope names it.</summary>
        public static bool AsksForNumber(string process) => process.StartsWith(NumberPrefix, StringComparison.Ordinal);

        public override TimeSpan? Deadline => Within;
    }

    /// <summary>Sees to it that records of the map's entity stand in a system as the map says, now and whenever they change while the instance runs.</summary>
    /// <param name="When">Which records (the record under its entity's name); null for all.</param>
    /// <param name="Undo">What compensation does: undo, or keep with the reason in <paramref name="KeepReason"/>.</param>
    public sealed record Write(
        string Name, string Title, ImmutableArray<string> After, string Map, Expression? When, bool Always, bool Undo, string? KeepReason, CaseText Case,
        Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "write";

        /// <summary>How long it may wait before a person is told; null for what the process says.</summary>
        public TimeSpan? Within { get; init; }

        public override TimeSpan? Deadline => Within;
    }

    /// <summary>
    /// The entries of the invoice that the instance is about go on in the value ledger, once the ERP shows the invoice as the hub has it. What
    /// <see cref="ReadBack"/> reads and the invoice says already must be the same; the rest of it is taken over. When the instance is taken back before, they
    /// may be billed again.
    /// </summary>
    /// <param name="Answer">The outward map whose answer is read back.</param>
    public sealed record Lines(string Name, string Title, ImmutableArray<string> After, string Answer, Template ReadBack, CaseText Case, Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "lines";
    }

    /// <summary>
    /// What the ERP says of the invoice that the instance is about stands in the value ledger: paid, given up or open; each time the ERP says something else. The
    /// subject is a receivable.
    /// </summary>
    public sealed record Payments(string Name, string Title, ImmutableArray<string> After, Place Place) : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "payments";
    }

    /// <summary>Publishes a canonical event once per instance.</summary>
    public sealed record Publish(string Name, string Title, ImmutableArray<string> After, string Event, Expression? When, Template Payload, Place Place)
        : StepDefinition(Name, Title, After, Place)
    {
        public override string Kind => "publish";

        /// <summary>How long it may wait before a person is told; null for what the process says.</summary>
        public TimeSpan? Within { get; init; }

        public override TimeSpan? Deadline => Within;
    }
}

/// <summary>One condition of a check step.</summary>
/// <param name="Waits">True: it is expected to come true by itself and becomes a case only after <see cref="Within"/>. False: it is a case at once.</param>
public sealed record CheckDefinition(string Name, Expression Holds, bool Waits, TimeSpan Within, CaseText Case, Place Place)
{
    /// <summary>The day (UTC) after which it becomes a case instead; null, or without a value, <see cref="Within"/> counts.</summary>
    public Expression? Until { get; init; }
}
