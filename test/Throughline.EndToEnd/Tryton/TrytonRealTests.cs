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
public sealed class InvoicesOnTheRealServerConform : ConnectorConformance<TrytonRealInvoices>;

[Collection("tryton")]
public sealed class When_the_real_server_is_invoiced() : TrytonInvoiceFacts(new TrytonRealHost());

[Collection("tryton")]
public sealed class When_the_real_server_is_paid() : TrytonPaymentFacts(new TrytonRealHost());

[Collection("tryton")]
public sealed class When_the_real_server_is_credited() : TrytonCreditFacts(new TrytonRealHost());

[Collection("tryton")]
public sealed class When_the_real_server_is_asked() : TrytonWireFacts(new TrytonRealHost());

public sealed class TrytonRealParties() : TrytonPartyUnderTest(new TrytonRealHost());

public sealed class TrytonRealProjects() : TrytonProjectUnderTest(new TrytonRealHost());

public sealed class TrytonRealInvoices() : TrytonInvoiceUnderTest(new TrytonRealHost());

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

    /// <summary>A year of its own, made once, since what is posted into the current one must be in the order of dates.</summary>
    public override async Task CloseJanuary2001Async()
    {
        const string name = "Closed 2001";
        if ((await Raw.SearchAsync("account.fiscalyear", [new JsonArray("start_date", "=", Date(2001, 1, 1))])).Count > 0)
        {
            return;
        }

        var moves = await SequenceAsync("ir.sequence", name, "Account Move");
        var invoices = await SequenceAsync("ir.sequence.strict", name, "Invoice");
        var sequences = new JsonObject { ["company"] = 1 };
        foreach (var kind in new[] { "in_invoice", "in_credit_note", "out_invoice", "out_credit_note" })
        {
            sequences[$"{kind}_sequence"] = invoices;
        }

        var year = await Raw.CallAsync("model.account.fiscalyear.create", new JsonArray(new JsonObject
        {
            ["name"] = name, ["company"] = 1, ["start_date"] = Date(2001, 1, 1), ["end_date"] = Date(2001, 12, 31), ["post_move_sequence"] = moves,
            ["invoice_sequences"] = new JsonArray(new JsonArray("create", new JsonArray(sequences))),
        }));
        await Raw.CallAsync("model.account.fiscalyear.create_period", year!.DeepClone());
        var january = await Raw.SearchAsync("account.period", [new JsonArray("start_date", "=", Date(2001, 1, 1))]);
        await Raw.CallAsync("model.account.period.close", january);
    }

    public override Task PayAsync(long invoice, decimal? amount = null) => new TrytonPaymentsByHand(Raw).PayAsync(invoice, amount);

    public override Task UnpayAsync(long invoice) => new TrytonPaymentsByHand(Raw).UnpayAsync(invoice);

    public override Task WriteOffAsync(long invoice) => new TrytonPaymentsByHand(Raw).WriteOffAsync(invoice);

    private async Task<long> SequenceAsync(string model, string name, string kind)
    {
        var type = (long)(await Raw.SearchAsync("ir.sequence.type", [new JsonArray("name", "=", kind)]))[0]!;
        return (long)(await Raw.CallAsync($"model.{model}.create", new JsonArray(new JsonObject
        {
            ["name"] = name, ["company"] = 1, ["sequence_type"] = type, ["prefix"] = "2001-",
        })))![0]!;
    }

    private static JsonObject Date(int year, int month, int day) => new() { ["__class__"] = "date", ["year"] = year, ["month"] = month, ["day"] = day };

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
