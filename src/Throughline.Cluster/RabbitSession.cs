using Throughline.Engine;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Throughline.Engine.Cluster;
using Throughline.Model;

namespace Throughline.Cluster;

/// <summary>
/// One connection, from its opening until it breaks. Bells and tokens are in quorum queues, which outlive the broker's restart and the loss of one of its nodes; hints
/// for everybody go by a fanout into queues that die with their hub. What a hub holds unacknowledged goes to another one when the connection ends.
/// </summary>
internal sealed partial class RabbitSession : IAsyncDisposable
{
    // How many bells one hub may hold. The others go to whoever has time.
    private const ushort BellsHeld = 16;

    // A frozen hub is noticed after about twice this time.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(5);

    private readonly IConnection _connection;
    private readonly string _prefix;
    private readonly string _hub;
    private readonly ILogger _log;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(IChannel Channel, string Tag)> _consumers = [];
    private IChannel? _outgoing;
    private IChannel? _hints;
    private bool _isLeaving;

    private RabbitSession(IConnection connection, string prefix, string hub, ILogger log) => (_connection, _prefix, _hub, _log) = (connection, prefix, hub, log);

    /// <summary>Completed, with the reason in words, when nothing more comes.</summary>
    public Task<string> Ended => _ended.Task;

    private string Hints => _prefix + ".hints";

    public static async Task<RabbitSession> OpenAsync(
        BrokerAddress address, string prefix, string hub, IReadOnlyList<string> lanes, IBrokerListener listener, ILogger log, CancellationToken cancellation)
    {
        var session = new RabbitSession(await ConnectAsync(address, hub, cancellation), prefix, hub, log);
        try
        {
            await session.SetUpAsync(lanes, listener, cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public static Task<IConnection> ConnectAsync(BrokerAddress address, string name, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory
        {
            Uri = address.Uri,
            UserName = address.Uri.UserInfo.Length > 0 ? Uri.UnescapeDataString(address.Uri.UserInfo) : ConnectionFactory.DefaultUser,
            Password = address.Password(),
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectMax,
            HandshakeContinuationTimeout = ConnectMax,
            ContinuationTimeout = ConnectMax,
            // A new connection is a new session: what was held before is not ours any more.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            ClientProvidedName = "throughline " + name,
        };
        return factory.CreateConnectionAsync(cancellation);
    }

    /// <summary>
    /// Deletes a queue that the broker has and cannot serve; the next session makes it anew. What was in it is no loss: bells are hints, and who does not get a token
    /// mints another.
    /// </summary>
    public static async Task DeleteQueueAsync(BrokerAddress address, string hub, string queue, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(address, hub, cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        try
        {
            await channel.QueueDeleteAsync(queue, cancellationToken: cancellation);
        }
        catch (Exception e) when (IsStuck(e) && !cancellation.IsCancellationRequested)
        {
            // The broker gives no answer about such a queue, and forgets it all the same (seen with RabbitMQ 3.10).
        }
    }

    public Task RingAsync(int partition) => PutAsync(_prefix + ".bells", partition.ToString(CultureInfo.InvariantCulture));

    public Task PutTokenAsync(string system, long number) => PutAsync(LaneQueue(system), number.ToString(CultureInfo.InvariantCulture));

    public Task RingLaneAsync(string system) => TellAsync($"lane {system}");

    public Task TellTakenAsync(int partition, long epoch) => TellAsync(string.Create(CultureInfo.InvariantCulture, $"taken {partition} {epoch}"));

    public async Task StopListeningAsync()
    {
        _isLeaving = true;
        foreach (var (channel, tag) in _consumers)
        {
            await channel.BasicCancelAsync(tag);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isLeaving = true;
        _ended.TrySetResult("this hub stops");
        // Waits for an answer at most for this long; the broker may be gone.
        await _connection.CloseAsync(Constants.ReplySuccess, "the hub stops", TimeSpan.FromSeconds(2), abort: true, CancellationToken.None);
        await _connection.DisposeAsync();
    }

    private string LaneQueue(string system) => $"{_prefix}.lane.{system}";

    private async Task SetUpAsync(IReadOnlyList<string> lanes, IBrokerListener listener, CancellationToken cancellation)
    {
        _connection.ConnectionShutdownAsync += (_, reason) => End(reason.ReplyText);
        _outgoing = await ChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        _hints = await ChannelAsync(null, cancellation);
        await _hints.ExchangeDeclareAsync(Hints, ExchangeType.Fanout, durable: false, autoDelete: false, cancellationToken: cancellation);
        var mine = await _hints.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation);
        await _hints.QueueBindAsync(mine.QueueName, Hints, "", cancellationToken: cancellation);
        await ListenAsync(_hints, mine.QueueName, isKept: false, (text, _) => Heard(text, listener), cancellation);

        var tokens = await ChannelAsync(null, cancellation);
        await tokens.BasicQosAsync(0, 1, global: false, cancellation);
        foreach (var system in lanes)
        {
            await ListenToKeptAsync(tokens, LaneQueue(system), (number, message) => listener.TokenCame(system, number, message), cancellation);
        }

        var bells = await ChannelAsync(null, cancellation);
        await bells.BasicQosAsync(0, BellsHeld, global: false, cancellation);
        await ListenToKeptAsync(
            bells, _prefix + ".bells", (number, message) =>
            {
                if (number < Bell.Count)
                {
                    listener.BellRang((int)number, message);
                }
                else
                {
                    message.Done();
                }
            },
            cancellation);
    }

    // Declared and listened to. A broker that was killed while it made a queue has it afterwards and cannot serve it, for good.
    private async Task ListenToKeptAsync(IChannel channel, string queue, Action<long, BrokerMessage> hear, CancellationToken cancellation)
    {
        try
        {
            await DeclareAsync(channel, queue, cancellation);
            await ListenAsync(channel, queue, isKept: true, (text, message) => Numbered(text, message!, number => hear(number, message!)), cancellation);
        }
        catch (Exception e) when (IsStuck(e) && !cancellation.IsCancellationRequested)
        {
            throw new QueueStuckException(queue, e);
        }
    }

    private static bool IsStuck(Exception failure) =>
        failure is OperationCanceledException or TimeoutException or OperationInterruptedException { ShutdownReason.ReplyCode: Constants.InternalError };

    // What is no number was not sent by a hub. Kept, it would take the place of one that was: a hub holds only so many.
    private static void Numbered(string text, BrokerMessage message, Action<long> hear)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            hear(number);
        }
        else
        {
            message.Done();
        }
    }

    private async Task<IChannel> ChannelAsync(CreateChannelOptions? options, CancellationToken cancellation)
    {
        var channel = await _connection.CreateChannelAsync(options, cancellation);
        channel.ChannelShutdownAsync += (_, reason) => End(reason.ReplyText);
        return channel;
    }

    private Task End(string why)
    {
        _ended.TrySetResult(why);
        return Task.CompletedTask;
    }

    private Task<QueueDeclareOk> DeclareAsync(IChannel channel, string queue, CancellationToken cancellation)
    {
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        // RabbitMQ 4 drops a message that came back twenty times; a token comes back with every hub that stops. Before 4 there is no limit, and -1 is refused.
        if (_connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] text
            && Version.TryParse(Encoding.ASCII.GetString(text).Split('-', '+')[0], out var version) && version.Major >= 4)
        {
            arguments["x-delivery-limit"] = -1;
        }

        return channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellation);
    }

