using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;

namespace Throughline.Conformance.Connectors.Redmine;

/// <summary>A Redmine to be tried: the sandbox or a real one.</summary>
public interface IRedmineServer : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Where it answers, and an administrator's key.</summary>
    Task<(Uri Address, string Key)> StartAsync();

    /// <summary>Renames updated_on in its answers; false where it cannot.</summary>
    bool TryDrift();
}

public sealed class SandboxedRedmine : IRedmineServer
{
    private readonly RedmineSandbox _sandbox = new();

    public string Name => "sandbox";

    public async Task<(Uri Address, string Key)> StartAsync()
    {
        await _sandbox.StartAsync();
        return (_sandbox.Address, _sandbox.AdminKey);
    }

    public bool TryDrift()
    {
        _sandbox.Drift("updated_on", "changed_on");
        return true;
    }

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();
}

/// <summary>The server that scripts/real/redmine-up.sh started and redmine-seed.py prepared.</summary>
public sealed class RealRedmine : IRedmineServer
{
    public const string UrlVariable = "THROUGHLINE_REDMINE_URL";
    public const string KeyVariable = "THROUGHLINE_REDMINE_KEY";

    public string Name => "real server";

    public Task<(Uri Address, string Key)> StartAsync() => Task.FromResult((new Uri(Variable(UrlVariable)), Variable(KeyVariable)));

    public bool TryDrift() => false;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is not set, so there is no real Redmine to try; run ./test.sh, which starts one and sets it");
}
