using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Throughline.Connect;
using Throughline.Landscape.Files;
using Throughline.Model;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>systems/*.yaml</c>: one connected system each, checked against the manifest of its kind.</summary>
internal static partial class SystemReader
{
    public static void Read(Node node, Draft draft)
    {
        var keys = KeyReader.Of(node, node.Place, "the system", draft.Problems);
        if (keys is null)
        {
            return;
        }

        var name = keys.Name("system");
        var kind = keys.Text("kind", required: true);
        var manifest = kind is null ? null : draft.Manifests.FirstOrDefault(m => m.Kind == kind);
        if (kind is not null && manifest is null)
        {
            draft.Problems.Error(
                keys.PlaceOf("kind"), "unknown-kind", $"there is no connector of kind"
                    + $" '{KeyReader.Shorten(kind)}'{Suggestion.For(kind, draft.Manifests.Select(m => m.Kind))}");
        }

        var configuration = ReadConnection(keys.Group("connection", required: true), keys, manifest, draft);
        var reads = ReadReads(keys, manifest, draft);
        var hooks = ReadHooks(keys, draft);
        var limits = ReadLimits(keys.Keys("limits", $"the limits of system {name}"));
        keys.Done();
        if (name is not null)
        {
            var system = new SystemDeclaration(name, kind ?? "", configuration, reads, hooks, limits, keys.Place);
            draft.Add(draft.Systems, "system", name, keys.PlaceOf("system"), (system, manifest), entry => entry.Item1.Place);
        }
    }

    private static Fields ReadConnection(MapNode? group, KeyReader keys, Manifest? manifest, Draft draft)
    {
        var given = Fields.Empty;
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in group?.Members ?? [])
        {
            var isSecret = manifest?.Configuration.Any(field => field.Name == member.Name && field.IsSecret) ?? false;
            if (member.Node is not ScalarNode scalar)
            {
                draft.Problems.Error(member.Place, "wrong-shape", $"'{member.Name}' of the connection must be a single value, not {member.Node.Kind}");
                unknown.Add(member.Name);
            }
            else if (isSecret && !IsReference(scalar.Text))
            {
                draft.Problems.Error(
                    member.Place, "literal-secret", $"'{member.Name}' holds a secret or something like one; put the secret into the environment or a file"
                        + " and write env:NAME or file:PATH here");
                unknown.Add(member.Name);
            }
            else if (Substitute(scalar, member, draft) is { } value)
            {
                given = given.With(member.Name, value.Value);
            }
            else
            {
                unknown.Add(member.Name);
            }
        }

        if (manifest is null || group is null)
        {
            return given;
        }

        var (complete, problems) = ConfigurationCheck.Run(manifest, given);
        foreach (var problem in problems.Where(problem => !unknown.Contains(problem.Field)))
        {
            var suggestion = manifest.Configuration.All(field => field.Name != problem.Field)
                ? Suggestion.For(problem.Field, manifest.Configuration.Select(field => field.Name))
                : "";
            draft.Problems.Error(
                group.Member(problem.Field)?.Place ?? keys.PlaceOf("connection"), "connection", $"'{KeyReader.Shorten(problem.Field)}'"
                    + $" {problem.Message}{(suggestion.Contains('?') ? suggestion : "")}");
        }

        return complete;
    }

    private static bool IsReference(string text) =>
        (text.StartsWith("env:", StringComparison.Ordinal) && text.Length > 4) || (text.StartsWith("file:", StringComparison.Ordinal) && text.Length > 5);

    /// <summary>Puts environment variables in place of <c>${NAME}</c> and <c>${NAME:-otherwise}</c>; null with a problem where one is not set.</summary>
    private static ScalarNode? Substitute(ScalarNode scalar, MemberNode member, Draft draft)
    {
        var missing = false;
        var text = VariablePattern().Replace(scalar.Text, match =>
        {
            var value = draft.Environment(match.Groups[1].Value);
            if (string.IsNullOrEmpty(value) && match.Groups[2].Success)
            {
                return match.Groups[2].Value;
            }

            if (string.IsNullOrEmpty(value))
            {
                missing = true;
                draft.Problems.Error(
                    member.Place, "unset-variable", $"'{member.Name}' uses the environment variable {match.Groups[1].Value}, which is not set; set it, or"
                        + $" give a default with ${{{match.Groups[1].Value}:-value}}");
            }

            return value ?? "";
        });
        return missing ? null : scalar with { Text = text };
    }

    private static ImmutableArray<ReadDeclaration> ReadReads(KeyReader keys, Manifest? manifest, Draft draft)
    {
        var reads = ImmutableArray.CreateBuilder<ReadDeclaration>();
        foreach (var item in keys.List("read"))
        {
            var read = KeyReader.Of(item, item.Place, "an item of 'read'", draft.Problems);
            var entity = read?.Text("entity", required: true);
            var every = read?.Duration("every", TimeSpan.FromMinutes(1), required: true) ?? TimeSpan.Zero;
            read?.Done();
            if (read is null || entity is null)
            {
                continue;
            }

            if (every < TimeSpan.FromMilliseconds(100) || every > TimeSpan.FromDays(31))
            {
                draft.Problems.Error(read.PlaceOf("every"), "wrong-type", "'every' must be from 100ms to 31d");
            }

            if (manifest is not null && manifest.Entity(entity) is not { Changes: not ChangeDetection.None })
            {
                var readable = manifest.Entities.Where(e => e.Changes != ChangeDetection.None).Select(e => e.Name);
                draft.Problems.Error(read.PlaceOf("entity"), "unknown-entity", $"'{KeyReader.Shorten(entity)}' cannot be read from"
                    + $" {manifest.Kind}{Suggestion.For(entity, readable)}");
            }
            else if (reads.Any(other => other.Entity == entity))
            {
                draft.Problems.Error(read.PlaceOf("entity"), "duplicate-name", $"'{entity}' is read twice; remove one");
            }
            else
            {
                reads.Add(new ReadDeclaration(entity, every));
            }
        }

        return reads.ToImmutable();
    }

    private static ImmutableArray<string> ReadHooks(KeyReader keys, Draft draft)
    {
        if (keys.Keys("hooks", "'hooks'") is not { } hooks)
        {
            return [];
        }

        var secrets = ImmutableArray.CreateBuilder<string>();
        foreach (var item in hooks.Texts("secrets"))
        {
            if (IsReference(item.Text))
            {
                secrets.Add(item.Text);
            }
            else
            {
                draft.Problems.Error(item.Place, "literal-secret", "a webhook secret must be a reference, env:NAME or file:PATH, never the secret itself");
            }
        }

        hooks.Done();
        return secrets.ToImmutable();
    }

    private static DeliveryLimits ReadLimits(KeyReader? keys)
    {
        var standard = DeliveryLimits.Default;
        if (keys is null)
        {
            return standard;
        }

        var limits = new DeliveryLimits(
            keys.Whole("concurrency", standard.Concurrency, 1, 256),
            keys.Whole("perSecond", standard.PerSecond, 1, 10_000),
            keys.Duration("timeOut", standard.TimeOut),
            keys.Duration("margin", standard.Margin));
        keys.Done();
        return limits;
    }

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}", RegexOptions.CultureInvariant)]
    private static partial Regex VariablePattern();
}
