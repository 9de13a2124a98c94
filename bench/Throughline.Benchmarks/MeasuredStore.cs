using System.Collections.Concurrent;
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

namespace Throughline.Benchmarks;

/// <summary>How often an operation of the store was called, how long the callers waited for it in all, and how many things it moved.</summary>
internal readonly record struct Operation(long Calls, TimeSpan Waited, long Items);

/// <summary>
/// A store with stopwatches around it. What is noted is noted after the commit has been answered: a deal counts when its activation is
/// durable, not when it was decided.
/// </summary>
internal class MeasuredStore(IHubStore inner, TimeProvider time) : IHubStore
{
    private static readonly string[] Writes = ["append intake", "commit partitions", "commit entries", "claim commands", "settle commands"];

    private readonly ConcurrentDictionary<string, Operation> _operations = new(StringComparer.Ordinal);

    /// <summary>
    /// Makes the hub worse on purpose: processor time that each of its writes takes besides. What is measured must show it, or the instrument is broken.
    /// </summary>
    public static TimeSpan Worse { get; set; }

    /// <summary>Called with the opportunity once its activation event is durable.</summary>
    public Action<string>? Activated { get; set; }

    /// <summary>Called with the number of lines of a batch once it is concluded.</summary>
    public Action<int>? LinesDone { get; set; }

    /// <summary>Called with a batch and the ids that its entries have in their system, before the commit that sends it.</summary>
    public Action<CommandId, ImmutableArray<string>>? Sending { get; set; }

    /// <summary>Called with a command once its outcome is durable.</summary>
    public Action<CommandId>? Concluded { get; set; }

    /// <summary>Called after each commit of a partition, be it of engagements or of entries.</summary>
    public Action? Committed { get; set; }

    /// <summary>Called with the opportunity once its whole process, the CRM's answer included, is done.</summary>
    public Action<string>? Done { get; set; }

    public string Description => inner.Description;

    /// <summary>What has been measured since the last <see cref="Reset"/>, by operation.</summary>
    public IReadOnlyDictionary<string, Operation> Operations => _operations.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public void Reset() => _operations.Clear();

    public Task MigrateAsync(CancellationToken cancellation) => inner.MigrateAsync(cancellation);

