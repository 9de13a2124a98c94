using System.Collections.Immutable;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

/// <summary>The value ledger: written with the entries, once, and balanced (X1, invariant 7).</summary>
public abstract partial class StoreConformance
{
    private static readonly LineValue Eight = LineValue.Of(new Portion(LedgerAccount.Unbilled, 8m, Money.Of(1200m, "EUR")));

    [Fact]
    public async Task Should_keep_what_was_posted_for_a_line_in_order()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var held = Eight.Hold();
        var row = Entry(Alpha, "a") with { Value = held, ValueSays = "no purchase order", Transactions = 2 };
        var first = Posted(row, 1, LineValue.Nothing, Eight);
        var second = Posted(row, 2, Eight, held) with { WorkDate = null, Why = "no purchase order" };

        await PostAsync(epoch, [row with { Value = Eight, ValueSays = first.Why, Transactions = 1 }], first);
        await PostAsync(epoch, [row], second);
        await ReopenAsync();

        Assert.Equal(Tell(new[] { first, second }), Tell(await Store.PostedAsync(row.Id, Stop)));
        var stored = Assert.Single(await Store.LoadEntriesAsync([row.Id], Stop));
        Assert.Equal((held, row.ValueSays, 2), (stored.Value, stored.ValueSays, stored.Transactions));
        Assert.Empty(await Store.PostedAsync(Entry(Alpha, "b").Id, Stop));
    }

    [Fact]
    public async Task Should_keep_what_was_posted_for_several_lines()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        EntryRow[] rows = [.. new[] { "a", "b", "c" }.Select(id => Entry(Alpha, id)).OrderBy(row => row.Id.Value.ToString("N"), StringComparer.Ordinal)];
        LedgerTransaction[] posted =
        [
            Posted(rows[0], 1, LineValue.Nothing, Eight), Posted(rows[1], 1, LineValue.Nothing, Eight), Posted(rows[1], 2, Eight, Eight.Hold()),
            Posted(rows[2], 1, LineValue.Nothing, Eight),
        ];
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = [.. rows], Ledger = [.. posted] }], Stop);

        Assert.Equal(Tell(posted[..3]), Tell(await Store.ListPostedAsync([rows[1].Id, rows[0].Id, rows[1].Id], Stop)));
        Assert.Empty(await Store.ListPostedAsync([], Stop));
    }

    [Fact]
    public async Task Should_have_the_balance_of_each_engagement_and_of_all()
    {
        var (alpha, beta) = (await Store.TakePartitionAsync(Alpha.Partition, "test", Stop), await Store.TakePartitionAsync(Beta.Partition, "test", Stop));
        var (a, b) = (Entry(Alpha, "a"), Entry(Beta, "b"));
        var yen = LineValue.Of(new Portion(LedgerAccount.Covered, 0.333333m, Money.Of(5000m, "JPY")));
        await Store.CommitEntriesAsync(
            [
                new() { Partition = Alpha.Partition, Epoch = alpha, Rows = [a], Ledger = [Posted(a, 1, LineValue.Nothing, Eight)] },
                new() { Partition = Beta.Partition, Epoch = beta, Rows = [b], Ledger = [Posted(b, 1, LineValue.Nothing, Eight), Posted(b, 2, Eight, yen)] },
            ],
            Stop);

        Assert.Equal([(LedgerAccount.Approved, -8m, "-1,200.00 EUR"), (LedgerAccount.Unbilled, 8m, "1,200.00 EUR")], Sides(await Store.BalancesAsync(Alpha, Stop)));
        // What is nothing any more is left out.
        Assert.Equal(
            [(LedgerAccount.Approved, -0.333333m, "-5,000 JPY"), (LedgerAccount.Covered, 0.333333m, "5,000 JPY")], Sides(await Store.BalancesAsync(Beta, Stop)));
        Assert.Equal(
            [
                (LedgerAccount.Approved, -8m, "-1,200.00 EUR"), (LedgerAccount.Approved, -0.333333m, "-5,000 JPY"),
                (LedgerAccount.Unbilled, 8m, "1,200.00 EUR"), (LedgerAccount.Covered, 0.333333m, "5,000 JPY"),
            ],
            Sides(await Store.TotalsAsync(Stop)));
        var scopes = new[] { Alpha, Beta }.OrderBy(scope => scope.ToString(), StringComparer.Ordinal).ToArray();
        Assert.Equal([scopes[0]], (await Store.ListBalancesAsync(null, 1, Stop)).Select(balance => balance.Scope!.Value).Distinct());
        Assert.Equal([scopes[1]], (await Store.ListBalancesAsync(scopes[0], 10, Stop)).Select(balance => balance.Scope!.Value).Distinct());
        Assert.Empty(await Store.ListBalancesAsync(scopes[1], 10, Stop));
    }

    /// <summary>An engagement whose books are empty again takes no place on a page.</summary>
    [Fact]
    public async Task Should_page_over_engagements_in_whose_books_something_stands()
    {
        var scopes = Enumerable.Range(0, 3).Select(number => Scope.Engagement("page-" + number)).ToArray();
        for (var number = 0; number < scopes.Length; number++)
        {
            var row = Entry(scopes[number], "p" + number);
            ImmutableArray<LedgerTransaction> posted = [Posted(row, 1, LineValue.Nothing, Eight)];
            await Store.CommitEntriesAsync(
                [
                    new()
                    {
                        Partition = row.Scope.Partition, Epoch = await Store.TakePartitionAsync(row.Scope.Partition, "test", Stop), Rows = [row],
                        Ledger = number == 1 ? [.. posted, Posted(row, 2, Eight, LineValue.Nothing)] : posted,
                    },
                ],
                Stop);
        }

        Assert.Equal([scopes[0]], (await Store.ListBalancesAsync(null, 1, Stop)).Select(balance => balance.Scope!.Value).Distinct());
        Assert.Equal([scopes[2]], (await Store.ListBalancesAsync(scopes[0], 1, Stop)).Select(balance => balance.Scope!.Value).Distinct());
    }

    [Fact]
    public async Task Should_refuse_what_would_lose_or_make_money()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var row = Entry(Alpha, "a");
        var sound = Posted(row, 1, LineValue.Nothing, Eight);
        var lost = sound with { Postings = [sound.Postings[0], sound.Postings[1] with { Amount = Money.Of(1199.99m, "EUR") }] };
        var hours = sound with { Postings = [sound.Postings[0], sound.Postings[1] with { Quantity = 7.999999m }] };
        var exchanged = sound with { Postings = [sound.Postings[0], sound.Postings[1] with { Amount = Money.Of(1200m, "USD") }] };

        foreach (var wrong in new[] { lost, hours, exchanged })
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => PostAsync(epoch, [row], wrong));
        }

        Assert.Empty(await Store.LoadEntriesAsync([row.Id], Stop));
        await PostAsync(epoch, [row], sound);
        await Assert.ThrowsAsync<InvalidOperationException>(() => PostAsync(epoch, [row], sound));
        Assert.Equal(8m, (await Store.BalancesAsync(Alpha, Stop)).Single(balance => balance.Account == LedgerAccount.Unbilled).Quantity);
    }

    private static LedgerTransaction Posted(EntryRow row, int number, LineValue before, LineValue after) => new(
        row.Id, number, row.Scope, new DateOnly(2026, 6, 17), "8 x 150.00 EUR", "r1", EnvelopeId(row.ExternalId), T0, after.PostingsFrom(before));

    private static IEnumerable<(LedgerAccount Account, decimal Quantity, string Amount)> Sides(ImmutableArray<LedgerBalance> balances) =>
        balances.Select(balance => (balance.Account, balance.Quantity, balance.Amount.ToString()));

    private Task PostAsync(long epoch, ImmutableArray<EntryRow> rows, LedgerTransaction transaction) =>
        Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = rows, Ledger = [transaction] }], Stop);
}
