using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Connectors.Tryton;
using Throughline.Model;
using Xunit;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>A connector on a Tryton whose customer is invoiced; drafts that are left are removed.</summary>
public abstract class TrytonInvoicing(TrytonHost host) : IAsyncLifetime
{
    protected const string Invoice = "account.invoice";

    private readonly SocketsHttpHandler _transport = new() { UseCookies = false };

    protected IConnector Connector { get; private set; } = null!;

    /// <summary>Tells the records of this test from those of other runs.</summary>
    protected string Run { get; } = Guid.CreateVersion7().ToString("N")[20..];

    protected TrytonHost Host => host;

    /// <summary>Seconds that each read goes back before the last one.</summary>
    protected virtual int OverlapSeconds => 600;

    protected static string Today => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        await host.StartAsync();
        var configuration = Fields.Of(("url", host.Address.GetLeftPart(UriPartial.Authority)), ("database", host.Database), ("user", host.User),
            ("overlap_seconds", OverlapSeconds));
        Connector = new TrytonKind().Create(new ConnectorContext("erp", configuration, _ => host.Password, _transport, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        if (host.KeepsRecords && await host.Raw.SearchAsync(Invoice, [new JsonArray("reference", "like", $"F{Run}%"), new JsonArray("number", "=", null)])
            is { Count: > 0 } drafts)
        {
            await host.Raw.CallAsync("model.account.invoice.delete", drafts);
        }

        await Connector.DisposeAsync();
        _transport.Dispose();
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static Fields Find(string code) => Fields.Of(("find", Fields.Of(("code", code))));

    protected static Fields Line(decimal quantity, decimal price) => Fields.Of(
        ("description", "Consulting"), ("quantity", quantity), ("unit_price", price), ("product", Find("HOUR")));

    protected static long Id(Receipt receipt) => long.Parse(receipt.ExternalId!, CultureInfo.InvariantCulture);

    protected string Reference(string n) => $"F{Run}/{n}";

    protected Fields Payload(string n, params Fields[] lines) => Fields.Of(
        ("reference", Reference(n)), ("description", "Depot study"), ("party", Find("C-100")), ("currency", Find("EUR")), ("invoice_date", Today),
        ("lines", lines));

    protected Task<Receipt> CreateAsync(string n, params Fields[] lines) => WriteAsync(WriteOperation.Create, null, Payload(n, lines));

    protected Task<Receipt> CreatedAsync(string n, params Fields[] lines) => CreatedAsync(n, Today, lines);

    protected async Task<Receipt> CreatedAsync(string n, string date, params Fields[] lines)
    {
        var receipt = await WriteAsync(WriteOperation.Create, null, Payload(n, lines).With("invoice_date", date));
        Assert.True(receipt.IsDone, $"{receipt.Failure?.Message} {receipt.Failure?.Evidence}");
        return receipt;
    }

    protected async Task<Receipt> PostedAsync(string n, params Fields[] lines)
    {
        var posted = await PostAsync((await CreatedAsync(n, lines)).ExternalId!);
        Assert.True(posted.IsDone, $"{posted.Failure?.Message} {posted.Failure?.Evidence}");
        return posted;
    }

    protected async Task<SourceRecord> FoundAsync(Receipt receipt) =>
        Assert.Single(await Connector.FindAsync(FindRequest.ById(Invoice, receipt.ExternalId!), default));

    protected Task<Receipt> PostAsync(string id) => ChangeAsync(id, Fields.Of(("state", "posted")));

    protected Task<Receipt> ChangeAsync(string id, Fields fields) => WriteAsync(WriteOperation.Update, id, fields);

    protected Task<Receipt> UndoAsync(string id) => WriteAsync(WriteOperation.Undo, id, Fields.Empty);

    protected async Task<Receipt> WriteAsync(WriteOperation operation, string? id, Fields fields)
    {
        var find = operation == WriteOperation.Create ? Fields.Of(("reference", fields.Text("reference"))) : null;
        return Assert.Single(await Connector.WriteAsync([new WriteItem($"k-{operation}-{id}", Invoice, operation, id, find, fields)], default));
    }

    protected async Task<JsonObject> ReadAsync(Receipt receipt, params string[] fields) => (JsonObject)(await host.Raw.CallAsync(
        "model.account.invoice.read", new JsonArray(Id(receipt)), new JsonArray([.. fields.Select(field => JsonValue.Create(field))])))![0]!;

    protected async Task RefusedAsync(string text, string operation, params JsonNode?[] parameters)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Raw.CallAsync($"model.{Invoice}.{operation}", parameters));
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
