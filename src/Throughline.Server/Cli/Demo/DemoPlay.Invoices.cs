using System.Text.Json.Nodes;
using Throughline.Model;
using Throughline.Sandbox.Tryton;
using Throughline.Server.Api.Invoices;

namespace Throughline.Server.Cli.Demo;

/// <summary>What was worked is billed.</summary>
internal sealed partial class DemoPlay
{
    private const string Finance = "fay.lindqvist";
    private static readonly Money FirstPayment = Money.Of(1_000m, "EUR");

    private async Task InvoicesAsync(CancellationToken cancellation)
    {
        if (_firm.Contoso.Time is null)
        {
            return;
        }

        Head("The work is billed");
        var key = await DrawAsync(_firm.Contoso, cancellation);
        var review = await CaseAsync(_firm.Contoso, "approval", cancellation);
        Say($"Fay Lindqvist, finance, has it drawn. Case for {review.Text("queue")}: {review.Text("says")}");
        var own = await stage.Client.PostAsync($"/api/v1/cases/{review.Text("id")}/approve", Fields.Of(("by", Finance), ("reason", "I drew it")), cancellation);
        Say(own.Status == 403 ? "She tries to approve it herself and is refused." : $"She tried to approve it herself, and the hub answered {own.Status}!");
        await ActAsync(review, "approve", "paul.meyer", "hours and rates agreed", cancellation);
        var invoice = await InvoiceAsync(key, seen => seen.Text("status") == "posted", "not posted", cancellation);
        var shows = invoice.Nested("shows");
        Say($"Paul Meyer, who leads the project, approves it. The ERP has posted it as {invoice.Text("number")}: {shows?.Money("amount")}, tax {shows?.Money("tax")}, "
            + $"{shows?.Money("gross")} in all, and the hub has read that back.");
        await LookAsync(_firm.Contoso, cancellation);
        Say($"Only now the ledger says so: {Worth(_firm.Contoso)}.");
        Say($"Every hour on it: throughline invoices show {key}. Why it comes to that, back to the sale: throughline why {invoice.Text("number")}");
        await PaymentAsync(key, cancellation);
    }

    // A customer's transfer is nothing that a demo could make in the books of a real ERP.
    private async Task PaymentAsync(string key, CancellationToken cancellation)
    {
        if (stage.Sandboxes.Running.OfType<TrytonSandbox>().FirstOrDefault() is not { } erp)
        {
            return;
        }

        Head("The customer pays a part");
        var id = erp.Records("account.invoice").OfType<JsonObject>().First(row => row["reference"]?.ToString() == key)["id"]!.GetValue<long>();
        erp.Pay(id, FirstPayment.Amount);
        var paid = await InvoiceAsync(key, invoice => invoice.Nested("receivable")?.Money("paid") == FirstPayment, "not paid in part", cancellation);
        await LookAsync(_firm.Contoso, cancellation);
        Say($"{FirstPayment} come in, and the ERP's accountant books them. The hub has seen it: {InvoiceWords.Paid(paid.Nested("receivable"))}.");
        Say($"The ledger has the part without tax as paid: {Worth(_firm.Contoso)}. The CRM shows what is open; what is overdue becomes a case.");
        Say("What is still to be paid: throughline invoices list --status open");
    }

    private async Task<string> DrawAsync(Deal deal, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(terminal.Time.GetUtcNow().UtcDateTime).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var drawn = (await stage.Client.PostAsync($"/api/v1/invoices?engagement={deal.Id}", Fields.Of(("by", Finance), ("until", today)), cancellation)).Need();
        return drawn.NestedList("invoices") is [var one, ..] ? one.Text("key")!
            : throw new CommandFailedException($"No invoice of {deal.Name} was drawn: {string.Join(" ", drawn.List("says"))}");
    }

    private async Task<Fields> InvoiceAsync(string key, Func<Fields, bool> holds, string otherwise, CancellationToken cancellation)
    {
        var since = terminal.Time.GetTimestamp();
        while (true)
        {
            var invoice = (await stage.Client.GetAsync(InvoicesCommand.PathOf(key), cancellation)).Need();
            if (holds(invoice))
            {
                return invoice;
            }

            if (terminal.Time.GetElapsedTime(since) > PatienceMax)
            {
                throw new CommandFailedException($"Invoice {key} is {otherwise} after {PatienceMax.TotalSeconds:0} seconds; throughline trace {_firm.Contoso.Id}");
            }

            await Task.Delay(LookEvery, terminal.Time, cancellation);
        }
    }
}
