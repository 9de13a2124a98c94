namespace Throughline.Engine.Cluster;

/// <summary>
/// What several hubs on one store tell each other, without ever calling each other. Everything here is a hint: a message that is lost, comes twice or
/// comes late costs time and nothing else, because the store alone decides who may write. None of the methods waits for the broker or fails.
/// </summary>
public interface IBroker : IAsyncDisposable
{
    /// <summary>Where it is, without credentials.</summary>
    string Description { get; }

    /// <summary>Null while the hubs hear each other; else why not, for people.</summary>
    string? Trouble { get; }

    /// <summary>Connects, and again whenever the connection is lost, until disposed of.</summary>
    /// <param name="lanes">In the order in which this hub asks for their tokens.</param>
    void Start(IReadOnlyList<string> lanes, IBrokerListener listener);

    /// <summary>One of the hubs, perhaps this one, is to look at a partition.</summary>
    void Ring(int partition);

    /// <summary>Whoever drives a lane is to look for commands.</summary>
    void RingLane(string system);

    /// <summary>Every hub is to know that this one has taken a partition.</summary>
    void TellTaken(int partition, long epoch);

    /// <summary>Puts the token of a lane where one of the hubs will get it.</summary>
    void PutToken(string system, long number);

    /// <summary>No more bells and tokens come; those that are held stay.</summary>
    Task StopListeningAsync();
}

/// <summary>What a hub hears. Called by the broker's threads; must return soon.</summary>
public interface IBrokerListener
{
    void BellRang(int partition, BrokerMessage message);

    void LaneRang(string system);

    /// <summary>Another hub has taken a partition.</summary>
    void PartitionTaken(int partition, long epoch);

    /// <summary>This hub holds the token of a lane for as long as it keeps the message, and the connection lasts.</summary>
    void TokenCame(string system, long number, BrokerMessage message);

    void BrokerFound();

    /// <summary>The connection is gone, and with it every message that was held: others will get them.</summary>
    void BrokerLost();
}

/// <summary>A message that nobody else gets while it is kept. Dies with the connection; to settle it then does nothing.</summary>
public abstract class BrokerMessage
{
    /// <summary>It has served its purpose.</summary>
    public abstract void Done();

    /// <summary>Somebody else may have it.</summary>
    public abstract void GiveBack();
}
