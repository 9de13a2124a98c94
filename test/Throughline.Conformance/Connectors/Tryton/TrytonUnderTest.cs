using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance.Connectors;
using Throughline.Connect;
using Throughline.Connectors.Tryton;
using Throughline.Model;
using Throughline.Sandbox;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>Where a Tryton is: the sandbox, or a real server behind a fault proxy.</summary>
public abstract class TrytonHost : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>Why the case of schema drift cannot be shown; null where it can.</summary>
    public abstract string? NoDrift { get; }

    /// <summary>What is made there outlives the test and must be removed.</summary>
    public abstract bool KeepsRecords { get; }

    public abstract string Database { get; }

    public abstract string User { get; }

    public abstract string Password { get; }

    /// <summary>Where the connector is pointed.</summary>
    public abstract Uri Address { get; }

    /// <summary>The server itself, past the fault proxy.</summary>
    public virtual Uri Direct => Address;

    public abstract Faults Faults { get; }

    /// <summary>A client of its own, not the connector's, past the fault proxy.</summary>
    public TrytonRawClient Raw { get; protected set; } = null!;

    public abstract Task StartAsync();

    public abstract Task ExpireSessionsAsync();

    public abstract Task<string> DriftAsync(string model);

    /// <summary>Lets January 2001 be a closed period and the rest of that year an open one.</summary>
    public abstract Task CloseJanuary2001Async();

    /// <summary>The customer pays an invoice: some of what is due, or all of it.</summary>
    public abstract Task PayAsync(long invoice, decimal? amount = null);

    /// <summary>The last payment of an invoice is taken back, as when the bank returns it.</summary>
    public abstract Task UnpayAsync(long invoice);

    /// <summary>What is still due of an invoice is written off.</summary>
    public abstract Task WriteOffAsync(long invoice);

    public abstract ValueTask DisposeAsync();
}

/// <summary>What is common to all kinds of records of Tryton. Keys carry a text of the run, since a real server keeps what earlier runs made.</summary>
public abstract class TrytonUnderTest(TrytonHost host) : ConnectorUnderTest
{
    protected string Run { get; } = Guid.CreateVersion7().ToString("N")[20..];

    protected TrytonHost Host { get; } = host;

    public override string Name => $"tryton {Entity}, {Host.Name}";

    public override IConnectorKind Kind { get; } = new TrytonKind();

    public override ImmutableArray<Difference> Differences =>
        Host.NoDrift is { } reason ? [.. Missing, new Difference(ConformanceCase.SchemaDrift, reason)] : Missing;

    public override Fields Configuration => Fields.Of(
        (TrytonKind.Url, Host.Address.GetLeftPart(UriPartial.Authority)), (TrytonKind.Database, Host.Database), (TrytonKind.User, Host.User),
            (TrytonKind.PageSize, 5));

    public override Func<string, string> Secrets => _ => Host.Password;

    public override Func<string, string> BadSecrets => _ => "not-the-password";

    public override Faults Faults => Host.Faults;

    public override string MissingId => "2000000000";

    protected abstract ImmutableArray<Difference> Missing { get; }

    /// <summary>A domain that finds record <paramref name="n"/> of this run among the live ones, in the server's own terms.</summary>
    protected abstract JsonArray DomainOf(int n);

    /// <summary>A domain that finds all records of this run.</summary>
    protected abstract JsonArray DomainOfRun { get; }

    /// <summary>Record <paramref name="n"/> in typed JSON, written by hand.</summary>
    protected abstract JsonObject RawRecord(int n);

    protected abstract JsonObject RawChange { get; }

    public override Fault OnCreate(Fault fault) => fault with { BodyContains = $"model.{Entity}.create\"" };

    public override Fault OnRead(Fault fault) => fault with { BodyContains = "[\"id\",\">\"" };

    public override async Task StartAsync()
    {
        await Host.StartAsync();
        await PrepareAsync();
    }

    public override async Task<string> InsertDirectlyAsync(int n) =>
        ((long)(await Host.Raw.CallAsync($"model.{Entity}.create", new JsonArray(RawRecord(n))))![0]!).ToString(CultureInfo.InvariantCulture);

