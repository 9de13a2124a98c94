using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Throughline.Landscape;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>Reads the landscape that a command names, in words for whoever typed it.</summary>
internal static partial class LandscapeFolders
{
    private const string HeadName = "landscape.yaml";
    private const int NearMax = 8;

    /// <summary>Reads and checks it. Problems in definitions that come with the program say so instead of naming a file that nobody has.</summary>
    /// <exception cref="CommandFailedException">The folder is none of a landscape; names those that are near it.</exception>
    public static LandscapeResult Read(string folder, Func<string, string?> environment)
    {
        Check(folder);
        var result = Composition.ReadLandscape(folder, environment);
        return result with
        {
            Problems = [.. result.Problems.Select(problem => problem with
            {
                Place = problem.Place with { File = Shipped().Replace(problem.Place.File, "$1 (a process that comes with the program)") },
                Message = Shipped().Replace(problem.Message, "$1 (a process that comes with the program)"),
            })],
        };
    }

    /// <summary>Whether it is a landscape's folder at all.</summary>
    /// <exception cref="CommandFailedException">It is none; names those that are near it.</exception>
    public static void Check(string folder)
    {
        if (!File.Exists(Path.Combine(folder, HeadName)))
        {
            var what = Directory.Exists(folder) ? $"the folder has no {HeadName}" : "there is no such folder";
            var near = Near(folder);
            throw new CommandFailedException($"'{folder}' is not a landscape: {what}. "
                + (near.IsEmpty ? $"Name the folder in which {HeadName} stands." : $"Near it: {string.Join(", ", near)}."), Exit.Usage);
        }
    }

    // From the nearest folder above that exists, two levels down: what a slip of the finger or a forgotten last part means is there.
    private static ImmutableArray<string> Near(string folder)
    {
        var above = folder;
        while (above.Length > 0 && !Directory.Exists(above))
        {
            above = Path.GetDirectoryName(above) ?? "";
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, IgnoreInaccessible = true };
        return [.. Directory.EnumerateFiles(above.Length == 0 ? "." : above, HeadName, options).Select(file => Path.GetDirectoryName(file)!)
            .Select(found => found.StartsWith("./", StringComparison.Ordinal) ? found[2..] : found).Order(StringComparer.Ordinal).Take(NearMax)];
    }

    [GeneratedRegex(@"\bshipped/([\w-]+\.yaml)")]
    private static partial Regex Shipped();
}
