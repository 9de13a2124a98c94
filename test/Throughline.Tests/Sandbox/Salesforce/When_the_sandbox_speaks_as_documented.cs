using System.Globalization;
using Throughline.Model;
using Throughline.Sandbox.Salesforce;
using Xunit;

namespace Throughline.Tests.Sandbox.Salesforce;

/// <summary>The examples of Salesforce's REST documentation, one by one.</summary>
public sealed class When_the_sandbox_speaks_as_documented : SalesforceWire
{
    [Fact]
    public async Task Should_refuse_wrong_credentials_and_unknown_tokens()
    {
        var wrong = await TokenAsync(("grant_type", "client_credentials"), ("client_id", Sandbox.ClientId), ("client_secret", "x"));
        Assert.Equal("""{"error":"invalid_client","error_description":"invalid client credentials"}""", wrong.Text);
        Assert.Equal("invalid_client_id", (await TokenAsync(("grant_type", "client_credentials"), ("client_id", "x"))).Body!.Text("error"));
        Assert.Equal("unsupported_grant_type", (await TokenAsync(("grant_type", "password"))).Body!.Text("error"));
        Sandbox.ExpireTokens();
        var refused = await SendAsync("GET", "limits");
        Assert.Equal(401, (int)refused.Status);
        Assert.Equal("""[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]""", refused.Text);
    }

    [Fact]
    public async Task Should_create_read_update_and_delete_a_row()
    {
        var created = await SendAsync("POST", "sobjects/Account", """{"Name":"Express Logistics","Website":"https://x.example"}""");
        Assert.Equal(201, (int)created.Status);
        var id = created.Body!.Text("id")!;
        Assert.Equal($$"""{"id":"{{id}}","success":true,"errors":[]}""", created.Text);
        Assert.Matches("^001[A-Za-z0-9]{15}$", id);
        Assert.StartsWith("api-usage=1/", created.Headers.GetValues("Sforce-Limit-Info").Single(), StringComparison.Ordinal);

        var read = await SendAsync("GET", $"sobjects/Account/{id[..15]}?fields=Name,Website");
        Assert.Equal($"{Root}/sobjects/Account/{id}", read.Body!.Nested("attributes")!.Text("url"));
        Assert.Equal("Express Logistics", read.Body.Text("Name"));

        var changed = await SendAsync("PATCH", $"sobjects/Account/{id}", """{"BillingCity":"Oslo"}""");
        Assert.Equal((204, ""), ((int)changed.Status, changed.Text));
        Assert.Equal(204, (int)(await SendAsync("DELETE", $"sobjects/Account/{id}")).Status);
        (await SendAsync("GET", $"sobjects/Account/{id}")).Refused(404, "ENTITY_IS_DELETED");
        (await SendAsync("GET", "sobjects/Account/0015g00000ZZZZZ")).Refused(404, "NOT_FOUND");
        (await SendAsync("POST", "sobjects/Nothing__c", "{}")).Refused(404, "NOT_FOUND");
        Assert.Empty((await QueryAsync("SELECT Id FROM Account")).Body!.List("records"));
        Assert.Single((await QueryAsync("SELECT Id FROM Account WHERE IsDeleted = true", "queryAll")).Body!.List("records"));
    }

