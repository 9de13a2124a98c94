using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Landscape.Files;
using Throughline.Model;

namespace Throughline.Landscape;

/// <summary>What became of one sample of a map.</summary>
/// <param name="Message">What differs, for people; empty where it passed.</param>
public sealed record SampleResult(Place Place, string Map, string Name, bool Passed, string Message)
{
    public override string ToString() => $"{Place}: sample \"{Name}\" of {Map} {(Passed ? "passed" : "failed: " + Message)}";
}

/// <summary>
/// Runs the samples that stand beside maps: <c>maps/in/x.samples.yaml</c> and <c>maps/out/x.samples.yaml</c>, lists of what goes in and
/// what is expected. Only what <c>expect</c> names is compared; each part that it names must be equal as a whole.
/// </summary>
public static class LandscapeSamples
{
    public const string Suffix = ".samples.yaml";

    public static ImmutableArray<SampleResult> Run(Landscape landscape, string folder)
    {
        var problems = new ProblemList();
        var results = ImmutableArray.CreateBuilder<SampleResult>();
        foreach (var file in LandscapeFolder.Read(folder, problems).Files.Where(file => file.Path.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            var stem = file.Path[..^Suffix.Length];
            var inward = landscape.InwardMaps.FirstOrDefault(map => IsAt(map.Place, stem));
            var outward = landscape.OutwardMaps.Values.FirstOrDefault(map => IsAt(map.Place, stem));
            var node = YamlFile.Read(file.Display, file.Bytes, problems);
            if (inward is null && outward is null)
            {
                problems.Error(new Place(file.Display, 1), "unknown-map", $"there is no map {stem}.yaml beside these samples");
            }
            else if (node is ListNode list)
            {
                results.AddRange(list.Items.Select(item => RunOne(inward, outward, item, landscape, problems)).OfType<SampleResult>());
            }
            else if (node is not null)
            {
                problems.Error(node.Place, "wrong-shape", "samples are a list, each with 'name', what goes in, and 'expect'");
            }
        }

        results.AddRange(problems.InOrder().Where(problem => problem.Severity == Severity.Error)
            .Select(problem => new SampleResult(problem.Place, problem.Place.File, problem.Code, false, problem.Message)));
        return results.ToImmutable();
    }

    private static bool IsAt(Place place, string stem) => place.File == stem + ".yaml" || place.File.EndsWith("/" + stem + ".yaml", StringComparison.Ordinal);

    private static SampleResult? RunOne(InwardMap? inward, OutwardMap? outward, Node item, Landscape landscape, ProblemList problems)
    {
        if (KeyReader.Of(item, item.Place, "a sample", problems) is not { } keys)
        {
            return null;
        }

        var name = keys.Text("name", required: true) ?? "";
        var expect = keys.Group("expect", required: true)?.Value as Fields ?? Fields.Empty;
        var got = inward is not null ? RunInward(inward, keys, landscape) : RunOutward(outward!, keys, landscape);
        keys.Done();
        var differences = expect.Select(part => Difference(part.Key, part.Value, got)).OfType<string>().ToList();
        if (got.Text("failure") is { } failure && !expect.ContainsKey("failure"))
        {
            differences.Insert(0, failure);
        }

        return new SampleResult(keys.Place, inward?.Name ?? outward!.Name, name, differences.Count == 0, string.Join("; ", differences));
    }

    private static Fields RunInward(InwardMap map, KeyReader keys, Landscape landscape)
    {
        var source = keys.Group("source", required: true)?.Value as Fields ?? Fields.Empty;
        var externalId = keys.Text("externalId") ?? source.Text("Id") ?? "sample";
        var result = MapRunner.Inward(map, new SourceRecord(map.Entity, externalId, null, source, keys.Flag("deleted", false)), landscape);
        return Fields.Of(
            ("applies", result.Applies),
            ("key", result.Key),
            ("scope", result.ScopeReference),
            ("occurredAt", result.OccurredAt),
            ("attributes", result.Attributes),
            ("failure", result.Failure?.Message));
    }

    private static Fields RunOutward(OutwardMap map, KeyReader keys, Landscape landscape)
    {
        var view = keys.Group("record", required: true)?.Value as Fields ?? Fields.Empty;
        var records = VariableNames.RecordsOf([]).Merge(keys.Group("records")?.Value as Fields ?? Fields.Empty);
        var ids = keys.Group("ids")?.Value as Fields ?? Fields.Empty;
        var context = new OutwardContext(
            records,
            keys.Text("legalEntity"),
            keys.Group("status")?.Value as Fields,
            (role, entity, key) => ids.Text($"{role}/{entity}/{key}"));
        var result = MapRunner.Outward(map, view, context, landscape);
        return Fields.Of(
            ("find", result.Find),
            ("adopt", result.Adopt),
            ("fields", result.Fields),
            ("waits", result.Waits),
            ("failure", result.Failure?.Message));
    }

    private static string? Difference(string part, object? expected, Fields got)
    {
        if (!got.ContainsKey(part))
        {
            return $"'{part}' is nothing that a sample can expect{Suggestion.For(part, got.Keys)}";
        }

        var actual = got.Get(part);
        if (part is "failure" or "waits" && expected is string words && actual is string sentence && sentence.Contains(words, StringComparison.Ordinal))
        {
            return null;
        }

        if (expected is Fields whole && actual is Fields all)
        {
            var names = whole.Keys.Union(all.Keys).Where(name => !IsSame(whole.Get(name), all.Get(name)) || whole.ContainsKey(name) != all.ContainsKey(name));
            var lines = names.Select(name => $"{part}.{name} is {Show(all, name)} and not {Show(whole, name)}").ToArray();
            return lines.Length == 0 ? null : string.Join("; ", lines);
        }

        return IsSame(expected, actual) ? null : $"{part} is {Show(got, part)} and not"
            + $" {Fields.Of(("v", expected)).ToJson()[5..^1]}";
    }

    private static bool IsSame(object? left, object? right) => Fields.Of(("v", left)).Equals(Fields.Of(("v", right)));

    private static string Show(Fields fields, string name) => fields.ContainsKey(name) ? Fields.Of(("v", fields.Get(name))).ToJson()[5..^1] : "absent";
}
