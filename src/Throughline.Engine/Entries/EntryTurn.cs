using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>What some envelopes and waiting entries of one partition come to: rows, lines gathered into batches, and what people are told.</summary>
internal sealed class EntryTurn(int partition, long epoch, Landscape.Landscape landscape, DateTimeOffset now)
{
    private const int Priority = 4;
    private const int ApartMax = 20;

    private readonly EntryDecider _decider = new(landscape, now);
    private readonly Dictionary<EntryId, EntryRow?> _loaded = [];
    private readonly Dictionary<EntryId, EntryRow> _rows = [];
    private readonly Dictionary<Scope, EntryScene> _scenes = [];
    private readonly Dictionary<CommandId, EntryBatch> _batches = [];
    private readonly Dictionary<(string System, string Entity, WriteOperation Operation), List<EntryLine>> _lines = [];
    private readonly Dictionary<EntryId, (EntryLine Line, EntryRow Before)> _unsent = [];
    private readonly List<Command> _commands = [];
    private readonly List<NewEnvelope> _messages = [];
    private readonly HashSet<Scope> _told = [];
    private long? _cursor;

    public int Partition => partition;

    /// <summary>Scopes of which people are told anew: something began or ceased to be held, or somebody asked for another try.</summary>
    public IReadOnlyCollection<Scope> Told => _told;

    public IEnumerable<string> Systems => _commands.Select(command => command.System);

    public void Load(EntryRow row) => _loaded.TryAdd(row.Id, row);

    public void Load(Scope scope, EntryScene scene) => _scenes[scope] = scene;

    public void Load(EntryBatch batch) => _batches[batch.Id] = batch;

    public void Done(Envelope envelope) => _cursor = Math.Max(_cursor ?? 0, envelope.Number);

    /// <summary>A record of an entry has come.</summary>
    public void Take(EntryChange change)
    {
        var known = Current(change.Id);
        if (known is not null && EntryDecider.IsStale(known, change))
        {
            // Neither what it says counts, nor where it was booked then.
            return;
        }

        if (change.Home is { } home)
        {
            LetGo(known, change, home);
        }
        else if (known is not null && change.Before is not null && known.Scope == change.Scope)
        {
            LookAgain(known);
            if (known.IsTrouble)
            {
                _told.Add(known.Scope);
            }
        }
        else if (known is not null && known.Scope != change.Scope)
        {
            // It is booked on another engagement now. Only the scope that holds it knows what of it is under way, so that one sends it here.
            Send(change.Id, known.Scope, EntryPayload.Rebooked(change), change.Version, change.Envelope);
        }
        else if (_decider.Apply(known ?? change.Before, change) is { } row)
        {
            Settle(known, row);
        }
    }

    private void LetGo(EntryRow? known, EntryChange change, Scope home)
    {
        if (known is null || known.Scope != change.Scope)
        {
            // It has gone on already; wherever it is, its newest form finds it there.
            Send(change.Id, home, EntryPayload.Rebooked(change).Without("home"), change.Version, change.Envelope);
            return;
        }

        MoveHome(_decider.Apply(known, change) ?? known, home);
    }

    private void Send(EntryId id, Scope scope, Fields payload, string? version, EnvelopeId cause) => _messages.Add(new NewEnvelope(
        new EnvelopeId(CommandId.Derive(id.ToString(), "home", scope.ToString(), version ?? "", cause.ToString()).Value), scope, "", EnvelopeKind.Entry, payload,
        scope.ToString(), cause, now, now));

    /// <summary>An entry that waits or is held is looked at once more.</summary>
    public void LookAgain(EntryRow waiting)
    {
        // It may have gone on in this very turn.
        if (Current(waiting.Id) is { } row && row.Scope == waiting.Scope)
        {
            Settle(row, row.Reason == EntryDecider.ByMap ? row : row with { Status = row.Status == EntryStatus.Held ? EntryStatus.Kept : row.Status });
        }
    }

    /// <summary>
    /// It is known now where an entry belongs that nobody could place. It changes its scope in this commit and is not taken out for the time that the
    /// message needs: an older record of it that came meanwhile would begin it anew.
    /// </summary>
    public void MoveHome(EntryRow waiting, Scope home)
    {
        if (Current(waiting.Id) is { } row && row.Scope == waiting.Scope)
        {
            _rows[row.Id] = _decider.MoveTo(waiting, home);
            Send(row.Id, home, EntryPayload.Moved(waiting), waiting.Version, waiting.Envelope);
            Note(row, null);
        }
    }

    public void TellAgain(Scope scope) => _told.Add(scope);

    /// <summary>A batch, or lines of it, were refused.</summary>
    public void Take(BatchReceipt receipt, Command batch)
    {
        // What was decided in this very turn was decided in the knowledge of how the batch went.
        var lines = batch.Lines.Select((line, place) => (Line: line, Place: place, Row: Current(IdOf(line))))
            .Where(item => item.Row is { } row && row.Batch == receipt.Command && row.Place == item.Place && !_unsent.ContainsKey(row.Id)).ToList();
        if (receipt.Failure is { } failure && batch.Lines.Length > 1)
        {
            // The target took none because of some, so the halves are sent apart until those are alone. What has changed meanwhile is decided anew.
            var half = batch.Lines.Length / 2;
            foreach (var group in lines.GroupBy(item => item.Place < half))
            {
                Resend(batch, [.. group.Where(item => item.Row!.Status == EntryStatus.Sent).Select(item => (item.Line, item.Row!))]);
            }

            return;
        }

        Resend(batch, [.. lines.Where(item => item.Row!.Status == EntryStatus.Sent && receipt.Again.Contains(item.Place)).Select(item => (item.Line, item.Row!))]);
        foreach (var (line, place, row) in lines)
        {
            if (receipt.Again.Contains(place))
            {
                continue;
            }

            if ((receipt.Failure?.Message ?? receipt.Refused.GetValueOrDefault(place)) is { } message)
            {
                var refused = _decider.Refuse(row!, message, line.Operation != WriteOperation.Create);
                Put(row, row!.Status == EntryStatus.Sent || line.Operation == WriteOperation.Undo ? refused : row with { SentHash = refused.SentHash, Batch = refused.Batch });
            }
        }
    }

