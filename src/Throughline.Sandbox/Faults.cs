using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox;

/// <summary>What a fault does to a request that it matches.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
public enum FaultKind
{
    /// <summary>Waits <see cref="Fault.DelayMilliseconds"/>, then goes on.</summary>
    Latency,

    /// <summary>Answers <see cref="Fault.Status"/> with <see cref="Fault.Headers"/> and <see cref="Fault.Body"/> and does nothing else.</summary>
    Answer,

    /// <summary>Cuts the connection before anything is done.</summary>
    CutBefore,

    /// <summary>Does everything, then cuts the connection instead of answering: the write happened, its answer is lost.</summary>
    CutAfter,

    /// <summary>Does everything, then answers <see cref="Fault.Status"/> instead of the real answer.</summary>
    AnswerAfter,

    /// <summary>Does everything, waits <see cref="Fault.DelayMilliseconds"/>, then answers: the caller may have given up meanwhile.</summary>
    LateAnswer,
}

/// <summary>One rule: which requests, how often, what happens.</summary>
public sealed record Fault
{
    public required FaultKind Kind { get; init; }

    /// <summary>HTTP method, or null for any.</summary>
    public string? Method { get; init; }

    /// <summary>A part of path and query, or null for any.</summary>
    public string? Path { get; init; }

    /// <summary>A part of the request body, or null for any. JSON-RPC methods are told apart this way.</summary>
    public string? BodyContains { get; init; }

    /// <summary>Matching requests that pass unharmed first.</summary>
    public int Skip { get; init; }

    /// <summary>Matching requests that are struck after that; null for all of them.</summary>
    public int? Times { get; init; }

    public int DelayMilliseconds { get; init; }

    public int Status { get; init; } = 500;

    public Dictionary<string, string> Headers { get; init; } = [];

    public string Body { get; init; } = "";
}

/// <summary>
/// Faults for every request that goes through a sandbox or a fault proxy. The same knobs over HTTP for other processes:
/// <c>GET</c>, <c>POST</c> (one fault or a list) and <c>DELETE /_sandbox/faults</c>; <c>GET /_sandbox/requests</c> lists what was asked.
/// </summary>
public sealed class Faults
{
    public const string ControlPath = "/_sandbox/faults";
    public const string RequestsPath = "/_sandbox/requests";

    private const string ControlRoot = "/_sandbox";

    private const int RequestsKept = 10_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Queue<SeenRequest> _requests = new();
    private readonly Lock _gate = new();
    private readonly List<(Fault Fault, int Seen)> _active = [];

    /// <summary>Requests seen so far, oldest first (the last 10,000), those that a fault struck included.</summary>
    public IReadOnlyList<SeenRequest> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    public void Add(Fault fault)
    {
        lock (_gate)
        {
            _active.Add((fault, 0));
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _active.Clear();
        }
    }

