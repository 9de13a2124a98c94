using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>The record of an engagement in each system: what it is, its number, its id there, whether it stands.</summary>
internal static class EngagementRecords
{
    public static IEnumerable<Fields> Of(UnitState unit, Landscape.Landscape landscape, PlainWords words) => Sources(unit).Concat(Accounts(unit, landscape))
        .Concat(Customers(unit, landscape)).Concat(Targets(unit, landscape)).Select(record => record
            .With("systemTitle", words.System(record.Text("system")!))
            .With("title", words.Record(record.Text("system")!, record.Text("entity")!, record.Text("what"))));

    // What was sold names the CRM's own account, also where that is a second record of one customer; the story says so.
    private static IEnumerable<Fields> Accounts(UnitState unit, Landscape.Landscape landscape) =>
        from record in unit.Of("billing-account")
        let map = landscape.InwardMaps.FirstOrDefault(map => map.To == "customer")
        where map is not null
        select One(map.System, map.Entity, "customer", record.Attributes, record.Id.Key, "source");

    private static IEnumerable<Fields> Sources(UnitState unit) =>
        from record in unit.Records.Values
        where record.Owner is null
        from system in record.Versions.Keys
        orderby record.Id.ToString(), system
        select One(system, record.Id.Entity, record.Id.Entity, record.Attributes, record.Id.Key, "source");

    private static IEnumerable<Fields> Customers(UnitState unit, Landscape.Landscape landscape) =>
        from record in unit.Of("billing-account")
        from pair in record.Attributes.Nested("ids") ?? Fields.Empty
        where pair.Value is not null
        select One(landscape.Roles.TryGetValue(pair.Key, out var role) ? role.Default : pair.Key, "customer", "customer", record.Attributes,
            Text(pair.Value), "there");

    // What only furthers a record that another map made is that record.
    private static IEnumerable<Fields> Targets(UnitState unit, Landscape.Landscape landscape) =>
        from target in unit.Targets.Values
        where landscape.OutwardMaps.GetValueOrDefault(target.Map)?.Updates is null
        where target.ExternalId is not null || target.InFlight is not null || target.Failure is not null
        let isSource = unit.Records.GetValueOrDefault(target.Record) is { Owner: null }
        where !isSource
        orderby target.System, target.Entity, target.Record.Key
        select One(
            target.System, target.Entity, target.Record.Entity, unit.Records.GetValueOrDefault(target.Record)?.Attributes
                ?? Fields.Empty, target.ExternalId,
            target.Undone ? "taken back" : target.Failure is not null ? "refused" : target.ExternalId is null ? "under way" : "there",
            target.Record.Entity == "invoice" ? target.Record.Key : null);

    private static Fields One(string system, string entity, string what, Fields attributes, string? externalId, string state, string? reference = null) => Fields.Of(
        ("system", system), ("entity", entity), ("what", what), ("number", attributes.Text("number") ?? attributes.Text("code")),
            ("name", attributes.Text("name") ?? reference),
        ("externalId", externalId), ("state", state));

    private static string? Text(object? value) => value switch
    {
        string text => text,
        long whole => whole.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
