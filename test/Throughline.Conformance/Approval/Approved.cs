using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Throughline.Conformance.Approval;

/// <summary>
/// Compares a text that people or other programs rely on with the version that somebody read and approved. With
/// <c>THROUGHLINE_APPROVE=1</c> the new text is written instead; the reading then happens in the review of the commit.
/// </summary>
public static class Approved
{
    public const string ApproveVariable = "THROUGHLINE_APPROVE";
    private const int LinesAround = 2;
    private const int LinesShown = 80;

    /// <summary>Compares with a file beside the test; its name ends with <c>.approved.txt</c>.</summary>
    public static void Matches(string text, string fileName, [CallerFilePath] string test = "") =>
        FileMatches(text, Path.Combine(Path.GetDirectoryName(test)!, fileName));

    /// <summary>Compares with any file, for example a generated page of docs.</summary>
    public static void FileMatches(string text, string path)
    {
        var wanted = text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable(ApproveVariable) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, wanted);
        }

        var received = ReceivedPathOf(path);
        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (approved == wanted)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, wanted);
        Assert.Fail(
            $"{path} no longer says what is so. Read the difference; if it is meant, run this test with {ApproveVariable}=1 "
            + $"(the whole new text stands in {Path.GetFileName(received)}).\n{Difference(approved, wanted)}");
    }

    /// <summary>What differs between the first and the last line that differ, with a little around it.</summary>
    public static string Difference(string before, string after)
    {
        var (old, now) = (before.Split('\n'), after.Split('\n'));
        var head = old.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        var tail = old.Skip(head).Reverse().Zip(now.Skip(head).Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        var text = new StringBuilder();
        void Add(char mark, IEnumerable<string> lines)
        {
            var all = lines.ToArray();
            foreach (var line in all.Take(LinesShown))
            {
                text.Append(mark).Append(' ').Append(line).Append('\n');
            }

            if (all.Length > LinesShown)
            {
                text.Append(mark).Append($" ... and {all.Length - LinesShown} more lines\n");
            }
        }

        Add(' ', old[Math.Max(0, head - LinesAround)..head]);
        Add('-', old[head..^tail]);
        Add('+', now[head..^tail]);
        Add(' ', old[^tail..].Take(LinesAround));
        return text.ToString();
    }

    private static string ReceivedPathOf(string path) =>
        path.EndsWith(".approved.txt", StringComparison.Ordinal)
            ? path.Replace(".approved.txt", ".received.txt", StringComparison.Ordinal)
            : path + ".received.txt";
}
