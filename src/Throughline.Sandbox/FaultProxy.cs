using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox;

/// <summary>Passes requests on to a real server (or a sandbox), striking them with the common faults on the way.</summary>
public sealed class FaultProxy(Uri target) : SandboxServer
{
    // Headers that belong to one connection and must not be passed on (RFC 9110, section 7.6.1).
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Content-Length",
    };

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public override string Name => "fault-proxy";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _client.Dispose();
    }

    protected override void Map(WebApplication application) => application.Run(ForwardAsync);

    private async Task ForwardAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(target, context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent()));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (var header in context.Request.Headers.Where(header => !HopByHop.Contains(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());
            }
        }

        try
        {
            // Not tied to the caller's connection: what the caller sent is carried out even if the caller has gone.
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(header => !HopByHop.Contains(header.Key)))
            {
                context.Response.Headers[header.Key] = header.Value.ToArray();
            }

            var bytes = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
            if (bytes.Length > 0)
            {
                await context.Response.Body.WriteAsync(bytes, CancellationToken.None);
            }
        }
        catch (HttpRequestException)
        {
            context.Abort();
        }
    }
}
