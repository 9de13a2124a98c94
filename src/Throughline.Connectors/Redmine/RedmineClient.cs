using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>Redmine over HTTP: one request, one answer or one failure.</summary>
internal sealed class RedmineClient : IDisposable
{
    private readonly ConnectorContext _context;
    private readonly HttpPipeline _pipeline;
    private readonly string _base;

    public RedmineClient(ConnectorContext context)
    {
        _context = context;
        _base = context.Configuration.Text("url")!.TrimEnd('/');
        Address = new Uri(_base);
        var timeout = TimeSpan.FromSeconds((double)(context.Configuration.Number("time_out_seconds") ?? 30));
        _pipeline = new HttpPipeline(context.Transport, session: null, [Address], timeout);
    }

    public Uri Address { get; }

    /// <summary>The user whose key we hold.</summary>
    public async Task<Fields> WhoAsync(CancellationToken cancellation) =>
        (await GetAsync("/users/current.json", "the check of the API key", cancellation))?.Nested("user")
            ?? throw new ConnectorException(new Failure.Unknown($"{Address.Authority} does not answer like Redmine: /users/current.json names no user"));

    /// <summary>
    /// Throws unless the key is good. Needed wherever something is concluded from what is absent: with a withdrawn key Redmine
    /// answers lists with 200 and only what everybody may see, often nothing [RUN].
    /// </summary>
    public async Task VerifyKeyAsync(CancellationToken cancellation) => await WhoAsync(cancellation);

    /// <summary>The document, or null where it is not there (404).</summary>
    public async Task<Fields?> GetAsync(string path, string what, CancellationToken cancellation)
    {
        var (response, failure) = await SendAsync(HttpMethod.Get, path, null, cancellation);
        if (failure is not null)
        {
            throw new ConnectorException(failure);
        }

        if (response!.Status == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }

        if (!response.IsSuccess)
        {
            throw new ConnectorException(RedmineFailures.Of(response, "GET", what, Fields.Empty, _context.Time));
        }

        try
        {
            return Fields.Parse(response.Body);
        }
        catch (FormatException e)
        {
            var message = $"{what}: {Address.Authority} did not answer with JSON; is url the address of Redmine itself?";
            throw new ConnectorException(new Failure.Unknown(message), e);
        }
    }

    /// <summary>One page of a list. <paramref name="mayBeGone"/>: what the list belongs to may be deleted meanwhile, which makes it empty.</summary>
    public async Task<RedmineList> ListAsync(string name, string path, CancellationToken cancellation, bool mayBeGone = false)
    {
        var what = $"reading {name}";
        if (await GetAsync(path, what, cancellation) is not { } answer)
        {
            return mayBeGone
                ? new RedmineList([], 0, null)
                : throw new ConnectorException(new Failure.MissingReference($"{what}: Redmine has no {path.Split('?')[0]}", path.Split('?')[0]));
        }

        foreach (var relied in new[] { name, "total_count" })
        {
            if (!answer.ContainsKey(relied))
            {
                throw new ConnectorException(RedmineFailures.Drift("a list of", name, relied));
            }
        }

        return new RedmineList([.. answer.NestedList(name)], (int)(answer.Number("total_count") ?? 0), (int?)answer.Number("limit"));
    }

    /// <summary>Sends a write. The answer's document is empty where Redmine sends none (204).</summary>
    public async Task<(Fields Answer, Failure? Failure)> WriteAsync(
        HttpMethod method, string path, Fields? body, string what, Fields sent, CancellationToken cancellation)
    {
        var (response, failure) = await SendAsync(method, path, body, cancellation);
        if (failure is not null)
        {
            return (Fields.Empty, failure);
        }

        if (!response!.IsSuccess)
        {
            return (Fields.Empty, RedmineFailures.Of(response, method.Method, what, sent, _context.Time));
        }

        try
        {
            return (response.Body.Length == 0 ? Fields.Empty : Fields.Parse(response.Body), null);
        }
        catch (FormatException)
        {
            return (Fields.Empty, new Failure.InDoubt($"{what}: Redmine accepted it, but its answer cannot be read"));
        }
    }

    public void Dispose() => _pipeline.Dispose();

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private Task<HttpResult> SendAsync(HttpMethod method, string path, Fields? body, CancellationToken cancellation) =>
        _pipeline.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(method, _base + path);
                request.Headers.TryAddWithoutValidation("X-Redmine-API-Key", _context.Secret("api_key"));
                request.Headers.TryAddWithoutValidation("Accept-Language", "en"); // duplicates are known by their English text only
                request.Headers.TryAddWithoutValidation("User-Agent", "throughline/" + _context.System);
                if (body is not null)
                {
                    request.Content = new StringContent(body.ToJson(), Encoding.UTF8, "application/json");
                }

                return request;
            },
            safe: method == HttpMethod.Get,
            cancellation);
}

/// <summary>One page: its records, how many there are in all, and the page size that was applied (null where the list has no pages).</summary>
internal sealed record RedmineList(ImmutableArray<Fields> Records, int Total, int? Limit);