    public override async Task ChangeDirectlyAsync(string id) => await Host.Raw.CallAsync($"model.{Entity}.write", Ids(id), RawChange);

    public override async Task DeleteDirectlyAsync(string id) => await Host.Raw.CallAsync($"model.{Entity}.delete", Ids(id));

    public override async Task<int> CountDirectlyAsync(int n) => (int)(await Host.Raw.CallAsync($"model.{Entity}.search_count", DomainOf(n)))!;

    public override Task ExpireSessionsAsync() => Host.ExpireSessionsAsync();

    public override Task<string> DriftAsync() => Host.DriftAsync(Entity);

    public override async ValueTask DisposeAsync()
    {
        if (Host is { KeepsRecords: true, Raw: not null })
        {
            await CleanUpAsync();
        }

        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual Task PrepareAsync() => Task.CompletedTask;

    protected virtual async Task CleanUpAsync()
    {
        if (await Host.Raw.SearchAsync(Entity, DomainOfRun) is { Count: > 0 } ids)
        {
            await Host.Raw.CallAsync($"model.{Entity}.delete", ids);
        }
    }

    private static JsonArray Ids(string id) => [long.Parse(id, CultureInfo.InvariantCulture)];
}

/// <summary>Customers: the key is enforced by the server, lists of addresses and identifiers go along.</summary>
public abstract class TrytonPartyUnderTest(TrytonHost host) : TrytonUnderTest(host)
{
    public override string Entity => "party.party";

    public override string TextField => "name";

    public override string? MoneyField => null;

    public override string? DateField => null;

    protected override ImmutableArray<Difference> Missing =>
    [
        new(ConformanceCase.ExactMoney, "a party holds no amount of money"),
        new(ConformanceCase.ExactDates, "a party holds no date"),
    ];

    protected override JsonArray DomainOfRun => [new JsonArray("code", "like", $"C{Run}%"), new JsonArray("active", "in", new JsonArray(true, false))];

    protected override JsonObject RawChange => new() { ["name"] = "Changed directly" };

    public override Fields NewRecord(int n) => Fields.Of(
        ("name", $"Customer {n}"),
        ("code", Code(n)),
        ("addresses", new[] { Fields.Of(("name", "HQ"), ("street", "Main 1"), ("city", "Ghent"),
            ("country", Fields.Of(("find", Fields.Of(("code", "BE")))))) }),
        ("identifiers", new[] { Fields.Of(("type", null), ("code", $"T{n}")) }));

    public override Fields BadRecord(int n) => NewRecord(n).With("identifiers", new[] { Fields.Of(("type", null)) });

    public override Fields FindKey(int n) => Fields.Of(("code", Code(n)));

    public override Fields Change(int n) => Fields.Of(("name", $"Renamed {n}"));

    public override Fields Shown(Fields written) => written.Without("addresses").Without("identifiers");

    protected override JsonArray DomainOf(int n) => [new JsonArray("code", "=", Code(n))];

    protected override JsonObject RawRecord(int n) => new() { ["name"] = $"Direct {n}", ["code"] = Code(n) };

    private string Code(int n) => $"C{Run}-{n}";
}

/// <summary>Projects with a task: the key is a convention (the first word of the name), so the server takes it twice.</summary>
public abstract class TrytonProjectUnderTest(TrytonHost host) : TrytonUnderTest(host)
{
    public override string Entity => "project.work";

    public override string TextField => "comment";

    public override string? MoneyField => "list_price";

    public override string? DateField => "timesheet_start_date";

    protected override ImmutableArray<Difference> Missing => [];

    protected override JsonArray DomainOfRun => ["OR", new JsonArray("name", "like", $"P{Run}%"), new JsonArray("name", "like", $"Cancelled: P{Run}%")];

    protected override JsonObject RawChange => new() { ["comment"] = "Changed directly" };

    public override Fields NewRecord(int n) => Fields.Of(
        ("name", $"{Code(n)} Depot study"),
        ("type", "project"),
        ("party", Fields.Of(("find", Fields.Of(("code", "C-100"))))),
        ("comment", "from the hub"),
        ("list_price", 120.5m),
        ("effort_duration", 7200),
        ("timesheet_available", true),
        ("timesheet_start_date", "2026-11-02"),
        ("children", new[] { Fields.Of(("name", "Discovery"), ("type", "task"), ("timesheet_available", true), ("list_price", 140)) }));

