using Throughline.Conformance.Connectors.Tryton;
using Throughline.Conformance.Connectors;
using Throughline.Sandbox;
using Throughline.Sandbox.Tryton;

namespace Throughline.Tests.Connectors.Tryton;

public sealed class PartiesConform : ConnectorConformance<TrytonSandboxParties>;

public sealed class ProjectsConform : ConnectorConformance<TrytonSandboxProjects>;

public sealed class TimesheetLinesConform : ConnectorConformance<TrytonSandboxTimesheetLines>;

public sealed class TrytonSandboxParties() : TrytonPartyUnderTest(new TrytonSandboxHost());

public sealed class TrytonSandboxProjects() : TrytonProjectUnderTest(new TrytonSandboxHost());

public sealed class TrytonSandboxTimesheetLines() : TrytonTimesheetUnderTest(new TrytonSandboxHost());

public sealed class TrytonSandboxHost : TrytonHost
{
    public override string Name => "sandbox";

    public override string? NoDrift => null;

    public override bool KeepsRecords => false;

    public override string Database => TrytonSandbox.Database;

    public override string User => TrytonSandbox.User;

    public override string Password => TrytonSandbox.Password;

    public override Uri Address => Sandbox.Address;

    public override Faults Faults => Sandbox.Faults;

    public TrytonSandbox Sandbox { get; } = new();

    public override async Task StartAsync()
    {
        await Sandbox.StartAsync();
        Raw = new TrytonRawClient(Sandbox.Address, Database, User, Password);
    }

    public override Task ExpireSessionsAsync()
    {
        Sandbox.ExpireSessions();
        return Task.CompletedTask;
    }

    public override Task<string> DriftAsync(string model)
    {
        var field = model switch { "timesheet.line" => "duration", _ => "name" };
        Sandbox.RenameField(model, field, field + "_new");
        return Task.FromResult(field);
    }

    public override ValueTask DisposeAsync()
    {
        Raw?.Dispose();
        return Sandbox.DisposeAsync();
    }
}
