using Throughline.Conformance.Connectors.Tryton;
using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.EndToEnd.Tryton;

// One after the other: wrong passwords are counted per login, and a read of everything sees what the others make.
[Collection("tryton")]
public sealed class PartiesOnTheRealServerConform : ConnectorConformance<TrytonRealParties>;

[Collection("tryton")]
public sealed class ProjectsOnTheRealServerConform : ConnectorConformance<TrytonRealProjects>;

[Collection("tryton")]
public sealed class TimesheetLinesOnTheRealServerConform : ConnectorConformance<TrytonRealTimesheetLines>;

[Collection("tryton")]
public sealed class When_the_real_server_is_asked() : TrytonWireFacts(new TrytonRealHost());

public sealed class TrytonRealParties() : TrytonPartyUnderTest(new TrytonRealHost());

public sealed class TrytonRealProjects() : TrytonProjectUnderTest(new TrytonRealHost());

public sealed class TrytonRealTimesheetLines() : TrytonTimesheetUnderTest(new TrytonRealHost());

/// <summary>The server that <c>./test.sh</c> starts and seeds (scripts/real/tryton-up.sh), behind a proxy that strikes faults.</summary>
public sealed class TrytonRealHost : TrytonHost
{
    // One for all tests: the server takes a second over each sign-in.
    private static TrytonRawClient? _raw;

    private FaultProxy? _proxy;

    public override string Name => "real server";

    public override string NoDrift => "the fields of a real server cannot be renamed from outside; shown against the sandbox";

    public override bool KeepsRecords => true;

    public override string Database => Setting("THROUGHLINE_TRYTON_DATABASE");

    public override string User => Setting("THROUGHLINE_TRYTON_USER");

    public override string Password => Setting("THROUGHLINE_TRYTON_PASSWORD");

    public override Uri Address => Proxy.Address;

    public override Uri Direct => new(Setting("THROUGHLINE_TRYTON_URL"));

    public override Faults Faults => Proxy.Faults;

    private FaultProxy Proxy => _proxy ??= new FaultProxy(new Uri(Setting("THROUGHLINE_TRYTON_URL")));

    public override async Task StartAsync()
    {
        await Proxy.StartAsync();
        Raw = _raw ??= new TrytonRawClient(Direct, Database, User, Password);
    }

    /// <summary>Setting a password, even to what it was, ends every session of the user.</summary>
    public override async Task ExpireSessionsAsync() =>
        await Raw.CallAsync("model.res.user.set_preferences", new JsonObject { ["password"] = Password });

    public override Task<string> DriftAsync(string model) => throw new NotSupportedException(NoDrift);

    public override async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is not set: these tests need the real Tryton; run ./test.sh, which starts it, seeds it and "
            + $"says where it is");
}
