using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

internal sealed class RedmineConnector : IConnector
{
    private readonly RedmineClient _client;
    private readonly RedmineSource _source;
    private readonly RedmineFinder _finder;
    private readonly RedmineSink _sink;

    public RedmineConnector(Manifest manifest, ConnectorContext context)
    {
        Manifest = manifest;
        _client = new RedmineClient(context);
        var customFields = new RedmineCustomFields(_client, context.Configuration.Text("custom_field_ids"));
        var pageSize = (int)(context.Configuration.Number("page_size") ?? 100);
        _source = new RedmineSource(_client, pageSize);
        _finder = new RedmineFinder(_client, customFields);
        _sink = new RedmineSink(_client, customFields);
    }

    public Manifest Manifest { get; }

    public async Task<ConnectionReport> TestAsync(CancellationToken cancellation)
    {
        try
        {
            var me = await _client.WhoAsync(cancellation);
            var rights = me.Flag("admin") == true ? "an administrator" : "no administrator: projects and users cannot be written or listed";
            return new ConnectionReport($"Redmine at {_client.Address.Authority}, signed in as {me.Text("login")} ({rights})", null);
        }
        catch (ConnectorException e)
        {
            return new ConnectionReport($"Redmine at {_client.Address.Authority} cannot be used", e.Failure);
        }
    }

    public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) =>
        _source.ReadAsync(Known(entity), from, cancellation);

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) =>
        _finder.FindAsync(Known(request.Entity), request.Key, cancellation);

    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        var receipts = ImmutableArray.CreateBuilder<Receipt>(items.Length);
        foreach (var item in items)
        {
            receipts.Add(await _sink.WriteAsync(item, cancellation));
        }

        return receipts.MoveToImmutable();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static RedmineEntity Known(string entity) =>
        RedmineEntities.Find(entity) ?? throw new ConnectorException(RedmineFailures.NoSuchEntity(entity));
}
