using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Store;

/// <summary>
/// One numbered, forward-only step of the schema. A step that an older program can live with (expand, before contract) says so in its
/// first line, <c>-- works-with: n</c>: programs that know steps up to n may still run beside it. Others cannot be used by older programs.
/// </summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The lowest step that a program must know to work with a schema that has this one.</summary>
    public int WorksWith
    {
        get
        {
            const string mark = "-- works-with:";
            var first = Sql.Split('\n', 2)[0];
            return first.StartsWith(mark, StringComparison.Ordinal) ? int.Parse(first[mark.Length..], CultureInfo.InvariantCulture) : Number;
        }
    }

    /// <summary>The embedded steps of a dialect, in order.</summary>
    public static IReadOnlyList<Migration> Of(string dialect)
    {
        var assembly = typeof(Migration).Assembly;
        var steps = new List<Migration>();
        var resources = assembly.GetManifestResourceNames().Where(name => name.StartsWith(dialect + "/", StringComparison.Ordinal));
        foreach (var resource in resources.Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var name = resource[(dialect.Length + 1)..];
            steps.Add(new Migration(int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd().ReplaceLineEndings("\n")));
        }

        return steps;
    }

    /// <summary>The steps that are still to be taken.</summary>
    /// <param name="minimum">The lowest step that the schema demands of its programs; 0 where there is no schema.</param>
    /// <exception cref="InvalidOperationException">The schema is newer than this program, or was changed by hand.</exception>
    public static IReadOnlyList<Migration> Missing(
        IReadOnlyList<Migration> known, IReadOnlyList<(int Number, string Checksum)> taken, int minimum, string where)
    {
        if (minimum > known[^1].Number)
        {
            throw new InvalidOperationException(
                $"The data in {where} belongs to a newer Throughline: its schema needs version {minimum}, this program knows {known[^1].Number}. "
                + "Nothing was changed. Start the newer program, or restore the backup that was made before the upgrade.");
        }

        var checksums = taken.ToDictionary(step => step.Number, step => step.Checksum);
        foreach (var step in known)
        {
            if (checksums.TryGetValue(step.Number, out var checksum) && checksum != step.Checksum)
            {
                throw new InvalidOperationException(
                    $"The schema in {where} was made with another text of step {step.Name}. Nothing was changed. "
                    + "Either this program or the data comes from a changed build; use the program that made the data.");
            }
        }

        return [.. known.Where(step => !checksums.ContainsKey(step.Number))];
    }
}
