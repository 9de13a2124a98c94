using Throughline.Engine.Billing;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Server.Api.Invoices;

/// <summary>Whom an invoice is for and what was agreed: records of its engagement, as they stand today.</summary>
internal sealed class InvoiceTerms(Invoice invoice, UnitState unit)
{
    /// <summary>What the hub knows of the invoice beside its entries; null before its engagement was told of it.</summary>
    public Fields? Shows { get; } = unit.Records.GetValueOrDefault(new RecordId("invoice", invoice.Key))?.Attributes;

    public Fields? Customer => Named("billing-account", Shows?.Text("billingAccount")) is { } account ? Fields.Of(
        ("account", account.Id.Key), ("number", account.Attributes.Text("number")), ("name", account.Attributes.Text("name")), ("ids", account.Attributes.Nested("ids"))) : null;

    public Fields? Project => unit.Of("project").Select(project => Fields.Of(
        ("code", project.Attributes.Text("code")), ("name", project.Attributes.Text("name")))).FirstOrDefault();

    public Fields? Workstream => Named("workstream", Shows?.Text("workstream")) is { } workstream ? Fields.Of(
        ("key", workstream.Id.Key), ("name", workstream.Attributes.Text("name")), ("billing", workstream.Attributes.Text("billing")),
        ("currency", workstream.Attributes.Text("currency")), ("cap", workstream.Attributes.Money("cap")), ("legalEntity", workstream.Attributes.Text("legalEntity"))) : null;

    /// <summary>What was sold, of each sale the lines of this workstream; all its lines where none names it.</summary>
    public IEnumerable<Fields> Sales => unit.Of("opportunity").Select(sale => Fields.Of(
        ("id", sale.Id.Key), ("system", SystemOf(sale)), ("name", sale.Attributes.Text("name")), ("stage", sale.Attributes.Text("stage")),
        ("won", sale.Attributes.Flag("won")), ("type", sale.Attributes.Text("type")), ("amount", sale.Attributes.Money("amount")),
        ("closeDate", sale.Attributes.Text("closeDate")), ("contract", sale.Attributes.Text("contract")), ("lines", LinesOf(sale.Attributes.NestedList("lines")))));

    public IEnumerable<Fields> Contracts => unit.Of("contract").Select(contract => Fields.Of(
        ("id", contract.Id.Key), ("system", SystemOf(contract)), ("status", contract.Attributes.Text("status")), ("signedOn", contract.Attributes.Text("signedOn")),
        ("start", contract.Attributes.Text("start")), ("sowHash", contract.Attributes.Text("sowHash"))));

    public IEnumerable<Fields> RateCards => unit.Of("rate-card").Where(card => card.Attributes.Text("workstream") == Shows?.Text("workstream"))
        .Select(card => Fields.Of(("key", card.Id.Key), ("rates", card.Attributes.NestedList("rates"))));

    private IEnumerable<Fields> LinesOf(IReadOnlyList<Fields> lines)
    {
        var key = Workstream?.Text("key");
        var mine = lines.Where(line => line.Text("workstream") is { } code && (key == code || key?.EndsWith("-" + code, StringComparison.Ordinal) == true)).ToArray();
        return (mine.Length > 0 ? mine : lines).Select(line => Fields.Of(
            ("id", line.Text("id")), ("description", line.Text("description")), ("role", line.Text("role")), ("billing", line.Text("billing")), ("hours", line.Number("hours")),
            ("amount", line.Money("amount")), ("cap", line.Money("cap"))));
    }

    private static string? SystemOf(CanonicalRecord record) => record.Versions.Keys.FirstOrDefault();

    private CanonicalRecord? Named(string entity, string? key) => key is null ? null : unit.Records.GetValueOrDefault(new RecordId(entity, key));
}
