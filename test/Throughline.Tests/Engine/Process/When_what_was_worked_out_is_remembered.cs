using System.Collections.Immutable;
using System.Globalization;
using Throughline.Conformance.Order;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Tests.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>
/// Remembering makes the hub quicker and nothing else: a hub that keeps its units and one that reads them anew from their rows before each
/// batch, and so has forgotten all that it worked out, decide the same.
/// </summary>
public sealed class When_what_was_worked_out_is_remembered
{
    private static readonly string[] Sales = ["006A", "006B", "006C"];
    private static readonly string[] Accounts = ["001A", "001B"];
    private static readonly Scope[] Scopes = [.. Sales.Select(Scope.Engagement), Scope.Engagement("800A"), Scope.Master("customer"), Scope.Master("number:project")];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Should_decide_the_same_as_a_hub_that_forgets(int run)
    {
        var seed = TestSeed.Value ^ (run * 7919);
        var random = new Random(seed);
        var (keeps, forgets) = (new WorkedHub(), new WorkedHub());
        for (var step = 0; step < 60; step++)
        {
            var play = await NextAsync(random, keeps);
            await play(keeps);
            await play(forgets);
            await keeps.DrainAsync();
            await DrainForgettingAsync(forgets);
            Assert.True(
                await forgets.EverythingAsync(Scopes) == await keeps.EverythingAsync(Scopes),
                $"they part at step {step} of seed {seed}:\n--- forgets\n{await forgets.EverythingAsync(Scopes)}\n--- keeps\n{await keeps.EverythingAsync(Scopes)}");
        }

        // Which of the sales came to something depends on the seed; that any did makes the comparison worth something.
        var commands = 0;
        foreach (var scope in Scopes)
        {
            commands += (await keeps.Memory.ListCommandsAsync(scope, int.MaxValue, CancellationToken.None)).Length;
        }

        Assert.True(commands > 0, $"nothing was decided in any scope with seed {seed}");
    }

    [Fact]
    public async Task Should_ask_a_step_each_time_that_looks_at_the_status()
    {
        var hub = new WorkedHub();
        const string Amount = "holds: opportunity.amount != null && opportunity.amount.amount > 0";
        hub.ReleaseLandscape(text => text.Replace(Amount, "holds: status.text != 'Waiting'", StringComparison.Ordinal));
        await hub.SendAsync(CrmRecords.Account("001A"));
        await hub.SendAsync(CrmRecords.Contract("800A"));
        await hub.SendAsync(CrmRecords.Sale("006A", amount: 400_000m, contract: "800A"));
        await hub.DrainAsync();

        // The approval waits, so the status is another one, although no record has changed.
        var instance = Assert.Single((await hub.UnitAsync(new UnitKey(Scope.Engagement("006A"), ""))).Instances.Values);
        Assert.False(instance.Step("complete").IsDone);
    }

    [Fact]
    public async Task Should_ask_again_under_another_release()
    {
        var hub = new WorkedHub();
        await hub.SendAsync(CrmRecords.Account("001A"));
        await hub.SendAsync(CrmRecords.Sale("006A"));
        await hub.DrainAsync();
        Assert.True(Assert.Single((await hub.UnitAsync(new UnitKey(Scope.Engagement("006A"), ""))).Instances.Values).Step("complete").IsDone);

        var parameters = hub.Release.Landscape.Parameters;
        hub.Release.Landscape = hub.Release.Landscape with { Parameters = parameters.With("atRisk", Fields.Of(("limit", Money.Of(1m, "EUR")))) };
        await hub.SendAsync(CrmRecords.Contract("006A"));
        await hub.DrainAsync();

        Assert.False(Assert.Single((await hub.UnitAsync(new UnitKey(Scope.Engagement("006A"), ""))).Instances.Values).Step("signed").IsDone);
    }

    [Fact]
    public async Task Should_do_again_what_was_done_when_a_sale_that_was_taken_back_is_started_anew()
    {
        var hub = new WorkedHub();
        await hub.SendAsync(CrmRecords.Account("001A"));
        await hub.SendAsync(CrmRecords.Sale("006A"));
        await ConcludeAsync(hub);
        await hub.SendAsync(CrmRecords.Sale("006A", won: false));
        await ConcludeAsync(hub);
        await hub.ActAsync(Assert.Single(await hub.OpenCasesAsync()), CaseAction.Reject);
        await ConcludeAsync(hub);
        await hub.SendAsync(CrmRecords.Sale("006A"));
        await ConcludeAsync(hub);
        await hub.ActAsync(Assert.Single(await hub.OpenCasesAsync()), CaseAction.Retry);
        await ConcludeAsync(hub);

        var instance = Assert.Single((await hub.UnitAsync(new UnitKey(Scope.Engagement("006A"), ""))).Instances.Values);
        Assert.Equal(InstanceStatus.Done, instance.Status);
        Assert.All(instance.Steps.Values, step => Assert.True(step.IsDone));
        var creations = (await hub.Memory.ListCommandsAsync(Scope.Engagement("006A"), int.MaxValue, CancellationToken.None))
            .Where(command => command.Item.Operation == WriteOperation.Create).GroupBy(command => command.Target).ToArray();
        Assert.NotEmpty(creations);
        Assert.All(creations, target => Assert.Equal(2, target.Count()));
    }