    private async Task ListenAsync(IChannel channel, string queue, bool isKept, Action<string, BrokerMessage?> hear, CancellationToken cancellation)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            hear(Encoding.UTF8.GetString(delivery.Body.Span), isKept ? new Delivery(this, channel, delivery.DeliveryTag) : null);
            return Task.CompletedTask;
        };
        // The queue was deleted under us: by another hub to which it was stuck, or by a person.
        consumer.UnregisteredAsync += (_, _) => _isLeaving ? Task.CompletedTask : End($"the queue {queue} was deleted");
        var tag = await channel.BasicConsumeAsync(queue, autoAck: !isKept, consumer, cancellation);
        _consumers.Add((channel, tag));
    }

    private void Heard(string text, IBrokerListener listener)
    {
        if (text.Split(' ') is [_, "lane", ..])
        {
            listener.LaneRang(text[(text.IndexOf(" lane ", StringComparison.Ordinal) + " lane ".Length)..]);
        }
        else if (text.Split(' ') is [var hub, "taken", var given, var under] && hub != _hub
            && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(under, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
        {
            listener.PartitionTaken(partition, epoch);
        }
    }

    // Returns when the broker has it for good.
    private Task PutAsync(string queue, string text) =>
        _outgoing!.BasicPublishAsync("", queue, mandatory: false, new BasicProperties { DeliveryMode = DeliveryModes.Persistent }, Encoding.UTF8.GetBytes(text)).AsTask();

    private Task TellAsync(string text) => _hints!.BasicPublishAsync(Hints, "", mandatory: false, new BasicProperties(), Encoding.UTF8.GetBytes($"{_hub} {text}")).AsTask();

    [LoggerMessage(EventId = 1406, Level = LogLevel.Debug,
        Message = "TL1406 what became of a bell or token could not be told to the broker, since the connection that it came by is gone; the broker gives it to another hub")]
    private partial void LogNotSettled(Exception e);

    private sealed class Delivery(RabbitSession session, IChannel channel, ulong tag) : BrokerMessage
    {
        public override void Done() => _ = SettleAsync(() => channel.BasicAckAsync(tag, multiple: false));

        public override void GiveBack() => _ = SettleAsync(() => channel.BasicNackAsync(tag, multiple: false, requeue: true));

        private async Task SettleAsync(Func<ValueTask> settle)
        {
            try
            {
                await settle();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                session.LogNotSettled(e);
            }
        }
    }
}

/// <summary>The broker has a queue of ours, and gives no answer about it or fails over it.</summary>
internal sealed class QueueStuckException(string queue, Exception inner)
    : Exception($"it has the queue {queue} and cannot serve it ({(inner is OperationCanceledException ? "no answer in time" : inner.Message.TrimEnd('.'))})", inner)
{
    public string Queue => queue;
}
