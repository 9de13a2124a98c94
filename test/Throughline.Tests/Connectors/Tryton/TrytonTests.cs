using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors.Tryton;
using Throughline.Conformance.Connectors;
using Throughline.Sandbox;
using Throughline.Sandbox.Tryton;

namespace Throughline.Tests.Connectors.Tryton;

public sealed class PartiesConform : ConnectorConformance<TrytonSandboxParties>;

public sealed class ProjectsConform : ConnectorConformance<TrytonSandboxProjects>;

public sealed class TimesheetLinesConform : ConnectorConformance<TrytonSandboxTimesheetLines>;

public sealed class InvoicesConform : ConnectorConformance<TrytonSandboxInvoices>;

public sealed class When_the_sandbox_is_invoiced() : TrytonInvoiceFacts(new TrytonSandboxHost());

public sealed class When_the_sandbox_is_paid() : TrytonPaymentFacts(new TrytonSandboxHost());

public sealed class When_the_sandbox_is_credited() : TrytonCreditFacts(new TrytonSandboxHost());

public sealed class TrytonSandboxInvoices() : TrytonInvoiceUnderTest(new TrytonSandboxHost());

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
        var field = model switch { "timesheet.line" => "duration", "account.invoice" => "description", _ => "name" };
        Sandbox.RenameField(model, field, field + "_new");
        return Task.FromResult(field);
    }

    public override Task CloseJanuary2001Async()
    {
        Sandbox.Insert("account.period", new JsonObject
        {
            ["name"] = "2001-01", ["state"] = "close", ["start_date"] = Date(2001, 1, 1), ["end_date"] = Date(2001, 1, 31),
        });
        return Task.CompletedTask;
    }

    public override Task PayAsync(long invoice, decimal? amount = null) => Done(() => Sandbox.Pay(invoice, amount));

    public override Task UnpayAsync(long invoice) => Done(() => Sandbox.Unpay(invoice));

    public override Task WriteOffAsync(long invoice) => Done(() => Sandbox.WriteOff(invoice));

    private static Task Done(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private static JsonObject Date(int year, int month, int day) => new() { ["__class__"] = "date", ["year"] = year, ["month"] = month, ["day"] = day };

    public override ValueTask DisposeAsync()
    {
        Raw?.Dispose();
        return Sandbox.DisposeAsync();
    }
}
