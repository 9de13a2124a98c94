using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

public sealed class When_the_server_refuses : TrytonFixture
{
    public static TheoryData<string, string> Texts => new()
    {
        // Texts as a real trytond 6.0.29 sent them.
        { """["UserError",["The code on party must be unique.","",null]]""", "duplicate" },
        { """["UserError",["The value \"9999\" for field \"Country\" in \"Address\" does not exist.","",null]]""", "missing-reference" },
        {
            UserError("""You are not allowed to write to records \"99999\" of \"Work Effort\" because of at least one of these rules:\nUser in companies"""),
            "missing-reference"
        },
        { """["UserError",["You are trying to read records \"9999\" of \"Party\" that don't exist anymore.","",null]]""", "missing-reference" },
        { """["UserError",["You are not allowed to access \"Fiscal Year\".","",null]]""", "authentication" },
        { """["UserError",["You cannot modify an invoiced line.","",null]]""", "validation" },
        { UserError("""The value for field \"Product\" in \"Work Effort\" is not valid according to its domain."""), "validation" },
        { """["UserWarning",["invoice_payment_term_3","The invoice generates a payment date in the past.",""]]""", "policy" },
        { """["ConcurrencyException","Records were modified in the meanwhile"]""", "conflict" },
        { """["LoginException",["password","Password for admin","password"]]""", "authentication" },
        { """["'nme'",""]""", "validation" },
        { """["could not obtain lock on row in relation \"ir_sequence_strict\"\n",""]""", "transient" },
        { """["could not serialize access due to concurrent update\n",""]""", "transient" },
        { """["connection already closed",""]""", "transient" },
        { """["not enough values to unpack (expected 3, got 2)",""]""", "validation" },
    };

    private static string UserError(string text) => $"""["UserError",["{text}","",null]]""";

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Should_say_what_it_means(string error, string code)
    {
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = ".create\"", Body = $$"""{"id":1,"error":{{error}}}""" });
        Assert.Equal(code, (await CreatePartyAsync("C-1")).Failure?.Code);
    }

    [Fact]
    public async Task Should_be_transient_after_a_serialization_failure_and_pass_when_sent_again()
    {
        Sandbox.FailNextWritesWithSerialization();
        Assert.IsType<Failure.Transient>((await CreatePartyAsync("C-1")).Failure);
        Assert.True((await CreatePartyAsync("C-1")).IsDone, "the second attempt");
    }

    [Fact]
    public async Task Should_never_confirm_a_warning()
    {
        Sandbox.WarnOnNextWrites();
        Assert.IsType<Failure.Policy>((await CreatePartyAsync("C-1")).Failure);
        Assert.DoesNotContain(Sandbox.Records("party.party"), row => (string?)row!["code"] == "C-1");
    }

    [Fact]
    public async Task Should_tell_all_wrong_fields_at_once_before_anything_is_sent()
    {
        var receipt = await WriteAsync(new WriteItem("k", "party.party", WriteOperation.Create, null, null, Fields.Of(
            ("nme", "x"), ("active", "yes"), ("addresses", new[] { Fields.Of(("zip", "9000")) }))));
        var problems = Assert.IsType<Failure.Validation>(receipt.Failure).Problems;
        Assert.Equal(["nme", "active", "addresses[0].zip"], problems.Select(problem => problem.Field));
    }

    [Fact]
    public async Task Should_tell_every_item_of_a_batch_that_it_was_refused_as_a_whole()
    {
        var receipts = await Connector.WriteAsync(
        [
            new WriteItem("a", "party.party", WriteOperation.Create, null, null, Fields.Of(("name", "A"), ("code", "C-1"))),
            new WriteItem("b", "party.party", WriteOperation.Create, null, null, Fields.Of(("name", "B"), ("code", "C-100"))),
        ], default);
        Assert.All(receipts, receipt => Assert.StartsWith("the batch of 2 was refused as a whole",
            Assert.IsType<Failure.Duplicate>(receipt.Failure).Message, StringComparison.Ordinal));
        Assert.DoesNotContain(Sandbox.Records("party.party"), row => (string?)row!["code"] == "C-1");
    }

    [Fact]
    public async Task Should_refuse_a_change_of_a_record_that_somebody_else_changed()
    {
        var created = await CreatePartyAsync("C-1");
        Sandbox.Change("party.party", long.Parse(created.ExternalId!, null), new JsonObject { ["name"] = "Changed by a person" });
        var receipt = await WriteAsync(new WriteItem("u", "party.party", WriteOperation.Update, created.ExternalId, null,
            Fields.Of(("name", "Changed by the hub")), created.Version));
        Assert.IsType<Failure.Conflict>(receipt.Failure);
        Sandbox.FailNextWritesWithConcurrency();
        Assert.IsType<Failure.Conflict>((await WriteAsync(new WriteItem("u", "party.party", WriteOperation.Update, created.ExternalId, null,
            Fields.Of(("name", "x"))))).Failure);
    }

    [Fact]
    public async Task Should_keep_addresses_and_identifiers_apart_by_their_keys()
    {
        var created = await CreatePartyAsync("C-1");
        Assert.Equal("HQ", created.Answer.NestedList("addresses")[0].Text("name"));
        var updated = await WriteAsync(new WriteItem("u", "party.party", WriteOperation.Update, created.ExternalId, null, Fields.Of(
            ("addresses", new[] { Fields.Of(("name", "HQ"), ("city", "Ghent")), Fields.Of(("name", "Plant"), ("city", "Liège")) }),
            ("identifiers", new[] { Fields.Of(("@key", "code"), ("code", "T-1"), ("type", "eu_vat")) }))));
        Assert.True(updated.IsDone, updated.Failure?.Message);
        var found = Assert.Single(await Connector.FindAsync(new FindRequest("party.party", Fields.Of(("identifiers.code", "T-1"))), default));
        Assert.Equal(["Ghent", "Liège"], found.Fields.NestedList("addresses").Select(address => address.Text("city")));
        Assert.Equal("eu_vat", Assert.Single(found.Fields.NestedList("identifiers")).Text("type"));
    }

    private Task<Receipt> CreatePartyAsync(string code) => WriteAsync(new WriteItem("k" + code, "party.party", WriteOperation.Create, null,
        Fields.Of(("code", code)), Fields.Of(
        ("name", "A"), ("code", code), ("addresses", new[] { Fields.Of(("name", "HQ")) }), ("identifiers", new[] { Fields.Of(("code", "T-1")) }))));
}
