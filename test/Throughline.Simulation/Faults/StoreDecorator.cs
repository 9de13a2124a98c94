using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Ledger;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Simulation.Faults;

/// <summary>A store in front of another one. Each call passes one door, <see cref="Call"/>; what is to behave otherwise is overridden.</summary>
internal abstract class StoreDecorator(IHubStore inner) : IHubStore
{
    public string Description => inner.Description;

    protected IHubStore Inner => inner;

    protected virtual Task<T> Call<T>(string name, bool writes, Func<Task<T>> act) => act();

    public Task MigrateAsync(CancellationToken cancellation) => inner.MigrateAsync(cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public virtual Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) =>
        Call("append", true, () => inner.AppendAsync(items, cancellation));

    public Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation) =>
        Call("forget keys", true, () => inner.ForgetKeysAsync(before, max, cancellation));

    public virtual Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) =>
        Call("take partition", true, () => inner.TakePartitionAsync(partition, owner, cancellation));

    public Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation) =>
        Call("partitions with work", false, () => inner.PartitionsWithWorkAsync(cancellation));

    public virtual Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) =>
        Call("read envelopes", false, () => inner.ReadEnvelopesAsync(partitions, maxEach, cancellation));

    public Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation) =>
        Call("find units", false, () => inner.FindUnitsAsync(lookups, cancellation));

    public Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) =>
        Call("load units", false, () => inner.LoadUnitsAsync(units, cancellation));

    public virtual Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Call("commit", true, async () =>
    {
        await inner.CommitAsync(commits, cancellation);
        return true;
    });

    public Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) =>
        Call("read parked", false, () => inner.ReadParkedAsync(units, cancellation));

    public Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation) =>
        Call("partitions with entries", false, () => inner.PartitionsWithEntriesAsync(now, cancellation));

    public Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation) =>
        Call("read entries", false, () => inner.ReadEntryWorkAsync(partitions, now, maxEach, cancellation));

    public Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) =>
        Call("load entries", false, () => inner.LoadEntriesAsync(ids, cancellation));

    public Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation) =>
        Call("load open entries", false, () => inner.LoadOpenEntriesAsync(scopes, maxEach, cancellation));

    public Task<ImmutableArray<EntryRow>> LoadBillableAsync(Scope scope, DateOnly until, int max, CancellationToken cancellation) =>
        Call("load billable", false, () => inner.LoadBillableAsync(scope, until, max, cancellation));

    public Task<ImmutableArray<Invoice>> LoadInvoicesAsync(ImmutableArray<Scope> scopes, CancellationToken cancellation) =>
        Call("load invoices", false, () => inner.LoadInvoicesAsync(scopes, cancellation));

    public Task<ImmutableArray<Invoice>> ListInvoicesAsync(InvoiceFilter filter, CancellationToken cancellation) => inner.ListInvoicesAsync(filter, cancellation);

    public Task<Invoice?> FindInvoiceAsync(string key, CancellationToken cancellation) => inner.FindInvoiceAsync(key, cancellation);

    public Task<ImmutableArray<InvoiceLine>> ListInvoiceLinesAsync(string key, EntryId? after, int max, CancellationToken cancellation) =>
        Call("list invoice lines", false, () => inner.ListInvoiceLinesAsync(key, after, max, cancellation));

    public Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) =>
        Call("load batches", false, () => inner.LoadBatchesAsync(ids, cancellation));

    public Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation) =>
        Call("find homes", false, () => inner.FindHomesAsync(lookups, cancellation));

    public virtual Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => Call("commit entries", true, async () =>
    {
        await inner.CommitEntriesAsync(commits, cancellation);
        return true;
    });

    public Task<ImmutableArray<EntryRow>> ListEntriesAsync(Scope scope, EntryId? after, int max, CancellationToken cancellation) =>
        inner.ListEntriesAsync(scope, after, max, cancellation);

    public Task<ImmutableArray<EntryRow>> FindEntriesAsync(EntryFilter filter, CancellationToken cancellation) => inner.FindEntriesAsync(filter, cancellation);

    public Task<ImmutableArray<EntryCount>> CountEntriesAsync(Scope? scope, CancellationToken cancellation) => inner.CountEntriesAsync(scope, cancellation);

    public Task<ImmutableArray<LedgerBalance>> BalancesAsync(Scope scope, CancellationToken cancellation) => inner.BalancesAsync(scope, cancellation);

    public Task<ImmutableArray<LedgerBalance>> ListBalancesAsync(Scope? after, int max, CancellationToken cancellation) => inner.ListBalancesAsync(after, max, cancellation);

    public Task<ImmutableArray<LedgerBalance>> TotalsAsync(CancellationToken cancellation) => inner.TotalsAsync(cancellation);

    public Task<ImmutableArray<LedgerTransaction>> ListPostedAsync(ImmutableArray<EntryId> entries, CancellationToken cancellation) =>
        inner.ListPostedAsync(entries, cancellation);

    public Task<ImmutableArray<InvoiceLine>> FindInvoiceLinesAsync(InvoiceLineFilter filter, CancellationToken cancellation) =>
        inner.FindInvoiceLinesAsync(filter, cancellation);

    public Task<ImmutableArray<LedgerTransaction>> PostedAsync(EntryId line, CancellationToken cancellation) => inner.PostedAsync(line, cancellation);

    public Task<ImmutableArray<Command>> FindCommandsAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => inner.FindCommandsAsync(ids, cancellation);

    public Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation) =>
        Call("take lane", true, () => inner.TakeLaneAsync(system, owner, cancellation));

    public virtual Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation) =>
        Call("claim", true, () => inner.ClaimCommandsAsync(system, epoch, now, sendBefore, max, cancellation));

    public virtual Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation) =>
        Call("claim in doubt", true, () => inner.ClaimInDoubtAsync(system, epoch, now, abandonedBefore, probeAgainAt, max, cancellation));

    public virtual Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
        Call("conclude", true, () => inner.ConcludeAsync(system, epoch, outcomes, cancellation));

    public virtual Task<ImmutableArray<int>> FireTimersAsync(DateTimeOffset now, int max, CancellationToken cancellation) =>
        Call("fire timers", true, () => inner.FireTimersAsync(now, max, cancellation));

    public Task<DateTimeOffset?> NextTimerAsync(CancellationToken cancellation) => Call("next timer", false, () => inner.NextTimerAsync(cancellation));

    public Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation) =>
        Call("read cursor", false, () => inner.ReadCursorAsync(system, entity, cancellation));

    public virtual Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation) => Call("write cursor", true, async () =>
    {
        await inner.WriteCursorAsync(system, entity, cursor, cancellation);
        return true;
    });

    public Task<ImmutableArray<Case>> ListCasesAsync(CaseFilter filter, CancellationToken cancellation) => inner.ListCasesAsync(filter, cancellation);

    public Task<Case?> FindCaseAsync(CaseId id, CancellationToken cancellation) => inner.FindCaseAsync(id, cancellation);

    public Task<ImmutableArray<Case>> FindCasesAsync(IdRange ids, int max, CancellationToken cancellation) => inner.FindCasesAsync(ids, max, cancellation);

    public Task<ImmutableArray<InstanceRow>> FindInstancesAsync(IdRange ids, int max, CancellationToken cancellation) =>
        inner.FindInstancesAsync(ids, max, cancellation);

    public Task<ImmutableArray<Scope>> FindScopesAsync(string id, CancellationToken cancellation) => inner.FindScopesAsync(id, cancellation);

    public Task<ImmutableArray<LineageEntry>> ReadLineageAsync(string correlationId, long after, int max, CancellationToken cancellation) =>
        inner.ReadLineageAsync(correlationId, after, max, cancellation);

    public Task<ImmutableArray<StateRow>> LoadScopeAsync(Scope scope, CancellationToken cancellation) => inner.LoadScopeAsync(scope, cancellation);

    public Task<ImmutableArray<InstanceRow>> ListInstancesAsync(string? process, string? status, string? after, int max, CancellationToken cancellation) =>
        inner.ListInstancesAsync(process, status, after, max, cancellation);

    public Task<ImmutableArray<Command>> ListCommandsAsync(Scope scope, int max, CancellationToken cancellation) =>
        inner.ListCommandsAsync(scope, max, cancellation);

    public Task<ImmutableArray<PublishedEvent>> ReadEventsAsync(long after, int max, CancellationToken cancellation) =>
        inner.ReadEventsAsync(after, max, cancellation);

    public Task<ImmutableArray<ParkedEnvelope>> ListParkedAsync(Scope? scope, int max, CancellationToken cancellation) =>
        inner.ListParkedAsync(scope, max, cancellation);

    public Task<HubCounts> CountAsync(CancellationToken cancellation) => inner.CountAsync(cancellation);
}
