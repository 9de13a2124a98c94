using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Ledger;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <summary>What some envelopes and waiting entries of one partition come to: rows, lines gathered into batches, and what people are told.</summary>
internal sealed partial class EntryTurn(int partition, long epoch, Landscape.Landscape landscape, DateTimeOffset now)
{
    private const int Priority = 4;
    private const int ApartMax = 20;
    private const string AskedFirst = "an earlier attempt may stand there, so the target is asked first";

    private readonly EntryDecider _decider = new(landscape, now);
    private readonly Dictionary<EntryId, EntryRow?> _loaded = [];
    private readonly Dictionary<EntryId, EntryRow> _rows = [];
    private readonly Dictionary<Scope, EntryScene> _scenes = [];
    private readonly Dictionary<CommandId, EntryBatch> _batches = [];
    private readonly Dictionary<EntryId, Queued> _queued = [];
    private readonly List<Command> _commands = [];
    private readonly List<NewEnvelope> _messages = [];
    private readonly List<ParkedEnvelope> _parked = [];
    private readonly HashSet<Scope> _told = [];
    private readonly HashSet<int> _homes = [];
    private long? _cursor;

    /// <summary>Scopes of which people are told anew: something began or ceased to be held, or somebody asked for another try.</summary>
    public IReadOnlyCollection<Scope> Told => _told;

    /// <summary>An entry as it stands in the store: what this turn posts leads on from there.</summary>
    public void Load(EntryRow row) => _loaded.TryAdd(row.Id, row);

    public void Load(Scope scope, EntryScene scene) => _scenes[scope] = scene;

    public void Load(EntryBatch batch) => _batches[batch.Id] = batch;

    public void Done(Envelope envelope) => _cursor = Math.Max(_cursor ?? 0, envelope.Number);

    /// <summary>A record of an entry has come.</summary>
    public void Take(EntryChange change)
    {
        var known = Current(change.Id);
        if (known is not null && SourceDecider.IsNewer(known.Version, change.Version))
        {
            return;
        }

        if (known is not null && known.Scope != change.Scope)
        {
            // It belongs elsewhere by now. Only the scope that holds it knows what of it is under way, so that one is told, and where it is to go.
            Send(change with { Scope = change.Home ?? change.Scope }, known.Scope);
        }
        else if (change.Home is { } home && known?.Value.IsBilled != true)
        {
            MoveHome(known is null ? null : _decider.Apply(known, change) ?? known, change, home);
        }
        else if (_decider.Apply(known, change) is { } row)
        {
            // Also one that was booked on another engagement after it was billed: it stays in the books that have its invoice, and waits there with a reason.
            Look(known, row, EntryOccasion.Change);
        }
    }

    private void MoveHome(EntryRow? row, EntryChange change, Scope home)
    {
        if (row is null)
        {
            Send(change with { Scope = home }, home);
        }
        else
        {
            MoveHome(row, home);
        }
    }

    private void Send(EntryChange change, Scope to) => _messages.Add(new NewEnvelope(
        new EnvelopeId(CommandId.Derive(change.Id.ToString(), "home", to.ToString(), change.Version ?? "", change.Envelope.ToString()).Value), to, "", EnvelopeKind.Entry,
        EntryPayload.Rebooked(change, to), to.ToString(), change.Envelope, now, now));

    /// <summary>An entry that waits is looked at once more, or one that is held because a person wants another try.</summary>
    public void LookAgain(EntryRow waiting)
    {
        // What this turn sends already has been looked at.
        if (Current(waiting.Id) is { } row && row.Scope == waiting.Scope && !_queued.ContainsKey(row.Id))
        {
            Look(row, row, row.Status == EntryStatus.Held ? EntryOccasion.Retry : EntryOccasion.Answer);
        }
    }

    /// <summary>It belongs to another scope, whose partition decides of it from this commit on.</summary>
    public void MoveHome(EntryRow row, Scope home)
    {
        var known = Current(row.Id) ?? row;
        if (known.Scope == row.Scope)
        {
            var left = Unqueue(row);
            var isUnmapped = left.Reason == EntryReasons.ByMap;
            Put(known, EntryWorth.Withdraw(left, "it is decided anew in the engagement that it belongs to") with
            {
                Scope = home, Status = EntryStatus.Waiting, DueAt = now, Since = now, IsTrouble = false, At = now,
                Reason = isUnmapped ? left.Reason : EntryReasons.ForHome, Says = isUnmapped ? left.Says : "it has just been moved here",
            });
            _homes.Add(home.Partition);
        }
    }

