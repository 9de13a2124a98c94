using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Connect;

/// <summary>Checks a system's configuration against its manifest and reports every problem at once.</summary>
public static class ConfigurationCheck
{
    /// <summary>The configuration with defaults filled in, and the problems found (empty where it may be used).</summary>
    public static (Fields Complete, ImmutableArray<FieldProblem> Problems) Run(Manifest manifest, Fields given)
    {
        var problems = ImmutableArray.CreateBuilder<FieldProblem>();
        var complete = given;
        foreach (var field in manifest.Configuration)
        {
            var value = given.Get(field.Name);
            if (value is null)
            {
                if (field.Required)
                {
                    problems.Add(new FieldProblem(field.Name, $"is required: {field.Summary}{Example(field)}"));
                }
                else if (field.Default is not null)
                {
                    complete = complete.With(field.Name, field.Default);
                }
            }
            else if (Problem(field, value) is { } problem)
            {
                problems.Add(new FieldProblem(field.Name, problem));
            }
        }

        foreach (var name in given.Keys.Where(name => manifest.Configuration.All(field => field.Name != name)))
        {
            var settings = string.Join(", ", manifest.Configuration.Select(field => field.Name));
            problems.Add(new FieldProblem(name, $"is not a setting of {manifest.Kind}; it has {settings}"));
        }

        return (complete, problems.ToImmutable());
    }

    private static string Example(ConfigurationField field) => field.Example is null ? "" : $" (for example {field.Example})";

    private static string? Problem(ConfigurationField field, object value) => field.Kind switch
    {
        FieldKind.Text => value is not string text ? "must be a text"
            : !field.OneOf.IsDefaultOrEmpty && !field.OneOf.Contains(text) ? $"must be one of {string.Join(", ", field.OneOf)}" : null,
        FieldKind.Address => AddressProblem(value),
        FieldKind.Secret => value is string reference
            && (reference.StartsWith("env:", StringComparison.Ordinal) || reference.StartsWith("file:", StringComparison.Ordinal))
            ? null
            : "must be a reference to a secret, env:NAME or file:PATH, never the secret itself",
        FieldKind.Whole => value is not long whole ? "must be a whole number"
            : whole < (field.Min ?? long.MinValue) || whole > (field.Max ?? long.MaxValue) ? $"must be from {field.Min} to {field.Max}" : null,
        FieldKind.Flag => value is bool ? null : "must be true or false",
    };

    private static string? AddressProblem(object value)
    {
        if (value is not string text || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return "must be an absolute http or https address";
        }

        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            return "must not hold credentials or a query; secrets are given by reference";
        }

        return uri.Scheme == "http" && !uri.IsLoopback ? "must use https; plain http is allowed only on loopback" : null;
    }
}
