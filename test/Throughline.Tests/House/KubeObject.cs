using YamlDotNet.RepresentationModel;

namespace Throughline.Tests.House;

/// <summary>One object of a Kubernetes manifest.</summary>
internal sealed record KubeObject(YamlMappingNode Root)
{
    public string Kind => Text(Root, "kind");

    public string Name => Text(Root, "metadata", "name");

    public static IReadOnlyList<KubeObject> All { get; } =
    [
        .. SourceTree.All.Where(file => file.Path.StartsWith("deploy/kubernetes/", StringComparison.Ordinal) && file.Is(".yaml", ".yaml.example")).SelectMany(Read),
    ];

    public static KubeObject Only(string kind) => All.Single(each => each.Kind == kind);

    /// <summary>What stands at a place below a node, where something does.</summary>
    public static YamlNode? At(YamlNode node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(new YamlScalarNode(name), out var next))
            {
                return null;
            }

            node = next;
        }

        return node;
    }

    public static string Text(YamlNode node, params ReadOnlySpan<string> path) =>
        (At(node, path) as YamlScalarNode)?.Value ?? throw new InvalidDataException($"{string.Join('.', path.ToArray())} is missing in {node}");

    public static IEnumerable<YamlNode> List(YamlNode node, params ReadOnlySpan<string> path) => At(node, path) is YamlSequenceNode list ? list.Children : [];

    public static IEnumerable<(string Key, string Value)> Pairs(YamlNode? node) => node is YamlMappingNode map
        ? map.Children.Select(pair => (((YamlScalarNode)pair.Key).Value!, ((YamlScalarNode)pair.Value).Value!)) : [];

    /// <summary>All mappings of the object, however deep.</summary>
    public IEnumerable<YamlMappingNode> Maps => Root.AllNodes.OfType<YamlMappingNode>();

    private static IEnumerable<KubeObject> Read(SourceFile file)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(file.Text);
        stream.Load(reader);
        return stream.Documents.Select(document => new KubeObject((YamlMappingNode)document.RootNode));
    }
}
