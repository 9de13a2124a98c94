using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Throughline.Sandbox;

/// <summary>
/// A real HTTP server on loopback that stands in for one vendor's system, or (as <see cref="FaultProxy"/>) in front of one.
/// Subclasses map the vendor's routes; faults are common to all.
/// </summary>
public abstract class SandboxServer : IAsyncDisposable
{
    private WebApplication? _application;

    /// <summary>The vendor's name in lower case, as used on the command line.</summary>
    public abstract string Name { get; }

    public Faults Faults { get; } = new();

    /// <summary>Where it listens; known once started.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0/");

    /// <summary>Starts on 127.0.0.1 at <paramref name="port"/>, or at a free port where it is 0.</summary>
    public async Task StartAsync(int port = 0, CancellationToken cancellation = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(System.Net.IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            options.Limits.MaxRequestBodySize = 256L << 20;
        });
        var application = builder.Build();
        application.Use(next => context => Faults.InvokeAsync(context, next));
        Map(application);
        await application.StartAsync(cancellation);
        Address = new Uri(application.Urls.Single());
        _application = application;
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Adds the vendor's routes; a request that none matches gets whatever the vendor answers to an unknown address.</summary>
    protected abstract void Map(WebApplication application);
}
