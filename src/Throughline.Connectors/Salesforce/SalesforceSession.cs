using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Salesforce;

/// <summary>Signs in with client credentials or a signed assertion, and keeps the token until Salesforce refuses it: its life is the organisation's policy
/// and is not told.</summary>
internal sealed class SalesforceSession : ISession, IDisposable
{
    // Salesforce accepts at most five minutes; shorter leaves room for clocks that differ.
    private static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(3);

    // Answers with 401 that a new token does not help (jsforce, http-api.ts).
    private static readonly string[] NotExpired = ["Connected app is not attached to Agent", "This session is not valid for use with the REST API"];

    private readonly ConnectorContext _context;
    private readonly HttpPipeline _tokens;
    private readonly Uri _login;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Token? _token;
    private volatile string? _lastSecret;

    public SalesforceSession(ConnectorContext context, TimeSpan timeout)
    {
        _context = context;
        _login = new Uri(context.Configuration.Text("login_url")!);
        _tokens = new HttpPipeline(context.Transport, session: null, [_login], timeout);
    }

    /// <summary>Told when a token names the host that serves the organisation.</summary>
    public Action<Uri> InstanceKnown { get; set; } = _ => { };

    /// <exception cref="ConnectorException">No token could be had.</exception>
    public async Task<Token> TokenAsync(CancellationToken cancellation)
    {
        if (_token is { } held)
        {
            return held;
        }

        await _gate.WaitAsync(cancellation);
        try
        {
            return _token ??= await FetchAsync(cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task SignAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var token = await TokenAsync(cancellation);
        if (request.RequestUri?.Authority != token.Instance.Authority)
        {
            // A token goes to the host that it was issued for and to no other.
            throw new ConnectorException(new Failure.Transient(
                $"the Salesforce organisation has moved to {token.Instance.Authority}; the next attempt goes there"));
        }

        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Access);
    }

    public bool IsExpired(HttpResponse response) =>
        response.Status == HttpStatusCode.Unauthorized && !NotExpired.Any(text => response.Text.Contains(text, StringComparison.Ordinal));

    public void Expire(HttpRequestMessage rejected)
    {
        // Another call may have renewed it meanwhile; that one stays.
        if (_token is { } held && rejected.Headers.Authorization?.Parameter == held.Access)
        {
            Interlocked.CompareExchange(ref _token, null, held);
        }
    }

    /// <summary>The text without our secrets, should the vendor repeat them.</summary>
    public string Redact(string text)
    {
        if (_token is { } held)
        {
            text = text.Replace(held.Access, "***", StringComparison.Ordinal);
        }

        return _lastSecret is { } secret ? text.Replace(secret, "***", StringComparison.Ordinal) : text;
    }

    public void Dispose()
    {
        _tokens.Dispose();
        _gate.Dispose();
    }

    private bool UsesJwt => _context.Configuration.Text("auth") == SalesforceKind.Jwt;

    private async Task<Token> FetchAsync(CancellationToken cancellation)
    {
        var form = UsesJwt
            ? new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer", ["assertion"] = Assertion() }
            : new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = Configured("client_id"),
                ["client_secret"] = Secret("client_secret"),
            };
        var result = await _tokens.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, new Uri(_login, "/services/oauth2/token")) { Content = new FormUrlEncodedContent(form) },
            safe: true,
            cancellation);
        var response = result.Response ?? throw new ConnectorException(result.Failure!);
        if (!response.IsSuccess)
        {
            throw new ConnectorException(SalesforceFailures.OfToken(response, _context.Time, Redact));
        }

        var token = Read(response);
        InstanceKnown(token.Instance);
        return token;
    }

    private static Token Read(HttpResponse response)
    {
        Fields body;
        try
        {
            body = Fields.Parse(response.Body);
        }
        catch (FormatException)
        {
            throw new ConnectorException(new Failure.Unknown("the token endpoint answered something that is not JSON; check login_url"));
        }

        if (body.Text("access_token") is not { Length: > 0 } access || !Uri.TryCreate(body.Text("instance_url"), UriKind.Absolute, out var instance))
        {
            throw new ConnectorException(new Failure.Unknown("the token endpoint answered without access_token or instance_url; check login_url"));
        }

        return instance.Scheme == "https" || (instance.Scheme == "http" && instance.IsLoopback)
            ? new Token(access, instance, Who(body.Text("id")))
            : throw new ConnectorException(
                new Failure.Policy($"Salesforce named {instance.Authority} without https as the organisation's address; nothing is sent there"));
    }

    // The identity address ends in the organisation's and the user's id.
    private static string Who(string? identity) =>
        identity?.Split('/') is [.., var organization, var user] ? $"organisation {organization} as user {user}" : "organisation unknown";

    private string Assertion()
    {
        var now = _context.Time.GetUtcNow();
        var claims = Fields.Of(("iss", Configured("client_id")), ("sub", Configured("username")), ("aud", Audience()),
            ("exp", now.Add(AssertionLife).ToUnixTimeSeconds()));
        var text = Part("""{"alg":"RS256"}""") + "." + Part(claims.ToJson());
        using var key = RSA.Create();
        try
        {
            key.ImportFromPem(Secret("private_key"));
            return text + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ConnectorException(new Failure.Authentication($"private_key of {_context.System} is not an RSA private key in PEM form"));
        }
    }

    private string Audience() => _login.GetLeftPart(UriPartial.Authority);

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private string Configured(string name) => _context.Configuration.Text(name)
        ?? throw new ConnectorException(new Failure.Authentication(string.Create(
            CultureInfo.InvariantCulture, $"{name} of {_context.System} is not set; this way to sign in needs it")));

    private string Secret(string name)
    {
        try
        {
            return _lastSecret = _context.Secret(name) is { Length: > 0 } value ? value : throw Unset(name);
        }
        catch (Exception e) when (e is not ConnectorException)
        {
            // The resolver's message could quote what it found.
            throw Unset(name);
        }
    }

    private ConnectorException Unset(string name) =>
        new(new Failure.Authentication($"the secret {name} of {_context.System} cannot be read; this way to sign in needs it"));

    /// <param name="Who">Organisation and user, for people.</param>
    internal sealed record Token(string Access, Uri Instance, string Who)
    {
        public override string ToString() => $"token for {Instance.Authority}";
    }
}
