using System.Globalization;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Tests.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Intake;

/// <summary>Keys are remembered for thirty days; what is repeated after that meets what is known instead.</summary>
public sealed class When_old_keys_are_forgotten
{
    private static readonly Scope Sale = Scope.Engagement("006A");

    private readonly WorkedHub _hub = new();
    private int _sent;

    [Fact]
    public async Task Should_change_nothing_when_a_delivery_is_repeated()
    {
        var older = CrmRecords.Sale("006A", amount: 11_000m);
        var newest = CrmRecords.Sale("006A", amount: 12_000m);
        foreach (var record in new[] { CrmRecords.Account("001A"), older, newest })
        {
            Assert.Equal(IntakeOutcome.Accepted, await TakeAsync(record));
            await _hub.DrainAsync();
        }

        await AnswerAllAsync();
        Assert.Equal(InstanceStatus.Done, Assert.Single((await _hub.UnitAsync(new UnitKey(Sale, ""))).Instances.Values).Status);
        var before = await StateAsync();
        Assert.Equal(IntakeOutcome.Duplicate, await TakeAsync(newest));

        _hub.Clock.Pass(TimeSpan.FromDays(31));
        Assert.Equal(TimeSpan.FromHours(1), await Pruner().ForgetAsync(CancellationToken.None));
        foreach (var record in new[] { newest, older })
        {
            Assert.Equal(IntakeOutcome.Accepted, await TakeAsync(record));
            await _hub.DrainAsync();
        }

        Assert.Equal(before, await StateAsync());
        Assert.Contains("not-applied: crm sent an older state", string.Join('\n', await _hub.StoryAsync(Sale)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_forget_a_thousand_at_a_time_and_only_those_that_are_old_enough()
    {
        for (var n = 0; n < 2_100; n++)
        {
            await _hub.SendAsync(Sale, "", EnvelopeKind.Timer, Fields.Of(("n", n.ToString(CultureInfo.InvariantCulture))));
        }

        var pruner = Pruner();
        _hub.Clock.Pass(TimeSpan.FromDays(30));
        Assert.Equal(TimeSpan.FromHours(1), await pruner.ForgetAsync(CancellationToken.None));
        _hub.Clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), await pruner.ForgetAsync(CancellationToken.None));
        Assert.Equal(1_100, await _hub.Memory.ForgetKeysAsync(DateTimeOffset.MaxValue, 10_000, CancellationToken.None));
    }

    [Fact]
    public void Should_go_by_the_landscape()
    {
        Assert.Equal(TimeSpan.FromDays(30), _hub.Release.Landscape.IntakeKeysKept);
        var other = _hub.Release.Landscape with { Parameters = Fields.Of(("intake", Fields.Of(("keysKeptDays", 7)))) };
        Assert.Equal(TimeSpan.FromDays(7), other.IntakeKeysKept);
    }

    private KeyPruner Pruner() => new(_hub.Memory, _hub.Release, _hub.Clock);

    private async Task<IntakeOutcome> TakeAsync(SourceRecord record)
    {
        var placement = Placement.Of(_hub.Release.Landscape, "crm", record);
        var now = _hub.Clock.GetUtcNow();
        var envelope = new NewEnvelope(
            new EnvelopeId(CommandId.Derive("taken", (++_sent).ToString(CultureInfo.InvariantCulture)).Value), placement.Scope, placement.Unit, EnvelopeKind.SourceRecord,
            SourcePayload.Write("crm", record, null), placement.Scope.ToString(), null, now, now);
        var item = new IntakeItem("crm", record.Entity, $"{record.ExternalId}|{record.Version}", null, envelope);
        return (await _hub.Memory.AppendAsync([item], CancellationToken.None)).Single().Outcome;
    }

    private async Task AnswerAllAsync()
    {
        var answered = new HashSet<CommandId>();
        while ((await CommandsAsync()).FirstOrDefault(command => answered.Add(command.Id)) is { } next)
        {
            await _hub.AnswerAsync(next);
            await _hub.DrainAsync();
        }
    }

    private async Task<IEnumerable<Command>> CommandsAsync() => (await _hub.Memory.ListCommandsAsync(Scope.Master("customer"), int.MaxValue, CancellationToken.None))
        .Concat(await _hub.Memory.ListCommandsAsync(Sale, int.MaxValue, CancellationToken.None));

    private async Task<string> StateAsync() => string.Join('\n', (await _hub.Memory.LoadScopeAsync(Sale, CancellationToken.None))
        .Select(row => $"{row.Kind} {row.Id} {row.Data!.Fingerprint()}").Order(StringComparer.Ordinal)
        .Concat((await CommandsAsync()).Select(command => command.Id.ToString()).Order(StringComparer.Ordinal)));
}
