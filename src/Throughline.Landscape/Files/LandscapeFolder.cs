using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Landscape.Files;

/// <param name="Path">Where the file stands in its landscape, with forward slashes.</param>
/// <param name="Display">The path as messages show it: from the folder that was asked for.</param>
/// <param name="Replaces">True where it takes the place of a file of the landscape that this one extends.</param>
internal sealed record LandscapeFile(string Path, string Display, byte[] Bytes, bool Replaces);

/// <summary>The files of a landscape and of those it extends. A file replaces the one of the same path below it.</summary>
/// <param name="Heads">The <c>landscape.yaml</c> of each, nearest first.</param>
internal sealed record LandscapeFolder(ImmutableArray<LandscapeFile> Files, ImmutableArray<(LandscapeFile File, MapNode Node)> Heads)
{
    public const string HeadName = "landscape.yaml";
    private const int FilesMax = 2_000;
    private const int ExtendsMax = 5;

    public static LandscapeFolder Read(string folder, ProblemList problems)
    {
        var files = new Dictionary<string, LandscapeFile>(StringComparer.Ordinal);
        var heads = ImmutableArray.CreateBuilder<(LandscapeFile, MapNode)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var prefix = "";
        for (string? next = folder; next is not null;)
        {
            seen.Add(Path.TrimEndingDirectorySeparator(Path.GetFullPath(next)));
            next = ReadOne(next, prefix, files, heads, problems) is { } extends ? Parent(next, extends, seen, problems) : null;
            prefix = next is null ? prefix : Path.GetRelativePath(folder, next).Replace('\\', '/') + "/";
        }

        return new LandscapeFolder([.. files.Values.OrderBy(file => file.Path, StringComparer.Ordinal)], heads.ToImmutable());
    }

    /// <summary>SHA-256 over sorted names and contents, each with its length before it, as 32 hex digits.</summary>
    public string Release(IReadOnlyDictionary<string, string> shippedProcesses)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        foreach (var file in Heads.Select(head => head.File).Concat(Files))
        {
            Add(Encoding.UTF8.GetBytes(file.Path));
            Add(file.Bytes);
        }

        foreach (var (name, text) in shippedProcesses.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(Encoding.UTF8.GetBytes("shipped/" + name));
            Add(Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private static ScalarNode? ReadOne(
        string folder, string prefix, Dictionary<string, LandscapeFile> files, ImmutableArray<(LandscapeFile, MapNode)>.Builder heads, ProblemList problems)
    {
        ScalarNode? extends = null;
        var hasHead = false;
        foreach (var (path, bytes) in Load(folder, prefix, problems))
        {
            var file = new LandscapeFile(path, prefix + path, bytes, false);
            if (path != HeadName)
            {
                if (files.TryGetValue(path, out var nearer))
                {
                    files[path] = nearer with { Replaces = true };
                }
                else
                {
                    files.Add(path, file);
                }

                continue;
            }

            hasHead = true;
            var place = new Place(file.Display, 1);
            var before = problems.Count;
            var node = YamlFile.Read(file.Display, bytes, problems);
            if (node is MapNode map)
            {
                heads.Add((file, map));
                extends = map.Member("extends")?.Node as ScalarNode;
            }
            else if (problems.Count == before)
            {
                KeyReader.Of(node, place, "the landscape", problems);
            }
        }

        if (!hasHead)
        {
            problems.Error(
                new Place(prefix + HeadName, 1), "no-landscape", $"there is no {HeadName} in '{folder}'; it names the landscape, its roles and legal entities");
        }

        return extends;
    }

    private static List<(string Path, byte[] Bytes)> Load(string folder, string prefix, ProblemList problems)
    {
        var loaded = new List<(string, byte[])>();
        try
        {
            var paths = Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 })
                .Select(full => (Full: full, Path: Path.GetRelativePath(folder, full).Replace('\\', '/')))
                .Where(file => file.Path.EndsWith(".yaml", StringComparison.Ordinal) || file.Path.EndsWith(".yml", StringComparison.Ordinal))
                .Where(file => !file.Path.Split('/').Any(part => part.StartsWith('.')))
                .OrderBy(file => file.Path, StringComparer.Ordinal)
                .Take(FilesMax + 1).ToArray();
            if (paths.Length > FilesMax)
            {
                problems.Error(
                    new Place(prefix + HeadName, 1), "too-many-files", $"'{folder}' holds more than {FilesMax:N0} files; is this a landscape folder?");
                return [];
            }

            foreach (var (full, path) in paths)
            {
                LoadOne(full, path, prefix, loaded, problems);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Error(new Place(prefix + HeadName, 1), "unreadable", $"the folder '{folder}' cannot be read: {e.Message}");
        }

        return loaded;
    }

    private static void LoadOne(string full, string path, string prefix, List<(string, byte[])> loaded, ProblemList problems)
    {
        try
        {
            using var stream = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[YamlFile.BytesMax + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count > YamlFile.BytesMax)
            {
                problems.Error(new Place(prefix + path, 1), "file-too-large", $"the file has more than the {YamlFile.BytesMax:N0} bytes that a landscape"
                    + " file may have; split it or remove what does not belong here");
                return;
            }

            loaded.Add((path, bytes[..count]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            problems.Error(new Place(prefix + path, 1), "unreadable", $"the file cannot be read: {e.Message}");
        }
    }

    private static string? Parent(string folder, ScalarNode extends, HashSet<string> seen, ProblemList problems)
    {
        if (extends.Text.Length == 0 || Path.IsPathRooted(extends.Text) || extends.Text.Contains('\0'))
        {
            problems.Error(extends.Place, "extends", "'extends' must be a path from this folder, such as ../demo");
            return null;
        }

        var parent = Path.Combine(folder, extends.Text);
        if (!Directory.Exists(parent))
        {
            problems.Error(extends.Place, "extends", $"there is no folder '{KeyReader.Shorten(extends.Text)}' to extend; the path is taken from this"
                + " landscape's folder");
            return null;
        }

        if (seen.Contains(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parent))) || seen.Count > ExtendsMax)
        {
            problems.Error(extends.Place, "extends", $"the landscapes extend one another in a circle, or more than {ExtendsMax} deep");
            return null;
        }

        return parent;
    }
}
