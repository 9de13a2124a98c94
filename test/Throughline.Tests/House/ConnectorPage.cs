using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Tests.House;

/// <summary>The page about one kind of connector, made from its manifest: what the program itself goes by.</summary>
internal static partial class ConnectorPage
{
    /// <param name="folder">Where its source stands, from the repository's folder.</param>
    public static string Of(Manifest manifest, string folder)
    {
        var text = new StringBuilder();
        Line(text, $"# {manifest.Title}");
        Line(text, "");
        Line(text, "Made from the connector's manifest by the test `GeneratedDocs`; edit the manifest, not this page.");
        Line(text, "");
        Line(text, manifest.Summary);
        Line(text, "");
        Line(text, $"- `kind: {manifest.Kind}` in a file of `systems/` of a landscape.");
        var batch = manifest.BatchMax == 1 ? "" : manifest.BatchIsAtomic ? ", all or nothing" : ", each with its own outcome";
        Line(text, $"- Writes in one call: at most {manifest.BatchMax}{batch}.");
        Line(text, $"- {(manifest.Throttles ? "It asks to be called less often, and the lane obeys." : "It has no throttling of its own that is known.")}");
        Line(text, manifest.RenewsSession
            ? "- Its session or token expires and is renewed once per call."
            : "- Its credentials are sent with each call and do not expire.");
        Line(text, $"- What is strange about it, and what is done about that: [BEHAVIOR.md](../../{folder}/BEHAVIOR.md).");
        Line(text, "");
        Configuration(text, manifest);
        foreach (var entity in manifest.Entities)
        {
            Entity(text, entity);
        }

        Gaps(text, manifest);
        Failures(text, folder);
        return text.ToString();
    }

    private static void Configuration(StringBuilder text, Manifest manifest)
    {
        Line(text, "## Connection");
        Line(text, "");
        Line(text, "| name | what | value | more |");
        Line(text, "|---|---|---|---|");
        foreach (var field in manifest.Configuration)
        {
            Line(text, $"| `{field.Name}` | {Cell(field.Summary)} | {Cell(Value(field))} | {Cell(More(field))} |");
        }

        Line(text, "");
    }

    private static string Value(ConfigurationField field)
    {
        var kind = field.Kind switch
        {
            FieldKind.Text => field.OneOf.IsDefaultOrEmpty ? "text" : "one of " + string.Join(", ", field.OneOf),
            FieldKind.Address => "address (https; http on loopback only)",
            FieldKind.Secret => "reference to a secret (`env:NAME` or `file:PATH`)",
            FieldKind.Whole => $"whole number{(field.Min is { } min ? $" from {min}" : "")}{(field.Max is { } max ? $" to {max}" : "")}",
            FieldKind.Flag => "true or false",
        };
        var need = field.Required ? "required" : field.Default is null ? "optional"
            : $"default {Convert.ToString(field.Default, CultureInfo.InvariantCulture)}";
        return $"{kind}; {need}";
    }

    private static string More(ConfigurationField field) => $"{field.Help}{(field.Example is null ? "" : $" Example: `{field.Example}`")}".Trim();

    private static void Entity(StringBuilder text, EntityManifest entity)
    {
        Line(text, $"## `{entity.Name}`");
        Line(text, "");
        Line(text, entity.Summary);
        Line(text, "");
        Line(text, $"- Read: {(entity.Changes switch
        {
            ChangeDetection.None => "it cannot be listed.",
            ChangeDetection.Incremental => "what changed since the last reading.",
            ChangeDetection.Sweep => "everything each time; what is known already is dropped by its content.",
        })}{(entity.Changes == ChangeDetection.None ? "" : entity.ReportsDeletion ? " Deletions are seen." : " Deletions are not seen.")}");
        var writes = entity.Writes.IsDefaultOrEmpty ? "no" : string.Join(", ", entity.Writes.Select(write => write.ToString().ToLowerInvariant()));
        Line(text, $"- Written: {writes}.{(entity.Undo is { } undo ? $" Undo {undo}." : "")}");
        if (!entity.FindKeys.IsDefaultOrEmpty)
        {
            Line(text, $"- Found by: {string.Join("; ", entity.FindKeys.Select(key => string.Join(" with ", key.Select(name => $"`{name}`"))))}.");
        }

        if (!entity.Writes.IsDefaultOrEmpty)
        {
            Line(text, entity.EnforcesKey
                ? "- The system itself refuses a second record with the same key."
                : "- The system takes a second record with the same key, so the hub looks before it writes again; "
                    + "see [limits](../limits.md#effectively-once).");
            Line(text, entity.ChecksVersion
                ? "- A change of somebody else at the same time is noticed by its version."
                : "- It has no version to compare when changing a record.");
        }

        if (!entity.Volatile.IsDefaultOrEmpty)
        {
            Line(text, $"- Not counted as a change: {string.Join(", ", entity.Volatile.Select(name => $"`{name}`"))}.");
        }

        Line(text, "");
    }

    private static void Gaps(StringBuilder text, Manifest manifest)
    {
        if (manifest.Gaps.IsDefaultOrEmpty)
        {
            return;
        }

        Line(text, "## What it does not do");
        Line(text, "");
        Line(text, "| what | why | instead |");
        Line(text, "|---|---|---|");
        foreach (var gap in manifest.Gaps)
        {
            Line(text, $"| {Cell(gap.What)} | {Cell(gap.Reason)} | {Cell(gap.Instead)} |");
        }

        Line(text, "");
    }

    // Which kinds a connector tells apart stands only in its code; the sentences are those of its failure table.
    private static void Failures(StringBuilder text, string folder)
    {
        var name = Path.GetFileName(folder);
        var sources = SourceTree.CSharp(folder).ToArray();
        var kinds = typeof(Failure).GetNestedTypes().Select(type => type.Name)
            .Where(kind => sources.Any(file => file.Text.Contains($"Failure.{kind}(", StringComparison.Ordinal)))
            .Select(kind => Words().Replace(kind, " $1").ToLowerInvariant().Trim()).Order(StringComparer.Ordinal);
        Line(text, "## Failures");
        Line(text, "");
        Line(text, $"It tells apart: {string.Join(", ", kinds)}. Which answer means what stands in");
        Line(text, $"[{name}Failures.cs](../../{folder}/{name}Failures.cs); what the hub does about each kind, in [limits](../limits.md#attempts).");
        var items = sources.Single(file => file.Name == $"{name}Failures.cs").Lines.SelectMany(line => Item().Matches(line))
            .Select(match => match.Groups[1].Value).ToArray();
        if (items.Length > 0)
        {
            Line(text, "");
        }

        foreach (var item in items)
        {
            Line(text, $"- {item}");
        }
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    private static void Line(StringBuilder text, string line) => text.Append(line.TrimEnd()).Append('\n');

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Words();

    [GeneratedRegex("<item>(.*?)</item>")]
    private static partial Regex Item();
}
