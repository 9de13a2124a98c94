using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>One commit carries many partitions; what strikes one of them must not strike the others.</summary>
public sealed class When_partitions_are_worked_together
{
    // Twenty sales that fall into twenty partitions.
    private static readonly string[] Sales =
    [
        .. Enumerable.Range(0, 1_000).Select(n => "006" + n.ToString("D4", CultureInfo.InvariantCulture)).DistinctBy(PartitionOf)
            .Where(sale => PartitionOf(sale) != Scope.Master("customer").Partition).Take(20),
    ];

    private readonly WorkedHub _hub = new();

    [Fact]
    public async Task Should_commit_them_all_at_once()
    {
        await SendAllAsync(_hub);
        await _hub.WorkAsync([.. Sales.Select(PartitionOf)]);

        Assert.Equal(Sales.Length, Assert.Single(_hub.Store.Commits).Length);
    }

    [Fact]
    public async Task Should_go_on_with_the_others_and_forget_the_one_that_another_hub_has_taken()
    {
        await SendAllAsync(_hub);
        await _hub.DrainAsync();
        var taken = Sales[7];
        var older = CrmRecords.Sale(taken, amount: 17_000m);
        var newer = CrmRecords.Sale(taken, amount: 20_000m);
        var other = new WorkedHub(_hub.Memory);
        await _hub.SendAsync(newer);
        await other.WorkAsync(PartitionOf(taken));

        await SendAllAsync(_hub, amount: 16_000m, except: taken);
        await _hub.SendAsync(older);
        await Assert.ThrowsAsync<FencedException>(() => _hub.WorkAsync([.. Sales.Select(PartitionOf)]));
        Assert.Equal(PartitionOf(taken), Assert.Single(await _hub.Memory.PartitionsWithWorkAsync(CancellationToken.None), Sales.Select(PartitionOf).Contains));
        await _hub.DrainAsync();

        // Had it still gone by what it remembered, the older state would have been taken for news.
        Assert.Equal(20_000m, (await _hub.SaleAsync(taken))!.Attributes.Money("amount")!.Value.Amount);
        Assert.Contains("not-applied: crm sent an older state", string.Join('\n', await _hub.StoryAsync(Scope.Engagement(taken))), StringComparison.Ordinal);
        foreach (var sale in Sales.Where(sale => sale != taken))
        {
            Assert.Equal(16_000m, (await _hub.SaleAsync(sale))!.Attributes.Money("amount")!.Value.Amount);
        }
    }

    [Fact]
    public async Task Should_ring_for_the_rest_of_one_although_another_is_fenced()
    {
        var (full, fenced) = (Scope.Master("customer").Partition, PartitionOf(Sales[0]));
        await _hub.SendAsync(CrmRecords.Sale(Sales[0]));
        await _hub.WorkAsync(fenced);
        await new WorkedHub(_hub.Memory).Memory.TakePartitionAsync(fenced, "other", CancellationToken.None);
        await _hub.SendAsync(CrmRecords.Sale(Sales[0]));
        await SendAccountsAsync(0, 251);
        _hub.Rung.Clear();

        await Assert.ThrowsAsync<FencedException>(() => _hub.WorkAsync(full, fenced));

        Assert.Contains(full, _hub.Rung);
        Assert.DoesNotContain(fenced, _hub.Rung);
    }

    [Fact]
    public async Task Should_neither_double_nor_lose_anything_where_it_is_not_known_what_became_of_a_commit()
    {
        var calm = new WorkedHub();
        var number = 0;
        _hub.Store.After = _ => Lose(++number % 3 == 0);
        _hub.Store.Before = _ => Lose(++number % 4 == 0);
        SourceRecord[] records = [CrmRecords.Account("001A"), .. Sales.Select(sale => CrmRecords.Sale(sale)), .. Sales.Select(sale => CrmRecords.Sale(sale, amount: 99_000m))];
        foreach (var hub in new[] { calm, _hub })
        {
            foreach (var record in records)
            {
                await hub.SendAsync(record);
            }

            await hub.DrainAsync();
            foreach (var sale in Sales)
            {
                foreach (var command in await hub.Memory.ListCommandsAsync(Scope.Engagement(sale), int.MaxValue, CancellationToken.None))
                {
                    await hub.AnswerAsync(command);
                }
            }

            await hub.DrainAsync();
        }

        // Numbers are given in the order in which requests arrive, which follows from the partitions; so each sale is compared without them.
        foreach (var sale in Sales.Select(Scope.Engagement))
        {
            Assert.Equal(await CommandsAsync(calm, sale), await CommandsAsync(_hub, sale));
            Assert.Equal((await calm.StoryAsync(sale)).Length, (await _hub.StoryAsync(sale)).Length);
        }

        Assert.NotEmpty(await CommandsAsync(_hub, Scope.Engagement(Sales[0])));
        Assert.Empty(await _hub.ParkedAsync());

        static void Lose(bool lost)
        {
            if (lost)
            {
                throw new StoreUnavailableException("the connection was lost", new IOException());
            }
        }
    }

