using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>What was worked is billed.</summary>
internal sealed partial class DemoPlay
{
    private const string Finance = "fay.lindqvist";

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
        var invoice = await InvoiceAsync(key, "posted", cancellation);
        var shows = invoice.Nested("shows");
        Say($"Paul Meyer, who leads the project, approves it. The ERP has posted it as {invoice.Text("number")}: {shows?.Money("amount")}, tax {shows?.Money("tax")}, "
            + $"{shows?.Money("gross")} in all, and the hub has read that back.");
        await LookAsync(_firm.Contoso, cancellation);
        Say($"Only now the ledger says so: {Worth(_firm.Contoso)}.");
        Say($"Every hour on it: throughline invoices show {key}. Why it comes to that, back to the sale: throughline why {invoice.Text("number")}");
    }

    private async Task<string> DrawAsync(Deal deal, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(terminal.Time.GetUtcNow().UtcDateTime).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var drawn = (await stage.Client.PostAsync($"/api/v1/invoices?engagement={deal.Id}", Fields.Of(("by", Finance), ("until", today)), cancellation)).Need();
        return drawn.NestedList("invoices") is [var one, ..] ? one.Text("key")!
            : throw new CommandFailedException($"No invoice of {deal.Name} was drawn: {string.Join(" ", drawn.List("says"))}");
    }

    private async Task<Fields> InvoiceAsync(string key, string status, CancellationToken cancellation)
    {
        var since = terminal.Time.GetTimestamp();
        while (true)
        {
            var invoice = (await stage.Client.GetAsync($"/api/v1/invoices/{key}", cancellation)).Need();
            if (invoice.Text("status") == status)
            {
                return invoice;
            }

            if (terminal.Time.GetElapsedTime(since) > PatienceMax)
            {
                throw new CommandFailedException($"Invoice {key} is {invoice.Text("status")} after {PatienceMax.TotalSeconds:0} seconds; throughline trace {_firm.Contoso.Id}");
            }

            await Task.Delay(LookEvery, terminal.Time, cancellation);
        }
    }
}
