using Throughline.Connectors;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;

namespace Throughline.Benchmarks;

/// <summary>The demo's landscape as it is measured: nothing is polled, the lanes' limits are out of the way.</summary>
internal static class BenchLandscape
{
    /// <summary>Addresses and credentials of systems that are not there: for hubs whose targets are all in memory.</summary>
    public static Fields Nowhere { get; } = Fields.Of(
        ("crm", "http://127.0.0.1:9"), ("psa", "http://127.0.0.1:9"), ("erp", "http://127.0.0.1:9"), ("clientId", "c"), ("erpUser", "u"), ("clientSecret", "s"),
        ("psaKey", "k"), ("erpPassword", "p"));

    public static Landscape.Landscape Read(Fields where)
    {
        var folder = Directory.CreateTempSubdirectory("throughline-bench-landscape-").FullName;
        try
        {
            Write(folder, where);
            var result = LandscapeReader.Read(
                folder, [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], ProcessCatalog.Definitions, ProcessCatalog.Decisions.Names, _ => null);
            return result.Landscape ?? throw new BenchException(string.Join('\n', result.Problems));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Write(string folder, Fields where)
    {
        const string limits = "limits: { concurrency: 32, perSecond: 10000 }\n";
        Directory.CreateDirectory(Path.Combine(folder, "systems"));
        File.WriteAllText(
            Path.Combine(folder, "landscape.yaml"), $"extends: {Path.GetRelativePath(folder, Repository.Folder("landscapes", "demo"))}\nname: bench\n");
        WriteSystem("crm", $"kind: salesforce\nconnection: {{ login_url: \"{where.Text("crm")}\", client_id: {where.Text("clientId")}, "
            + "client_secret: \"env:clientSecret\" }\n");
        WriteSystem("psa", $"kind: redmine\nconnection: {{ url: \"{where.Text("psa")}\", api_key: \"env:psaKey\" }}\nhooks: {{ secrets: [\"env:HOOK\"] }}\n");
        WriteSystem("erp", $"kind: tryton\nconnection: {{ url: \"{where.Text("erp")}\", database: tryton, user: {where.Text("erpUser")}, "
            + "password: \"env:erpPassword\" }\n");

        void WriteSystem(string system, string text) => File.WriteAllText(Path.Combine(folder, "systems", system + ".yaml"), $"system: {system}\n{text}{limits}");
    }
}

/// <summary>Where the sources are: the benchmark is a tool of theirs.</summary>
internal static class Repository
{
    /// <exception cref="BenchException">Neither the working folder nor the program stands in the sources.</exception>
    public static string Folder(params string[] below)
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var path = Path.Combine([folder.FullName, .. below]);
                if (Path.Exists(path))
                {
                    return path;
                }
            }
        }

        throw new BenchException($"{Path.Combine(below)} is not here; run it in the folder of the sources");
    }
}
