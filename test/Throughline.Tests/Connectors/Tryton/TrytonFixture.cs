using Throughline.Connect;
using Throughline.Connectors.Tryton;
using Throughline.Model;
using Throughline.Sandbox.Tryton;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

/// <summary>A connector on a fresh sandbox.</summary>
public abstract class TrytonFixture : IAsyncLifetime
{
    private readonly SocketsHttpHandler _transport = new() { AllowAutoRedirect = false, UseCookies = false };

    protected TrytonSandbox Sandbox { get; } = new();

    protected virtual TimeProvider Time => TimeProvider.System;

    protected IConnector Connector { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Sandbox.StartAsync();
        var configuration = Fields.Of(
            ("url", Sandbox.Address.GetLeftPart(UriPartial.Authority)), ("database", TrytonSandbox.Database), ("user", TrytonSandbox.User), ("page_size", 3));
        Connector = new TrytonKind().Create(new ConnectorContext("erp", configuration, _ => TrytonSandbox.Password, _transport, Time));
    }

    public async ValueTask DisposeAsync()
    {
        await Connector.DisposeAsync();
        await Sandbox.DisposeAsync();
        _transport.Dispose();
        GC.SuppressFinalize(this);
    }

    protected async Task<Receipt> WriteAsync(WriteItem item) => Assert.Single(await Connector.WriteAsync([item], default));
}