    public virtual Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) =>
        NoteAsync("append intake", () => inner.AppendAsync(items, cancellation), receipts => receipts.Length);

    public Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation) => inner.ForgetKeysAsync(before, max, cancellation);

    public Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) =>
        NoteAsync("take partition", () => inner.TakePartitionAsync(partition, owner, cancellation), _ => 1);

    public Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation) =>
        NoteAsync("partitions with work", () => inner.PartitionsWithWorkAsync(cancellation), found => found.Length);

    public virtual Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) =>
        NoteAsync("read envelopes", () => inner.ReadEnvelopesAsync(partitions, maxEach, cancellation), found => found.Length);

    public Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation) =>
        NoteAsync("find units", () => inner.FindUnitsAsync(lookups, cancellation), found => found.Length);

    public Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) =>
        NoteAsync("load units", () => inner.LoadUnitsAsync(units, cancellation), rows => rows.Length);

    public virtual async Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation)
    {
        await NoteAsync(
            "commit partitions",
            async () =>
            {
                await inner.CommitAsync(commits, cancellation);
                Committed?.Invoke();
                return true;
            },
            _ => commits.Sum(commit => commit.State.Length));
        Count("lineage rows", commits.Sum(commit => commit.Lineage.Length));
        Count("claimed with the commit", commits.Sum(commit => commit.Commands.Count(command => command.Status == CommandStatus.Sending)));
        Count("settled with the commit", commits.Sum(commit => commit.Outcomes.Length));
        Count("messages", commits.Sum(commit => commit.Messages.Length));
        foreach (var item in commits.SelectMany(commit => commit.Events).Where(item => item.Name == "project.activated"))
        {
            Activated?.Invoke(item.Payload.Text("opportunity")!);
        }

        foreach (var instance in commits.SelectMany(commit => commit.Instances).Where(instance => instance is { Process: "lead-to-project", Status: "Done" }))
        {
            Done?.Invoke(instance.Unit.Scope.Key);
        }
    }

    public Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) =>
        inner.ReadParkedAsync(units, cancellation);

    public Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation) =>
        inner.PartitionsWithEntriesAsync(now, cancellation);

    public virtual Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation) =>
        NoteAsync("read entries", () => inner.ReadEntryWorkAsync(partitions, now, maxEach, cancellation), work => work.Envelopes.Length);

    public Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) =>
        NoteAsync("load entries", () => inner.LoadEntriesAsync(ids, cancellation), rows => rows.Length);

    public Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation) =>
        inner.LoadOpenEntriesAsync(scopes, maxEach, cancellation);

    public Task<ImmutableArray<EntryRow>> LoadBillableAsync(Scope scope, DateOnly until, int max, CancellationToken cancellation) =>
        inner.LoadBillableAsync(scope, until, max, cancellation);

    public Task<ImmutableArray<Invoice>> LoadInvoicesAsync(ImmutableArray<Scope> scopes, CancellationToken cancellation) => inner.LoadInvoicesAsync(scopes, cancellation);

    public Task<ImmutableArray<Invoice>> ListInvoicesAsync(InvoiceFilter filter, CancellationToken cancellation) => inner.ListInvoicesAsync(filter, cancellation);

    public Task<Invoice?> FindInvoiceAsync(string key, CancellationToken cancellation) => inner.FindInvoiceAsync(key, cancellation);

    public Task<ImmutableArray<InvoiceLine>> ListInvoiceLinesAsync(string key, EntryId? after, int max, CancellationToken cancellation) =>
        inner.ListInvoiceLinesAsync(key, after, max, cancellation);

    public Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) =>
        inner.LoadBatchesAsync(ids, cancellation);

    public Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation) =>
        inner.FindHomesAsync(lookups, cancellation);

    public virtual Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => NoteAsync(
        "commit entries",
        async () =>
        {
            NoteSending(commits);
            await inner.CommitEntriesAsync(commits, cancellation);
            Committed?.Invoke();
            return true;
        },
        _ => commits.Sum(commit => commit.Rows.Length));

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

    public Task<ImmutableArray<EntryRow>> ListEntriesAsync(Scope scope, EntryId? after, int max, CancellationToken cancellation) =>
        inner.ListEntriesAsync(scope, after, max, cancellation);

    public Task<ImmutableArray<Command>> FindCommandsAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => inner.FindCommandsAsync(ids, cancellation);

    public Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation) => inner.TakeLaneAsync(system, owner, cancellation);

    public virtual async Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var commands = await inner.ClaimCommandsAsync(system, epoch, now, sendBefore, max, cancellation);
        Note(commands.IsEmpty ? "claim, none there" : "claim commands", start, commands.Length);
        BeWorse("claim commands");
        return commands;
    }

    public Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max,
        CancellationToken cancellation) =>
        NoteAsync("claim in doubt", () => inner.ClaimInDoubtAsync(system, epoch, now, abandonedBefore, probeAgainAt, max, cancellation), c => c.Length);

    public virtual async Task<ImmutableArray<int>> ConcludeAsync(
        string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation)
    {
        var rung = await NoteAsync(
            "settle commands", () => inner.ConcludeAsync(system, epoch, outcomes, cancellation),
            _ => outcomes.Count(outcome => outcome.Status == CommandStatus.Done));
        foreach (var answer in outcomes.Select(outcome => outcome.Answer).OfType<Fields>())
        {
            LinesDone?.Invoke(BatchAnswer.Taken(answer));
        }

        foreach (var outcome in outcomes.Where(outcome => outcome.Status == CommandStatus.Done))
        {
            Concluded?.Invoke(outcome.Command);
        }

        return rung;
    }

    public Task<ImmutableArray<int>> FireTimersAsync(DateTimeOffset now, int max, CancellationToken cancellation) =>
        NoteAsync("fire timers", () => inner.FireTimersAsync(now, max, cancellation), found => found.Length);

    public Task<DateTimeOffset?> NextTimerAsync(CancellationToken cancellation) => inner.NextTimerAsync(cancellation);

    public Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation) =>
        inner.ReadCursorAsync(system, entity, cancellation);

    public Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation) =>
        inner.WriteCursorAsync(system, entity, cursor, cancellation);

    public Task<ImmutableArray<Case>> ListCasesAsync(CaseFilter filter, CancellationToken cancellation) => inner.ListCasesAsync(filter, cancellation);

    public Task<Case?> FindCaseAsync(CaseId id, CancellationToken cancellation) => inner.FindCaseAsync(id, cancellation);

    public Task<ImmutableArray<Case>> FindCasesAsync(IdRange ids, int max, CancellationToken cancellation) => inner.FindCasesAsync(ids, max, cancellation);

    public Task<ImmutableArray<InstanceRow>> FindInstancesAsync(IdRange ids, int max, CancellationToken cancellation) =>
        inner.FindInstancesAsync(ids, max, cancellation);

    public Task<ImmutableArray<Scope>> FindScopesAsync(string id, CancellationToken cancellation) => inner.FindScopesAsync(id, cancellation);

    public Task<ImmutableArray<LineageEntry>> ReadLineageAsync(string correlationId, long after, int max, CancellationToken cancellation) =>
        inner.ReadLineageAsync(correlationId, after, max, cancellation);

    public Task<ImmutableArray<StateRow>> LoadScopeAsync(Scope scope, CancellationToken cancellation) => inner.LoadScopeAsync(scope, cancellation);

    public Task<ImmutableArray<InstanceRow>> ListInstancesAsync(
        string? process, string? status, string? after, int max, CancellationToken cancellation) =>
        inner.ListInstancesAsync(process, status, after, max, cancellation);

    public Task<ImmutableArray<Command>> ListCommandsAsync(Scope scope, int max, CancellationToken cancellation) => inner.ListCommandsAsync(scope, max, cancellation);

    public Task<ImmutableArray<PublishedEvent>> ReadEventsAsync(long after, int max, CancellationToken cancellation) =>
        inner.ReadEventsAsync(after, max, cancellation);

    public Task<ImmutableArray<ParkedEnvelope>> ListParkedAsync(Scope? scope, int max, CancellationToken cancellation) =>
        NoteAsync("list parked", () => inner.ListParkedAsync(scope, max, cancellation), found => found.Length);

    public Task<HubCounts> CountAsync(CancellationToken cancellation) => inner.CountAsync(cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void NoteSending(ImmutableArray<EntryCommit> commits)
    {
        if (Sending is { } sending)
        {
            foreach (var batch in commits.SelectMany(commit => commit.Rows).Where(row => row.Batch is not null).GroupBy(row => row.Batch!.Value))
            {
                sending(batch.Key, [.. batch.Select(row => row.ExternalId)]);
            }
        }
    }

    private async Task<T> NoteAsync<T>(string operation, Func<Task<T>> call, Func<T, int> items)
    {
        var start = time.GetTimestamp();
        var result = await call();
        Note(operation, start, items(result));
        BeWorse(operation);
        return result;
    }

    private void BeWorse(string operation)
    {
        var start = time.GetTimestamp();
        while (Worse > TimeSpan.Zero && Writes.Contains(operation) && time.GetElapsedTime(start) < Worse)
        {
            System.Threading.Thread.SpinWait(100);
        }
    }

    private void Note(string operation, long start, int items)
    {
        var waited = time.GetElapsedTime(start);
        _operations.AddOrUpdate(
            operation, _ => new Operation(1, waited, items), (_, known) => new Operation(known.Calls + 1, known.Waited + waited, known.Items + items));
    }

    private void Count(string what, int items) =>
        _operations.AddOrUpdate(what, _ => new Operation(0, default, items), (_, known) => known with { Items = known.Items + items });
}
