using Throughline.Landscape;

namespace Throughline.Engine.Partition;

/// <summary>An envelope with what is found out before its unit is loaded: the mapped record, and which unit it belongs to.</summary>
/// <param name="Entity">The canonical entity that the record is mapped to, for source records.</param>
/// <param name="Inward">The mapping's result, for source records; null where the landscape has no map for them.</param>
/// <param name="SameAs">Another unit whose record carries the same identity key.</param>
public sealed record PreparedEnvelope(Envelope Envelope, string? Entity, InwardResult? Inward, string? SameAs);
