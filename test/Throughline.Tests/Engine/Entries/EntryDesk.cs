using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Throughline.Conformance;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>Entries of two engagements, decided turn by turn as a test says, and a target that answers what a test says.</summary>
internal sealed class EntryDesk
{
    private static readonly Lazy<Throughline.Landscape.Landscape> Plain = new(Read);

    private readonly Dictionary<EntryId, EntryRow> _rows = [];
    private readonly Dictionary<CommandId, EntryBatch> _batches = [];
    private readonly List<Command> _commands = [];
    private int _number;
    private DateTimeOffset _now = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    public static Scope Acme { get; } = Scope.Engagement("006A");

    public static Scope Other { get; } = Scope.Engagement("006B");

    /// <summary>What was sent and not answered yet.</summary>
    public IReadOnlyList<Command> Open => [.. _commands.Where(command => !_batches.ContainsKey(command.Id))];

    public ImmutableArray<NewEnvelope> Messages { get; private set; } = [];

    public EntryRow this[string name] => _rows[IdOf(name)];

    public static EntryId IdOf(string name) => EntryId.Of("psa", "time_entry", name, DateTimeOffset.UnixEpoch);

    public static EntryChange Change(string name, int version, decimal hours, bool isApproved = true, Scope? scope = null, string? failure = null) => new(
        IdOf(name), scope ?? Acme, "psa", "time-entry", "time_entry", name, version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        failure is null ? Fields.Of(("hours", hours), ("approved", isApproved), ("date", "2026-11-19"), ("person", "Ada")) : null, false, failure,
        new EnvelopeId(Guid.CreateVersion7()));

    /// <summary>One turn of a scope's partition, committed.</summary>
    public void Turn(Action<EntryTurn> act, Scope? scope = null)
    {
        _now = _now.AddSeconds(1);
        var partition = (scope ?? Acme).Partition;
        var turn = new EntryTurn(partition, 1, Plain.Value, _now);
        foreach (var row in _rows.Values)
        {
            turn.Load(row);
        }

        foreach (var batch in _batches.Values)
        {
            turn.Load(batch);
        }

        foreach (var each in new[] { Acme, Other })
        {
            turn.Load(each, new EntryScene(Plain.Value, UnitState.Empty(new UnitKey(each, ""))));
        }

        act(turn);
        var commit = turn.ToCommit();
        foreach (var row in commit.Rows)
        {
            _rows[row.Id] = row;
        }

        _commands.AddRange(commit.Commands);
        Messages = commit.Messages;
    }

    public void Take(params EntryChange[] changes) => Turn(turn =>
    {
        foreach (var change in changes)
        {
            turn.Take(change);
        }
    });

    /// <summary>The target takes a batch.</summary>
    public void Taken(Command batch, bool wasThere = false) =>
        Conclude(batch, CommandStatus.Done, null, BatchAnswer.Of(batch.Item.Operation, [.. batch.Lines.Select(line => line.ExternalId ?? $"{++_number}")], null, wasThere));

    /// <summary>The target takes some lines of a batch, and refuses one or says nothing of it.</summary>
    public void TakenBut(Command batch, int place, string? refusal) => Conclude(batch, CommandStatus.Done, null, BatchAnswer.Of(
        batch.Item.Operation, [.. batch.Lines.Select((line, each) => each == place ? null : line.ExternalId ?? $"{++_number}")],
        refusal is null ? null : ImmutableDictionary<int, string>.Empty.Add(place, refusal)));

    public void Refused(Command batch, string failure = "validation: no") => Conclude(batch, CommandStatus.Failed, failure, null);

    /// <summary>The receipt of a batch has come.</summary>
    public void Receipt(Command batch) => Turn(turn => turn.Take(batch));

    public Command Only() => Assert.Single(Open);

    private void Conclude(Command batch, CommandStatus status, string? failure, Fields? answer) =>
        _batches[batch.Id] = EntryBatch.Of(batch.Id, batch.System, status, failure, answer, () => (batch.Item, batch.Lines));

    // The demo's, but that a line refers to nothing else, and is worth nothing.
    private static Throughline.Landscape.Landscape Read()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-entries-");
        try
        {
            var demo = Path.Combine(RepositoryFolder.Find(), "landscapes", "demo");
            foreach (var file in Directory.EnumerateFiles(demo, "*.yaml", SearchOption.AllDirectories))
            {
                var to = Path.Combine(folder.FullName, Path.GetRelativePath(demo, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                var text = File.ReadAllText(file).Replace("require: task.key != null", "require: true", StringComparison.Ordinal);
                text = text.Replace("{ party.code: \"lookup('people', timeEntry.person)\" }", "{ party.code: \"'P1'\" }", StringComparison.Ordinal);
                text = Regex.Replace(text, @"^(?:value|bill):\n(?:  .*\n)+", "", RegexOptions.Multiline);
                text = string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("  work: answer(", StringComparison.Ordinal)));
                File.WriteAllText(to, text);
            }

            var result = LandscapeReader.Read(
                folder.FullName,
                [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], ProcessCatalog.Definitions, ProcessCatalog.Decisions.Names, _ => "https://system.example");
            return result.Landscape ?? throw new InvalidOperationException(string.Join('\n', result.Problems));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