    public void ForgetRequests()
    {
        lock (_gate)
        {
            _requests.Clear();
        }
    }

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path == ControlPath || context.Request.Path == RequestsPath)
        {
            await ControlAsync(context);
            return;
        }

        if (context.Request.Path.StartsWithSegments(ControlRoot, StringComparison.Ordinal))
        {
            // What people do in the system is not on the wire between it and the hub.
            await next(context);
            return;
        }

        var body = LooksIntoBodies ? await PeekAsync(context) : "";
        var path = context.Request.Path + context.Request.QueryString.ToString();
        await ApplyAsync(Strike(context.Request.Method, path, body), context, next);
    }

    private bool LooksIntoBodies
    {
        get
        {
            lock (_gate)
            {
                return _active.Exists(entry => entry.Fault.BodyContains is not null);
            }
        }
    }

    private static async Task<string> PeekAsync(HttpContext context)
    {
        if (context.Request.ContentLength is 0)
        {
            return "";
        }

        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        context.Request.Body.Position = 0;
        return body;
    }

    private static async Task ApplyAsync(Fault? fault, HttpContext context, RequestDelegate next)
    {
        switch (fault?.Kind)
        {
            case null:
                await next(context);
                break;
            case FaultKind.Latency:
                await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMilliseconds), TimeProvider.System, context.RequestAborted);
                await next(context);
                break;
            case FaultKind.Answer:
                await AnswerAsync(fault, context);
                break;
            case FaultKind.CutBefore:
                context.Abort();
                break;
            case FaultKind.CutAfter or FaultKind.AnswerAfter or FaultKind.LateAnswer:
                await AfterAsync(fault, context, next);
                break;
        }
    }

    // The real answer is produced into memory first, so that what is cut is only the answer and never the work.
    private static async Task AfterAsync(Fault fault, HttpContext context, RequestDelegate next)
    {
        var wire = context.Response.Body;
        using var kept = new MemoryStream();
        context.Response.Body = kept;
        await next(context);
        context.Response.Body = wire;
        switch (fault.Kind)
        {
            case FaultKind.CutAfter:
                context.Abort();
                break;
            case FaultKind.AnswerAfter:
                context.Response.Headers.Clear();
                await AnswerAsync(fault, context);
                break;
            default:
                await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMilliseconds), TimeProvider.System, CancellationToken.None);
                kept.Position = 0;
                await kept.CopyToAsync(wire, CancellationToken.None);
                break;
        }
    }

    private static async Task AnswerAsync(Fault fault, HttpContext context)
    {
        context.Response.StatusCode = fault.Status;
        foreach (var header in fault.Headers)
        {
            context.Response.Headers[header.Key] = header.Value;
        }

        if (fault.Body.Length > 0)
        {
            context.Response.ContentType ??= "application/json";
            await context.Response.WriteAsync(fault.Body, context.RequestAborted);
        }
    }

    private Fault? Strike(string method, string path, string body)
    {
        lock (_gate)
        {
            var fault = Match(method, path, body);
            _requests.Enqueue(new SeenRequest(method, path, fault?.Kind.ToString(), TimeProvider.System.GetUtcNow()));
            if (_requests.Count > RequestsKept)
            {
                _requests.Dequeue();
            }

            return fault;
        }
    }

    private Fault? Match(string method, string path, string body)
    {
        for (var i = 0; i < _active.Count; i++)
        {
            var (fault, seen) = _active[i];
            if ((fault.Method is not null && fault.Method != method)
                || (fault.Path is not null && !path.Contains(fault.Path, StringComparison.Ordinal))
                || (fault.BodyContains is not null && !body.Contains(fault.BodyContains, StringComparison.Ordinal)))
            {
                continue;
            }

            _active[i] = (fault, seen + 1);
            if (seen >= fault.Skip && (fault.Times is not { } times || seen < fault.Skip + times))
            {
                return fault;
            }
        }

        return null;
    }

    private async Task ControlAsync(HttpContext context)
    {
        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", RequestsPath):
                await context.Response.WriteAsJsonAsync(Requests, Json);
                break;
            case ("DELETE", RequestsPath):
                ForgetRequests();
                context.Response.StatusCode = 204;
                break;
            case ("GET", ControlPath):
                List<Fault> active;
                lock (_gate)
                {
                    active = [.. _active.Select(entry => entry.Fault)];
                }

                await context.Response.WriteAsJsonAsync(active, Json);
                break;
            case ("DELETE", ControlPath):
                Clear();
                context.Response.StatusCode = 204;
                break;
            case ("POST", ControlPath):
                await AddFromBodyAsync(context);
                break;
            default:
                context.Response.StatusCode = 405;
                break;
        }
    }

    private async Task AddFromBodyAsync(HttpContext context)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var faults = document.RootElement.ValueKind == JsonValueKind.Array
                ? document.RootElement.Deserialize<List<Fault>>(Json)!
                : [document.RootElement.Deserialize<Fault>(Json)!];
            faults.ForEach(Add);
            context.Response.StatusCode = 204;
        }
        catch (JsonException e)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = "not a fault: " + e.Message }, Json);
        }
    }
}

/// <summary>One request as it arrived, with the name of the fault that struck it, if any.</summary>
public sealed record SeenRequest(string Method, string Path, string? Fault, DateTimeOffset At);
