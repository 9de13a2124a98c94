using Throughline.Model;

namespace Throughline.Engine;

/// <summary>Which bell announces what: each partition has one for its engagements and one for its entries, which queue apart.</summary>
public static class Bell
{
    public const int Count = 2 * Scope.PartitionCount;

    public static int Of(NewEnvelope envelope) => envelope.Stream == EnvelopeStream.Entries ? OfEntries(envelope.Scope.Partition) : envelope.Scope.Partition;

    public static int OfEntries(int partition) => partition + Scope.PartitionCount;

    public static bool IsOfEntries(int bell) => bell >= Scope.PartitionCount;

    public static int PartitionOf(int bell) => bell % Scope.PartitionCount;
}
