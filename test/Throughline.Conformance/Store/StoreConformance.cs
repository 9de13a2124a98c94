using System.Collections.Immutable;
using System.Reflection;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

/// <summary>
/// What every <see cref="IHubStore"/> must do. Inherit it, open the store in question, and every case runs against it. Each test has
/// data of its own.
/// </summary>
public abstract partial class StoreConformance : IAsyncLifetime
{
    protected static readonly Scope Alpha = Scope.Engagement("alpha");
    protected static readonly Scope Beta = Scope.Engagement("beta");
    protected static readonly Scope Customers = Scope.Master("customer");

    private IHubStore? _store;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IHubStore Store => _store ?? throw new InvalidOperationException("the store is open only while a test runs");

    public async ValueTask InitializeAsync()
    {
        _store = await OpenAsync();
        await _store.MigrateAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        await CleanAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens this test's data: empty at the first call, what was committed at a later one.</summary>
    protected abstract Task<IHubStore> OpenAsync();

    /// <summary>Removes this test's data.</summary>
    protected virtual ValueTask CleanAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Should_call_every_method_of_the_ports_in_this_suite()
    {
        var ports = typeof(IHubStore).GetInterfaces().Append(typeof(IHubStore)).Where(type => type.Namespace!.StartsWith(typeof(IHubStore).Namespace!, StringComparison.Ordinal));
        var methods = ports.SelectMany(port => port.GetMethods()).Where(method => !method.IsSpecialName).Select(method => method.Name).ToHashSet();

        methods.ExceptWith(CalledHere());

        Assert.True(methods.Count == 0, "no case calls " + string.Join(", ", methods));
    }

    [Fact]
    public async Task Should_migrate_again_without_harm_and_describe_itself_without_secrets()
    {
        await TakeAndCommit(Alpha, new() { Partition = Alpha.Partition, Epoch = 0, State = [State(Alpha, "r", "kept")] });

        await Store.MigrateAsync(Stop);

        Assert.Single(await Store.LoadScopeAsync(Alpha, Stop));
        Assert.NotEmpty(Store.Description);
        Assert.DoesNotContain("password", Store.Description, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Should_have_everything_again_when_reopened()
    {
        await Store.AppendAsync([Item(Alpha, "k1"), Item(Beta, "k2")], Stop);
        var epoch = await CommitOfEverything();
        await Store.CommitAsync(new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, IntakeCursor = 1 }, Stop);
        await Store.WriteCursorAsync("crm", "Opportunity", "c1", Stop);
        var lane = await Store.TakeLaneAsync("erp", "a", Stop);
        await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 1, Stop);
        var before = await Everything(Store);

        await ReopenAsync();

        Assert.Equal(before, await Everything(Store));
        Assert.Equal(lane + 1, await Store.TakeLaneAsync("erp", "b", Stop));
        Assert.Equal(2, await Store.TakePartitionAsync(Alpha.Partition, "b", Stop));
        var again = await Store.AppendAsync([Item(Alpha, "k1")], Stop);
        Assert.Equal(Engine.Intake.IntakeOutcome.Duplicate, again[0].Outcome);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Should_answer_generated_operations_as_the_model_does(int seed)
    {
        var model = new MemoryHubStore();
        var script = new StoreScript(seed);
        for (var step = 0; step < 250; step++)
        {
            var operation = script.Next();
            var expected = await Outcome(operation.Run, model);
            var actual = await Outcome(operation.Run, Store);
            Assert.True(expected == actual, $"seed {seed}, step {step}, {operation.Name}: {Difference(expected, actual)}");
            script.Learn(operation, expected);
        }

        var (all, found) = (await Everything(model), await Everything(Store));
        Assert.True(all == found, $"seed {seed}, at the end: {Difference(all, found)}");
    }

    protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        _store = await OpenAsync();
    }

    /// <summary>Every list of the store as one text, but for the numbers of feeds, in which a refused commit may leave a gap.</summary>
    private static async Task<string> Everything(IHubStore store)
    {
        var parts = new List<object?>
        {
            await store.CountAsync(Stop), await store.PartitionsWithWorkAsync(Stop), await store.ListCasesAsync(new() { Max = 1000 }, Stop),
            await store.ListInstancesAsync(null, null, null, 1000, Stop), (await store.ReadEventsAsync(0, 1000, Stop)).Select(item => item with { Number = 0 }),
            await store.ListParkedAsync(null, 1000, Stop), await store.NextTimerAsync(Stop),
            await store.ReadCursorAsync("crm", "Opportunity", Stop),
        };
        for (var partition = 0; partition < Scope.PartitionCount; partition++)
        {
            parts.Add(await store.ReadEnvelopesAsync(partition, 1000, Stop));
        }

        foreach (var scope in StoreScript.Scopes.Concat([Alpha, Beta]).Distinct())
        {
            parts.Add(await store.LoadScopeAsync(scope, Stop));
            parts.Add(await store.ListCommandsAsync(scope, 1_000, Stop));
            parts.Add(WithoutNumbers(await store.ReadLineageAsync(scope.ToString(), 0, 1000, Stop)));
        }

        return string.Join("\n", parts.Select(Tell));
    }

    private static string WithoutNumbers(ImmutableArray<Engine.Lineage.LineageEntry> entries) => Tell(entries.Select(entry => entry with { Number = 0 }));

    private static async Task<string> Outcome(Func<IHubStore, Task<object?>> operation, IHubStore store)
    {
        try
        {
            return Tell(await operation(store));
        }
        catch (Exception failure) when (failure is FencedException or CrosswalkConflictException or ArgumentException or InvalidOperationException)
        {
            return failure.GetType().Name + (failure is CrosswalkConflictException conflict ? Tell(conflict.Row) : "");
        }
    }

    private static string Difference(string model, string store)
    {
        var first = model.Zip(store).TakeWhile(pair => pair.First == pair.Second).Count();
        string Around(string text) => text[Math.Max(0, first - 300)..Math.Min(text.Length, first + 200)];
        return $"\nmodel: {Around(model)}\nstore: {Around(store)}";
    }

    private async Task<long> TakeAndCommit(Scope scope, PartitionCommit commit)
    {
        var epoch = await Store.TakePartitionAsync(scope.Partition, "test", Stop);
        await Store.CommitAsync(commit with { Partition = scope.Partition, Epoch = epoch }, Stop);
        return epoch;
    }

    /// <summary>A commit in which every part has something.</summary>
    private Task<long> CommitOfEverything() => TakeAndCommit(Alpha, FullCommit());

    private static PartitionCommit FullCommit() => new()
    {
        Partition = Alpha.Partition,
        Epoch = 0,
        State = [State(Alpha, "r1", "one"), State(Alpha, "r2", "two", "unit"), State(Alpha, "r1", "target", kind: StateKind.Target)],
        Crosswalk = [Crosswalk(Alpha, "001A", "acme")],
        Matches = [new MatchRow(Alpha, "customer", "DE123", "")],
        Commands = [Command(Alpha, "c1"), Command(Alpha, "c2", priority: 0)],
        Timers = [Timer(Alpha, "t1", T0.AddHours(1))],
        Cases = [Case(Alpha, "case1")],
        Instances = [Instance(Alpha, "i1")],
        Events = [Event(Alpha, "project.created")],
        Lineage = [Line(Alpha, "The project was created.")],
        Messages = [Envelope(Beta, "m1", EnvelopeKind.Request), Envelope(Alpha, "m2", EnvelopeKind.Change)],
        Parked = [new ParkedEnvelope(new Envelope(Envelope(Alpha, "p1"), 1), "waits for the customer", T0.AddDays(1))],
    };

    /// <summary>Names of the methods of the ports that the code of this suite calls, read from its instructions.</summary>
    private static HashSet<string> CalledHere()
    {
        const byte call = 0x28, callVirtual = 0x6F;
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var suite = typeof(StoreConformance);
        var called = new HashSet<string>();
        foreach (var method in Nested(suite).SelectMany(type => type.GetMethods(all)))
        {
            var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
            for (var i = 0; i + 4 < code.Length; i++)
            {
                if (code[i] is call or callVirtual && CalledPort(suite.Module, BitConverter.ToInt32(code, i + 1)) is { } name)
                {
                    called.Add(name);
                }
            }
        }

        return called;
    }

    private static IEnumerable<Type> Nested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(Nested).Prepend(type);

    private static string? CalledPort(Module module, int token)
    {
        try
        {
            var method = module.ResolveMethod(token);
            return method?.DeclaringType is { IsInterface: true } port && port.IsAssignableFrom(typeof(IHubStore)) ? method.Name : null;
        }
        catch (Exception failure) when (failure is ArgumentException or BadImageFormatException)
        {
            // Not an instruction but an operand that looked like one.
            return null;
        }
    }
}