    private static async Task DrainForgettingAsync(WorkedHub hub)
    {
        while (await hub.Memory.PartitionsWithWorkAsync(CancellationToken.None) is { IsEmpty: false } partitions)
        {
            hub.Restart();
            await hub.WorkAsync(partitions);
        }
    }

    private static async Task ConcludeAsync(WorkedHub hub)
    {
        await hub.DrainAsync();
        while (await InFlightAsync(hub) is { Length: > 0 } inFlight)
        {
            foreach (var command in inFlight)
            {
                await hub.AnswerAsync(command);
            }

            await hub.DrainAsync();
        }
    }

    private static async Task<Command[]> InFlightAsync(WorkedHub hub)
    {
        var inFlight = new List<Command>();
        foreach (var scope in Scopes)
        {
            var awaited = (await hub.Memory.LoadScopeAsync(scope, CancellationToken.None)).Where(row => row.Kind == StateKind.Target)
                .Select(row => row.Data!.Text("inFlight")).ToHashSet();
            inFlight.AddRange((await hub.Memory.ListCommandsAsync(scope, int.MaxValue, CancellationToken.None)).Where(command => awaited.Contains(command.Id.ToString())));
        }

        return [.. inFlight.OrderBy(command => command.Id.ToString(), StringComparer.Ordinal)];
    }

    private static async Task<Func<WorkedHub, Task>> NextAsync(Random random, WorkedHub hub)
    {
        switch (random.Next(10))
        {
            case 0:
                var account = CrmRecords.Account(Of(random, Accounts), taxId: Of(random, ["DE333333333", "DE444444444"]));
                return other => other.SendAsync(account);
            case 1:
                var contract = CrmRecords.Contract("800A");
                return other => other.SendAsync(contract);
            case 2 or 3:
                var sale = Sale(random);
                return other => other.SendAsync(sale);
            case 4:
                var time = TimeSpan.FromHours(random.Next(1, 40));
                return async other =>
                {
                    other.Clock.Pass(time);
                    await other.Memory.FireTimersAsync(other.Clock.GetUtcNow(), 1_000, CancellationToken.None);
                };
            case 5 when (await hub.OpenCasesAsync()) is { IsEmpty: false } cases:
                var item = cases[random.Next(cases.Length)];
                var action = item.Actions[random.Next(item.Actions.Length)];
                return other => other.ActAsync(item, action);
            case 6 when random.Next(3) == 0:
                var limit = (decimal)random.Next(1, 40) * 1_000m;
                return other =>
                {
                    var landscape = other.Release.Landscape;
                    other.Release.Landscape = landscape with { Parameters = landscape.Parameters.With("atRisk", Fields.Of(("limit", Money.Of(limit, "EUR")))) };
                    return Task.CompletedTask;
                };
            default:
                return await AnswersAsync(random, hub);
        }
    }

    private static async Task<Func<WorkedHub, Task>> AnswersAsync(Random random, WorkedHub hub)
    {
        var chosen = (await InFlightAsync(hub)).Where(_ => random.Next(3) > 0)
            .Select(command => (command, random.Next(6) == 0 ? new TargetFailure("validation", "refused", null) : null)).ToArray();
        return async other =>
        {
            foreach (var (command, failure) in chosen)
            {
                await other.AnswerAsync(command, failure);
            }
        };
    }

    private static SourceRecord Sale(Random random)
    {
        var id = Of(random, Sales);
        var sale = CrmRecords.Sale(
            id, Of(random, [15_000m, 15_000m, 90_000.50m, 400_000m]), id == "006C" && random.Next(2) == 0 ? "006A" : null, random.Next(2) == 0 ? "800A" : null,
            random.Next(5) > 0, Of(random, ["DE", "UK"]), Of(random, Accounts));
        return random.Next(8) == 0 ? sale with { Fields = sale.Fields.With("CloseDate", "some day") } : sale;
    }

    private static T Of<T>(Random random, T[] values) => values[random.Next(values.Length)];
}