    public void TellAgain(Scope scope) => _told.Add(scope);

    /// <summary>Lines of a batch were not taken as they were sent.</summary>
    public void Take(Command batch)
    {
        // Where the target took none because of some the halves are sent apart until those are alone.
        var isWhole = _batches.GetValueOrDefault(batch.Id) is { Status: CommandStatus.Failed, Lines.Length: > 1 };
        for (var place = 0; place < batch.Lines.Length; place++)
        {
            if (Current(IdOf(batch.Lines[place])) is { } row && row.Batch == batch.Id && row.Place == place && row.Scope.Partition == partition && !_queued.ContainsKey(row.Id))
            {
                Look(row, row, EntryOccasion.Answer, isWhole ? $"{batch.Id}/{(place < batch.Lines.Length / 2 ? "first" : "second")}" : "");
            }
        }
    }

    /// <summary>A defect of the hub keeps an entry from being worked; a person may have it tried again.</summary>
    public void Hold(EntryRow row, string says)
    {
        Load(row);
        Put(row, _decider.Hold(EntryWorth.Hold(row, says), EntryReasons.ByDefect, says));
    }

    /// <summary>Tells the engagement how its entries stand, so that cases open, change or close.</summary>
    /// <param name="open">Entries of the scope that wait or are held in the store.</param>
    /// <param name="isMore">There are more than these.</param>
    public void Tell(Scope scope, IEnumerable<EntryRow> open, bool isMore)
    {
        var rows = open.Select(row => _rows.GetValueOrDefault(row.Id) ?? row).Concat(_rows.Values).Where(row => row.Scope == scope).DistinctBy(row => row.Id);
        _messages.Add(new NewEnvelope(
            new EnvelopeId(CommandId.Derive([scope.ToString(), "entries", Text(_cursor ?? 0), Text(now.UtcTicks), .. _rows.Keys.Select(id => id.ToString())]).Value),
            scope, "", EnvelopeKind.EntryTrouble, EntryTrouble.Of(rows.Where(row => row.IsTrouble), isMore), scope.ToString(), null, now, now));
    }

    /// <summary>The last resort for an envelope of which not even the entry is known.</summary>
    public void Park(Envelope envelope, string reason)
    {
        Done(envelope);
        _parked.Add(new ParkedEnvelope(envelope, reason, now + Cases.Case.OverdueAfter));
    }

    /// <summary>Partitions to which entries went on.</summary>
    public IReadOnlyCollection<int> Homes => _homes;

    public EntryCommit ToCommit()
    {
        foreach (var alike in _queued.Values.GroupBy(item => (item.Line.System, item.Line.Item.Entity, item.Line.Item.Operation, item.Line.IsAskedFirst, item.Group)))
        {
            var definition = alike.First().Line.Definition;
            // Changes and undos are one call each.
            var most = alike.Key.Operation == WriteOperation.Create ? definition.Batch : Math.Min(ApartMax, definition.Batch);
            foreach (var chunk in alike.Select(item => item.Line).Chunk(most))
            {
                Batch(alike.Key.System, chunk);
            }
        }

        _queued.Clear();
        ImmutableArray<LedgerTransaction> ledger = [.. _rows.Keys.ToArray().SelectMany(Post)];
        return new EntryCommit
        {
            Partition = partition,
            Epoch = epoch,
            Cursor = _cursor,
            Rows = [.. _rows.Values],
            Ledger = ledger,
            Invoices = [.. _invoices.Values],
            InvoiceLines = [.. _lines],
            Commands = [.. _commands],
            Messages = [.. _messages],
            Parked = [.. _parked],
        };
    }

    /// <summary>The entry as it stands after what was decided so far; null where it is not known here.</summary>
    public EntryRow? Current(EntryId id) => _rows.GetValueOrDefault(id) ?? _loaded.GetValueOrDefault(id);

