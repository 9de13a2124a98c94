using System.Net.Http.Headers;
using System.Text;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

/// <summary>Calls to the organisation's REST API.</summary>
internal sealed class SalesforceClient : IDisposable
{
    private readonly ConnectorContext _context;
    private readonly SalesforceSession _session;
    private readonly HttpPipeline _pipeline;

    public SalesforceClient(ConnectorContext context)
    {
        _context = context;
        var timeout = TimeSpan.FromSeconds((double)(context.Configuration.Number("time_out_seconds") ?? 30));
        _session = new SalesforceSession(context, timeout);
        _pipeline = new HttpPipeline(context.Transport, _session, [], timeout);
        _session.InstanceKnown = _pipeline.Allow;
    }

    /// <summary>The path that every call of the configured version begins with.</summary>
    public string Base => "/services/data/v" + (_context.Configuration.Text("api_version") ?? "60.0");

    /// <summary><c>Sforce-Limit-Info</c> of the last answer: requests of the last 24 hours and their limit.</summary>
    public string? LimitInfo { get; private set; }

    public async Task<string> WhoAsync(CancellationToken cancellation) => (await _session.TokenAsync(cancellation)).Who;

    /// <summary>An answer or a failure of the transport; what the answer means is the caller's business.</summary>
    public async Task<HttpResult> SendAsync(
        HttpMethod method, string path, Fields? body, bool isSafe, CancellationToken cancellation, Action<HttpRequestHeaders>? headers = null)
    {
        Uri instance;
        try
        {
            instance = (await _session.TokenAsync(cancellation)).Instance;
        }
        catch (ConnectorException e)
        {
            return new HttpResult(null, e.Failure);
        }

        var result = await _pipeline.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(method, new Uri(instance, path));
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                // Appears in Salesforce's own change events, so that a listener can tell the hub's changes from others.
                request.Headers.TryAddWithoutValidation("Sforce-Call-Options", "client=throughline");
                headers?.Invoke(request.Headers);
                request.Content = body is null ? null : new StringContent(body.ToJson(), Encoding.UTF8, "application/json");
                return request;
            },
            isSafe,
            cancellation);
        if (result.Response?.Headers.TryGetValues("Sforce-Limit-Info", out var values) == true)
        {
            LimitInfo = values.FirstOrDefault();
        }

        return result;
    }

    /// <summary>Reads a JSON document.</summary>
    /// <exception cref="ConnectorException">It could not be had.</exception>
    public async Task<Fields> GetAsync(string path, string doing, CancellationToken cancellation, Action<HttpRequestHeaders>? headers = null)
    {
        var result = await SendAsync(HttpMethod.Get, path, body: null, isSafe: true, cancellation, headers);
        var response = result.Response ?? throw new ConnectorException(result.Failure!);
        if (!response.IsSuccess)
        {
            throw new ConnectorException(FailureOf(response, isWrite: false, doing));
        }

        try
        {
            return Fields.Parse(response.Body);
        }
        catch (FormatException e)
        {
            throw new ConnectorException(new Failure.Unknown($"Salesforce answered {doing} with something else than a JSON document ({e.Message})"));
        }
    }

    public Failure FailureOf(HttpResponse response, bool isWrite, string doing) =>
        SalesforceFailures.Of(response, isWrite, doing, _context.Time, _session.Redact);

    public Failure FailureOfItem(Fields? error, string doing) => SalesforceFailures.OfItem(error, doing, _session.Redact);

    public void Dispose()
    {
        _pipeline.Dispose();
        _session.Dispose();
    }
}
