using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>The ERP: parties with a unique code, cost centres, and financial projects, which it takes twice if it is sent them twice.</summary>
internal sealed class Erp() : TargetSystem("erp")
{
    public const string Party = "party.party";
    public const string CostCentre = "analytic_account.account";
    public const string Work = "project.work";

    protected override Failure? Objection(WriteItem item, Fields? known) => (item.Entity, item.Operation) switch
    {
        (Party, WriteOperation.Create) when All(Party).Any(party => party.Fields.Text("code") == item.Fields.Text("code")) =>
            new Failure.Duplicate("the code of a party must be unique", null),
        (Party, WriteOperation.Undo) => new Failure.Policy("parties are kept"),
        (Work, not WriteOperation.Undo) when Find(Party, item.Fields.Text("party")) is null =>
            new Failure.MissingReference("the party does not exist", item.Fields.Text("party") ?? ""),
        _ => null,
    };

    protected override bool Holds(Fields fields, string name, object? value) => name switch
    {
        "@code" => fields.Text("name")?.StartsWith(value + " ", StringComparison.Ordinal) == true,
        "identifiers.code" => fields.NestedList("identifiers").Any(identifier => identifier.Text("code") == (string?)value),
        _ => base.Holds(fields, name, value),
    };
}
