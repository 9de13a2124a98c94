using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Connectors.Salesforce;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Salesforce;
using Xunit;

namespace Throughline.Tests.Connectors.Salesforce;

/// <summary>A sandbox with a clock that stands still, and connectors to it.</summary>
public abstract class SalesforceBench : IAsyncLifetime
{
    private readonly SocketsHttpHandler _transport = new() { AllowAutoRedirect = false, UseCookies = false };
    private readonly List<IConnector> _connectors = [];

    protected SalesforceBench() => Sandbox = new SalesforceSandbox(Clock);

    protected StoppedClock Clock { get; } = new();

    protected SalesforceSandbox Sandbox { get; }

    protected Dictionary<string, string> Secrets { get; } = new() { ["client_secret"] = "sandbox-consumer-secret", ["private_key"] = "" };

    public async ValueTask InitializeAsync() => await Sandbox.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors)
        {
            await connector.DisposeAsync();
        }

        _transport.Dispose();
        await Sandbox.DisposeAsync();
    }

    protected IConnector Connect(params (string Name, object? Value)[] more)
    {
        var kind = new SalesforceKind();
        var given = Fields.Of(("login_url", Sandbox.Address.GetLeftPart(UriPartial.Authority)), ("client_id", Sandbox.ClientId), ("page_size", 3)).Merge(
            Fields.Of(more));
        var (configuration, problems) = ConfigurationCheck.Run(kind.Manifest, given);
        Assert.Empty(problems);
        var connector = kind.Create(new ConnectorContext("crm", configuration, name => Secrets[name], _transport, Clock));
        _connectors.Add(connector);
        return connector;
    }

    protected string Account(string name, string? stamp = null, string? key = null)
    {
        var fields = Fields.Of(("Name", name), ("Hub_Key__c", key));
        return Sandbox.Insert("Account", stamp is null ? fields : fields.With("SystemModstamp", stamp));
    }

    protected string Deal(string name, params (string Name, object? Value)[] more) => Sandbox.Insert("Opportunity", Fields.Of(
        ("Name", name), ("StageName", "Prospecting"), ("CloseDate", "2026-12-31")).Merge(Fields.Of(more)));

    protected static async Task<List<SourcePage>> PagesAsync(IConnector connector, string entity, Cursor? from = null)
    {
        var pages = new List<SourcePage>();
        await foreach (var page in connector.ReadAsync(entity, from, TestContext.Current.CancellationToken))
        {
            pages.Add(page);
        }

        return pages;
    }

    protected static async Task<List<SourceRecord>> ReadAsync(IConnector connector, string entity, Cursor? from = null) =>
        [.. (await PagesAsync(connector, entity, from)).SelectMany(page => page.Records)];

    protected static async Task<Failure> ReadFailureAsync(IConnector connector, string entity) =>
        (await Assert.ThrowsAsync<ConnectorException>(() => ReadAsync(connector, entity))).Failure;

    protected static Task<ImmutableArray<Receipt>> WriteAsync(IConnector connector, params WriteItem[] items) =>
        connector.WriteAsync([.. items], TestContext.Current.CancellationToken);

    protected static WriteItem Create(string entity, Fields fields, string? key = null) =>
        new("k-" + key, entity, WriteOperation.Create, null, key is null ? null : Fields.Of(("Hub_Key__c", key)), fields);

    protected static WriteItem Update(string entity, string id, Fields fields, string? version = null) =>
        new("u-" + id, entity, WriteOperation.Update, id, null, fields, version);

    protected static WriteItem Undo(string entity, string id) => new("d-" + id, entity, WriteOperation.Undo, id, null, Fields.Empty);

    protected void Answer(string path, int status, string body, int? times = 1) =>
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Path = path, Status = status, Body = body, Times = times });

    protected int Asked(string method, string path) =>
        Sandbox.Faults.Requests.Count(request => request.Method == method && request.Path.Contains(path, StringComparison.Ordinal));

    protected sealed class StoppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 20, 20, 49, 32, 417, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
