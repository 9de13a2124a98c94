using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors.Tryton;

namespace Throughline.EndToEnd.Tryton;

/// <summary>What an accountant does to the payments of an invoice, by the wizards of Tryton's own client.</summary>
internal sealed class TrytonPaymentsByHand(TrytonRawClient raw)
{
    private const string Entry = "account.move.line";

    /// <summary>
    /// What was taken back is first removed from what is noted for the invoice: the server refuses payments that come to more than it, whether they were
    /// taken back or not.
    /// </summary>
    public async Task PayAsync(long invoice, decimal? amount)
    {
        if ((await PaymentsAsync(invoice)).Returned is { Length: > 0 } returned)
        {
            await raw.CallAsync("model.account.invoice.write", new JsonArray(invoice), new JsonObject
            {
                ["payment_lines"] = new JsonArray(new JsonArray("remove", new JsonArray([.. returned.Select(id => JsonValue.Create(id))]))),
            });
        }

        var row = await ReadAsync("account.invoice", invoice, "amount_to_pay", "currency", "company");
        var method = await raw.SearchAsync("account.invoice.payment.method", [new JsonArray("name", "=", "Bank")]);
        var start = new JsonObject
        {
            ["amount"] = amount is { } some ? Decimal(some) : row["amount_to_pay"]!.DeepClone(), ["currency"] = row["currency"]!.DeepClone(),
            ["currency_digits"] = 2, ["company"] = row["company"]!.DeepClone(), ["payment_method"] = method[0]!.DeepClone(), ["date"] = Today(), ["description"] = null,
        };
        await RunAsync("account.invoice.pay", "account.invoice", [invoice], "start", ("choice", "start", start), ("pay", "ask", Fields("partial", null)));
    }

    public async Task UnpayAsync(long invoice)
    {
        var payment = (await PaymentsAsync(invoice)).Standing[^1];
        var row = await ReadAsync("account.invoice", invoice, "state", "lines_to_pay");
        if ((string?)row["state"] == "paid")
        {
            await RunAsync("account.move.unreconcile_lines", Entry, [.. row["lines_to_pay"]!.AsArray().Select(id => (long)id!)], "unreconcile");
        }

        var move = (long)(await ReadAsync(Entry, payment, "move"))["move"]!;
        await RunAsync("account.move.cancel", "account.move", [move], "default", ("cancel", "default", new JsonObject { ["description"] = "returned by the bank" }));
    }

    public async Task WriteOffAsync(long invoice)
    {
        var row = await ReadAsync("account.invoice", invoice, "currency", "company");
        var method = await raw.SearchAsync("account.invoice.payment.method", [new JsonArray("name", "=", "Bank")]);
        var loss = await raw.SearchAsync("account.move.reconcile.write_off", []);
        var start = new JsonObject
        {
            ["amount"] = Decimal(0), ["currency"] = row["currency"]!.DeepClone(), ["currency_digits"] = 2, ["company"] = row["company"]!.DeepClone(),
            ["payment_method"] = method[0]!.DeepClone(), ["date"] = Today(), ["description"] = null,
        };
        await RunAsync("account.invoice.pay", "account.invoice", [invoice], "start", ("choice", "start", start),
            ("pay", "ask", Fields("writeoff", loss[0]!.DeepClone())));
    }

    /// <summary>What is noted as paid; taken back is what was set off against something else than the invoice.</summary>
    private async Task<(long[] Standing, long[] Returned)> PaymentsAsync(long invoice)
    {
        var row = await ReadAsync("account.invoice", invoice, "lines_to_pay.reconciliation", "payment_lines.reconciliation");
        var own = row["lines_to_pay."]!.AsArray().Select(entry => (long?)entry!["reconciliation"]).OfType<long>().ToHashSet();
        var returned = row["payment_lines."]!.AsArray().ToLookup(
            entry => (long?)entry!["reconciliation"] is { } with && !own.Contains(with), entry => (long)entry!["id"]!);
        return ([.. returned[false].Order()], [.. returned[true]]);
    }

    private static JsonObject Fields(string type, JsonNode? writeOff) => new() { ["type"] = type, ["writeoff"] = writeOff };

    /// <summary>Goes through a wizard; a state is left out where the wizard ended before, and its fields have what the server proposes for them.</summary>
    private async Task RunAsync(string wizard, string model, long[] ids, string first, params (string State, string View, JsonObject Values)[] steps)
    {
        var context = new JsonObject
        {
            ["company"] = 1, ["active_model"] = model, ["active_id"] = ids[0], ["active_ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
        };
        var session = (await raw.CallAsync(context, $"wizard.{wizard}.create"))![0]!;
        var data = new JsonObject();
        var answer = await raw.CallAsync(context, $"wizard.{wizard}.execute", session, data, first);
        foreach (var (state, view, values) in steps)
        {
            if (answer?["view"] is not JsonObject shown)
            {
                break;
            }

            var all = new JsonObject([.. (shown["defaults"] as JsonObject ?? []).Where(pair => !pair.Key.EndsWith('.') && pair.Key != "id")
                .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))]);
            foreach (var (name, value) in values)
            {
                all[name] = value?.DeepClone();
            }

            data[view] = all;
            answer = await raw.CallAsync(context, $"wizard.{wizard}.execute", session, data, state);
        }

        await raw.CallAsync(context, $"wizard.{wizard}.delete", session);
    }

    private async Task<JsonObject> ReadAsync(string model, long id, params string[] fields) => (JsonObject)(await raw.CallAsync(
        $"model.{model}.read", new JsonArray(id), new JsonArray([.. fields.Select(field => JsonValue.Create(field))])))![0]!;

    private static JsonObject Decimal(decimal value) => new() { ["__class__"] = "Decimal", ["decimal"] = value.ToString(CultureInfo.InvariantCulture) };

    private static JsonObject Today()
    {
        var today = TimeProvider.System.GetUtcNow();
        return new() { ["__class__"] = "date", ["year"] = today.Year, ["month"] = today.Month, ["day"] = today.Day };
    }
}
