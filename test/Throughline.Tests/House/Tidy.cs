using System.Text.RegularExpressions;
using Xunit;

namespace Throughline.Tests.House;

/// <summary>The manners of STYLE.md that a program can check. An exception stands here, with its reason, or does not exist.</summary>
public sealed partial class Tidy
{
    private const int FileLinesMax = 400;
    private const int LineLengthMax = 180;
    private const int FunctionLinesMax = 70;

    private static readonly Dictionary<string, string> LongFiles = new(StringComparer.Ordinal)
    {
        ["scripts/real/redmine-seed.py"] = "the Redmine seed, taken over whole from where it was proven; it is data and read from top to bottom",
        ["scripts/real/tryton-seed.py"] = "the Tryton seed, likewise",
    };

    private static readonly string[] Root =
    [
        ".editorconfig", ".gitignore", "BannedSymbols.txt", "CHANGELOG.md", "CONTEXT.md", "CONTRIBUTING.md", "Directory.Build.props",
        "Directory.Packages.props", "LICENSE", "README.md", "STYLE.md", "Throughline.slnx", "global.json", "test.sh", "throughline",
    ];

    private static readonly string[] RootFolders = [".ci", "bench", "deploy", "docs", "landscapes", "scripts", "src", "test"];

    // What git ignores and may therefore lie about.
    private static readonly string[] Ignored = [".git", ".vs", "artifacts", "bin", "data", "node_modules", "obj", "BenchmarkDotNet.Artifacts", "TestResults"];

    private static readonly string[] Required =
    [
        "CHANGELOG.md", "CONTEXT.md", "CONTRIBUTING.md", "LICENSE", "README.md", "STYLE.md", "docs/dependencies.md", "docs/failure-matrix.md",
        "docs/limits.md", "docs/runbook.md", "docs/stories.md",
    ];

    private static IEnumerable<SourceFile> Code => SourceTree.All.Where(file => file.Is(".cs", ".sql", ".yaml", ".yml", ".sh", ".py", ".mjs"));

    [Fact]
    public void Should_keep_files_short() =>
        Nothing(Code.Where(file => file.Lines.Length > FileLinesMax && !LongFiles.ContainsKey(file.Path))
            .Select(file => $"{file.Path} has {file.Lines.Length} lines"));

    [Fact]
    public void Should_name_no_exception_that_is_not_needed() =>
        Assert.All(LongFiles.Keys, path => Assert.Contains(SourceTree.All, file => file.Path == path && file.Lines.Length > FileLinesMax));

    [Fact]
    public void Should_keep_lines_readable() =>
        // Samples are data: one record a line reads better than a wrapped one.
        Nothing(Code.Where(file => !file.Name.EndsWith(".samples.yaml", StringComparison.Ordinal))
            .SelectMany(file => file.Lines.Index().Where(line => line.Item.Length > LineLengthMax)
            .Select(line => $"{file.Path}:{line.Index + 1} has {line.Item.Length} characters")));

    [Fact]
    public void Should_keep_functions_on_one_screen() =>
        Nothing(Code.Where(file => file.Is(".cs")).SelectMany(file => Functions(file).Where(function => function.Length > FunctionLinesMax)
            .Select(function => $"{file.Path}:{function.Line} has {function.Length} lines")));

    [Fact]
    public void Should_leave_nothing_to_do_later()
    {
        // Put together here, so that this file does not accuse itself.
        var marks = new[] { "TO" + "DO", "FIX" + "ME", "HA" + "CK", "XX" + "X:" };
        Nothing(Find(Code.Concat(SourceTree.All.Where(file => file.Is(".md", ".csproj", ".props"))).Where(file => file.Name != "STYLE.md"),
            line => marks.Any(mark => line.Contains(mark, StringComparison.Ordinal))));
    }

    [Fact]
    public void Should_throw_exceptions_that_say_what_they_are() =>
        Nothing(Find(Code.Where(file => file.Is(".cs") && file.Name != "Tidy.cs"), line => line.Contains("throw new Exception(", StringComparison.Ordinal)));

    [Fact]
    public void Should_swallow_no_exception_without_a_word() =>
        Assert.DoesNotContain(Code.Where(file => file.Is(".cs")), file => EmptyCatch().IsMatch(file.Text));

