using System.Collections.Concurrent;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors;

/// <summary>
/// What every connector must do, as 23 inherited cases (see <see cref="ConnectorUnderTest"/> for how to use it).
/// A case added here reaches every connector; none can quietly do less.
/// </summary>
public abstract partial class ConnectorConformance<TUnderTest> : IAsyncLifetime
    where TUnderTest : ConnectorUnderTest, new()
{
    private readonly TUnderTest _subject = new();
    private readonly RecordingTransport _transport = new();
    private readonly List<IConnector> _connectors = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Manifest Manifest => _subject.Kind.Manifest;

    private EntityManifest Written => Manifest.Entity(_subject.Entity)
        ?? throw new InvalidOperationException($"{Manifest.Kind}: the manifest does not list the entity {_subject.Entity}");

    private EntityManifest ReadOne => Manifest.Entity(_subject.ReadEntity)
        ?? throw new InvalidOperationException($"{Manifest.Kind}: the manifest does not list the entity {_subject.ReadEntity}");

    public async ValueTask InitializeAsync() => await _subject.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _subject.Faults.Clear();
        foreach (var connector in _connectors)
        {
            await connector.DisposeAsync();
        }

        await _subject.DisposeAsync();
        _transport.Dispose();
        GC.SuppressFinalize(this);
    }

    private void SkipWhereExcluded(ConformanceCase @case)
    {
        if (ConformanceSkips.Reason(_subject, @case) is { } reason)
        {
            Assert.Skip(reason);
        }
    }

    private IConnector Connect(Func<string, string>? secrets = null)
    {
        var given = _subject.Configuration;
        foreach (var secret in Manifest.Configuration.Where(field => field.IsSecret))
        {
            given = given.With(secret.Name, "env:CONFORMANCE");
        }

        var (complete, problems) = ConfigurationCheck.Run(Manifest, given);
        Assert.True(problems.IsEmpty, "the configuration under test is not valid: " + string.Join("; ", problems));
        foreach (var secret in Manifest.Configuration.Where(field => field.IsSecret))
        {
            complete = complete.Without(secret.Name);
        }

        var connector = _subject.Kind.Create(new ConnectorContext("conformance", complete, secrets ?? _subject.Secrets, _transport, _subject.Time));
        _connectors.Add(connector);
        return connector;
    }

    private async Task<(List<SourceRecord> Records, Cursor? Last)> ReadAllAsync(IConnector connector, Cursor? from = null)
    {
        var records = new List<SourceRecord>();
        var last = from;
        await foreach (var page in connector.ReadAsync(_subject.ReadEntity, from, Cancellation))
        {
            records.AddRange(page.Records);
            last = page.Next;
        }

        return (records, last);
    }

    private async Task<Failure> ReadFailureAsync(IConnector connector)
    {
        var thrown = await Assert.ThrowsAsync<ConnectorException>(() => ReadAllAsync(connector));
        return thrown.Failure;
    }

    private async Task<List<string>> InsertSeveralAsync(int first, int count)
    {
        var ids = new List<string>();
        for (var n = first; n < first + count; n++)
        {
            ids.Add(await _subject.InsertDirectlyAsync(n));
        }

        return ids;
    }

    private WriteItem Creation(int n, Fields? fields = null, string? key = null) =>
        new(key ?? $"conformance-{n}", _subject.Entity, WriteOperation.Create, null, _subject.FindKey(n), fields ?? _subject.NewRecord(n));

    private WriteItem Update(string id, Fields fields, string? version = null) =>
        new($"conformance-update-{id}", _subject.Entity, WriteOperation.Update, id, null, fields, version);

    private static async Task<Receipt> WriteAsync(IConnector connector, WriteItem item) =>
        Assert.Single(await connector.WriteAsync([item], Cancellation));

    private async Task<Receipt> CreateAsync(IConnector connector, int n, Fields? fields = null)
    {
        var receipt = await WriteAsync(connector, Creation(n, fields));
        Assert.True(receipt.IsDone, $"record {n} was not created: {receipt.Failure?.Message} {receipt.Failure?.Evidence}");
        Assert.False(string.IsNullOrEmpty(receipt.ExternalId), $"the receipt of record {n} has no id");
        return receipt;
    }

    private async Task<SourceRecord> FindOneAsync(IConnector connector, int n) =>
        Assert.Single(await connector.FindAsync(new FindRequest(_subject.Entity, _subject.FindKey(n)), Cancellation));

    /// <summary>Requests that were struck by a fault, that is: those the case is about.</summary>
    private int Struck() => _subject.Faults.Requests.Count(request => request.Fault is not null);

    private async Task UntilStruckAsync()
    {
        for (var i = 0; i < 1000 && Struck() == 0; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancellation);
        }

        Assert.True(Struck() > 0, "no request matched the fault within 10 s; look at OnRead and OnCreate");
    }

    private void NoSecretIn(Failure? failure)
    {
        var text = $"{failure?.Message} {failure?.Evidence}";
        foreach (var secret in Manifest.Configuration.Where(field => field.IsSecret))
        {
            Assert.DoesNotContain(_subject.Secrets(secret.Name), text, StringComparison.Ordinal);
            Assert.DoesNotContain(_subject.BadSecrets(secret.Name), text, StringComparison.Ordinal);
        }
    }

    /// <summary>The bottom of the HTTP stack as the hub has it (no redirects, no cookies), noting which hosts were asked.</summary>
    private sealed class RecordingTransport() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        public ConcurrentDictionary<string, int> Hosts { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Hosts.AddOrUpdate(request.RequestUri!.Authority, 1, (_, count) => count + 1);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Trap : SandboxServer
    {
        public override string Name => "trap";

        protected override void Map(Microsoft.AspNetCore.Builder.WebApplication application)
        {
        }
    }
}
