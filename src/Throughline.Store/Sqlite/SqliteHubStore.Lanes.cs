using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    public override Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation) => _writer.RunAsync(
        session => session.Query(
            """
            insert into lane (system, epoch, owner) values ($1, 1, $2)
            on conflict (system) do update set epoch = epoch + 1, owner = excluded.owner returning epoch
            """,
            row => row.Long(0), StoredText.Key(system), StoredText.Key(owner))[0],
        cancellation);

    public override Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            FenceLane(session, system, epoch);
            var ids = session.Query(
                "select id from command where system = $1 and status = 0 and due_at <= $2 order by priority, created_at, number limit $3",
                row => row.Guid(0), system, StoredTime.At(now), max);
            return Marked(ids, id => session.Query(
                $"update command set status = 1, attempt = attempt + 1, send_before = $2, epoch = $3 where id = $1 returning {Rows.CommandColumns}",
                Rows.Command, id, StoredTime.At(sendBefore), epoch)[0]);
        },
        cancellation);

    public override Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation) =>
        _writer.RunAsync(
            session =>
            {
                FenceLane(session, system, epoch);
                var ids = session.Query(
                    """
                    select id from command where system = $1 and (
                        (status = 2 and due_at <= $2) or (status = 1 and epoch < $3 and send_before < $4))
                    order by priority, created_at, number limit $5
                    """,
                    row => row.Guid(0), system, StoredTime.At(now), epoch, StoredTime.At(abandonedBefore), max);
                return Marked(ids, id => session.Query(
                    $"update command set status = 2, due_at = $2, epoch = $3 where id = $1 returning {Rows.CommandColumns}",
                    Rows.Command, id, StoredTime.Due(probeAgainAt), epoch)[0]);
            },
            cancellation);

    public override Task<ImmutableArray<int>> ConcludeAsync(
        string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            var standing = outcomes.Select(outcome => outcome.Command.Value).Distinct()
                .SelectMany(id => session.Query($"select {Rows.StandingColumns} from command where id = $1", Rows.Standing, id));
            var conclusion = Conclusion.Decide(outcomes, standing);
            foreach (var change in conclusion.Changes)
            {
                Settle(session, change);
            }

            Tell(session, conclusion.LateAnswers);
            Append(session, [.. conclusion.Receipts.Select(receipt => new StoredEnvelope(receipt))]);
            FenceLane(session, system, epoch);
            return conclusion.Bells;
        },
        cancellation);

    private static void Settle(SqliteSession session, ImmutableArray<CommandOutcome> outcomes)
    {
        foreach (var change in Conclusion.Undisputed(outcomes).Changes)
        {
            if (!Settle(session, change))
            {
                throw Disputed();
            }
        }
    }

    /// <returns>False where it has a terminal outcome already, or is not there.</returns>
    private static bool Settle(SqliteSession session, CommandChange change) => session.Run(
        """
        update command set status = $2, due_at = coalesce($3, due_at), last_failure = $4, answer = $5, send_before = null,
            attempt = attempt - $6 where id = $1 and status < 3
        """,
        change.Id.Value, change.Status, change.DueAt is { } due ? StoredTime.Due(due) : null,
        StoredText.ProseOrNull(change.Failure), change.Answer, change.Unsent) == 1;

    private static ImmutableArray<Command> Marked(ImmutableArray<Guid> ids, Func<Guid, Command> mark) => [.. ids.Select(mark)];

    private static void FenceLane(SqliteSession session, string system, long epoch)
    {
        if (session.Query("select 1 from lane where system = $1 and epoch = $2", row => row.Int(0), system, epoch).IsEmpty)
        {
            throw new FencedException($"The lane of {system} is driven by another hub; nothing was written.");
        }
    }
}
