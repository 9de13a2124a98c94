using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors;
using Throughline.Model;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>Customer invoices, as drafts: the key is a free text, so the server takes it twice. What happens when they are posted: <see cref="TrytonInvoiceFacts"/>.</summary>
public abstract class TrytonInvoiceUnderTest(TrytonHost host) : TrytonUnderTest(host)
{
    private JsonObject _head = [];
    private JsonObject _line = [];

    public override string Entity => "account.invoice";

    public override string TextField => "description";

    public override string? MoneyField => "lines[0].unit_price";

    public override string? DateField => "invoice_date";

    protected override ImmutableArray<Difference> Missing => [];

    protected override JsonArray DomainOfRun => [new JsonArray("reference", "like", $"I{Run}-%"), new JsonArray("state", "in", new JsonArray("draft", "cancelled"))];

    protected override JsonObject RawChange => new() { ["description"] = "Changed directly" };

    public override Fields NewRecord(int n) => Fields.Of(
        ("reference", Reference(n)),
        ("description", "from the hub"),
        ("party", Fields.Of(("find", Fields.Of(("code", "C-100"))))),
        ("currency", Fields.Of(("find", Fields.Of(("code", "EUR"))))),
        ("invoice_date", "2026-11-19"),
        ("lines", new[] { Line(7.5m, 140m) }));

    public override Fields BadRecord(int n) => NewRecord(n).With("lines", new[] { Line(1.234m, 140m) });

    public override Fields FindKey(int n) => Fields.Of(("reference", Reference(n)));

    public override Fields Change(int n) => Fields.Of(("description", $"changed {n}"), ("invoice_date", "2026-11-20"));

    public override Fields Shown(Fields written) => written.Without("party").Without("currency").Without("lines");

    public override Fields Set(Fields record, string field, object? value) => field == MoneyField
        ? record.With("lines", new[] { Line(1m, value) })
        : base.Set(record, field, value);

    public override object? Get(Fields record, string field) => field == MoneyField
        ? record.NestedList("lines")[0].Get("unit_price")
        : base.Get(record, field);

    protected override JsonArray DomainOf(int n) => [new JsonArray("reference", "=", Reference(n))];

    protected override JsonObject RawRecord(int n)
    {
        var record = (JsonObject)_head.DeepClone();
        record["reference"] = Reference(n);
        record["lines"] = new JsonArray(new JsonArray("create", new JsonArray(_line.DeepClone())));
        return record;
    }

    protected override async Task PrepareAsync()
    {
        var customer = await FirstAsync("party.party", "code", "C-100");
        _head = new JsonObject
        {
            ["party"] = customer, ["invoice_address"] = await FirstAsync("party.address", "party", customer), ["description"] = "direct",
            ["account"] = await FirstAsync("account.account", "type.receivable", true), ["journal"] = await FirstAsync("account.journal", "type", "revenue"),
        };
        _line = new JsonObject
        {
            ["account"] = await FirstAsync("account.account", "type.revenue", true), ["quantity"] = 2, ["description"] = "direct",
            ["unit_price"] = new JsonObject { ["__class__"] = "Decimal", ["decimal"] = "10.50" },
        };
    }

    private static Fields Line(decimal quantity, object? price) => Fields.Of(
        ("description", "Consulting"), ("quantity", quantity), ("unit_price", price), ("product", Fields.Of(("find", Fields.Of(("code", "HOUR"))))));

    private async Task<long> FirstAsync(string model, string field, JsonNode? value) =>
        (long)(await Host.Raw.SearchAsync(model, [new JsonArray(field, "=", value)]))[0]!;

    private string Reference(int n) => $"I{Run}-{n}";
}