    [Fact]
    public async Task Should_upsert_by_external_id()
    {
        var made = await SendAsync("PATCH", "sobjects/Account/Hub_Key__c/ACME-1", """{"Name":"Acme"}""");
        Assert.Equal((201, true), ((int)made.Status, made.Body!.Flag("created")!.Value));
        var again = await SendAsync("PATCH", "sobjects/Account/Hub_Key__c/ACME-1", """{"Name":"Acme 2"}""");
        Assert.Equal((200, false), ((int)again.Status, again.Body!.Flag("created")!.Value));
        Assert.Equal(made.Body.Text("id"), again.Body.Text("id"));
        (await SendAsync("PATCH", "sobjects/Account/Hub_Key__c/ACME-1", """{"Name":"A","Hub_Key__c":"ACME-1"}""")).Refused(400, "INVALID_FIELD");
        (await SendAsync("PATCH", "sobjects/Account/Hub_Key__c/none?updateOnly=true", """{"Name":"A"}""")).Refused(404, "NOT_FOUND");
        (await SendAsync("PATCH", "sobjects/Account/Industry/none", """{"Name":"A"}""")).Refused(404, "NOT_FOUND");
        Assert.Equal("Acme 2", (await SendAsync("GET", "sobjects/Account/Hub_Key__c/ACME-1")).Body!.Text("Name"));

        Sandbox.Insert("Account", Fields.Of(("Name", "One"), ("Customer_Number__c", "C1")));
        Sandbox.Insert("Account", Fields.Of(("Name", "Two"), ("Customer_Number__c", "C1")));
        var several = await SendAsync("PATCH", "sobjects/Account/Customer_Number__c/C1", """{"Industry":"x"}""");
        Assert.Equal(300, (int)several.Status);
        Assert.StartsWith($"[\"{Root}/sobjects/Account/001", several.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Website":"x"}""", "REQUIRED_FIELD_MISSING", "Name")]
    [InlineData("""{"Name":"x","Nonsense__c":1}""", "INVALID_FIELD", null)]
    [InlineData("""{"Name":"x","Phone":"01234567890123456789012345678901234567890"}""", "STRING_TOO_LONG", "Phone")]
    [InlineData("""{"Name":"x","ParentId":"nonsense"}""", "MALFORMED_ID", "ParentId")]
    [InlineData("""{"Name":"x","ParentId":"0015g00000ZZZZZ"}""", "INVALID_CROSS_REFERENCE_KEY", "ParentId")]
    [InlineData("""{"Name":"x","SystemModstamp":"2026-01-01T00:00:00Z"}""", "INVALID_FIELD_FOR_INSERT_UPDATE", "SystemModstamp")]
    [InlineData("""{"Name":"x" """, "JSON_PARSER_ERROR", null)]
    [InlineData("""{"Name":{"a":1}}""", "JSON_PARSER_ERROR", null)]
    public async Task Should_refuse_bad_content_with_its_code(string body, string code, string? field)
    {
        var refused = await SendAsync("POST", "sobjects/Account", body);
        refused.Refused(400, code);
        Assert.Equal(field, refused.List.Single().List("fields") is [var named, ..] ? named : null);
        Assert.Empty(Sandbox.All("Account"));
    }

    [Fact]
    public async Task Should_refuse_duplicates_with_the_existing_id()
    {
        var id = Sandbox.Insert("Account", Fields.Of(("Name", "One"), ("Hub_Key__c", "k")));
        var refused = await SendAsync("POST", "sobjects/Account", """{"Name":"Two","Hub_Key__c":"k"}""");
        refused.Refused(400, "DUPLICATE_VALUE");
        Assert.Equal($"duplicate value found: Hub_Key__c duplicates value on record with id: {id[..15]}", refused.List[0].Text("message"));
        Sandbox.SetDuplicateRule("Account", "Name");
        (await SendAsync("POST", "sobjects/Account", """{"Name":"One"}""")).Refused(400, "DUPLICATES_DETECTED");
    }

