using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

internal sealed class TrytonConnector : IConnector
{
    private readonly TrytonClient _client;
    private readonly TrytonSource _source;
    private readonly TrytonSink _sink;
    private readonly string _database;

    public TrytonConnector(Manifest manifest, ConnectorContext context)
    {
        Manifest = manifest;
        _database = context.Configuration.Text(TrytonKind.Database)!;
        _client = new TrytonClient(context);
        var schema = new TrytonSchema(_client, context.Time);
        _source = new TrytonSource(
            _client,
            schema,
            (int)(context.Configuration.Number(TrytonKind.PageSize) ?? 200),
            TimeSpan.FromSeconds((double)(context.Configuration.Number(TrytonKind.OverlapSeconds) ?? 600)));
        _sink = new TrytonSink(_client, schema, context.Time);
    }

    public Manifest Manifest { get; }

    public async Task<ConnectionReport> TestAsync(CancellationToken cancellation)
    {
        try
        {
            var preferences = await _client.PreferencesAsync(cancellation);
            var version = await _client.VersionAsync(cancellation);
            return new ConnectionReport(
                $"Tryton {version}, database {_database}, user {_client.User}, company {preferences.Text("company.rec_name") ?? "none"}", null);
        }
        catch (ConnectorException e)
        {
            return new ConnectionReport(e.Failure.Message, e.Failure);
        }
    }

    public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) =>
        _source.ReadAsync(Model(entity), from, cancellation);

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) =>
        _source.FindAsync(Model(request.Entity), request.Key, cancellation);

    public Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
        _sink.WriteAsync(items, cancellation);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TrytonModel Model(string entity) =>
        TrytonModels.Find(entity) ?? throw new ConnectorException(TrytonFailures.UnknownEntity(entity));
}
