using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>
/// Where the demo's numbers begin. A new hub counts from the landscape's start, but servers that outlive a demo still hold the numbers of the
/// one before; the hub would rightly take them for somebody else's and open cases. So a demo goes on after the highest that is there.
/// </summary>
internal static class DemoNumbers
{
    // Where the numbers of a series stand in the systems. Projects twice, since Redmine does not list archived ones.
    private static readonly (string Series, string Role, string Kind, string Field)[] Holders =
    [
        ("customer", "erp", "party.party", "code"), ("project", "psa", "projects", "identifier"), ("project", "erp", "project.work", "name"),
    ];

    /// <returns>The number range by series as this demo uses it, and whether it differs from the landscape's.</returns>
    public static async Task<(Fields Numbering, bool IsMoved)> FindAsync(Landscape.Landscape landscape, DemoSystems systems, CancellationToken cancellation)
    {
        var numbering = landscape.Parameters.Nested("numbering") ?? Fields.Empty;
        var isMoved = false;
        foreach (var (series, role, kind, field) in Holders)
        {
            if (numbering.Nested(series) is not { } range || range.Text("prefix") is not { Length: > 0 } prefix)
            {
                continue;
            }

            var rows = await systems.RecordsAsync(role, kind, field, prefix, cancellation) ?? [];
            var highest = rows.Select(row => NumberIn(row.Text(field)!, prefix)).DefaultIfEmpty().Max();
            if (highest >= (range.Number("start") ?? 1))
            {
                numbering = numbering.With(series, range.With("start", highest + 1));
                isMoved = true;
            }
        }

        return (numbering, isMoved);
    }

    /// <summary>The number after the prefix, 0 where there is none. More than six digits are somebody else's.</summary>
    public static int NumberIn(string text, string prefix) =>
        Regex.Match(text, $@"(?<!\w){Regex.Escape(prefix)}(\d{{1,6}})(?!\d)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant) is
            { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
}