    /// <summary>Tells the engagement how its entries stand, so that cases open, change or close.</summary>
    /// <param name="open">Entries of the scope that wait or are held in the store.</param>
    public void Tell(Scope scope, IEnumerable<EntryRow> open)
    {
        var rows = open.Where(row => !_rows.TryGetValue(row.Id, out var now) || now.Scope == scope).ToDictionary(row => row.Id);
        foreach (var row in _rows.Values.Where(row => row.Scope == scope))
        {
            rows[row.Id] = row;
        }

        _messages.Add(new NewEnvelope(
            new EnvelopeId(CommandId.Derive(scope.ToString(), "entries", Text(_cursor ?? 0), Text(now.UtcTicks)).Value),
            scope, "", EnvelopeKind.EntryTrouble, EntryTrouble.Of(rows.Values.Where(row => row.IsTrouble)), scope.ToString(), null, now, now));
    }

    public void Park(Envelope envelope, string reason) => _parked.Add(new ParkedEnvelope(envelope, reason, now + Cases.Case.OverdueAfter));

    private readonly List<ParkedEnvelope> _parked = [];

    public EntryCommit ToCommit()
    {
        foreach (var (key, lines) in _lines.Where(lines => lines.Value.Count > 0))
        {
            // Changes and undos are one call each.
            var most = key.Operation == WriteOperation.Create ? lines[0].Definition.Batch : Math.Min(ApartMax, lines[0].Definition.Batch);
            foreach (var chunk in lines.Chunk(most))
            {
                Batch(key.System, key.Entity, key.Operation, [.. chunk.Select(line => line.Item)], [.. chunk.Select(line => line.Entry)]);
            }
        }

        _lines.Clear();
        _unsent.Clear();
        return new EntryCommit
        {
            Partition = partition,
            Epoch = epoch,
            Cursor = _cursor,
            Rows = [.. _rows.Values],
            Commands = [.. _commands],
            Messages = [.. _messages],
            Parked = [.. _parked],
        };
    }

    /// <summary>The entry as it stands after what was decided so far; null where it is not known here.</summary>
    public EntryRow? Current(EntryId id) => _rows.GetValueOrDefault(id) ?? _loaded.GetValueOrDefault(id);

    private void Settle(EntryRow? known, EntryRow row)
    {
        if (_unsent.Remove(row.Id, out var unsent))
        {
            // Its line has not left this turn: the newer one takes its place, and does not go beside it.
            LinesLike(unsent.Line).Remove(unsent.Line);
            row = EntryDecider.AsBefore(row, unsent.Before);
        }

        var batch = row.Batch is { } id ? _batches.GetValueOrDefault(id) : null;
        var decision = _decider.Decide(row, _scenes.GetValueOrDefault(row.Scope), batch);
        if (decision.Line is { } line)
        {
            LinesLike(line).Add(line);
            _unsent[row.Id] = (line, row);
        }

        if (!ReferenceEquals(decision.Row, known))
        {
            Put(known, decision.Row);
        }
    }

    private List<EntryLine> LinesLike(EntryLine line)
    {
        var key = (line.System, line.Item.Entity, line.Item.Operation);
        return _lines.TryGetValue(key, out var lines) ? lines : _lines[key] = [];
    }

    private void Put(EntryRow? before, EntryRow after)
    {
        _rows[after.Id] = after;
        Note(before, after);
    }

    private void Note(EntryRow? before, EntryRow? after)
    {
        if ((before?.IsTrouble ?? false) != (after?.IsTrouble ?? false) || (after is { IsTrouble: true } && (before?.Reason != after.Reason || before?.Says != after.Says)))
        {
            _told.Add((after ?? before)!.Scope);
        }
    }

    private void Resend(Command batch, List<(WriteItem Line, EntryRow Row)> lines)
    {
        if (lines.Count > 0)
        {
            Batch(batch.System, batch.Item.Entity, batch.Item.Operation, [.. lines.Select(item => item.Line)], [.. lines.Select(item => item.Row.Id)]);
        }
    }

    private void Batch(string system, string entity, WriteOperation operation, ImmutableArray<WriteItem> lines, ImmutableArray<EntryId> entries)
    {
        var scope = EntryScopes.Of(partition);
        var id = CommandId.Derive(["batch", Text(now.UtcTicks), .. lines.Select(line => line.IdempotencyKey)]);
        var hours = 0m;
        for (var place = 0; place < entries.Length; place++)
        {
            var row = Current(entries[place])!;
            _rows[row.Id] = row with { Batch = id, Place = place };
            hours += row.Attributes.Number("hours") ?? 0;
        }

        var totals = Fields.Of(("count", lines.Length), ("hours", hours));
        _commands.Add(new Command(
            id, system, new UnitKey(scope, ""), entity, scope.ToString(), new WriteItem(id.ToString(), entity, operation, null, null, totals), [], Priority,
            CommandStatus.Waiting, 0, now, now, null, null)
        {
            Lines = lines,
        });
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The entry that a line was made from stands in the line's own key.</summary>
    public static EntryId IdOf(WriteItem line) => EntryId.Parse(line.IdempotencyKey[..line.IdempotencyKey.IndexOf('/', StringComparison.Ordinal)]);
}
