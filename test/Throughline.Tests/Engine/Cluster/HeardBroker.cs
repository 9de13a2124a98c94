using Throughline.Engine.Cluster;

namespace Throughline.Tests.Engine.Cluster;

/// <summary>A broker that only notes what it is told; the test says what is heard.</summary>
internal sealed class HeardBroker : IBroker
{
    public string Description => "a broker in a test";

    public string? Trouble { get; set; }

    public List<string> Said { get; } = [];

    public void Start(IReadOnlyList<string> lanes, IBrokerListener listener)
    {
    }

    public void Ring(int partition) => Said.Add($"bell {partition}");

    public void RingLane(string system) => Said.Add($"lane {system}");

    public void TellTaken(int partition, long epoch) => Said.Add($"taken {partition} {epoch}");

    public void PutToken(string system, long number) => Said.Add($"token {system} {number}");

    public Task StopListeningAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A message that remembers what became of it.</summary>
    public sealed class Message : BrokerMessage
    {
        public string Fate { get; private set; } = "held";

        public override void Done() => Fate = "done";

        public override void GiveBack() => Fate = "given back";
    }
}
