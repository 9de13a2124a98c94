using Throughline.Connect;
using Throughline.Connectors.Redmine;
using Throughline.Model;
using Throughline.Sandbox.Redmine;
using Xunit;

namespace Throughline.Tests.Connectors.Redmine;

/// <summary>A sandbox with one project, and connectors to it.</summary>
public abstract class RedmineFixture : IAsyncLifetime
{
    private readonly SocketsHttpHandler _transport = new() { AllowAutoRedirect = false, UseCookies = false };
    private readonly List<IConnector> _connectors = [];

    protected RedmineSandbox Sandbox { get; } = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Sandbox.StartAsync();
        Admin = Connect(Sandbox.AdminKey);
        Assert.True((await WriteAsync("project", WriteOperation.Create, Fields.Of(("name", "Rail"), ("identifier", "p-1")))).IsDone);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors)
        {
            await connector.DisposeAsync();
        }

        await Sandbox.DisposeAsync();
        _transport.Dispose();
        GC.SuppressFinalize(this);
    }

    protected IConnector Admin { get; private set; } = null!;

    protected IConnector Connect(string key, Fields? more = null)
    {
        var configuration = Fields.Of(("url", Sandbox.Address.ToString()), ("page_size", 5)).Merge(more ?? Fields.Empty);
        var connector = new RedmineKind().Create(new ConnectorContext("redmine-test", configuration, _ => key, _transport, TimeProvider.System));
        _connectors.Add(connector);
        return connector;
    }

    protected async Task<Receipt> WriteAsync(string entity, WriteOperation operation, Fields fields, string? id = null, IConnector? by = null) =>
        Assert.Single(await (by ?? Admin).WriteAsync([new WriteItem("k", entity, operation, id, null, fields)], Cancellation));

    protected async Task<string> CreateAsync(string entity, Fields fields)
    {
        var receipt = await WriteAsync(entity, WriteOperation.Create, fields);
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
        return receipt.ExternalId!;
    }

    protected Task<string> IssueAsync(string key) => CreateAsync(
        "issue", Fields.Of(("project_identifier", "p-1"), ("subject", "Task " + key), ("custom_fields", Fields.Of(("Hub key", key)))));

    protected async Task<SourceRecord> FindAsync(string entity, params (string, object?)[] key) =>
        Assert.Single(await Admin.FindAsync(new FindRequest(entity, Fields.Of(key)), Cancellation));

    protected static async Task<List<SourceRecord>> ReadAsync(IConnector connector, string entity, Cursor? from = null)
    {
        var records = new List<SourceRecord>();
        await foreach (var page in connector.ReadAsync(entity, from, Cancellation))
        {
            records.AddRange(page.Records);
        }

        return records;
    }
}
