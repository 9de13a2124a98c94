using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>What one call to the system came to.</summary>
internal sealed record SendResult
{
    public Failure? Failure { get; init; }

    public string? ExternalId { get; init; }

    public Fields Answer { get; init; } = Fields.Empty;

    /// <summary>An existing record was found and is used.</summary>
    public bool Adopted { get; init; }

    /// <summary>The system was only asked.</summary>
    public bool WasProbe { get; init; }

    /// <summary>The answer to a probe concludes the command, although it is a failure.</summary>
    public bool Decisive { get; init; }

    /// <summary>The system was asked and does not have it: it is safe to send again.</summary>
    public bool SendAgain { get; init; }

    /// <summary>Of a batch: the id of each line in the target, null for one that was not taken.</summary>
    public ImmutableArray<string?> Ids { get; init; } = [];

    /// <summary>Of a batch: why lines were refused, by line. One that was neither taken nor refused may be sent again.</summary>
    public ImmutableDictionary<int, string> Refused { get; init; } = ImmutableDictionary<int, string>.Empty;

    /// <summary>Of a batch: what was found need not have been written by this attempt, so its content is not known.</summary>
    public bool WasThere { get; init; }

    /// <summary>Nothing was sent: its time had passed before the call, or the lane is held.</summary>
    public bool NotSent { get; init; }
}

/// <summary>Makes the calls for one command: look before creating where the map says so, write, or probe.</summary>
internal sealed partial class CommandSender(SystemDeclaration system, IConnector connector, TimeProvider time)
{
    private readonly RateBudget _budget = new(system.Limits.PerSecond, time);

    /// <param name="isHeld">Nothing is to be sent any more: the hub stops, or the system as a whole does not take anything.</param>
    public async Task<SendResult> SendAsync(Command command, Func<bool> isHeld)
    {
        if (command.IsBatch)
        {
            return await SendBatchAsync(command, isHeld);
        }

        foreach (var key in command.Adopt)
        {
            var found = await FindAsync(new FindRequest(command.Item.Entity, key));
            if (found.Failure is not null)
            {
                return new SendResult { Failure = found.Failure };
            }

            if (found.Records.Length > 1)
            {
                return new SendResult { Failure = Ambiguous(command.Item.Entity, key, found.Records) };
            }

            if (found.Records.Length == 1)
            {
                return new SendResult { ExternalId = found.Records[0].ExternalId, Adopted = true };
            }
        }

        await _budget.TakeAsync();
        // Looked at once more right before the call: after this time a successor may already be asking the target.
        if (time.GetUtcNow() > command.SendBefore || isHeld())
        {
            return new SendResult { NotSent = true };
        }

        var receipt = (await WriteAsync(command, [command.Item]))[0];
        if (receipt.Failure is Failure.Authentication refused && (await connector.TestAsync(CancellationToken.None)).Works)
        {
            // The credentials are good, so it is this one record that we may not write: a case, and no reason to stop the lane.
            return new SendResult { Failure = new Failure.Policy(refused.Message) { Evidence = refused.Evidence } };
        }

        return new SendResult { Failure = receipt.Failure, ExternalId = receipt.ExternalId, Answer = receipt.Answer };
    }

    /// <summary>Asks the system for nothing but whether it is there and lets us in.</summary>
    public async Task<SendResult> TryAsync()
    {
        await _budget.TakeAsync();
        return new SendResult { WasProbe = true, Failure = (await connector.TestAsync(CancellationToken.None)).Failure };
    }

    public async Task<SendResult> ProbeAsync(Command command)
    {
        if (command.IsBatch)
        {
            return await ProbeBatchAsync(command);
        }

        var item = command.Item;
        var request = item.Operation == WriteOperation.Create
            ? item.Find is null ? null : new FindRequest(item.Entity, item.Find)
            : FindRequest.ById(item.Entity, item.ExternalId!);
        if (request is null)
        {
            return new SendResult
            {
                WasProbe = true,
                Decisive = true,
                Failure = new Failure.InDoubt($"the answer of {system.Name} was lost and {item.Entity} has no key by which the record could be found again"),
            };
        }

        var found = await FindAsync(request);
        if (found.Failure is not null)
        {
            return new SendResult { WasProbe = true, Failure = found.Failure };
        }

        return (item.Operation, found.Records.Length) switch
        {
            (WriteOperation.Create, 0) => new SendResult { WasProbe = true, SendAgain = true },
            // What the answer would have said, as far as the record shows it: later maps may ask for it.
            (WriteOperation.Create, 1) => new SendResult { WasProbe = true, ExternalId = found.Records[0].ExternalId, Answer = found.Records[0].Fields },
            (WriteOperation.Create, _) => new SendResult { WasProbe = true, Decisive = true, Failure = Ambiguous(item.Entity, item.Find!, found.Records) },
            (WriteOperation.Undo, 0) => new SendResult { WasProbe = true, ExternalId = item.ExternalId },
            (WriteOperation.Update, 0) => new SendResult
            {
                WasProbe = true,
                Decisive = true,
                Failure = new Failure.MissingReference($"{item.Entity} {item.ExternalId} is no longer in {system.Name}", item.ExternalId!),
            },
            // Changing named fields to fixed values, or taking back, may be done twice: the record is there, so it is sent again.
            _ => new SendResult { WasProbe = true, SendAgain = true },
        };
    }

    // However many requests a connector makes of it: none lasts longer than the successor counts on.
    private async Task<ImmutableArray<Receipt>> WriteAsync(Command command, ImmutableArray<WriteItem> items)
    {
        using (CallDeadline.Until((command.SendBefore ?? time.GetUtcNow()) + system.Limits.TimeOut, Lane.SendWindow + system.Limits.TimeOut, time))
        {
            return await connector.WriteAsync(items, CancellationToken.None);
        }
    }

    private Failure.Validation Ambiguous(string entity, Fields key, ImmutableArray<SourceRecord> records) => new(
        $"{records.Length} records of {entity} in {system.Name} have {key.ToJson()}: "
            + $"{string.Join(", ", records.Take(5).Select(record => record.ExternalId))}; keep one of them and correct the others",
        []);

    private async Task<(ImmutableArray<SourceRecord> Records, Failure? Failure)> FindAsync(FindRequest request)
    {
        await _budget.TakeAsync();
        try
        {
            return (await connector.FindAsync(request, CancellationToken.None), null);
        }
        catch (ConnectorException e)
        {
            return ([], e.Failure);
        }
    }
}
