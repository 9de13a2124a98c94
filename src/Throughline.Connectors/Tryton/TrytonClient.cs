using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>Calls of the server: one POST each, answered with a result or a failure.</summary>
internal sealed class TrytonClient : IDisposable
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly HttpPipeline _pipeline;
    private readonly HttpPipeline _open;
    private readonly TrytonSession _session;
    private readonly TimeProvider _time;
    private readonly Uri _root;
    private readonly Uri _address;
    private readonly long? _company;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Fields? _preferences;

    public TrytonClient(ConnectorContext context)
    {
        _time = context.Time;
        _root = new Uri(new Uri(context.Configuration.Text(TrytonKind.Url)!), "/");
        _address = new Uri(_root, Uri.EscapeDataString(context.Configuration.Text(TrytonKind.Database)!) + "/");
        _company = (long?)context.Configuration.Number(TrytonKind.Company);
        User = context.Configuration.Text(TrytonKind.User)!;
        var timeout = TimeSpan.FromSeconds((double)(context.Configuration.Number(TrytonKind.TimeOutSeconds) ?? 30));
        _open = new HttpPipeline(context.Transport, null, [_root], timeout);
        _session = new TrytonSession(_open, _address, User, () => context.Secret(TrytonKind.Password));
        _pipeline = new HttpPipeline(context.Transport, _session, [_root], timeout);
    }

    public string User { get; }

    public static string Envelope(string method, JsonArray parameters) =>
        new JsonObject { ["id"] = 1, ["method"] = method, ["params"] = parameters }.ToJsonString(Compact);

    public static HttpRequestMessage Post(Uri address, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
    }

    /// <summary>
    /// Calls <c>model.&lt;model&gt;.&lt;method&gt;</c> with the context last. <paramref name="safe"/> tells whether it may be repeated without harm.
    /// </summary>
    /// <param name="context">Additions to the user's own context.</param>
    /// <exception cref="ConnectorException">No result.</exception>
    public async Task<JsonElement> CallAsync(string method, JsonArray parameters, bool safe, CancellationToken cancellation, JsonObject? context = null)
    {
        var complete = await ContextAsync(cancellation);
        foreach (var (name, value) in context ?? [])
        {
            complete[name] = value?.DeepClone();
        }

        parameters.Add(complete);
        return await SendAsync(method, parameters, safe, cancellation);
    }

    public async Task<JsonElement> SearchReadAsync(
        string model, JsonArray domain, int? limit, JsonArray? order, IEnumerable<string> fields, CancellationToken cancellation, bool inactiveToo = true) =>
        await CallAsync(
            $"model.{model}.search_read",
            [domain, 0, limit, order, new JsonArray([.. fields.Select(name => JsonValue.Create(name))])],
            safe: true,
            cancellation,
            inactiveToo ? new JsonObject { ["active_test"] = false } : null);

    /// <summary>What the server knows about our user; read once, since it only changes when somebody edits the user.</summary>
    public async Task<Fields> PreferencesAsync(CancellationToken cancellation)
    {
        var preferences = (Fields)TrytonJson.Decode(await SendAsync("model.res.user.get_preferences", [true, new JsonObject()], safe: true, cancellation))!;
        _preferences = preferences;
        return preferences;
    }

    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        var result = await _open.SendAsync(() => Post(_root, Envelope("common.server.version", [])), safe: true, cancellation);
        if (result.Response is not { IsSuccess: true } response)
        {
            return "of unknown version";
        }

        using var answer = TrytonFailures.Open(response, "common.server.version", safe: true, out _);
        return answer?.RootElement.GetProperty("result").GetString() ?? "of unknown version";
    }

    public void Dispose()
    {
        _pipeline.Dispose();
        _open.Dispose();
        _session.Dispose();
        _gate.Dispose();
    }

    private async Task<JsonObject> ContextAsync(CancellationToken cancellation)
    {
        if (_preferences is null)
        {
            await _gate.WaitAsync(cancellation);
            try
            {
                if (_preferences is null)
                {
                    await PreferencesAsync(cancellation);
                }
            }
            finally
            {
                _gate.Release();
            }
        }

        var context = new JsonObject { ["language"] = "en" };
        if ((_company ?? (long?)_preferences?.Number("company")) is { } company)
        {
            context["company"] = company;
        }

        if (_preferences?.Number("employee") is { } employee)
        {
            context["employee"] = (long)employee;
        }

        return context;
    }

    private async Task<JsonElement> SendAsync(string method, JsonArray parameters, bool safe, CancellationToken cancellation)
    {
        var body = Envelope(method, parameters);
        var result = await _pipeline.SendAsync(() => Post(_address, body), safe, cancellation);
        if (result.Response is not { } response)
        {
            throw new ConnectorException(result.Failure!);
        }

        using var answer = TrytonFailures.Open(response, method, safe, out var failure, response.RetryAfter(_time));
        return answer is null ? throw new ConnectorException(failure!) : answer.RootElement.GetProperty("result").Clone();
    }

    public static string Id(long id) => id.ToString(CultureInfo.InvariantCulture);
}