    [Fact]
    public async Task Should_answer_collections_item_by_item_or_all_or_none()
    {
        const string Items = """[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"Contact"},"FirstName":"B"}]""";
        var mixed = await SendAsync("POST", "composite/sobjects", $$"""{"allOrNone":false,"records":{{Items}}}""");
        Assert.Equal(200, (int)mixed.Status);
        Assert.True(mixed.List[0].Flag("success"));
        Assert.Equal(
            """{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}""",
            mixed.List[1].NestedList("errors").Single().ToJson());
        var none = await SendAsync("POST", "composite/sobjects", $$"""{"allOrNone":true,"records":{{Items}}}""");
        Assert.Equal("ALL_OR_NONE_OPERATION_ROLLED_BACK", none.List[0].NestedList("errors")[0].Text("statusCode"));
        Assert.Single(Sandbox.All("Contact"));

        Sandbox.Knobs.PartialBatchEvery = 2;
        var struck = await SendAsync("DELETE", $"composite/sobjects?ids={mixed.List[0].Text("id")},0035g00000ZZZZZ&allOrNone=false");
        Assert.Equal([true, false], struck.List.Select(item => item.Flag("success")!.Value));
        Assert.Equal("UNABLE_TO_LOCK_ROW", struck.List[1].NestedList("errors")[0].Text("statusCode"));
        var tooMany = string.Join(',', Enumerable.Repeat("""{"attributes":{"type":"Contact"},"LastName":"A"}""", 201));
        (await SendAsync("POST", "composite/sobjects", $$"""{"records":[{{tooMany}}]}""")).Refused(400, "EXCEEDED_ID_LIMIT");
    }

    [Fact]
    public async Task Should_roll_a_composite_back_as_a_whole()
    {
        var answer = await SendAsync("POST", "composite", """
            {"allOrNone":true,"compositeRequest":[
              {"method":"PATCH","url":"/services/data/v60.0/sobjects/Account/Hub_Key__c/ACME-1","referenceId":"acc","body":{"Name":"A"}},
              {"method":"POST","url":"/services/data/v60.0/sobjects/Opportunity","referenceId":"opp","body":{"AccountId":"@{acc.id}","Name":"x"}}]}
            """);
        var parts = answer.Body!.NestedList("compositeResponse");
        Assert.Equal([400L, 400L], parts.Select(part => part.Get("httpStatusCode")));
        Assert.Equal("PROCESSING_HALTED", parts[0].NestedList("body")[0].Text("errorCode"));
        Assert.Equal("REQUIRED_FIELD_MISSING", parts[1].NestedList("body")[0].Text("errorCode"));
        Assert.Empty(Sandbox.All("Account"));
    }

    [Fact]
    public async Task Should_derive_stage_amount_and_contract_state()
    {
        var account = Sandbox.Insert("Account", Fields.Of(("Name", "A")));
        var deal = Deal("Won one", "Closed Won", 5m, account);
        var body = $$"""{"OpportunityId":"{{deal}}","Quantity":3,"UnitPrice":0.1,"Workstream__c":"W"}""";
        Assert.Equal(201, (int)(await SendAsync("POST", "sobjects/OpportunityLineItem", body)).Status);
        await SendAsync("PATCH", $"sobjects/Opportunity/{deal}", """{"Amount":999,"Name":"Renamed"}""");
        var read = (await SendAsync("GET", $"sobjects/Opportunity/{deal}?fields=Amount,IsWon,IsClosed,Probability,HasOpportunityLineItem,Name")).Body!;
        Assert.Equal((0.3m, true, true, 100m, true, "Renamed"), (read.Number("Amount")!.Value, read.Flag("IsWon")!.Value, read.Flag("IsClosed")!.Value,
            read.Number("Probability")!.Value, read.Flag("HasOpportunityLineItem")!.Value, read.Text("Name")));
        (await SendAsync("PATCH", $"sobjects/Opportunity/{deal}", """{"StageName":"Nowhere"}""")).Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
        (await SendAsync("POST", "sobjects/Contract", $$"""{"AccountId":"{{account}}","Status":"Activated"}""")).Refused(400, "INVALID_STATUS");
        var contract = (await SendAsync(
            "POST", "sobjects/Contract", $$"""{"AccountId":"{{account}}","Status":"Draft","StartDate":"2026-01-31","ContractTerm":1}""")).Body!.Text("id");
        Assert.Equal(204, (int)(await SendAsync("PATCH", $"sobjects/Contract/{contract}", """{"Status":"Activated"}""")).Status);
        Assert.Equal("2026-02-27", (await SendAsync("GET", $"sobjects/Contract/{contract}?fields=EndDate")).Body!.Text("EndDate"));
    }