    /// <param name="group">Only lines of the same group are sent together.</param>
    private void Look(EntryRow? known, EntryRow row, EntryOccasion occasion, string group = "")
    {
        // What this turn had decided of it before has not been sent: what comes later takes its place.
        var before = Unqueue(row);
        var batch = before.Batch is { } id ? _batches.GetValueOrDefault(id) : null;
        var decision = _decider.Decide(before, _scenes.GetValueOrDefault(row.Scope), batch, occasion);
        if (decision.Line is { } line)
        {
            _queued[row.Id] = new Queued(line, before, group);
        }

        if (!ReferenceEquals(decision.Row, known))
        {
            Put(known, decision.Row);
        }
    }

    private EntryRow Unqueue(EntryRow row) => _queued.Remove(row.Id, out var queued) ? row with
    {
        Status = queued.Before.Status, SentHash = queued.Before.SentHash, Sends = queued.Before.Sends,
    } : row;

    private void Put(EntryRow? before, EntryRow after)
    {
        _rows[after.Id] = after;
        Note(before, after);
    }

    private void Note(EntryRow? before, EntryRow after)
    {
        if (before is { IsTrouble: true } && before.Scope != after.Scope)
        {
            _told.Add(before.Scope);
        }
        else if ((before?.IsTrouble ?? false) != after.IsTrouble || (after.IsTrouble && (before?.Reason != after.Reason || before?.Says != after.Says)))
        {
            _told.Add(after.Scope);
        }
    }

    /// <summary>What leads from where the entry stood in the ledger to where it stands now.</summary>
    private IEnumerable<LedgerTransaction> Post(EntryId id)
    {
        var (before, after) = (_loaded.GetValueOrDefault(id), _rows[id]);
        var stood = before?.Value ?? LineValue.Nothing;
        if (before is not null && !stood.Portions.IsEmpty && (before.Scope != after.Scope || before.WorkDate != after.WorkDate))
        {
            // It leaves the books of one engagement or day as a whole, whatever comes to stand in those of the other.
            var why = before.Scope != after.Scope ? $"it goes on to {after.Scope}" : "its day was corrected";
            yield return Post(before, LineValue.Nothing.PostingsFrom(stood), why);
            stood = LineValue.Nothing;
        }

        if (after.Value.PostingsFrom(stood) is { IsEmpty: false } postings)
        {
            yield return Post(after, postings, _whys.GetValueOrDefault(id) ?? after.ValueSays ?? "");
        }
    }

    private LedgerTransaction Post(EntryRow books, ImmutableArray<Posting> postings, string why)
    {
        var row = _rows[books.Id];
        _rows[books.Id] = row with { Transactions = row.Transactions + 1 };
        return new LedgerTransaction(row.Id, row.Transactions + 1, books.Scope, books.WorkDate, why, landscape.Release, row.Envelope, now, postings);
    }

    private void Batch(string system, EntryLine[] lines)
    {
        var scope = EntryScopes.Of(partition);
        var id = CommandId.Derive(["batch", Text(now.UtcTicks), .. lines.Select(line => line.Item.IdempotencyKey)]);
        var hours = 0m;
        for (var place = 0; place < lines.Length; place++)
        {
            var row = Current(lines[place].Entry)!;
            _rows[row.Id] = row with { Batch = id, Place = place };
            hours += row.Attributes.Number("hours") ?? 0;
        }

        var (entity, operation, isAskedFirst) = (lines[0].Item.Entity, lines[0].Item.Operation, lines[0].IsAskedFirst);
        var totals = Fields.Of(("count", lines.Length), ("hours", hours));
        _commands.Add(new Command(
            id, system, new UnitKey(scope, ""), entity, scope.ToString(), new WriteItem(id.ToString(), entity, operation, null, null, totals), [], Priority,
            isAskedFirst ? CommandStatus.InDoubt : CommandStatus.Waiting, 0, now, now, null, isAskedFirst ? AskedFirst : null)
        {
            Lines = [.. lines.Select(line => line.Item)],
        });
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The entry that a line was made from stands in the line's own key.</summary>
    public static EntryId IdOf(WriteItem line) => EntryId.Parse(line.IdempotencyKey[..line.IdempotencyKey.IndexOf('/', StringComparison.Ordinal)]);

    /// <param name="Before">The entry before this line was decided.</param>
    private sealed record Queued(EntryLine Line, EntryRow Before, string Group);
}
