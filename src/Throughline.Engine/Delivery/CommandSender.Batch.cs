using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>The same for a batch: creations are one call; changes and undos are one call each and may be done twice.</summary>
internal sealed partial class CommandSender
{
    private async Task<SendResult> SendBatchAsync(Command batch, Func<bool> isHeld)
    {
        var isOneCall = batch.Item.Operation == WriteOperation.Create;
        var receipts = ImmutableArray.CreateBuilder<Receipt>(batch.Lines.Length);
        while (receipts.Count < batch.Lines.Length)
        {
            await _budget.TakeAsync();
            if (time.GetUtcNow() > batch.SendBefore || isHeld())
            {
                return receipts.Count == 0
                    ? new SendResult { NotSent = true }
                    : new SendResult { Failure = new Failure.Transient($"{receipts.Count} of {batch.Lines.Length} lines were sent in time; all are sent again") };
            }

            var next = isOneCall ? batch.Lines : [batch.Lines[receipts.Count]];
            receipts.AddRange(await connector.WriteAsync(next, CancellationToken.None));
        }

        return Gather(batch, receipts.MoveToImmutable());
    }

    private static SendResult Gather(Command batch, ImmutableArray<Receipt> receipts)
    {
        var failures = receipts.Select(receipt => receipt.Failure).OfType<Failure>().ToArray();
        var inDoubt = failures.FirstOrDefault(failure => failure is Failure.InDoubt);
        var passing = failures.FirstOrDefault(IsPassing);
        // What has no line that is known to stand, or any whose fate is not known, is decided as a whole; what changes or takes back may be done twice.
        if (inDoubt is not null || failures.Length == receipts.Length || (passing is not null && batch.Item.Operation != WriteOperation.Create))
        {
            return new SendResult { Failure = inDoubt ?? passing ?? failures[0] };
        }

        return new SendResult
        {
            Answer = BatchAnswer.Of([.. receipts.Select((receipt, place) => receipt.ExternalId ?? IdWhereGone(batch, place, receipt))]),
            Refused = RefusedIn(receipts, batch),
            // Sent again as a whole, the lines that stand would stand twice.
            Again = [.. receipts.Select((receipt, place) => (receipt, place)).Where(item => IsPassing(item.receipt.Failure)).Select(item => item.place)],
        };
    }

    private static bool IsPassing(Failure? failure) => failure is Failure.Transient or Failure.Throttled or Failure.Authentication;

    // Taking back what is not there any more is done.
    private static string? IdWhereGone(Command batch, int place, Receipt receipt) =>
        batch.Item.Operation == WriteOperation.Undo && receipt.Failure is Failure.MissingReference ? batch.Lines[place].ExternalId : null;

    private static ImmutableDictionary<int, string> RefusedIn(ImmutableArray<Receipt> receipts, Command batch) => receipts
        .Select((receipt, place) => (receipt.Failure, Place: place))
        .Where(item => item.Failure is not null && !IsPassing(item.Failure) && IdWhereGone(batch, item.Place, receipts[item.Place]) is null)
        .ToImmutableDictionary(item => item.Place, item => item.Failure!.Message);

    private async Task<SendResult> ProbeBatchAsync(Command batch)
    {
        if (batch.Item.Operation != WriteOperation.Create)
        {
            return new SendResult { WasProbe = true, SendAgain = true };
        }

        var ids = new string?[batch.Lines.Length];
        for (var place = 0; place < ids.Length; place++)
        {
            var line = batch.Lines[place];
            var found = await FindAsync(new FindRequest(line.Entity, line.Find!));
            if (found.Failure is not null)
            {
                return new SendResult { WasProbe = true, Failure = found.Failure };
            }

            if (found.Records.Length > 1)
            {
                return new SendResult { WasProbe = true, Decisive = true, Failure = Ambiguous(line.Entity, line.Find!, found.Records) };
            }

            ids[place] = found.Records.Length == 1 ? found.Records[0].ExternalId : null;
            if (place == 0 && ids[0] is null && connector.Manifest.BatchIsAtomic)
            {
                // All or nothing: where the first line is not there, none is.
                return new SendResult { WasProbe = true, SendAgain = true };
            }
        }

        if (ids.All(id => id is null))
        {
            return new SendResult { WasProbe = true, SendAgain = true };
        }

        return new SendResult
        {
            WasProbe = true, Answer = BatchAnswer.Of([.. ids]), Again = [.. ids.Select((id, place) => (id, place)).Where(item => item.id is null).Select(item => item.place)],
        };
    }
}
