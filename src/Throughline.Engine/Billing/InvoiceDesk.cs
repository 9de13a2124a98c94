using System.Collections.Immutable;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>What became of a wish for invoices or a credit note.</summary>
/// <param name="IsDone">False where the hub has recorded it and has not come to it yet.</param>
/// <param name="Invoices">Those that were drawn, credit notes among them.</param>
/// <param name="Says">What the story of the engagement tells of it, also why none was drawn.</param>
public sealed record DrawResult(bool IsDone, ImmutableArray<Invoice> Invoices, ImmutableArray<string> Says);

/// <summary>People ask for invoices and credit notes.</summary>
public static class InvoiceDesk
{
    private const int StoryPage = 1_000;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Has the invoices of an engagement drawn, and waits until they are, ten seconds at the most. Asking again draws what has become unbilled meanwhile, so nothing is
    /// billed twice.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Nothing was recorded.</exception>
    /// <exception cref="IntakeBusyException">Nothing was recorded.</exception>
    public static Task<DrawResult> DrawInvoicesAsync(this Hub hub, Scope scope, DrawRequest request, TimeProvider time, CancellationToken cancellation) =>
        AskAsync(hub, scope, EnvelopeKind.DrawInvoices, "draw-invoices", request.ToPayload(), time, cancellation);

    /// <summary>
    /// Has a credit note drawn for a posted invoice, and waits until it is, ten seconds at the most. Asking again is refused: no line is credited twice.
    /// </summary>
    /// <param name="scope">The engagement of the invoice.</param>
    /// <exception cref="StoreUnavailableException">Nothing was recorded.</exception>
    /// <exception cref="IntakeBusyException">Nothing was recorded.</exception>
    public static Task<DrawResult> CreditInvoiceAsync(this Hub hub, Scope scope, CreditRequest request, TimeProvider time, CancellationToken cancellation) =>
        AskAsync(hub, scope, EnvelopeKind.CreditInvoice, "credit-invoice", request.ToPayload(), time, cancellation);

    private static async Task<DrawResult> AskAsync(
        Hub hub, Scope scope, EnvelopeKind kind, string what, Fields payload, TimeProvider time, CancellationToken cancellation)
    {
        var told = await EndOfStoryAsync(hub, scope, cancellation);
        var now = time.GetUtcNow();
        var envelope = new NewEnvelope(EnvelopeId.New(time), scope, "", kind, payload, scope.ToString(), null, now, now);
        await hub.GroupCommit.AppendAsync([new IntakeItem("@hub", what, envelope.Id.ToString(), null, envelope)]);
        var answer = AnswerTo(envelope.Id).ToString();
        while (time.GetUtcNow() - now < WaitMax)
        {
            var story = (await hub.Store.ReadLineageAsync(scope.ToString(), told, StoryPage, cancellation)).Where(line => line.Cause == answer).ToArray();
            if (story.Length > 0)
            {
                var invoices = await hub.Store.LoadInvoicesAsync([scope], cancellation);
                return new DrawResult(
                    true, [.. invoices.Where(invoice => invoice.Cause == envelope.Id)], [.. story.Where(line => line.Kind is "drawn" or "not-applied").Select(line => line.Text)]);
            }

            await Task.Delay(LookEvery, time, cancellation);
        }

        return new DrawResult(false, [], []);
    }

    /// <summary>The message by which the engagement is told what was drawn.</summary>
    internal static EnvelopeId AnswerTo(EnvelopeId drawing) => new(CommandId.Derive(drawing.ToString(), "drawn").Value);

    private static async Task<long> EndOfStoryAsync(Hub hub, Scope scope, CancellationToken cancellation)
    {
        var end = 0L;
        while (await hub.Store.ReadLineageAsync(scope.ToString(), end, StoryPage, cancellation) is [.., var last])
        {
            end = last.Number;
        }

        return end;
    }
}
