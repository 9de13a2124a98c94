using Throughline.Engine;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Cluster;
using Throughline.Engine.Cluster;
using Xunit;

namespace Throughline.Tests.Cluster;

/// <summary>The broker's part alone, against a real RabbitMQ.</summary>
public sealed class When_hubs_share_a_broker : IAsyncDisposable
{
    private readonly string _cluster = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
    private readonly List<RabbitBroker> _brokers = [];
    private readonly Log _log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Address => Environment.GetEnvironmentVariable("THROUGHLINE_RABBITMQ") is { Length: > 0 } given
        ? given
        : throw new InvalidOperationException(
            "These tests need RabbitMQ: THROUGHLINE_RABBITMQ is not set. Run ./test.sh, or scripts/rabbitmq-up.sh <folder> and export its last line.");

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _brokers)
        {
            await broker.DisposeAsync();
        }
    }

    [Fact]
    public async Task Should_give_a_token_to_one_hub_and_to_the_other_when_that_one_is_gone()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        a.Broker.PutToken("erp", 5);
        var (atA, atB) = (a.Heard.NextAsync("token erp 5"), b.Heard.NextAsync("token erp 5"));
        var first = await Task.WhenAny(atA, atB);
        Assert.False(atA.IsCompleted && atB.IsCompleted);

        await (first == atA ? a : b).Broker.DisposeAsync();

        await (first == atA ? atB : atA);
    }

    [Fact]
    public async Task Should_give_back_what_is_given_back_and_forget_what_is_done()
    {
        var a = await StartAsync("a");
        a.Broker.PutToken("erp", 1);
        (await a.Heard.NextAsync("token erp 1")).Message!.GiveBack();
        (await a.Heard.NextAsync("token erp 1")).Message!.Done();
        a.Broker.PutToken("erp", 2);
        await a.Heard.NextAsync("token erp 2");
    }

    /// <summary>So lanes wander to hubs that joined later.</summary>
    [Fact]
    public async Task Should_give_what_is_given_back_to_the_other_hub()
    {
        var a = await StartAsync("a");
        a.Broker.PutToken("erp", 1);
        var (_, token) = await a.Heard.NextAsync("token erp 1");
        var b = await StartAsync("b");

        token!.GiveBack();

        await b.Heard.NextAsync("token erp 1");
    }

    [Fact]
    public async Task Should_ring_one_hub_and_tell_all()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        a.Broker.RingLane("the erp");
        a.Broker.TellTaken(9, 4);
        await a.Heard.NextAsync("lane the erp");
        await b.Heard.NextAsync("lane the erp");
        await b.Heard.NextAsync("taken 9 4");

        a.Broker.Ring(11);
        var bell = await await Task.WhenAny(a.Heard.NextAsync("bell 11"), b.Heard.NextAsync("bell 11"));
        bell.Message!.Done();
    }

    /// <summary>More of them than a hub holds: kept, they would leave no place for a bell.</summary>
    [Fact]
    public async Task Should_drop_bells_that_no_hub_can_have_rung()
    {
        var a = await StartAsync("a");
        for (var partition = 0; partition < 20; partition++)
        {
            a.Broker.Ring(partition % 2 == 0 ? -1 - partition : Bell.Count + partition);
        }

        a.Broker.Ring(11);

        (await a.Heard.NextAsync("bell 11")).Message!.Done();
    }

    [Fact]
    public async Task Should_log_what_could_not_be_settled_because_the_connection_is_gone()
    {
        var a = await StartAsync("a");
        a.Broker.PutToken("erp", 1);
        var token = (await a.Heard.NextAsync("token erp 1")).Message!;
        await a.Broker.DisposeAsync();

        token.Done();

        Assert.Contains("TL1406", await _log.FirstAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_in_words_why_it_is_away()
    {
        var uri = new Uri("amqp://throughline@127.0.0.1:9");
        await using var broker = new RabbitBroker(new BrokerAddress(uri, () => "x"), _cluster, "a", TimeProvider.System, NullLogger<RabbitBroker>.Instance);
        var heard = new Listener("a");
        Assert.Null(broker.Trouble);
        broker.Start(["erp"], heard);
        await heard.NextAsync("lost");
        Assert.Contains("cannot be reached", broker.Trouble, StringComparison.Ordinal);

        var (version, problem) = await RabbitBroker.CheckAsync(new BrokerAddress(WithoutPassword(), () => "wrong"), Stop);
        Assert.Null(version);
        Assert.Contains("refuses", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_no_password_in_an_address()
    {
        Assert.Null(BrokerAddress.Parse("amqp://hub:secret@rabbit:5672").Uri);
        Assert.DoesNotContain("secret", BrokerAddress.Parse("amqp://hub:secret@rabbit:5672").Problem, StringComparison.Ordinal);
        Assert.NotNull(BrokerAddress.Parse("http://rabbit").Problem);
        Assert.NotNull(BrokerAddress.Parse("amqps://hub@rabbit/firm").Uri);
    }

    private static Uri WithoutPassword() => new UriBuilder(Address) { Password = "" }.Uri;

    private async Task<(RabbitBroker Broker, Listener Heard)> StartAsync(string hub)
    {
        var password = new Uri(Address).UserInfo.Split(':')[1];
        var broker = new RabbitBroker(new BrokerAddress(WithoutPassword(), () => password), _cluster, hub, TimeProvider.System, _log);
        _brokers.Add(broker);
        var heard = new Listener(hub);
        broker.Start(["erp"], heard);
        await heard.NextAsync("found");
        return (broker, heard);
    }

    private sealed class Log : ILogger<RabbitBroker>
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstAsync() => _first.Task.WaitAsync(Patience, TimeProvider.System, Stop);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _first.TrySetResult(formatter(state, exception));
    }

    private sealed class Listener(string hub) : IBrokerListener
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly Channel<(string What, BrokerMessage? Message)> _heard = Channel.CreateUnbounded<(string, BrokerMessage?)>();

        /// <summary>The next thing that is heard, which must be this.</summary>
        public async Task<(string By, BrokerMessage? Message)> NextAsync(string what)
        {
            var (said, message) = await _heard.Reader.ReadAsync(Stop).AsTask().WaitAsync(Patience, TimeProvider.System, Stop);
            Assert.Equal(what, said);
            return (hub, message);
        }

        public void BellRang(int partition, BrokerMessage message) => Note($"bell {partition}", message);

        public void LaneRang(string system) => Note($"lane {system}");

        public void PartitionTaken(int partition, long epoch) => Note($"taken {partition} {epoch}");

        public void TokenCame(string system, long number, BrokerMessage message) => Note($"token {system} {number}", message);

        public void BrokerFound() => Note("found");

        public void BrokerLost() => Note("lost");

        private void Note(string what, BrokerMessage? message = null) => _heard.Writer.TryWrite((what, message));
    }
}
