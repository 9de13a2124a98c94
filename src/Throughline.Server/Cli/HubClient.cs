using System.Net.Http.Headers;
using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Access;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>An answer of the hub.</summary>
internal sealed record HubAnswer(int Status, Fields Body)
{
    public bool IsOk => Status is >= 200 and < 300;

    /// <summary>The body, or the hub's own explanation as this command's failure.</summary>
    public Fields Need() => IsOk ? Body : throw new CommandFailedException(
        Body.Text("detail") ?? $"The hub answered {Status} without an explanation; is it a Throughline hub?", IsMistyped ? Exit.Usage : Exit.Negative);

    // A value that the hub takes from nobody, whatever it holds.
    private bool IsMistyped => Body.Text("code") is "bad-query" or "invalid-request" or "invalid-action";
}

/// <summary>The command line's way to a running hub.</summary>
internal sealed class HubClient : IDisposable
{
    private static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;
    private readonly string? _tokenFile;

    /// <summary>A further parameter of a query; nothing where it was not given.</summary>
    public static string Query(string name, string? value) => value is { Length: > 0 } ? $"&{name}={Uri.EscapeDataString(value)}" : "";

    /// <param name="tokenFile">Where the token was read, for messages.</param>
    public HubClient(Uri address, string? token, string? tokenFile = null)
    {
        _tokenFile = tokenFile;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false }) { BaseAddress = address,
            Timeout = TimeOut };
        if (token is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>A client with the token of a data folder.</summary>
    /// <exception cref="TokenProblemException">The folder has no usable token.</exception>
    public static HubClient Open(string url, string data)
    {
        var address = AddressOf(url);
        return new HubClient(address, AccessToken.Read(data), Path.Combine(Path.GetFullPath(data), AccessToken.FileName));
    }

    /// <summary>An address on this machine: the token goes nowhere else.</summary>
    public static Uri AddressOf(string url) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")
            ? throw new CommandFailedException($"'{url}' is not an address; write one such as {LoopbackAddress.Default}.", Exit.Usage)
            : address.IsLoopback ? address
            : throw new CommandFailedException($"'{url}' is not on this machine; the hub listens on loopback only.", Exit.Usage);

    public Task<HubAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    public Task<HubAnswer> PostAsync(string path, Fields body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, new StringContent(body.ToJson(), Encoding.UTF8, "application/json"), cancellation);

    public void Dispose() => _client.Dispose();

    public async Task<HubAnswer> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        try
        {
            using var response = await _client.SendAsync(request, cancellation);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            var answer = new HubAnswer((int)response.StatusCode, Parse(bytes));
            return answer.Body.Text("code") != TokenGate.RefusedCode ? answer : throw new TokenProblemException(
                $"The hub at {_client.BaseAddress} does not accept the token in {_tokenFile ?? "its data folder"}: it is another hub's, or an old one. Name the data "
                + "folder of that hub with --data or THROUGHLINE_DATA, or the address of the hub that the token is of with --url or THROUGHLINE_URL.");
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailedException(
                $"The hub at {_client.BaseAddress} cannot be reached ({e.HttpRequestError}). Start it with 'throughline serve', or name its address with "
                    + "--url or THROUGHLINE_URL.", Exit.Unreachable);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandFailedException($"The hub at {_client.BaseAddress} did not answer within {TimeOut.TotalSeconds:0} seconds. Look at its log.",
                Exit.Unreachable);
        }
    }

    private static Fields Parse(byte[] bytes)
    {
        try
        {
            return bytes.Length == 0 ? Fields.Empty : Fields.Parse(bytes);
        }
        catch (FormatException)
        {
            return Fields.Empty;
        }
    }
}
