using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>What an expression at one place may name.</summary>
/// <param name="Schemas">The variables whose attributes are known, so that a misspelt one is found before it runs.</param>
internal sealed record VariableScope(ImmutableArray<string> Names, ImmutableDictionary<string, EntitySchema> Schemas, FunctionLibrary Functions)
{
    private static readonly ImmutableDictionary<string, EntitySchema> NoSchemas = ImmutableDictionary<string, EntitySchema>.Empty;

    public static VariableScope Inward(LandscapeFunctions functions) =>
        new([VariableNames.Source, VariableNames.ExternalId, VariableNames.Parameters], NoSchemas, functions.Ordinary);

    public static VariableScope Outward(EntitySchema? entity, LandscapeFunctions functions) =>
        new VariableScope(
            [VariableNames.Records, VariableNames.Parameters, VariableNames.LegalEntity, VariableNames.Status], NoSchemas, functions.WithRecords).With(entity);

    public static VariableScope Process(EntitySchema? subject, LandscapeFunctions functions)
    {
        ImmutableArray<string> names =
            [VariableNames.Records, VariableNames.Parameters, VariableNames.Request, VariableNames.Status, VariableNames.Instance];
        return VariableNames.ReferencesOf(subject).Select(EntityCatalog.Find)
            .Aggregate(new VariableScope(names, NoSchemas, functions.Ordinary).With(subject), (scope, entity) => scope.With(entity));
    }

    /// <summary>What is said of entries: the entry, and the records of its engagement that it belongs to, each empty where there is none.</summary>
    public static VariableScope Entry(EntitySchema? entry, LandscapeFunctions functions)
    {
        ImmutableArray<string> names = [VariableNames.Records, VariableNames.Parameters, VariableNames.LegalEntity];
        return VariableNames.ReferencesOf(entry).Select(EntityCatalog.Find)
            .Aggregate(new VariableScope(names, NoSchemas, functions.Ordinary).With(entry), (scope, entity) => scope.With(entity));
    }

    public VariableScope With(params ImmutableArray<string> names) => this with { Names = [.. Names, .. names] };

    /// <summary>With the record itself under its entity's name. Its <c>key</c> stands beside its attributes.</summary>
    public VariableScope With(EntitySchema? entity)
    {
        if (entity is null || Names.Contains(VariableNames.Of(entity.Name)))
        {
            return this;
        }

        var name = VariableNames.Of(entity.Name);
        return this with { Names = [.. Names, name], Schemas = Schemas.SetItem(name, entity) };
    }

    public VariableScope WithFunctions(FunctionLibrary functions) => this with { Functions = functions };
}
