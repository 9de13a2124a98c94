using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Model;
using Throughline.Server.Api.Answers;

namespace Throughline.Server.Api.Invoices;

/// <summary>Finds the invoice that people mean: by the hub's key of it, or by the number that the ERP gave it.</summary>
internal sealed class InvoiceFinder(IHubStore store)
{
    private const int MeantMax = 10;
    private const int TextMax = 200;

    /// <summary>Several where ERPs gave the same number; empty where nobody knows it.</summary>
    public async Task<ImmutableArray<Invoice>> FindAsync(string text, CancellationToken cancellation)
    {
        if (text.Length is 0 or > TextMax || text.Any(char.IsControl))
        {
            return [];
        }

        if (await store.FindInvoiceAsync(text, cancellation) is { } invoice)
        {
            return [invoice];
        }

        ImmutableArray<Scope> scopes = [.. (await store.FindScopesAsync(text, cancellation)).Where(scope => scope.Kind == Scope.EngagementKind)];
        return scopes.IsEmpty ? [] : [.. (await store.LoadInvoicesAsync(scopes, cancellation)).Where(each => each.Number == text)];
    }

    public async Task<(Invoice? Invoice, Problem? Problem)> FindOneAsync(string text, CancellationToken cancellation) => await FindAsync(text, cancellation) switch
    {
        [var invoice] => (invoice, null),
        [] => (null, Problem.NotFound("unknown-invoice", $"There is no invoice '{(text.Length > 40 ? text[..40] + "..." : text)}': give its key or, once it is posted, "
            + "the number that the ERP gave it; 'throughline invoices list' shows both.")),
        var several => (null, Problem.NotFound("several-match", $"'{text}' is the number of several invoices; give the key of one of them:\n  "
            + string.Join("\n  ", several.Take(MeantMax).Select(each => $"{each.Key}  {each.Amount}, work until {InvoiceWords.Day(each.Until)}")))),
    };
}
