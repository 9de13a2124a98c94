using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Throughline.Model;

namespace Throughline.Connect;

/// <summary>How one vendor signs its requests.</summary>
public interface ISession
{
    /// <summary>Puts the credentials on a request; obtains a token or session first where none is held.</summary>
    /// <exception cref="ConnectorException">No token or session could be obtained.</exception>
    Task SignAsync(HttpRequestMessage request, CancellationToken cancellation);

    /// <summary>True where the answer means that the token or session is no longer good (rather than that we may not do this).</summary>
    bool IsExpired(HttpResponse response);

    /// <summary>Forgets the token or session with which <paramref name="rejected"/> was signed.</summary>
    void Expire(HttpRequestMessage rejected);
}

/// <summary>A whole answer, read into memory up to the pipeline's limit.</summary>
public sealed record HttpResponse(HttpStatusCode Status, HttpResponseHeaders Headers, byte[] Body, string? ContentType)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    /// <summary><c>Retry-After</c> as a duration, from seconds or a date; null where absent.</summary>
    public TimeSpan? RetryAfter(TimeProvider time) => Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };
}

/// <summary>The result of one request: an answer, or the failure that kept us from having one.</summary>
public readonly record struct HttpResult(HttpResponse? Response, Failure? Failure);

/// <summary>
/// The one way from a connector to the network: allowed hosts, size limit, time-out, <see cref="CallDeadline"/>, signing, and one renewal of an expired session.
/// It repeats a request only after such a renewal (the vendor has refused the first, so nothing was done); every other retry belongs to Delivery.
/// </summary>
public sealed class HttpPipeline : IDisposable
{
    private readonly HttpClient _client;
    private readonly ISession? _session;
    private readonly HashSet<string> _allowedHosts;
    private readonly TimeSpan _timeout;
    private readonly long _bodyBytesMax;

    /// <param name="allowedHosts">Authorities (<c>host:port</c>) that may be called; anything else is refused before a connection is made.</param>
    /// <param name="timeout">From the first byte sent to the last byte read. Default 30 seconds.</param>
    /// <param name="bodyBytesMax">The largest answer that is read. Default 64 MiB.</param>
    public HttpPipeline(HttpMessageHandler transport, ISession? session, IEnumerable<Uri> allowedHosts, TimeSpan? timeout = null, long bodyBytesMax = 64L << 20)
    {
        _client = new HttpClient(transport, disposeHandler: false) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _session = session;
        _allowedHosts = [.. allowedHosts.Select(uri => uri.Authority)];
        _timeout = timeout ?? TimeSpan.FromSeconds(30);
        _bodyBytesMax = bodyBytesMax;
    }

    /// <summary>Adds a host that the vendor itself named in an authenticated answer (Salesforce's instance_url).</summary>
    public void Allow(Uri uri)
    {
        lock (_allowedHosts)
        {
            _allowedHosts.Add(uri.Authority);
        }
    }

    /// <summary>
    /// Sends a request made by <paramref name="make"/> (called again after a renewal, since a request can be sent once).
    /// Transport faults come back as failures: <see cref="Failure.Transient"/> where the request cannot have been carried out or is
    /// <paramref name="safe"/> to repeat, <see cref="Failure.InDoubt"/> otherwise. Only cancellation by the caller throws.
    /// </summary>
    public async Task<HttpResult> SendAsync(Func<HttpRequestMessage> make, bool safe, CancellationToken cancellation)
    {
        var first = await SendOnceAsync(make, safe, cancellation);
        if (first.Response is not { } response || _session is null || !_session.IsExpired(response))
        {
            return first.WithoutRequest;
        }

        _session.Expire(first.Request!);
        return (await SendOnceAsync(make, safe, cancellation)).WithoutRequest;
    }

    public void Dispose() => _client.Dispose();

    private async Task<Attempt> SendOnceAsync(Func<HttpRequestMessage> make, bool safe, CancellationToken cancellation)
    {
        var request = make();
        var uri = request.RequestUri ?? throw new InvalidOperationException("a request without an address");
        if (!IsAllowed(uri))
        {
            return new(request, null, new Failure.Policy($"the address {uri.Authority} is not among the hosts this system may call"));
        }

        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Until the deadline of the whole call where that comes first.
        var allowed = CallDeadline.Left is { } left && left < _timeout ? left : _timeout;
        timed.CancelAfter(allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero);
        var sent = false;
        try
        {
            if (_session is not null && !CallDeadline.HasPassed)
            {
                await _session.SignAsync(request, timed.Token);
            }

            if (CallDeadline.HasPassed)
            {
                throw new TooLateException();
            }

            request.Content = request.Content is { } content ? new TimelyContent(content) : null;
            sent = true;
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timed.Token);
            var body = await ReadBodyAsync(answer.Content, timed.Token);
            return body is null
                ? new(request, null, Lost(safe, $"{uri.Authority} sent an answer of more than {_bodyBytesMax >> 20} MiB"))
                : new(request, new HttpResponse(answer.StatusCode, answer.Headers, body, answer.Content.Headers.ContentType?.MediaType), null);
        }
        catch (ConnectorException e)
        {
            return new(request, null, e.Failure);
        }
        catch (Exception e) when (e is TooLateException || e.InnerException is TooLateException)
        {
            return new(request, null, new Failure.Transient($"nothing was sent to {uri.Authority}: the time in which it might be sent had passed"));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(request, null, Lost(safe || !sent, $"{uri.Authority} did not answer within {allowed.TotalSeconds:0.#} s"));
        }
        catch (HttpRequestException e) when (e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            return new(request, null, new Failure.Transient($"{uri.Authority} cannot be reached ({e.HttpRequestError})"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(request, null, Lost(safe, $"the connection to {uri.Authority} broke before the whole answer was read"));
        }
    }

    private static Failure Lost(bool safe, string message) => safe ? new Failure.Transient(message) : new Failure.InDoubt(message);

    private bool IsAllowed(Uri uri)
    {
        lock (_allowedHosts)
        {
            return _allowedHosts.Contains(uri.Authority);
        }
    }

    private async Task<byte[]?> ReadBodyAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            var length = 0;
            int read;
            while ((read = await stream.ReadAsync(buffer.AsMemory(length), cancellation)) > 0)
            {
                length += read;
                if (length > _bodyBytesMax)
                {
                    return null;
                }

                if (length == buffer.Length)
                {
                    buffer = Larger(buffer);
                }
            }

            return buffer.AsSpan(0, length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Larger(byte[] full)
    {
        var larger = ArrayPool<byte>.Shared.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full);
        return larger;
    }

    private readonly record struct Attempt(HttpRequestMessage? Request, HttpResponse? Response, Failure? Failure)
    {
        public HttpResult WithoutRequest => new(Response, Failure);
    }
}
