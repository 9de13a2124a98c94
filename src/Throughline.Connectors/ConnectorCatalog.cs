using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Connectors.Redmine;
using Throughline.Connectors.Salesforce;
using Throughline.Connectors.Tryton;

namespace Throughline.Connectors;

/// <summary>Every kind of connector there is, one line each; nothing is found by scanning.</summary>
public static class ConnectorCatalog
{
    public static ImmutableArray<IConnectorKind> All { get; } =
    [
        new RedmineKind(),
        new SalesforceKind(),
        new TrytonKind(),
    ];

    public static IConnectorKind? Find(string kind) => All.FirstOrDefault(entry => entry.Manifest.Kind == kind);
}
