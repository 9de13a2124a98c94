using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Xunit;

namespace Throughline.Tests.House;

/// <summary>Who may know whom. The table is the architecture; projects and built assemblies must agree with it.</summary>
public sealed class Architecture
{
    /// <param name="Projects">Project references it declares.</param>
    /// <param name="Uses">Other projects of the house whose types its code may also name, through those references.</param>
    /// <param name="Packages">Package references it declares.</param>
    /// <param name="IsWeb">May use ASP.NET Core.</param>
    private sealed record Room(string Name, string[] Projects, string[] Uses, string[] Packages, bool IsWeb = false);

    private static readonly Room[] House =
    [
        new("Model", [], [], []),
        new("Connect", ["Model"], [], []),
        new("Connectors", ["Connect", "Model"], [], []),
        new("Landscape", ["Connect", "Model"], [], ["YamlDotNet"]),
        new("Engine", ["Connect", "Landscape", "Model"], [], ["Microsoft.Extensions.Logging.Abstractions"]),
        // Decisions read the checked landscape (templates, legal entities), which is part of the engine's process API.
        new("Processes", ["Engine", "Model"], ["Landscape"], []),
        // Commands hold the connector's write items.
        new("Store", ["Engine", "Model"], ["Connect"], ["Microsoft.Data.Sqlite.Core", "Npgsql", "SQLitePCLRaw.bundle_e_sqlite3"]),
        new("Cluster", ["Engine"], [], ["RabbitMQ.Client"]),
        new("Sandbox", ["Model"], [], [], IsWeb: true),
        // What it reads back, it reads without connectors, engine or store.
        new("Chaos", ["Model", "Sandbox"], [], ["Npgsql"]),
        new("Server", ["Chaos", "Cluster", "Connectors", "Engine", "Landscape", "Processes", "Sandbox", "Store"], ["Connect", "Model"], ["System.CommandLine"], IsWeb: true),
    ];

    public static TheoryData<string> Rooms => [.. House.Select(room => room.Name)];

    [Fact]
    public void Should_have_every_project_in_the_table_and_in_the_solution()
    {
        var projects = Directory.GetDirectories(Path.Combine(SourceTree.Root, "src")).Select(folder => Path.GetFileName(folder)["Throughline.".Length..]);
        Assert.Equal(House.Select(room => room.Name).Order(StringComparer.Ordinal), projects.Order(StringComparer.Ordinal));
        var solution = File.ReadAllText(Path.Combine(SourceTree.Root, "Throughline.slnx"));
        var paths = SourceTree.All.Where(file => file.Is(".csproj")).Select(file => file.Path);
        Assert.DoesNotContain(paths, path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Should_reference_only_what_the_table_says(string name)
    {
        var room = House.Single(room => room.Name == name);
        var project = XDocument.Load(Path.Combine(SourceTree.Root, "src", $"Throughline.{name}", $"Throughline.{name}.csproj"));
        string[] Included(string element) =>
            [.. project.Descendants(element).Select(item => item.Attribute("Include")!.Value).Order(StringComparer.Ordinal)];

        Assert.Equal(room.Projects, Included("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)["Throughline.".Length..]));
        Assert.Equal(room.Packages, Included("PackageReference"));
        var isWeb = Included("FrameworkReference").Contains("Microsoft.AspNetCore.App") || project.Root!.Attribute("Sdk")!.Value == "Microsoft.NET.Sdk.Web";
        Assert.Equal(room.IsWeb, isWeb);
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Should_use_only_what_the_table_says(string name)
    {
        var room = House.Single(room => room.Name == name);
        var used = AssemblyOf(name).GetReferencedAssemblies().Select(reference => reference.Name!).ToArray();
        var unknown = used.Where(other => other.StartsWith("Throughline.", StringComparison.Ordinal))
            .Select(other => other["Throughline.".Length..]).Except(room.Projects).Except(room.Uses).Order(StringComparer.Ordinal);
        Assert.Empty(unknown);
        if (!room.IsWeb)
        {
            Assert.DoesNotContain(used, other => other.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("Connectors")]
    [InlineData("Sandbox")]
    public void Should_keep_vendors_apart(string project)
    {
        var folder = $"src/Throughline.{project}";
        var vendors = Directory.GetDirectories(Path.Combine(SourceTree.Root, folder)).Select(path => Path.GetFileName(path)!).ToArray();
        foreach (var vendor in vendors)
        {
            foreach (var file in SourceTree.CSharp($"{folder}/{vendor}"))
            {
                Assert.DoesNotContain(vendors.Where(other => other != vendor), other => file.Text.Contains($"{project}.{other}", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Processes decide: no network, no files, no clock, no chance (invariant 10). What they may know of time comes in as data.</summary>
    [Fact]
    public void Should_keep_the_world_out_of_processes()
    {
        string[] forbidden =
        [
            "System.Net.Http.HttpClient", "System.TimeProvider", "System.Random", "System.IO.File", "System.IO.Directory", "System.Threading.Tasks.Task",
            "System.Diagnostics.Stopwatch", "System.Data.Common.DbConnection", "System.Net.Sockets.Socket",
        ];
        using var image = new PEReader(File.OpenRead(AssemblyOf("Processes").Location));
        var reader = image.GetMetadataReader();
        var types = reader.TypeReferences.Select(reader.GetTypeReference)
            .Select(type => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}").ToArray();
        Assert.DoesNotContain(types, type => forbidden.Contains(type));
        var clocks = reader.MemberReferences.Select(reader.GetMemberReference).Select(member => reader.GetString(member.Name))
            .Where(member => member is "get_Now" or "get_UtcNow" or "get_Today" or "get_System" or "NewGuid" or "CreateVersion7");
        Assert.Empty(clocks);
    }

    /// <summary>The parts of the engine that decide take time, chance and the world as values.</summary>
    [Fact]
    public void Should_keep_decisions_pure()
    {
        string[] shells = ["PartitionWorker.cs", "PartitionWorker.Commit.cs", "Hub.cs", "ReleaseHolder.cs"];
        string[] worldly =
            ["TimeProvider", "GetUtcNow", "HttpClient", "new Random", "RandomNumberGenerator", "File.", "IHubStore", "IPartitionStore", "async "];
        var deciding = new[] { "Partition", "Process", "Recovery" }.SelectMany(folder => SourceTree.CSharp($"src/Throughline.Engine/{folder}"))
            .Concat(SourceTree.CSharp("src/Throughline.Model").Where(file => file.Name != "Ids.cs"))
            .Concat(SourceTree.CSharp("src/Throughline.Processes"))
            .Where(file => !shells.Contains(file.Name));
        var found = from file in deciding
                    from line in file.Lines.Index()
                    where !line.Item.TrimStart().StartsWith("//", StringComparison.Ordinal)
                    from word in worldly
                    where line.Item.Contains(word, StringComparison.Ordinal)
                    select $"{file.Path}:{line.Index + 1} {word}";
        Assert.Empty(found);
    }

    private static Assembly AssemblyOf(string name) => Assembly.Load(name == "Server" ? "throughline" : $"Throughline.{name}");
}
