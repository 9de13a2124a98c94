using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>What the server proposes to a client that types an invoice: <c>on_change</c>, <c>on_change_with</c> and <c>default_get</c>, as far as they are used.</summary>
internal static class TrytonProposals
{
    /// <summary>The answer, or null where this model has no such call here.</summary>
    public static JsonNode? Answer(TrytonStore store, string model, string operation, JsonArray parameters, JsonObject context) => (model, operation) switch
    {
        (TrytonAccounting.Invoice, "default_get") => Defaults(store, [.. ((JsonArray)parameters[0]!).Select(name => (string)name!)], context),
        (TrytonAccounting.Invoice, "on_change_with") => new JsonObject { ["account"] = Receivable(store, (JsonObject)parameters[0]!) },
        (TrytonAccounting.Invoice, "on_change") when Asks(parameters, "lines") => new JsonArray(Lines(store, (JsonObject)parameters[0]!)),
        (TrytonAccounting.Invoice, "on_change") => new JsonArray(Head(store, (JsonObject)parameters[0]!)),
        (TrytonAccounting.Line, "on_change") => new JsonArray(Line(store, (JsonObject)parameters[0]!)),
        _ => null,
    };

    private static bool Asks(JsonArray parameters, string field) => ((JsonArray)parameters[1]!).Any(name => (string?)name == field);

    private static JsonObject Defaults(TrytonStore store, string[] names, JsonObject context)
    {
        var company = TrytonWire.Typed(context["company"]);
        var all = new JsonObject { ["company"] = TrytonWire.Encode(company), ["type"] = "out", ["state"] = "draft",
            ["currency"] = TrytonWire.Encode(company is long id ? store.Stored("company.company", id, "currency") : null) };
        return new([.. all.Where(pair => names.Contains(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))]);
    }

    private static JsonObject Head(TrytonStore store, JsonObject values)
    {
        var answer = new JsonObject { ["payment_term"] = null, ["invoice_address"] = null, ["party_tax_identifier"] = null };
        if (Active(store, "account.journal").FirstOrDefault(journal => store.Stored("account.journal", journal, "type") is "revenue") is > 0 and var found)
        {
            answer["journal"] = found;
        }

        if (Existing(store, "party.party", values["party"]) is { } party)
        {
            var addresses = store.With("party.address", "party", party).Where(address => store.Stored("party.address", address, "active") is not false).ToArray();
            var address = addresses.Where(id => store.Stored("party.address", id, "invoice") is true).Concat(addresses).FirstOrDefault();
            answer["invoice_address"] = address > 0 ? address : null;
            answer["payment_term"] = TrytonWire.Encode(store.Stored("party.party", party, "customer_payment_term"));
        }

        return answer;
    }

    // What the party has is looked up for the company that the values name, so that without one nothing is found, as on the real server.
    private static JsonNode? Receivable(TrytonStore store, JsonObject values) =>
        Existing(store, "party.party", values["party"]) is { } party && values["company"] is not null
            ? TrytonWire.Encode(store.Stored("party.party", party, "account_receivable") ?? Configured(store, "default_account_receivable"))
            : null;

    private static JsonObject Line(TrytonStore store, JsonObject values)
    {
        if (Existing(store, "product.product", values["product"]) is not { } product)
        {
            return new JsonObject { ["product"] = null, ["invoice"] = null };
        }

        var template = (long)store.Stored("product.product", product, "template")!;
        var category = store.Stored("product.template", template, "account_category") as long?;
        var account = (category is { } id ? store.Stored("product.category", id, "account_revenue") : null) ?? Configured(store, "default_category_account_revenue");
        var answer = new JsonObject { ["account"] = TrytonWire.Encode(account), ["invoice"] = null };
        if (category is { } with && store.Stored("product.category", with, "customer_taxes") is IEnumerable<long> taxes)
        {
            answer["taxes"] = new JsonObject { ["add"] = new JsonArray([.. taxes.Select((tax, at) => (JsonNode)new JsonArray(at, new JsonObject { ["id"] = tax }))]) };
        }

        var unit = (long)store.Stored("product.template", template, "default_uom")!;
        if (TrytonWire.Typed(values["unit"]) is not long given || !Equals(store.Stored("product.uom", given, "category"), store.Stored("product.uom", unit, "category")))
        {
            answer["unit"] = unit;
            answer["unit."] = new JsonObject { ["rec_name"] = TrytonWire.Encode(store.Stored("product.uom", unit, "name")) };
        }

        return answer;
    }

    private static JsonObject Lines(TrytonStore store, JsonObject values)
    {
        var currency = TrytonWire.Typed(values["currency"]) as long?;
        var lines = (values["lines"] as JsonArray ?? []).OfType<JsonObject>().Where(line => (string?)line["type"] == "line").Select(line => (
            (line["taxes"] as JsonArray ?? []).Select(tax => (long)TrytonWire.Typed(tax)!), Number(line["quantity"]), Number(line["unit_price"])));
        var taxes = TrytonAccounting.TaxesOf(store, lines, currency).ToArray();
        var answer = new JsonObject { ["accounting_date"] = null, ["tax_amount"] = TrytonWire.Encode(taxes.Sum(tax => tax.Amount)) };
        if (taxes.Length > 0)
        {
            answer["taxes"] = new JsonObject { ["add"] = new JsonArray([.. taxes.Select((tax, at) =>
            {
                var line = TrytonAccounting.TaxLine(store, tax.Tax, tax.Base, tax.Amount);
                (line["id"], line["invoice_state"], line["create_uid"]) = (null, "draft", TrytonSessions.UserId);
                return (JsonNode)new JsonArray(at, line);
            })]) };
        }

        return answer;
    }

    private static decimal Number(JsonNode? node) => TrytonWire.Typed(node) switch
    {
        long whole => whole,
        double number => (decimal)number,
        decimal number => number,
        _ => 0m,
    };

    private static long? Existing(TrytonStore store, string model, JsonNode? id)
    {
        if (TrytonWire.Typed(id) is not long given)
        {
            return null;
        }

        store.MustExist(store.Model(model), given, "read");
        return given;
    }

    private static object? Configured(TrytonStore store, string field) => store.Table("account.configuration").Rows.FirstOrDefault()?.GetValueOrDefault(field);

    private static IEnumerable<long> Active(TrytonStore store, string model) =>
        store.Table(model).Ids.Where(id => store.Stored(model, id, "active") is not false);
}
