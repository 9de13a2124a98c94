using Throughline.Conformance.Store;
using Throughline.Engine.Billing;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The person who has invoices drawn: now and then while there is trouble, also twice at once; and once more at the
/// close of the month, when nothing moves any more. Some that are posted are taken back, as a whole or a line of them, and come on the next.
/// </summary>
internal sealed class Finance(TheWorld world, MemoryHubStore store, Operator hubs, Sellers sellers)
{
    public const string Clerk = "finance.clerk";

    private static readonly DateOnly Today = new(2026, 11, 20);

    private readonly Random _chance = world.Chance("finance");
    private readonly Random _notes = world.Chance("credits");
    private int _returns;

    public int UnderWay { get; private set; }

    /// <summary>When the month was closed: nothing had moved for a while.</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    public void Begin(TimeSpan busy)
    {
        for (var left = _chance.Next(7); left > 0; left--)
        {
            var at = busy * (0.3 + (0.7 * _chance.NextDouble()));
            var day = _chance.Next(2) == 0 ? Today : Today.AddDays(-_chance.Next(15));
            var which = _chance.NextDouble();
            for (var times = _chance.Next(3) == 0 ? 2 : 1; times > 0; times--)
            {
                world.Later(at + TimeSpan.FromMilliseconds(_chance.Next(2_000)), () => Draw(which, day));
            }
        }
    }

    /// <summary>After the close some of what is posted is taken back, some of it asked for twice at once, and billed again when nothing moves any more.</summary>
    /// <returns>Whether there was anything left to do.</returns>
    public bool TakeBack()
    {
        switch (_returns++)
        {
            case 0:
                for (var left = _notes.Next(5); left > 0; left--)
                {
                    var (which, line) = (_notes.NextDouble(), _notes.Next(3));
                    for (var times = _notes.Next(3) == 0 ? 2 : 1; times > 0; times--)
                    {
                        world.Later(TimeSpan.FromMilliseconds(_notes.Next(20_000)), () => Credit(which, line));
                    }
                }

                UnderWay++;
                world.Later(TimeSpan.FromSeconds(21), () => UnderWay--);
                return true;
            case 1 when Scopes() is { Length: > 0 } scopes && _notes.Next(3) > 0:
                foreach (var scope in scopes)
                {
                    Draw(scope, Today);
                }

                return true;
            default:
                return false;
        }
    }

    /// <param name="line">0 for all of it.</param>
    private void Credit(double which, int line)
    {
        var posted = store.ListInvoicesAsync(new InvoiceFilter(null, InvoiceStatus.Posted, null, int.MaxValue), CancellationToken.None).Result
            .Where(invoice => invoice.Credits is null).OrderBy(invoice => invoice.Key, StringComparer.Ordinal).ToArray();
        if (posted.Length == 0 || hubs.Any() is not { } hub)
        {
            return;
        }

        var invoice = posted[(int)(which * posted.Length)];
        world.Trace.Note("person", FormattableString.Invariant($"{Clerk}: credit note for {(line == 0 ? "all" : $"line {line}")} of {invoice.Key}"));
        UnderWay++;
        world.Later(TimeSpan.FromSeconds(15), () => UnderWay--);
        var request = new CreditRequest(invoice.Key, line == 0 ? [] : [line], Today, "not agreed", Clerk);
        _ = hub.Room.Begin(() => hub.Hub.CreditInvoiceAsync(invoice.Scope, request, hub.Clock, CancellationToken.None));
    }

    /// <summary>The close of the month: everything that can be billed is asked for, once; true where there was anything.</summary>
    public bool Close()
    {
        var scopes = ClosedAt is null ? Scopes() : [];
        ClosedAt ??= world.Now;
        foreach (var scope in scopes)
        {
            Draw(scope, Today);
        }

        return scopes.Length > 0;
    }

    private void Draw(double which, DateOnly until)
    {
        if (Scopes() is { Length: > 0 } scopes)
        {
            Draw(scopes[(int)(which * scopes.Length)], until);
        }
    }

    // In the books, where approved time stands that is on no invoice.
    private Scope[] Scopes() =>
    [
        .. sellers.Deals.Select(deal => Scope.Engagement(deal.Id)).Where(scope => store.BalancesAsync(scope, CancellationToken.None).Result
            .Any(balance => balance.Account is LedgerAccount.Unbilled && (balance.Quantity != 0 || balance.Amount.Amount != 0))),
    ];

    private void Draw(Scope scope, DateOnly until)
    {
        if (hubs.Any() is not { } hub)
        {
            return;
        }

        world.Trace.Note("person", FormattableString.Invariant($"{Clerk}: invoices of {scope} until {until:yyyy-MM-dd}"));
        UnderWay++;
        world.Later(TimeSpan.FromSeconds(15), () => UnderWay--);
        _ = hub.Room.Begin(() => hub.Hub.DrawInvoicesAsync(scope, new DrawRequest(until, Today, Clerk), hub.Clock, CancellationToken.None));
    }
}
