using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>What the organisation says about its own objects.</summary>
internal static class SalesforceDescribe
{
    public static Fields Summary(SObject entity, string root) => Fields.Of(
        ("name", entity.Name), ("label", entity.Name), ("keyPrefix", entity.Prefix), ("custom", false), ("queryable", true), ("createable", true),
        ("updateable", true), ("deletable", entity.KeepsDeleted), ("replicateable", true),
        ("urls", Fields.Of(("sobject", $"{root}/sobjects/{entity.Name}"), ("describe", $"{root}/sobjects/{entity.Name}/describe"),
            ("rowTemplate", $"{root}/sobjects/{entity.Name}/{{ID}}"))));

    public static Fields Full(SalesforceRecords records, SObject entity, string root) => Summary(entity, root)
        .With("fields", entity.Fields.Select(field => Field(records, field)).ToList())
        .With("childRelationships", records.Objects.SelectMany(child => child.Fields
            .Where(f => f.ReferenceTo == entity.Name && f.ChildRelationship is not null)
            .Select(f => Fields.Of(("childSObject", child.Name), ("field", f.WireName), ("relationshipName", f.ChildRelationship)))).ToList());

    private static Fields Field(SalesforceRecords records, SField field) => Fields.Of(
        ("name", field.WireName), ("label", field.WireName), ("type", field.WireType.ToString().ToLowerInvariant()), ("length", field.Length),
        ("custom", field.WireName.EndsWith("__c", StringComparison.Ordinal)), ("nillable", !field.IsRequired && field.Type != SType.Boolean),
        ("createable", !field.IsReadOnly), ("updateable", !field.IsReadOnly), ("unique", field.IsUnique), ("caseSensitive", field.IsUnique),
            ("externalId", field.IsExternalId),
        ("idLookup", field.IsExternalId || field.Type == SType.Id), ("relationshipName", field.Relationship),
        ("referenceTo", field.ReferenceTo is { } target ? new[] { target } : []),
            ("restrictedPicklist", !field.Values.IsDefaultOrEmpty || field.Name == "StageName"),
        ("picklistValues", Values(records, field).Select(value => Fields.Of(("value", value), ("label", value), ("active", true))).ToList()));

    private static IEnumerable<string> Values(SalesforceRecords records, SField field) =>
        field.Name == "StageName" ? records.Rows("OpportunityStage").Select(row => (string)row["ApiName"]!) : field.Values;
}
