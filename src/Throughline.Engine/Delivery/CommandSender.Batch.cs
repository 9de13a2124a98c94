using System.Collections.Immutable;
using Throughline.Connect;
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
                // What was done is done; the others are sent again.
                return receipts.Count == 0 ? new SendResult { NotSent = true } : Gather(batch, receipts.ToImmutable());
            }

            var next = isOneCall ? batch.Lines : [batch.Lines[receipts.Count]];
            receipts.AddRange(await WriteAsync(batch, next));
        }

        return Gather(batch, receipts.ToImmutable());
    }

    private static SendResult Gather(Command batch, ImmutableArray<Receipt> receipts)
    {
        var failures = receipts.Select(receipt => receipt.Failure).OfType<Failure>().ToArray();
        ImmutableArray<string?> ids = [.. batch.Lines.Select((line, place) => place < receipts.Length ? IdIn(receipts[place], line) : null)];
        // A creation whose fate is not known must be asked for, and so the whole batch is.
        var isCreation = batch.Item.Operation == WriteOperation.Create;
        if (isCreation && receipts.Any(receipt => receipt is { Failure: null, ExternalId: null }))
        {
            return new SendResult { Failure = new Failure.InDoubt("the target says that it took a line, and not under which id") };
        }

        // So it must where a line is there already, perhaps in an earlier form: an entry's key is our own.
        var isAsked = isCreation && failures.Any(failure => failure is Failure.InDoubt or Failure.Duplicate);
        if (isAsked || ids.All(id => id is null))
        {
            return new SendResult
            {
                Failure = (isCreation ? failures.FirstOrDefault(failure => failure is Failure.Duplicate) : null)
                    ?? failures.FirstOrDefault(failure => failure is Failure.InDoubt) ?? failures.FirstOrDefault(MayBeSentAgain) ?? failures[0],
            };
        }

        var refused = receipts.Select((receipt, place) => (receipt.Failure, Place: place))
            .Where(item => item.Failure is { } failure && ids[item.Place] is null && !MayBeSentAgain(failure));
        return new SendResult { Ids = ids, Refused = refused.ToImmutableDictionary(item => item.Place, item => item.Failure!.Message) };
    }

    private static bool MayBeSentAgain(Failure failure) => failure is Failure.InDoubt or Failure.Transient or Failure.Throttled or Failure.Authentication;

    // Taking back what is not there any more is done.
    private static string? IdIn(Receipt receipt, WriteItem line) =>
        receipt.Failure is null ? receipt.ExternalId ?? line.ExternalId
        : line.Operation == WriteOperation.Undo && receipt.Failure is Failure.MissingReference ? line.ExternalId : null;

    private async Task<SendResult> ProbeBatchAsync(Command batch)
    {
        if (batch.Item.Operation != WriteOperation.Create)
        {
            return new SendResult { WasProbe = true, SendAgain = true };
        }

        var ids = new string?[batch.Lines.Length];
        var mayBeOlder = batch.LastFailure is not null && !Lane.WasInDoubt(batch);
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
            if (place == 0 && ids[0] is null && connector.Manifest.BatchIsAtomic && !mayBeOlder)
            {
                // All or nothing: where the first line is not there, none is.
                return new SendResult { WasProbe = true, SendAgain = true };
            }
        }

        if (ids.All(id => id is null))
        {
            return new SendResult { WasProbe = true, SendAgain = true };
        }

        // Those that are not there are sent again. Where a target takes all or nothing, the others were there before.
        return new SendResult { WasProbe = true, Ids = [.. ids], WasThere = mayBeOlder || (connector.Manifest.BatchIsAtomic && ids.Contains(null)) };
    }
}
