using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Landscape;
using Throughline.Server.Cli;
using Throughline.Server.Hosting;
using Throughline.Tests.Server.Cli;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Throughline.Tests.House;

/// <summary>What of the units and manifests of <c>deploy</c> can be held against the program without systemd and without a cluster.</summary>
public sealed partial class When_a_hub_is_deployed
{
    // Enough for what comes after the drain: closing the store, and a proxy that ends after the hub.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private static readonly SourceFile[] Units = [.. SourceTree.All.Where(file => file.Is(".service"))];

    private static YamlNode Pod => KubeObject.At(KubeObject.Only("Deployment").Root, "spec", "template", "spec")!;

    private static YamlNode Hub => KubeObject.List(Pod, "containers").Single();

    private static string[] Arguments => [.. KubeObject.List(Hub, "args").Select(node => ((YamlScalarNode)node).Value!)];

    [Fact]
    public void Should_have_whole_manifests_for_any_namespace()
    {
        Assert.All(KubeObject.All, manifest => Assert.All([KubeObject.Text(manifest.Root, "apiVersion"), manifest.Kind, manifest.Name], text => Assert.NotEqual("", text)));
        Assert.All(KubeObject.All, manifest => Assert.Null(KubeObject.At(manifest.Root, "metadata", "namespace")));
        Assert.Equal(
            ["ConfigMap", "ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Secret", "Service"],
            KubeObject.All.Select(manifest => manifest.Kind).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Should_refer_only_to_what_is_there()
    {
        var labels = KubeObject.Pairs(KubeObject.At(KubeObject.Only("Deployment").Root, "spec", "template", "metadata", "labels")).ToArray();
        foreach (var (kind, path) in new (string, string[])[]
        {
            ("Service", ["spec", "selector"]), ("Deployment", ["spec", "selector", "matchLabels"]), ("PodDisruptionBudget", ["spec", "selector", "matchLabels"]),
            ("NetworkPolicy", ["spec", "podSelector", "matchLabels"]),
        })
        {
            var selector = KubeObject.At(KubeObject.Only(kind).Root, path);
            Assert.NotEmpty(KubeObject.Pairs(selector));
            Assert.Subset(labels.ToHashSet(), KubeObject.Pairs(selector).ToHashSet());
        }

        var containers = KubeObject.List(Pod, "initContainers").Append(Hub).ToArray();
        var ports = containers.SelectMany(container => KubeObject.List(container, "ports"))
            .ToDictionary(port => KubeObject.Text(port, "name"), port => KubeObject.Text(port, "containerPort"));
        Assert.Contains(KubeObject.Text(KubeObject.List(KubeObject.Only("Service").Root, "spec", "ports").Single(), "targetPort"), ports.Keys);
        Assert.All(Probes(), probe => Assert.Contains(KubeObject.Text(probe, "port"), ports.Values));
        var volumes = KubeObject.List(Pod, "volumes").ToArray();
        Assert.Equal(
            volumes.Select(volume => KubeObject.Text(volume, "name")).Order(StringComparer.Ordinal),
            containers.SelectMany(container => KubeObject.List(container, "volumeMounts")).Select(mount => KubeObject.Text(mount, "name")).Order(StringComparer.Ordinal));
        foreach (var (kind, name, key) in volumes.SelectMany(Sources).Concat(Variables()))
        {
            Assert.Contains(KubeObject.All, manifest => manifest.Kind == kind && manifest.Name == name && Data(manifest).ContainsKey(key));
        }
    }

    [Fact]
    public void Should_ask_for_health_at_addresses_that_the_program_serves_to_everybody()
    {
        var routes = SourceTree.All.Single(file => file.Name == "http-api.approved.txt").Lines;
        Assert.Equal(3, Probes().Count());
        Assert.All(Probes(), probe => Assert.Contains($"{KubeObject.Text(probe, "path")} GET (open)", routes));
        // A restart mends no database; and who is not ready must be left alone.
        Assert.Equal("/health/live", KubeObject.Text(Hub, "livenessProbe", "httpGet", "path"));
        Assert.Equal("/health", KubeObject.Text(Hub, "readinessProbe", "httpGet", "path"));
    }

    [Fact]
    public void Should_give_the_hub_longer_than_it_takes_to_stop()
    {
        var grace = TimeSpan.FromSeconds(int.Parse(KubeObject.Text(Pod, "terminationGracePeriodSeconds"), CultureInfo.InvariantCulture));
        Assert.InRange(grace, Notice(Arguments) + ServeCommand.DrainMax + Margin, TimeSpan.FromMinutes(5));
        // Between two looks and one time-out of the last one the balancer must have noticed.
        var look = Whole(Hub, "readinessProbe", "periodSeconds") + Whole(Hub, "readinessProbe", "timeoutSeconds");
        Assert.InRange(Notice(Arguments), TimeSpan.FromSeconds(look), grace);

        Assert.NotEmpty(Units);
        foreach (var unit in Units)
        {
            var stop = TimeSpan.FromSeconds(int.Parse(Single(unit, "TimeoutStopSec"), CultureInfo.InvariantCulture));
            Assert.InRange(stop, Notice(Single(unit, "ExecStart").Split(' ')) + ServeCommand.DrainMax + Margin, TimeSpan.FromMinutes(5));
            Assert.Equal("SIGTERM", Single(unit, "KillSignal"));
        }
    }

    [Fact]
    public async Task Should_start_it_with_options_that_it_knows()
    {
        var help = (await CommandRun.RunAsync("serve --help")).Output;
        foreach (var line in Units.Select(unit => Single(unit, "ExecStart").Split(' ')[1..]).Append(Arguments))
        {
            Assert.Equal("serve", line[0]);
            Assert.All(line.Where(word => word.StartsWith("--", StringComparison.Ordinal)), option => Assert.Matches($@"(?m)^ +{option}\b", help));
        }
    }

    [Fact]
    public void Should_guard_every_unit_alike()
    {
        var guards = Units.Select(unit => unit.Lines.SkipWhile(line => !line.StartsWith("# DynamicUser implies", StringComparison.Ordinal)).ToArray()).ToArray();
        Assert.All(guards, lines => Assert.Equal(guards[0], lines));
        Assert.Contains("CapabilityBoundingSet=", guards[0]);
    }

    /// <summary>Placeholders only, and a hub refuses that of its token: no firm runs with a secret that everybody can read here.</summary>
    [Fact]
    public void Should_hold_no_secret()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-token-");
        try
        {
            var values = KubeObject.All.Where(manifest => manifest.Kind == "Secret").SelectMany(Data).ToArray();
            Assert.All(values, pair => Assert.Matches("^<[^<>]+>$", pair.Value));
            File.WriteAllText(Path.Combine(folder.FullName, AccessToken.FileName), values.Single(pair => pair.Key == "token").Value);
            Assert.Throws<TokenProblemException>(() => AccessToken.OpenOrCreate(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        var files = SourceTree.All.Where(file => file.Path.StartsWith("deploy/", StringComparison.Ordinal) && !file.Is(".md", ".yaml.example"));
        var told = from file in files
                   from line in file.Lines
                   from Match match in Secret().Matches(line)
                   let value = match.Groups[1].Value
                   where !value.StartsWith("file:", StringComparison.Ordinal) && !value.StartsWith('<') && value != "false"
                   select $"{file.Path}: {line}";
        Assert.Empty(told);
        var variables = KubeObject.List(Hub, "env").Where(entry => KubeObject.Text(entry, "name") != "THROUGHLINE_DATA");
        Assert.All(variables, entry => Assert.NotNull(KubeObject.At(entry, "valueFrom")));
    }

    [Fact]
    public void Should_name_no_registry()
    {
        var images = KubeObject.All.SelectMany(manifest => manifest.Maps).Select(map => KubeObject.At(map, "image")).OfType<YamlScalarNode>()
            .Select(node => node.Value!).ToArray();
        Assert.Equal(2, images.Length);
        Assert.All(images, image => Assert.Matches(@"^[a-z]+:[0-9.]+$", image));
        var container = SourceTree.All.Single(file => file.Name == "Containerfile").Lines;
        Assert.All(container.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Matches(@"^FROM \$\{[A-Z_]+\}( AS [a-z]+)?$", line));
        Assert.All(container.Where(line => line.StartsWith("ARG ", StringComparison.Ordinal)), line => Assert.DoesNotContain("=", line, StringComparison.Ordinal));
    }

    /// <summary>As the kubelet lays it out: a hidden folder with the files, and links to it; beside the landscapes of the program.</summary>
    [Fact]
    public void Should_have_a_landscape_that_the_program_takes()
    {
        var root = Directory.CreateTempSubdirectory("throughline-landscape-");
        try
        {
            var volume = KubeObject.List(Pod, "volumes").Single(volume => KubeObject.Text(volume, "name") == "landscape");
            var map = KubeObject.All.Single(manifest => manifest.Name == KubeObject.Text(volume, "configMap", "name"));
            var mount = KubeObject.List(Hub, "volumeMounts").Single(mount => KubeObject.Text(mount, "name") == "landscape");
            var folder = Path.Combine(root.FullName, KubeObject.Text(mount, "mountPath").TrimStart('/'));
            foreach (var item in KubeObject.List(volume, "configMap", "items"))
            {
                var path = KubeObject.Text(item, "path");
                var file = new FileInfo(Path.Combine(folder, "..2026_11_22", path));
                file.Directory!.Create();
                File.WriteAllText(file.FullName, Data(map)[KubeObject.Text(item, "key")]);
                var link = Path.Combine(folder, path.Split('/')[0]);
                if (!Path.Exists(link))
                {
                    File.CreateSymbolicLink(link, Path.Combine("..2026_11_22", path.Split('/')[0]));
                }
            }

            Assert.Equal(Data(map).Count, KubeObject.List(volume, "configMap", "items").Count());
            Directory.CreateDirectory(Path.Combine(root.FullName, "app"));
            Directory.CreateSymbolicLink(Path.Combine(root.FullName, "app", "landscapes"), Path.Combine(SourceTree.Root, "landscapes"));
            var read = Composition.ReadLandscape(folder, _ => null);
            Assert.True(read.IsUsable, LandscapeReport.Text(read));
            Assert.Equal("firm", read.Landscape!.Name);
            // What is not mounted cannot be read, and a call that takes longer than the drain is torn.
            var mounted = KubeObject.List(Hub, "volumeMounts").Single(entry => KubeObject.Text(entry, "name") == "secrets");
            var files = KubeObject.List(Pod, "volumes").Single(entry => KubeObject.Text(entry, "name") == "secrets");
            var readable = KubeObject.List(files, "secret", "items").Select(item => $"file:{KubeObject.Text(mounted, "mountPath")}/{KubeObject.Text(item, "path")}").ToArray();
            var references = read.Landscape.Systems.Values
                .SelectMany(system => Composition.SecretFields(system).Select(field => system.Configuration.Text(field)!).Concat(system.Hooks));
            Assert.All(references, reference => Assert.Contains(reference, readable));
            Assert.Contains(Arguments[Array.IndexOf(Arguments, "--cluster-password") + 1], readable);
            Assert.All(read.Landscape.Systems.Values, system => Assert.InRange(system.Limits.TimeOut, TimeSpan.Zero, ServeCommand.DrainMax - TimeSpan.FromSeconds(5)));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static IEnumerable<YamlNode> Probes() => KubeObject.Only("Deployment").Maps.Select(map => KubeObject.At(map, "httpGet")).OfType<YamlNode>();

    private static Dictionary<string, string> Data(KubeObject manifest) => KubeObject
        .Pairs(KubeObject.At(manifest.Root, "data") ?? KubeObject.At(manifest.Root, "stringData")).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static IEnumerable<(string Kind, string Name, string Key)> Sources(YamlNode volume)
    {
        var (kind, source, name) = KubeObject.At(volume, "secret") is { } secret
            ? ("Secret", secret, "secretName") : ("ConfigMap", KubeObject.At(volume, "configMap"), "name");
        if (source is null)
        {
            yield break;
        }

        foreach (var item in KubeObject.List(source, "items"))
        {
            yield return (kind, KubeObject.Text(source, name), KubeObject.Text(item, "key"));
        }

        if (KubeObject.At(source, "items") is null)
        {
            // All of it; that of the proxy has one file, and a certificate two of given names.
            yield return (kind, KubeObject.Text(source, name), kind == "Secret" ? "tls.key" : "nginx.conf");
        }
    }

    private static IEnumerable<(string Kind, string Name, string Key)> Variables() => KubeObject.List(Hub, "env")
        .Select(entry => KubeObject.At(entry, "valueFrom", "secretKeyRef"))
        .OfType<YamlNode>().Select(reference => ("Secret", KubeObject.Text(reference, "name"), KubeObject.Text(reference, "key")));

    private static TimeSpan Notice(string[] words) => Array.IndexOf(words, "--notice") is var at and >= 0
        ? TimeSpan.FromSeconds(int.Parse(words[at + 1], CultureInfo.InvariantCulture)) : TimeSpan.Zero;

    private static int Whole(YamlNode node, params ReadOnlySpan<string> path) => int.Parse(KubeObject.Text(node, path), CultureInfo.InvariantCulture);

    private static string Single(SourceFile unit, string name) =>
        Assert.Single(unit.Lines, line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    [GeneratedRegex(@"(?i)(?:password|secret|api_?key|_key|token)[""']?\s*[:=]\s*[""']?([^\s""'{}\[\],;]+)")]
    private static partial Regex Secret();
}
