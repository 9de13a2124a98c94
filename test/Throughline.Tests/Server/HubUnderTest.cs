using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Engine;
using Throughline.Model;
using Throughline.Server.Api.Access;
using Throughline.Server.Api.Hooks;
using Throughline.Server.Hosting;
using Throughline.Store.Sqlite;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>A hub with its real doors on a free port, on the embedded store; its systems are away, so nothing leaves it.</summary>
public sealed class HubUnderTest : IAsyncDisposable
{
    public const string HookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    public const string OtherHookSecret = "whsec_b3RoZXItc2VjcmV0LWZvci1yb3RhdGlvbi0wMDE=";

    private readonly string _folder;
    private readonly SocketsHttpHandler _transport;

    private HubUnderTest(string folder, SocketsHttpHandler transport, HubServer server)
    {
        (_folder, _transport, Server) = (folder, transport, server);
        Client = new HttpClient { BaseAddress = server.Address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", server.Token.Value) } };
        Stranger = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = server.Address };
    }

    internal HubServer Server { get; }

    public Uri Address => Server.Address;

    public string Token => Server.Token.Value;

    public string TokenFile => Server.Token.FilePath;

    public string Folder => _folder;

    /// <summary>Sends the token.</summary>
    public HttpClient Client { get; }

    /// <summary>Sends no token.</summary>
    public HttpClient Stranger { get; }

    public static string DemoLandscape
    {
        get
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "landscapes", "demo");
            Assert.True(Directory.Exists(folder), $"the shipped landscape should stand beside the program, in {folder}");
            return folder;
        }
    }

    internal static async Task<HubUnderTest> StartAsync(DoorLimits? limits = null, Func<IHubStore, IHubStore>? decorate = null)
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-").FullName;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DEMO_SALESFORCE_URL"] = "http://127.0.0.1:9", ["DEMO_REDMINE_URL"] = "http://127.0.0.1:9", ["DEMO_TRYTON_URL"] = "http://127.0.0.1:9",
            ["HOOK"] = HookSecret, ["HOOK_NEXT"] = OtherHookSecret,
        };
        var read = Composition.ReadLandscape(DemoLandscape, environment.GetValueOrDefault);
        Assert.True(read.IsUsable, string.Join("\n", read.Problems));
        var landscape = read.Landscape! with
        {
            Systems = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(
                read.Landscape!.Systems.Values.Select(system =>
                    system with { Reads = [], Hooks = system.Name == "crm" ? ["env:HOOK", "env:HOOK_NEXT"] : [] }), system =>
                        system.Name, StringComparer.Ordinal),
        };
        var transport = Composition.Transport();
        var secrets = new SecretResolver(environment.GetValueOrDefault);
        IHubStore store = SqliteHubStore.Open(folder);
        await store.MigrateAsync(CancellationToken.None);
        store = decorate?.Invoke(store) ?? store;
        var server = await HubServer.StartAsync(
            new HubServerParts
            {
                Landscape = landscape, Store = store, Connectors = Composition.Connect(landscape, secrets, transport,
                    TimeProvider.System), Token = AccessToken.OpenOrCreate(folder),
                Secrets = secrets, Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], Logs = NullLoggerFactory.Instance, Limits = limits
                    ?? DoorLimits.Default,
            },
            CancellationToken.None);
        return new HubUnderTest(folder, transport, server);
    }

    public Task<Answered> PostAsync(string path, string body, string contentType = "application/json") =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public async Task<Answered> PostAsync(string path, byte[] body, string? contentType = "application/json", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return await Answered.OfAsync(response);
    }

    public async Task<Answered> GetAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return await Answered.OfAsync(response);
    }

    /// <summary>Sends a webhook signed with a secret; the body that is sent may differ from the one that was signed.</summary>
    public async Task<Answered> HookAsync(
        string id, string body, string secret = HookSecret, DateTimeOffset? at = null, string path = "/hooks/crm", string? sent = null, string before = "")
    {
        var now = at ?? TimeProvider.System.GetUtcNow();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(sent ?? body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.Add(WebhookSignature.IdHeader, id);
        content.Headers.Add(WebhookSignature.TimeHeader, now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        content.Headers.Add(WebhookSignature.SignatureHeader, before
            + WebhookSignature.Sign(WebhookSignature.KeyOf(secret)!, id, now, Encoding.UTF8.GetBytes(body)));
        using var response = await Stranger.PostAsync(new Uri(path, UriKind.Relative), content);
        return await Answered.OfAsync(response);
    }

    /// <summary>Looks again until the answer is as wanted.</summary>
    public async Task<Answered> UntilAsync(string path, Func<Answered, bool> holds, string what)
    {
        using var timed = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var answer = await GetAsync(path);
            if (holds(answer))
            {
                return answer;
            }

            Assert.False(timed.IsCancellationRequested, $"waited for {what} at {path}; the last answer was {answer.Status} {answer.Text}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Stranger.Dispose();
        await Server.DisposeAsync();
        _transport.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What a door answered.</summary>
public sealed record Answered(int Status, string Text, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public Fields Body => Fields.Parse(Text);

    public string? Code => Body.Text("code");

    public IReadOnlyList<Fields> Receipts => Body.NestedList("receipts");

    public static async Task<Answered> OfAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType,
        response.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));

    /// <summary>A refusal that says what and why, in the one form, and nothing of the program's inside.</summary>
    public void ShouldBeProblem(int status, string? code = null)
    {
        Assert.True(Status == status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(status, Body.Number("status"));
        foreach (var name in new[] { "type", "title", "detail", "instance", "code" })
        {
            Assert.False(string.IsNullOrEmpty(Body.Text(name)), $"{name} is missing in {Text}");
        }

        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Text, StringComparison.Ordinal);
        if (code is not null)
        {
            Assert.Equal(code, Code);
        }
    }
}

/// <summary>A store of which single methods fail at will.</summary>
public class FailingStore : DispatchProxy
{
    private IHubStore _inner = null!;
    private string _method = "";
    private Func<Exception> _failure = null!;

    internal static IHubStore Of(IHubStore inner, string method, Func<Exception> failure)
    {
        var proxy = Create<IHubStore, FailingStore>();
        var self = (FailingStore)(object)proxy;
        (self._inner, self._method, self._failure) = (inner, method, failure);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == _method ? throw _failure() : targetMethod.Invoke(_inner, args);
}