    public override Fields BadRecord(int n) => NewRecord(n).With("type", "epic");

    public override Fields FindKey(int n) => Fields.Of(("@code", Code(n)));

    public override Fields Change(int n) => Fields.Of(("comment", $"changed {n}"), ("effort_duration", 9000));

    public override Fields Shown(Fields written) => written.Without("party").Without("children");

    protected override JsonArray DomainOf(int n) => [new JsonArray("name", "like", Code(n) + " %")];

    protected override JsonObject RawRecord(int n) => new() { ["name"] = $"{Code(n)} Direct", ["type"] = "project", ["company"] = 1 };

    protected override async Task CleanUpAsync()
    {
        var roots = await Host.Raw.SearchAsync(Entity, DomainOfRun);
        if (roots.Count > 0)
        {
            var children = await Host.Raw.SearchAsync(Entity, [new JsonArray("parent", "in", roots.DeepClone())]);
            await Host.Raw.CallAsync($"model.{Entity}.delete", children);
            await Host.Raw.CallAsync($"model.{Entity}.delete", roots);
        }
    }

    private string Code(int n) => $"P{Run}-{n}-DE";
}

/// <summary>Time: the key is the unique uuid.</summary>
public abstract class TrytonTimesheetUnderTest(TrytonHost host) : TrytonUnderTest(host)
{
    private long _project;
    private long _work;
    private long _employee;

    public override string Entity => "timesheet.line";

    public override string TextField => "description";

    public override string? MoneyField => null;

    public override string? DateField => "date";

    protected override ImmutableArray<Difference> Missing => [new(ConformanceCase.ExactMoney, "a timesheet line holds no amount that can be written")];

    protected override JsonArray DomainOfRun => [new JsonArray("uuid", "like", $"L{Run}%")];

    protected override JsonObject RawChange => new() { ["description"] = "Changed directly" };

    public override Fields NewRecord(int n) => Fields.Of(
        ("uuid", Uuid(n)),
        ("employee", Fields.Of(("find", Fields.Of(("party.code", "E-001"))))),
        ("work", _work),
        ("date", "2026-11-19"),
        ("duration", 5400),
        ("description", $"Workshop {n}"));

    public override Fields BadRecord(int n) => NewRecord(n).With("duration", -3600);

    public override Fields FindKey(int n) => Fields.Of(("uuid", Uuid(n)));

    public override Fields Change(int n) => Fields.Of(("description", $"changed {n}"), ("duration", 5445.5m));

    public override Fields Shown(Fields written) => written.Without("employee").Without("work");

    protected override JsonArray DomainOf(int n) => [new JsonArray("uuid", "=", Uuid(n))];

    protected override JsonObject RawRecord(int n) => new()
    {
        ["uuid"] = Uuid(n), ["employee"] = _employee, ["work"] = _work, ["description"] = $"direct {n}",
        ["date"] = new JsonObject { ["__class__"] = "date", ["year"] = 2026, ["month"] = 11, ["day"] = 18 },
        ["duration"] = new JsonObject { ["__class__"] = "timedelta", ["seconds"] = 3600 },
    };

    protected override async Task PrepareAsync()
    {
        _employee = (long)(await Host.Raw.SearchAsync("company.employee", [new JsonArray("party.code", "=", "E-001")]))[0]!;
        _project = (long)(await Host.Raw.CallAsync(
            "model.project.work.create", new JsonArray(new JsonObject { ["name"] = $"Lines {Run}", ["type"] = "project", ["company"] = 1,
                ["timesheet_available"] = true })))![0]!;
        var row = await Host.Raw.CallAsync("model.project.work.read", new JsonArray(_project), new JsonArray("timesheet_works"));
        _work = (long)row![0]!["timesheet_works"]![0]!;
    }

    protected override async Task CleanUpAsync()
    {
        await base.CleanUpAsync();
        await Host.Raw.CallAsync("model.project.work.delete", new JsonArray(_project));
    }

    private string Uuid(int n) => $"L{Run}-{n}";
}
