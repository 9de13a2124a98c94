using System.Collections.Immutable;
using Npgsql;
using Throughline.Engine;
using Throughline.Engine.Delivery;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private const string FenceLane = "select fence_lane($1, $2)";

    public override async Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation) => (await QueryAsync(
        """
        insert into lane as l (system, epoch, owner) values ($1, 1, $2)
        on conflict (system) do update set epoch = l.epoch + 1, owner = excluded.owner returning epoch
        """,
        row => row.Long(0), cancellation, StoredText.Key(system), StoredText.Key(owner)))[0];

    public override Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation) => ClaimAsync(
        system,
        connection => new PostgresBatch(connection).Add(
            $"select {Rows.CommandColumns} from claim_commands($1, $2, $3, $4, $5)", system, epoch, StoredTime.At(now), StoredTime.At(sendBefore), max),
        cancellation);

    public override Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation) =>
        ClaimAsync(
            system,
            connection => new PostgresBatch(connection).Add(
                $"""
                update command set status = 2, due_at = $5, epoch = $3 where id in (
                    select id from command where system = $1 and status in (1, 2) and (
                        (status = 2 and due_at <= $2) or (status = 1 and epoch < $3 and send_before < $4))
                    order by priority, created_at, number limit $6 for update skip locked)
                returning {Rows.CommandColumns}
                """,
                system, StoredTime.At(now), epoch, StoredTime.At(abandonedBefore), StoredTime.Due(probeAgainAt), max).Add(FenceLane, system, epoch),
            cancellation);

    public override async Task<ImmutableArray<int>> ConcludeAsync(
        string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation)
    {
        if (outcomes.DistinctBy(outcome => outcome.Command).Count() < outcomes.Length)
        {
            return await ConcludeDisputedAsync(system, epoch, outcomes, cancellation);
        }

        try
        {
            // Nearly always every command still waits for its outcome; then one round trip concludes them all.
            return await FencedLaneAsync(system, RunAsync(
                async connection =>
                {
                    var conclusion = Conclusion.Undisputed(outcomes);
                    var batch = new PostgresBatch(connection).Add("select settle_commands($1, $2, $3, $4, $5, $6)", Columns(conclusion));
                    Append(batch, [.. conclusion.Receipts.Select(receipt => new StoredEnvelope(receipt))]);
                    await batch.Add(FenceLane, system, epoch).RunAsync(cancellation);
                    return conclusion.Bells;
                },
                cancellation));
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Disputed)
        {
            return await ConcludeDisputedAsync(system, epoch, outcomes, cancellation);
        }
    }

    private Task<ImmutableArray<int>> ConcludeDisputedAsync(
        string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) => FencedLaneAsync(
        system,
        InTransactionAsync(
            async (connection, transaction) =>
            {
                var standing = await new PostgresBatch(connection, transaction)
                    .Add(
                        $"select {Rows.StandingColumns} from command where id = any($1) order by id for update",
                        outcomes.Select(outcome => outcome.Command.Value).Distinct().ToArray())
                    .QueryAsync(Rows.Standing, cancellation);
                var conclusion = Conclusion.Decide(outcomes, standing);
                var batch = new PostgresBatch(connection, transaction);
                if (conclusion.Changes.Count > 0)
                {
                    batch.Add("select settle_commands($1, $2, $3, $4, $5, $6)", Columns(conclusion));
                }

                Tell(batch, conclusion.LateAnswers);
                Append(batch, [.. conclusion.Receipts.Select(receipt => new StoredEnvelope(receipt))]);
                await batch.Add(FenceLane, system, epoch).RunAsync(cancellation);
                return conclusion.Bells;
            },
            cancellation));

    private async Task<ImmutableArray<Command>> ClaimAsync(
        string system, Func<NpgsqlConnection, PostgresBatch> claim, CancellationToken cancellation)
    {
        var claimed = await FencedLaneAsync(system, RunAsync(connection => claim(connection).QueryAsync(Rows.NumberedCommand, cancellation), cancellation));
        return [.. claimed.OrderBy(c => c.Command.Priority).ThenBy(c => c.Command.CreatedAt).ThenBy(c => c.Number).Select(c => c.Command)];
    }

    private static object[] Columns(Conclusion conclusion) =>
    [
        conclusion.Changes.Select(change => change.Id.Value).ToArray(),
        conclusion.Changes.Select(change => (short)change.Status).ToArray(),
        conclusion.Changes.Select(change => change.DueAt is { } due ? StoredTime.Due(due) : (DateTimeOffset?)null).ToArray(),
        conclusion.Changes.Select(change => StoredText.ProseOrNull(change.Failure)).ToArray(),
        conclusion.Changes.Select(change => change.Answer).ToArray(),
        conclusion.Changes.Select(change => change.Unsent).ToArray(),
    ];

    private static async Task<T> FencedLaneAsync<T>(string system, Task<T> work)
    {
        try
        {
            return await work;
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Fenced)
        {
            throw new FencedException($"The lane of {system} is driven by another hub; nothing was written.");
        }
    }
}