    [Fact]
    public async Task Should_set_aside_only_the_one_envelope_that_cannot_be_stored()
    {
        var poison = Sales[11];
        RefuseToStore(poison);
        await SendAllAsync(_hub);
        await _hub.DrainAsync();

        Assert.Equal(poison, Assert.Single(await _hub.ParkedAsync()).Envelope.Scope.Key);
        Assert.Equal(Case.UnmappedKind, Assert.Single(await _hub.OpenCasesAsync()).Kind);
        Assert.Single(await _hub.StoryAsync(Scope.Engagement(poison)));
        foreach (var sale in Sales)
        {
            Assert.Equal(sale == poison, await _hub.SaleAsync(sale) is null);
        }
    }

    [Fact]
    public async Task Should_keep_waiting_what_a_person_set_free_too_early_instead_of_setting_aside_what_the_person_did()
    {
        RefuseToStore(Sales[0]);
        await _hub.SendAsync(CrmRecords.Sale(Sales[0]));
        await _hub.DrainAsync();
        await _hub.ActAsync(Assert.Single(await _hub.OpenCasesAsync()), CaseAction.Retry);
        await _hub.DrainAsync();

        var still = Assert.Single(await _hub.OpenCasesAsync());
        Assert.Equal(Case.UnmappedKind, still.Kind);
        Assert.Equal(EnvelopeKind.SourceRecord, Assert.Single(await _hub.ParkedAsync()).Envelope.Kind);

        _hub.Store.Before = _ => { };
        await _hub.ActAsync(still, CaseAction.Retry);
        await _hub.DrainAsync();

        Assert.Empty(await _hub.ParkedAsync());
        Assert.Empty(await _hub.OpenCasesAsync());
        Assert.NotNull(await _hub.SaleAsync(Sales[0]));
    }

    [Fact]
    public async Task Should_set_the_others_free_where_only_one_of_them_cannot_be_stored()
    {
        var scope = Scope.Engagement(Sales[0]);
        var poison = await _hub.SendPoisonAsync(scope);
        await _hub.DrainAsync();
        await _hub.SendAsync(CrmRecords.Contract(Sales[0]));
        await _hub.SendAsync(CrmRecords.Sale(Sales[0]));
        await _hub.DrainAsync();
        Assert.Equal(3, (await _hub.ParkedAsync()).Length);

        _hub.Store.Before = commits => Refuse(commits.Any(commit => commit.Crosswalk.Any(row => row.Entity == "Contract")));
        await _hub.ActAsync(CaseId.Derive(Case.ParkedKind, poison.Id.ToString()), new UnitKey(scope, ""), CaseAction.Reject);
        await _hub.DrainAsync();

        Assert.Equal("Contract", Assert.Single(await _hub.ParkedAsync()).Envelope.Payload.Text("entity"));
        Assert.NotNull(await _hub.SaleAsync(Sales[0]));
    }

    [Fact]
    public async Task Should_ring_again_for_what_a_batch_leaves()
    {
        var partition = Scope.Master("customer").Partition;
        await SendAccountsAsync(0, 600);

        Assert.Equal(PartitionWorker.BatchMax, await _hub.WorkAsync(partition));
        Assert.Contains(partition, _hub.Rung);
        Assert.Equal(100, await _hub.WorkAsync(partition));
        Assert.Equal(0, await _hub.WorkAsync(partition));
    }

    [Fact]
    public async Task Should_read_a_unit_again_only_when_many_others_were_worked_since()
    {
        await SendAccountsAsync(0, 1);
        await SendAccountsAsync(0, 1);
        await _hub.DrainAsync();
        Assert.Single(_hub.Store.Loaded, key => key.Unit == "A0");
        await SendAccountsAsync(0, 1);
        await _hub.DrainAsync();
        Assert.Single(_hub.Store.Loaded, key => key.Unit == "A0");

        await SendAccountsAsync(1, 4_100);
        await _hub.DrainAsync();
        await SendAccountsAsync(0, 1);
        await _hub.DrainAsync();

        Assert.Equal(2, _hub.Store.Loaded.Count(key => key.Unit == "A0"));
        Assert.Equal("Acme A0", (await _hub.UnitAsync(new UnitKey(Scope.Master("customer"), "A0"))).Of("customer").Single().Attributes.Text("name"));
    }

    private static int PartitionOf(string sale) => Scope.Engagement(sale).Partition;

    private static void Refuse(bool refused)
    {
        if (refused)
        {
            throw new InvalidOperationException("no column can keep this");
        }
    }

    private void RefuseToStore(string sale) =>
        _hub.Store.Before = commits => Refuse(commits.Any(commit => commit.Crosswalk.Any(row => row.ExternalId == sale)));

    private static async Task SendAllAsync(WorkedHub hub, decimal amount = 15_000m, string? except = null)
    {
        foreach (var sale in Sales.Where(sale => sale != except))
        {
            await hub.SendAsync(CrmRecords.Sale(sale, amount));
        }
    }

    private async Task SendAccountsAsync(int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            await _hub.SendAsync(CrmRecords.Account("A" + i.ToString(CultureInfo.InvariantCulture), taxId: "DE" + i.ToString("D9", CultureInfo.InvariantCulture)));
        }
    }

    private static async Task<string[]> CommandsAsync(WorkedHub hub, Scope scope) =>
    [
        .. (await hub.Memory.ListCommandsAsync(scope, int.MaxValue, CancellationToken.None)).Select(command => $"{command.Id} {command.Target} {command.Item.Operation}")
            .Order(StringComparer.Ordinal),
    ];
}