    [Fact]
    public void Should_switch_off_no_warning_without_a_reason() =>
        Nothing(Find(Code.Where(file => file.Is(".cs")), line =>
            (line.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal) && !line.Contains("//", StringComparison.Ordinal))
            || (line.Contains("[SuppressMessage(", StringComparison.Ordinal) && !line.Contains("Justification", StringComparison.Ordinal))));

    [Fact]
    public void Should_have_only_what_belongs_at_the_root()
    {
        var root = new DirectoryInfo(SourceTree.Root);
        Nothing(root.EnumerateFiles().Select(file => file.Name).Except(Root));
        Nothing(root.EnumerateDirectories().Select(folder => folder.Name).Except(RootFolders).Except(Ignored));
        Assert.All(Required, path => Assert.True(File.Exists(Path.Combine(SourceTree.Root, path)), $"{path} is missing"));
    }

    /// <summary>What only exists on somebody's machine or network is of no use to anybody else.</summary>
    [Fact]
    public void Should_name_no_machine() =>
        Nothing(Find(SourceTree.All.Where(file => file.Name != "Tidy.cs"), line => MachinePath().IsMatch(line)));

    [Fact]
    public void Should_take_packages_from_the_public_registries_only()
    {
        var locks = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "test", "jsforce"), "package-lock.json").Select(File.ReadAllText);
        var hosts = locks.SelectMany(text => ResolvedHost().Matches(text)).Select(match => match.Groups[1].Value).Distinct();
        Assert.Empty(hosts);
        Assert.DoesNotContain(SourceTree.All, file => file.Name.Equals("nuget.config", StringComparison.OrdinalIgnoreCase));
        Nothing(Find(SourceTree.All.Where(file => file.Name == ".npmrc"), line => line.Contains("registry=", StringComparison.Ordinal)));
    }

    [Fact]
    public void Should_have_a_test_for_every_approved_file()
    {
        var tests = SourceTree.CSharp("test").ToArray();
        Nothing(SourceTree.All.Where(file => file.Is(".approved.txt"))
            .Where(file => !tests.Any(test => test.Text.Contains(file.Name, StringComparison.Ordinal))).Select(file => file.Path));
    }

    /// <summary>Every link between pages leads to a file that is there.</summary>
    [Fact]
    public void Should_have_no_dead_link_in_the_docs() =>
        Nothing(
            from page in SourceTree.All
            where page.Is(".md")
            from line in page.Lines.Index()
            from Match link in Link().Matches(line.Item)
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal)
            where !Path.Exists(Path.Combine(SourceTree.Root, Path.GetDirectoryName(page.Path) ?? "", target))
            select $"{page.Path}:{line.Index + 1} {target}");

    // Every place at once, in words: a list cut short by the test runner would be found out one by one.
    private static void Nothing(IEnumerable<string> found)
    {
        var all = found.ToArray();
        Assert.True(all.Length == 0, $"{all.Length} found:\n{string.Join('\n', all)}");
    }

    private static IEnumerable<string> Find(IEnumerable<SourceFile> files, Func<string, bool> isWrong) =>
        files.SelectMany(file => file.Lines.Index().Where(line => isWrong(line.Item)).Select(line => $"{file.Path}:{line.Index + 1} {line.Item.Trim()}"));

    // The formatter puts the braces of a block at one depth, so a member's body is what stands between them.
    private static IEnumerable<(int Line, int Length)> Functions(SourceFile file)
    {
        foreach (var depth in new[] { "    ", "        " })
        {
            for (var i = 1; i < file.Lines.Length; i++)
            {
                if (file.Lines[i] != depth + "{" || !IsMember(file.Lines, i - 1, depth))
                {
                    continue;
                }

                var end = Array.FindIndex(file.Lines, i, line => line.StartsWith(depth + "}", StringComparison.Ordinal));
                yield return (i + 1, end - i - 1);
            }
        }
    }

    private static bool IsMember(string[] lines, int line, string depth)
    {
        while (line > 0 && lines[line].StartsWith(depth + " ", StringComparison.Ordinal))
        {
            line--;
        }

        var head = lines[line];
        return head.StartsWith(depth, StringComparison.Ordinal) && head.Contains('(', StringComparison.Ordinal) && !TypeHead().IsMatch(head);
    }

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*(when\s*\(.*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"(?<![\w./$}{-])/(work|root|home/\w+|Users/\w+|tmp/brief)/|[Cc]:\\Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex("""
        "resolved": "[a-z]+://([^/"]+)
        """)]
    private static partial Regex ResolvedHost();

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(class|record|struct|interface|enum)\b")]
    private static partial Regex TypeHead();
}
