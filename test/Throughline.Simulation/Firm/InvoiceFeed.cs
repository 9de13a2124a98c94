using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The invoices of the ERP as its connector reads them: a pass has everything that was stamped since the newest stamp that was seen before the last pass, and some seconds
/// earlier, page by page in the order of ids. A pass that was broken off is begun anew.
/// </summary>
internal sealed class InvoiceFeed(Erp erp) : IFeed
{
    /// <summary>Longer than any transaction takes.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    private const int PageMax = 4;
    private const string IsOver = "";

    public string? Begin(string? from) => from?.Split('|')[0];

    // A place: where the pass began, the last id, where the next one begins; or where the next one begins, and that this one is over.
    public (ImmutableArray<SourceChange> Page, Cursor Next)? Read(string entity, string? from)
    {
        var parts = (from ?? "").Split('|');
        var next = parts.Length == 3 ? parts[2] : FormattableString.Invariant($"{erp.NewestStamp.UtcTicks}#{erp.InvoiceChanges}");
        // That nothing has changed the ERP does not say; reading the same again and again would only cost the simulation's time.
        if (parts is [_, IsOver] || next == parts[0] || erp.InvoiceChanges == 0)
        {
            return null;
        }

        var ticks = parts[0].Length == 0 ? 0 : long.Parse(parts[0].Split('#')[0], CultureInfo.InvariantCulture);
        var after = parts.Length == 3 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var left = erp.InvoicesSince(new DateTimeOffset(Math.Max(0, ticks - Overlap.Ticks), TimeSpan.Zero), after);
        ImmutableArray<SourceChange> page = [.. left.Take(PageMax)];
        return (page, new Cursor(left.Length <= PageMax ? $"{next}|{IsOver}" : $"{parts[0]}|{page[^1].Record.ExternalId}|{next}"));
    }
}
