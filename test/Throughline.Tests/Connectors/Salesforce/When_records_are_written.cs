using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Salesforce;

public sealed class When_an_upsert_is_repeated : SalesforceBench
{
    [Fact]
    public async Task Should_change_the_one_record_and_say_so()
    {
        var connector = Connect();
        var first = Assert.Single(await WriteAsync(connector, Create("Account", Fields.Of(("Name", "A"), ("Hub_Key__c", "k/1 é")), "k/1 é")));
        var again = Assert.Single(await WriteAsync(connector, Create("Account", Fields.Of(("Name", "B"), ("Hub_Key__c", "k/1 é")), "k/1 é")));
        Assert.Equal((first.ExternalId, true, false), (again.ExternalId, first.Answer.Flag("created")!.Value, again.Answer.Flag("created")!.Value));
        Assert.Equal("B", Assert.Single(Sandbox.All("Account")).Text("Name"));
    }

    [Fact]
    public async Task Should_find_what_a_lost_answer_made_also_for_a_batch()
    {
        var connector = Connect();
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Path = "/composite/sobjects", Times = 1 });
        WriteItem[] items = [.. Enumerable.Range(1, 4).Select(i => Create("Account", Fields.Of(("Name", $"A{i}")), $"k{i}"))];
        Assert.All(await WriteAsync(connector, items), receipt => Assert.IsType<Failure.InDoubt>(receipt.Failure));
        Assert.Equal(1, Asked("PATCH", "/composite/sobjects/Account/Hub_Key__c"));
        foreach (var item in items)
        {
            Assert.Single(await connector.FindAsync(new FindRequest("Account", item.Find!), default));
        }

        Assert.All(await WriteAsync(connector, items), receipt => Assert.False(receipt.Answer.Flag("created")));
        Assert.Equal(4, Sandbox.All("Account").Length);
    }
}

public sealed class When_records_are_written : SalesforceBench
{
    [Fact]
    public async Task Should_answer_every_item_of_a_mixed_batch_in_order()
    {
        var connector = Connect();
        var old = Account("Old");
        var gone = Account("Gone");
        Sandbox.Delete("Account", gone);
        var receipts = await WriteAsync(
            connector,
            Create("Contact", Fields.Of(("LastName", "A"))),
            Create("Contact", Fields.Of(("FirstName", "nameless"))),
            Create("Contact", Fields.Of(("LastName", "C"), ("AccountId", "0015g00000ZZZZZ"))),
            Update("Account", old, Fields.Of(("Industry", "x"))),
            Update("Account", gone, Fields.Of(("Industry", "x"))),
            Undo("Account", old),
            Undo("Account", gone),
            Create("User", Fields.Of(("LastName", "x"))));
        Assert.Equal([true, false, false, true, false, true, true, false], receipts.Select(receipt => receipt.IsDone));
        Assert.Equal("LastName", Assert.Single(Assert.IsType<Failure.Validation>(receipts[1].Failure).Problems).Field);
        Assert.Equal("AccountId", Assert.IsType<Failure.MissingReference>(receipts[2].Failure).Reference);
        Assert.IsType<Failure.Validation>(receipts[4].Failure);
        Assert.IsType<Failure.Policy>(receipts[7].Failure);
        Assert.Equal((1, 1, 1), (Asked("POST", "/composite/sobjects"), Asked("PATCH", "/composite/sobjects"), Asked("DELETE", "/composite/sobjects")));
    }

    [Fact]
    public async Task Should_cut_batches_at_two_hundred_and_where_a_record_comes_twice()
    {
        var connector = Connect();
        var receipts = await WriteAsync(connector, [.. Enumerable.Range(0, 450).Select(i => Create("Account", Fields.Of(("Name", $"A{i}")), $"k{i}"))]);
        Assert.All(receipts, receipt => Assert.True(receipt.IsDone));
        Assert.Equal(3, Asked("PATCH", "/composite/sobjects"));
        Assert.Equal(Sandbox.All("Account").Select(row => row.Text("Id")), receipts.Select(receipt => receipt.ExternalId));

        var id = receipts[0].ExternalId!;
        Assert.All(await WriteAsync(connector, Update("Account", id, Fields.Of(("Industry", "first"))),
            Update("Account", id, Fields.Of(("Industry", "second")))),
            receipt => Assert.True(receipt.IsDone));
        Assert.Equal("second", Sandbox.All("Account")[0].Text("Industry"));
        Assert.All(
            await WriteAsync(connector, Create("Account", Fields.Of(("Name", "first")), "same"), Create("Account", Fields.Of(("Name", "second")), "same")),
            receipt => Assert.True(receipt.IsDone));
        Assert.Equal("second", Assert.Single(Sandbox.All("Account"), row => row.Text("Hub_Key__c") == "same").Text("Name"));
    }

    [Fact]
    public async Task Should_tell_a_locked_row_of_a_batch_from_the_others()
    {
        var connector = Connect();
        Sandbox.Knobs.PartialBatchEvery = 3;
        var receipts = await WriteAsync(connector, [.. Enumerable.Range(1, 7).Select(i => Create("Account", Fields.Of(("Name", $"A{i}")), $"k{i}"))]);
        Assert.Equal([3, 6], receipts.Index().Where(entry => entry.Item.Failure is Failure.Transient).Select(entry => entry.Index + 1));
        Assert.Equal(5, receipts.Count(receipt => receipt.IsDone));
    }

