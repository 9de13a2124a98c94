using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Tests.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>A defect strikes one entry: the others go on, and a person is told of that one (invariant 8).</summary>
public sealed class When_an_entry_cannot_be_worked
{
    private static readonly Scope Sound = Scope.Engagement("006A");
    private static readonly Scope Broken = Scope.Engagement("006B");

    private readonly WorkedHub _hub = new();
    private readonly InProcessDoorbell _bell = new();
    private readonly EntryWorker _worker;
    private int _number;

    public When_an_entry_cannot_be_worked() =>
        _worker = new EntryWorker(_hub.Memory, _hub.Worker, _hub.Release, _bell, _hub.Clock, NullLogger<EntryWorker>.Instance);

    [Fact]
    public async Task Should_hold_it_and_work_the_others()
    {
        _hub.Store.Unreadable.Add(new UnitKey(Broken, ""));
        var sound = await BookAsync(Sound);
        var broken = await BookAsync(Broken);

        await WorkAsync();

        Assert.Equal((EntryStatus.Held, "task"), await StandsAsync(sound));
        Assert.Equal((EntryStatus.Held, EntryReasons.ByMap), await StandsAsync(broken));
        await AssertToldAsync(Broken, "TL1103");
        Assert.Equal(0, await WorkAsync());
    }

    [Fact]
    public async Task Should_hold_one_that_waited_and_let_the_others_go_on_waiting_until_a_person_has_it_tried_again()
    {
        var sound = await BookAsync(Sound, issue: 17);
        var broken = await BookAsync(Broken, issue: 18);
        await WorkAsync();
        Assert.Equal((EntryStatus.Waiting, EntryReasons.ForReference), await StandsAsync(broken));

        _hub.Store.Unreadable.Add(new UnitKey(Broken, ""));
        _hub.Clock.Pass(TimeSpan.FromMinutes(1));
        await WorkAsync();

        Assert.Equal((EntryStatus.Waiting, EntryReasons.ForReference), await StandsAsync(sound));
        Assert.Equal((EntryStatus.Held, EntryReasons.ByDefect), await StandsAsync(broken));
        await AssertToldAsync(Broken, "TL1103");
        Assert.Equal(0, await WorkAsync());

        _hub.Store.Unreadable.Clear();
        await SendAsync(Broken, EnvelopeKind.EntriesAgain, EntryTrouble.Again(EntryTrouble.IdOf(Broken, "time-entry", EntryReasons.ForHome)));
        await WorkAsync();
        // Another case was tried again, by somebody who may not know of this one.
        Assert.Equal((EntryStatus.Held, EntryReasons.ByDefect), await StandsAsync(broken));
        await SendAsync(Broken, EnvelopeKind.EntriesAgain, EntryTrouble.Again(EntryTrouble.IdOf(Broken, "time-entry", EntryReasons.ByDefect)));
        await WorkAsync();
        Assert.Equal((EntryStatus.Waiting, EntryReasons.ForReference), await StandsAsync(broken));
    }

    private async Task<EntryId> BookAsync(Scope scope, int? issue = null)
    {
        var id = (++_number).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var created = "2026-11-19T10:00:00Z";
        var fields = Fields.Of(
            ("project", Fields.Of(("id", 3m))), ("user", Fields.Of(("name", "Ada"))), ("spent_on", "2026-11-19"), ("hours", 8m), ("created_on", created), ("comments", ""),
            ("custom_fields", Fields.Of(("Approved", "1"))));
        var record = new SourceRecord("time_entry", id, "1", issue is { } task ? fields.With("issue", Fields.Of(("id", (decimal)task))) : fields);
        await SendAsync(scope, EnvelopeKind.Entry, SourcePayload.Write("psa", record, null));
        return EntryId.Of("psa", "time_entry", id, DateTimeOffset.Parse(created, System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task SendAsync(Scope scope, EnvelopeKind kind, Fields payload)
    {
        var id = new EnvelopeId(Guid.CreateVersion7());
        var envelope = new NewEnvelope(id, scope, "", kind, payload, scope.ToString(), null, _hub.Clock.GetUtcNow(), _hub.Clock.GetUtcNow());
        await _hub.Memory.AppendAsync([new IntakeItem("psa", "time_entry", id.ToString(), null, envelope)], CancellationToken.None);
    }

    private Task<int> WorkAsync() => _worker.WorkAsync([.. new[] { Sound.Partition, Broken.Partition }.Distinct()], "test", CancellationToken.None);

    private async Task<(EntryStatus Status, string? Reason)> StandsAsync(EntryId id)
    {
        var row = Assert.Single(await _hub.Memory.LoadEntriesAsync([id], CancellationToken.None));
        return (row.Status, row.Reason);
    }

    private async Task AssertToldAsync(Scope scope, string what)
    {
        var told = await _hub.Memory.ReadEnvelopesAsync(scope.Partition, 100, CancellationToken.None);
        Assert.Contains(what, Assert.Single(told, envelope => envelope.Kind == EnvelopeKind.EntryTrouble && envelope.Scope == scope).Payload.ToJson(), StringComparison.Ordinal);
    }
}
