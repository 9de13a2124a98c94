using System.Text;

namespace Throughline.Server.Cli;

/// <summary>Columns of text.</summary>
internal static class Table
{
    private const int CellMax = 44;

    /// <param name="isNarrow">Long cells are cut, but those of the last column, behind which nothing stands. For a screen only: see <see cref="Terminal.IsScreen"/>.</param>
    public static string Render(IReadOnlyList<string> heads, IReadOnlyCollection<string[]> rows, int indent, bool isNarrow)
    {
        var cells = rows.Prepend([.. heads]).Select(row => row.Select((cell, column) => Cell(cell, isNarrow && column < heads.Count - 1)).ToArray()).ToList();
        var widths = Enumerable.Range(0, heads.Count).Select(column => cells.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in cells)
        {
            var line = new string(' ', indent) + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private static string Cell(string cell, bool isCut)
    {
        var clean = CaseText.Clean(cell).Replace('\n', ' ');
        return isCut && clean.Length > CellMax ? clean[..(CellMax - 1)] + "…" : clean;
    }
}