    [Fact]
    public async Task Should_honour_preconditions_and_limits()
    {
        var id = Sandbox.Insert("Account", Fields.Of(("Name", "A"), ("SystemModstamp", "2026-11-20T20:49:32Z")));
        Assert.Equal("2026-11-20T20:49:32.000+0000", (await SendAsync("GET", $"sobjects/Account/{id}")).Body!.Text("SystemModstamp"));
        var stamp = DateTimeOffset.Parse("2026-11-20T20:49:32Z", CultureInfo.InvariantCulture);
        var late = await SendAsync("PATCH", $"sobjects/Account/{id}", """{"Name":"B"}""",
            ("If-Unmodified-Since", stamp.AddSeconds(-1).ToString("R", CultureInfo.InvariantCulture)));
        Assert.Equal(412, (int)late.Status);
        var bad = await SendAsync("PATCH", $"sobjects/Account/{id}", """{"Name":"B"}""", ("If-Unmodified-Since", "yesterday"));
        Assert.Equal(400, (int)bad.Status);
        var good = await SendAsync("PATCH", $"sobjects/Account/{id}", """{"Name":"B"}""",
            ("If-Unmodified-Since", stamp.ToString("R", CultureInfo.InvariantCulture)));
        Assert.Equal(204, (int)good.Status);
        Assert.Equal(405, (int)(await SendAsync("PUT", $"sobjects/Account/{id}", "{}")).Status);
        Sandbox.Knobs.RequestLimit = 6;
        Assert.Equal(0, (await SendAsync("GET", "limits")).Body!.Nested("DailyApiRequests")!.Number("Remaining"));
        (await SendAsync("GET", "limits")).Refused(403, "REQUEST_LIMIT_EXCEEDED");
    }

    [Fact]
    public async Task Should_be_seeded_and_turned_over_http()
    {
        var id = (await SendAsync("POST", "/_sandbox/records/Account", """{"Name":"A"}""")).Body!.Text("id");
        Assert.Equal(204, (int)(await SendAsync("PATCH", $"/_sandbox/records/Account/{id}", """{"Name":"B"}""")).Status);
        Assert.Equal("B", (await SendAsync("GET", "/_sandbox/records/Account")).List.Single().Text("Name"));
        Assert.Equal(2, (await SendAsync("POST", "/_sandbox/records/Contact", """[{"LastName":"A"},{"LastName":"B"}]""")).List.Count);
        Assert.Equal(400, (int)(await SendAsync("POST", "/_sandbox/records/Account", "{}")).Status);
        await SendAsync("POST", "/_sandbox/salesforce",
            """{"tokenUses":1,"drift":{"object":"Account","rename":{"Phone":"Phone__x"},"retype":{"IsDeleted":"string"}}}""");
        await SignInAsync();
        var read = await SendAsync("GET", $"sobjects/Account/{id}");
        Assert.True(read.Body!.ContainsKey("Phone__x") && !read.Body.ContainsKey("Phone"));
        Assert.Equal("False", read.Body.Text("IsDeleted"));
        (await SendAsync("GET", $"sobjects/Account/{id}")).Refused(401, "INVALID_SESSION_ID");
    }

    [Fact]
    public async Task Should_describe_its_objects()
    {
        var deal = (await SendAsync("GET", "sobjects/Opportunity/describe")).Body!;
        var key = deal.NestedList("fields").Single(field => field.Text("name") == "Hub_Key__c");
        Assert.True(key.Flag("externalId") & key.Flag("unique"));
        Assert.Contains(deal.NestedList("childRelationships"), child => child.Text("relationshipName") == "OpportunityLineItems");
        Assert.Equal(9, (await SendAsync("GET", "sobjects")).Body!.NestedList("sobjects").Count);
        Assert.Contains((await SendAsync("GET", "/services/data")).List, version => version.Text("version") == "60.0");
    }
}