    [Fact]
    public async Task Should_name_the_existing_record_of_a_duplicate_with_its_long_id()
    {
        var id = Account("One", key: "k");
        var receipt = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", "Two"), ("Hub_Key__c", "k")))));
        Assert.Equal(id, Assert.IsType<Failure.Duplicate>(receipt.Failure).ExistingId);
        Sandbox.SetDuplicateRule("Account", "Name");
        var rule = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", "One")))));
        Assert.Null(Assert.IsType<Failure.Duplicate>(rule.Failure).ExistingId);
    }

    [Fact]
    public async Task Should_point_to_a_parent_by_its_external_id()
    {
        Account("Parent", key: "p1");
        var connector = Connect();
        Fields Child(string key) => Fields.Of(("Name", "Deal"), ("StageName", "Prospecting"), ("CloseDate", "2026-12-31"),
            ("Account", Fields.Of(("Hub_Key__c", key))));
        Assert.True(Assert.Single(await WriteAsync(connector, Create("Opportunity", Child("p1"), "o1"))).IsDone);
        var missing = Assert.IsType<Failure.MissingReference>(Assert.Single(await WriteAsync(connector, Create("Opportunity", Child("p2"), "o2"))).Failure);
        Assert.Equal("p2", missing.Reference);
    }

    [Fact]
    public async Task Should_keep_what_others_changed_where_a_version_is_expected()
    {
        var id = Account("One");
        var connector = Connect();
        var version = Assert.Single(await ReadAsync(connector, "Account")).Version;
        Clock.Now = Clock.Now.AddSeconds(1);
        Sandbox.Update("Account", id, Fields.Of(("Name", "Somebody else's")));
        var receipts = await WriteAsync(connector, Update("Account", id, Fields.Of(("Name", "Ours")), version),
            Update("Account", id, Fields.Of(("Industry", "x"))));
        Assert.IsType<Failure.Conflict>(receipts[0].Failure);
        Assert.True(receipts[1].IsDone);
        Assert.Equal("Somebody else's", Sandbox.All("Account")[0].Text("Name"));
    }

    [Theory]
    [InlineData(400, "UNABLE_TO_LOCK_ROW", typeof(Failure.Transient))]
    [InlineData(400, "QUERY_TIMEOUT", typeof(Failure.Transient))]
    [InlineData(503, "SERVER_UNAVAILABLE", typeof(Failure.Transient))]
    [InlineData(500, "UNKNOWN_EXCEPTION", typeof(Failure.InDoubt))]
    [InlineData(403, "REQUEST_LIMIT_EXCEEDED", typeof(Failure.Throttled))]
    [InlineData(403, "INSUFFICIENT_ACCESS_OR_READONLY", typeof(Failure.Authentication))]
    [InlineData(403, "API_DISABLED_FOR_ORG", typeof(Failure.Authentication))]
    [InlineData(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", typeof(Failure.Validation))]
    [InlineData(400, "SOMETHING_NEW_IN_V70", typeof(Failure.Validation))]
    [InlineData(400, "INVALID_CROSS_REFERENCE_KEY", typeof(Failure.MissingReference))]
    [InlineData(400, "DUPLICATES_DETECTED", typeof(Failure.Duplicate))]
    [InlineData(404, "NOT_FOUND", typeof(Failure.Validation))]
    [InlineData(409, "CONFLICT_OF_SOME_KIND", typeof(Failure.Conflict))]
    [InlineData(412, "PRECONDITION_FAILED", typeof(Failure.Conflict))]
    public async Task Should_classify_what_salesforce_says(int status, string code, Type expected)
    {
        Answer("/sobjects/Account", status, $$"""[{"message":"because","errorCode":"{{code}}","fields":["Name"]}]""");
        var receipt = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", "A")))));
        Assert.IsType(expected, receipt.Failure);
        Assert.Contains("because", receipt.Failure!.Evidence, StringComparison.Ordinal);
        Assert.Equal(1, Asked("POST", "/sobjects/Account"));
    }

    [Fact]
    public async Task Should_call_an_ambiguous_external_id_by_its_name()
    {
        Answer("/sobjects/Account", 300, """["/services/data/v60.0/sobjects/Account/001A","/services/data/v60.0/sobjects/Account/001B"]""");
        var failure = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", "A")), "k"))).Failure;
        Assert.Contains("several records", Assert.IsType<Failure.Validation>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_a_long_text_without_repeating_all_of_it()
    {
        var failure = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", new string('x', 5000)))))).Failure;
        Assert.InRange(Assert.IsType<Failure.Validation>(failure).Message.Length, 1, 700);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0.01")]
    [InlineData("1234567.895")]
    [InlineData("99999999999999.99")]
    [InlineData("0.1")]
    public async Task Should_keep_amounts_exact(string text)
    {
        var amount = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        var connector = Connect();
        await WriteAsync(connector, Create("Opportunity", Fields.Of(("Name", "A"), ("StageName", "Prospecting"), ("CloseDate", "2026-12-31"),
            ("Amount", amount)), "k"));
        Assert.Equal(amount, Assert.Single(await ReadAsync(connector, "Opportunity")).Fields.Number("Amount"));
    }
}
