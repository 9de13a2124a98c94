using Throughline.Conformance;

namespace Throughline.Tests.House;

/// <summary>One text file of the repository.</summary>
/// <param name="Path">From the repository's folder, with forward slashes.</param>
internal sealed record SourceFile(string Path, string[] Lines)
{
    public string Text => string.Join('\n', Lines);

    public string Name => System.IO.Path.GetFileName(Path);

    public bool Is(params ReadOnlySpan<string> endings)
    {
        foreach (var ending in endings)
        {
            if (Path.EndsWith(ending, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The files that people write here: everything but what is built, downloaded or data.</summary>
internal static class SourceTree
{
    public static string Root { get; } = RepositoryFolder.Find();

    private static readonly string[] Elsewhere =
        [".git", "artifacts", "bin", "obj", "node_modules", "data", "TestResults", "BenchmarkDotNet.Artifacts", ".vs", ".idea"];

    private static readonly string[] Texts =
    [
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".yaml", ".yml", ".md", ".txt", ".sql", ".sh", ".py", ".mjs", ".css",
        ".editorconfig", ".npmrc", ".service", ".example",
    ];

    private static readonly Lazy<SourceFile[]> Files =
        new(() => [.. Walk(new DirectoryInfo(Root)).OrderBy(file => file.Path, StringComparer.Ordinal)]);

    public static IReadOnlyList<SourceFile> All => Files.Value;

    /// <summary>C# files below a folder.</summary>
    public static IEnumerable<SourceFile> CSharp(string below) =>
        All.Where(file => file.Is(".cs") && file.Path.StartsWith(below + "/", StringComparison.Ordinal));

    private static IEnumerable<SourceFile> Walk(DirectoryInfo folder)
    {
        foreach (var child in folder.EnumerateDirectories().Where(child => !Elsewhere.Contains(child.Name) && child.LinkTarget is null))
        {
            foreach (var file in Walk(child))
            {
                yield return file;
            }
        }

        foreach (var file in folder.EnumerateFiles())
        {
            // LICENSE is somebody else's text, lock files and received files are made by programs.
            var isOurs = (Texts.Contains(file.Extension) || file.Name == "Containerfile" || file.FullName.Contains("/.ci/", StringComparison.Ordinal))
                && !file.Name.EndsWith(".received.txt", StringComparison.Ordinal) && file.Name is not ("packages.lock.json" or "package-lock.json");
            if (isOurs)
            {
                yield return new SourceFile(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'), File.ReadAllLines(file.FullName));
            }
        }
    }
}
