using System.Collections.Immutable;
using Throughline.Connect;

namespace Throughline.Connectors;

/// <summary>Every kind of connector there is, one line each; nothing is found by scanning.</summary>
public static class ConnectorCatalog
{
    public static ImmutableArray<IConnectorKind> All { get; } =
    [
    ];

    public static IConnectorKind? Find(string kind) => All.FirstOrDefault(entry => entry.Manifest.Kind == kind);
}
