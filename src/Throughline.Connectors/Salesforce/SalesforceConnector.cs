using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

internal sealed class SalesforceConnector : IConnector
{
    private readonly SalesforceClient _client;
    private readonly SalesforceSource _source;
    private readonly SalesforceSink _sink;

    public SalesforceConnector(Manifest manifest, ConnectorContext context)
    {
        Manifest = manifest;
        _client = new SalesforceClient(context);
        _source = new SalesforceSource(
            _client,
            new SalesforceShapes(_client),
            (int)(context.Configuration.Number("page_size") ?? 2000),
            TimeSpan.FromSeconds((double)(context.Configuration.Number("overlap_seconds") ?? 300)));
        _sink = new SalesforceSink(_client);
    }

    public Manifest Manifest { get; }

    public async Task<ConnectionReport> TestAsync(CancellationToken cancellation)
    {
        try
        {
            var limits = await _client.GetAsync($"{_client.Base}/limits", "the request for its limits", cancellation);
            var daily = limits.Nested("DailyApiRequests");
            return new ConnectionReport(
                $"Salesforce {await _client.WhoAsync(cancellation)}, API {_client.Base[(_client.Base.LastIndexOf('v') + 1)..]}, "
                + $"{daily?.Get("Remaining")} of {daily?.Get("Max")} requests left today ({_client.LimitInfo})",
                Failure: null);
        }
        catch (ConnectorException e)
        {
            return new ConnectionReport(e.Failure.Message, e.Failure);
        }
    }

    public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) =>
        _source.ReadAsync(Need(entity), from, cancellation);

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) =>
        _source.FindAsync(Need(request.Entity), request.Key, cancellation);

    public Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
        _sink.WriteAsync(items, cancellation);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SalesforceEntity Need(string name) => SalesforceEntities.Find(name)
        ?? throw new ConnectorException(new Failure.Validation(
            $"Salesforce's {name} is not read by this connector; it reads {string.Join(", ", SalesforceEntities.All.Select(entity => entity.Name))}",
                [new FieldProblem("entity", "is unknown")]));
}
