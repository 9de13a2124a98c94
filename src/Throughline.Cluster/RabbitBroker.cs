using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;
using Throughline.Engine.Cluster;

namespace Throughline.Cluster;

/// <summary>
/// RabbitMQ behind the port of the engine. It connects, and connects again; what is to be said while it is away is not kept, because the hubs look for themselves.
/// </summary>
public sealed partial class RabbitBroker : IBroker
{
    private const int UnsaidMax = 10_000;

    // In a row. Once may be a broker that is just being stopped or frozen.
    private const int StuckMax = 3;
    private static readonly TimeSpan TryEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SayMax = TimeSpan.FromSeconds(2);

    // A queue whose keeper is gone takes what is said and never confirms it.
    private static readonly TimeSpan ConfirmMax = TimeSpan.FromSeconds(5);

    private readonly BrokerAddress _address;
    private readonly string _prefix;
    private readonly string _hub;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Channel<Word> _words = Channel.CreateBounded<Word>(new BoundedChannelOptions(UnsaidMax) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly TaskCompletionSource _allSaid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private volatile RabbitSession? _session;
    private volatile string? _trouble;
    private (string Queue, int Times) _stuck = ("", 0);
    private Task _running = Task.CompletedTask;

    /// <param name="clusterId">Distinguishes the hubs of one store from those of others at the same broker.</param>
    /// <param name="hub">This hub's name, without spaces.</param>
    public RabbitBroker(BrokerAddress address, string clusterId, string hub, TimeProvider time, ILogger<RabbitBroker> log) =>
        (_address, _prefix, _hub, _time, _log) = (address, "throughline." + clusterId, hub, time, log);

    public string Description => _address.Description;

    // Null also before the first try is over, so that nobody begins in the way of an outage.
    public string? Trouble => _trouble;

    /// <summary>Whether somebody answers there and lets us in: its version, or what is wrong.</summary>
    public static async Task<(string? Version, string? Problem)> CheckAsync(BrokerAddress address, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await RabbitSession.ConnectAsync(address, "doctor", cancellation);
            var version = connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] text ? Encoding.ASCII.GetString(text) : "?";
            return ("RabbitMQ " + version, null);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            return (null, Words(e));
        }
    }

    public void Start(IReadOnlyList<string> lanes, IBrokerListener listener) => _running = Task.Run(() => RunAsync(lanes, listener));

    public void Ring(int partition) => Say(new Word(WordKind.Bell, "", partition));

    public void RingLane(string system) => Say(new Word(WordKind.LaneBell, system, 0));

    public void TellTaken(int partition, long epoch) => Say(new Word(WordKind.Taken, "", partition, epoch));

    public void PutToken(string system, long number) => Say(new Word(WordKind.Token, system, 0, number));

    public async Task StopListeningAsync()
    {
        try
        {
            await (_session?.StopListeningAsync() ?? Task.CompletedTask);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotStopped(e);
        }
    }

    /// <summary>Says what is still to be said, for two seconds at most, and leaves; what is held goes to others.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_words.Writer.TryComplete())
        {
            return;
        }

        if (_session is not null)
        {
            await Task.WhenAny(_allSaid.Task, _running, Task.Delay(SayMax, _time));
        }

        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private void Say(Word word)
    {
        if (_trouble is null)
        {
            _words.Writer.TryWrite(word);
        }
    }

    private async Task RunAsync(IReadOnlyList<string> lanes, IBrokerListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            string why;
            try
            {
                why = await OneSessionAsync(lanes, listener);
            }
            catch (QueueStuckException e)
            {
                _stuck = (e.Queue, _stuck.Times + 1);
                why = e.Message;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                why = Words(e);
            }

            (_session, _trouble) = (null, why);
            while (_words.Reader.TryRead(out var _))
            {
                // Nobody hears it.
            }

            if (_stop.IsCancellationRequested)
            {
                return;
            }

            listener.BrokerLost();
            try
            {
                await Task.Delay(TryEvery, _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<string> OneSessionAsync(IReadOnlyList<string> lanes, IBrokerListener listener)
    {
        if (_stuck.Times >= StuckMax)
        {
            await RabbitSession.DeleteQueueAsync(_address, _hub, _stuck.Queue, _stop.Token);
            LogStuck(_stuck.Queue);
            // Where one is, others often are; they were waited for already.
            _stuck = ("", StuckMax - 1);
        }

        await using var session = await RabbitSession.OpenAsync(_address, _prefix, _hub, lanes, listener, _log, _stop.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        (_session, _trouble, _stuck) = (session, null, ("", 0));
        listener.BrokerFound();
        var saying = SayAsync(session, over.Token);
        await Task.WhenAny(session.Ended, saying, Stopped());
        await over.CancelAsync();
        var saidWrong = await Result(saying);
        return session.Ended.IsCompleted ? await session.Ended : saidWrong ?? "this hub stops";
    }

    private async Task Stopped()
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private static async Task<string?> Result(Task saying)
    {
        try
        {
            await saying;
            return null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Words(e);
        }
    }

    // What has gathered is said together, each thing once.
    private async Task SayAsync(RabbitSession session, CancellationToken cancellation)
    {
        var gathered = new HashSet<Word>();
        while (await _words.Reader.WaitToReadAsync(cancellation))
        {
            gathered.Clear();
            while (gathered.Count < 256 && _words.Reader.TryRead(out var word))
            {
                gathered.Add(word);
            }

            await Task.WhenAll(gathered.Select(word => word.Kind switch
            {
                WordKind.Bell => session.RingAsync(word.Partition),
                WordKind.LaneBell => session.RingLaneAsync(word.System),
                WordKind.Taken => session.TellTakenAsync(word.Partition, word.Number),
                _ => session.PutTokenAsync(word.System, word.Number),
            })).WaitAsync(ConfirmMax, _time, cancellation);
        }

        _allSaid.TrySetResult();
        await session.Ended.WaitAsync(cancellation);
    }

    private static string Words(Exception failure) => failure switch
    {
        BrokerUnreachableException { InnerException: AuthenticationFailureException } or AuthenticationFailureException =>
            "it refuses the user or the password",
        BrokerUnreachableException { InnerException: { } inner } => $"it cannot be reached: {inner.GetBaseException().Message.TrimEnd('.')}",
        OperationInterruptedException { ShutdownReason: { } reason } => reason.ReplyText,
        OperationCanceledException or TimeoutException => "it gives no answer in time",
        _ => failure.GetBaseException().Message.TrimEnd('.'),
    };

    [LoggerMessage(EventId = 1405, Level = LogLevel.Warning,
        Message = "TL1405 the broker could not be told that this hub listens no longer, most likely since the connection is gone; what still comes goes to others when it ends")]
    private partial void LogNotStopped(Exception e);

    [LoggerMessage(EventId = 1407, Level = LogLevel.Warning,
        Message = "TL1407 the broker has the queue {Queue} and could not serve it three times in a row, as after a kill while it made it; the queue is deleted and "
            + "made anew. Nothing is lost: what is to be done stands in the store")]
    private partial void LogStuck(string queue);

    private enum WordKind
    {
        Bell,
        LaneBell,
        Taken,
        Token,
    }

    private readonly record struct Word(WordKind Kind, string System, int Partition, long Number = 0);
}
