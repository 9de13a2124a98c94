using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Engine;
using Throughline.Server.Api;
using Throughline.Server.Api.Access;
using Throughline.Server.Hosting;

namespace Throughline.Benchmarks;

/// <summary>The program's own doors on a free port, in front of a hub; or, to compare with, a server that does nothing.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    public const string HookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly WebApplication _application;
    private readonly string? _folder;

    private BenchServer(WebApplication application, string? folder, string token) => (_application, _folder, Token) = (application, folder, token);

    public string Token { get; }

    public IPEndPoint Address => IPEndPoint.Parse(new Uri(_application.Urls.First()).Authority);

    /// <summary>Answers 202 to everything and reads nothing.</summary>
    public static async Task<BenchServer> OfNothingAsync()
    {
        var application = Build();
        application.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        });
        await application.StartAsync();
        return new BenchServer(application, null, "");
    }

    /// <summary>Intake, webhooks and all other doors as the program has them, without their limit of requests.</summary>
    public static async Task<BenchServer> OfAsync(HubUnderTest hub, IHubStore store)
    {
        var folder = Directory.CreateTempSubdirectory("throughline-bench-token-").FullName;
        var token = AccessToken.OpenOrCreate(folder);
        var application = Build();
        application.UseRouting();
        ApiRoutes.Map(application, new Doors(hub.Hub, new HubServerParts
        {
            Landscape = hub.Landscape, Store = store, Connectors = hub.Connectors, Token = token, Secrets = new SecretResolver(_ => HookSecret), Endpoints = [],
            Logs = NullLoggerFactory.Instance, Limits = DoorLimits.Default with { RequestsPerSecond = 1_000_000 },
        }));
        await application.StartAsync();
        return new BenchServer(application, folder, token.Value);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }

    // Who ends the benchmark ends it all, not its server alone.
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>
/// One connection that sends requests which are ready as bytes and reads the answers: next to nothing of the machine goes to it, since whatever it
/// takes makes the hub look nearer to a server that does nothing.
/// </summary>
internal sealed class HttpLine : IDisposable
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _answer = new byte[16 * 1024];

    public static async Task<HttpLine> ConnectAsync(IPEndPoint address)
    {
        var line = new HttpLine();
        await line._socket.ConnectAsync(address);
        return line;
    }

    /// <exception cref="BenchException">The answer is not 202.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> request)
    {
        while (request.Length > 0)
        {
            request = request[await _socket.SendAsync(request)..];
        }

        var length = 0;
        while (!IsWhole(_answer.AsSpan(0, length)))
        {
            var read = await _socket.ReceiveAsync(_answer.AsMemory(length));
            if (read == 0 || length + read == _answer.Length)
            {
                throw new BenchException("the server ended a connection or answered too much: " + Text(length + read));
            }

            length += read;
        }

        if (!_answer.AsSpan(0, length).StartsWith("HTTP/1.1 202"u8))
        {
            throw new BenchException("the answer was not 202: " + Text(length));
        }
    }

    public void Dispose() => _socket.Dispose();

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf(HeadEnd);
        if (head < 0)
        {
            return false;
        }

        if (answer[..head].IndexOf("chunked"u8) >= 0)
        {
            return answer[(head + 2)..].EndsWith("\r\n0\r\n\r\n"u8);
        }

        var named = answer[..head].IndexOf("Content-Length: "u8);
        var rest = named < 0 ? [] : answer[(named + 16)..];
        return named < 0 || (int.TryParse(rest[..rest.IndexOf((byte)'\r')], out var length) && answer.Length >= head + HeadEnd.Length + length);
    }

    private string Text(int length) => System.Text.Encoding.UTF8.GetString(_answer, 0, length);
}
