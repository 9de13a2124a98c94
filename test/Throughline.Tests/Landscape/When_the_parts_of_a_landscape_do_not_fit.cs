using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

/// <summary>Requirement B7.</summary>
public sealed class When_the_parts_of_a_landscape_do_not_fit : LandscapeFolderFixture
{
    [Fact]
    public void Should_report_an_unknown_kind_of_connector()
    {
        Change("systems/crm.yaml", "kind: shop", "kind: shoop");
        AssertError("unknown-kind", "systems/crm.yaml:2", "did you mean 'shop'?");
    }

    [Fact]
    public void Should_report_a_connection_that_its_manifest_refuses()
    {
        Change("systems/crm.yaml", "https://crm.example", "http://crm.example");
        Change("systems/crm.yaml", "  key: env:CRM_KEY", "  key: env:CRM_KEY\n  pages: 1000");
        var problems = Read().Problems;
        Assert.Equal(
            ["systems/crm.yaml:4 connection", "systems/crm.yaml:6 connection"],
            problems.Select(problem => $"{problem.Place} {problem.Code}"));
    }

    [Fact]
    public void Should_report_a_missing_setting_of_a_connection()
    {
        Change("systems/crm.yaml", "  url: https://crm.example\n", "");
        AssertError("connection", "systems/crm.yaml:3", "'url' is required");
    }

    [Fact]
    public void Should_report_a_misspelt_setting_of_a_connection()
    {
        Change("systems/crm.yaml", "  key:", "  pagse: 5\n  key:");
        AssertError("connection", "systems/crm.yaml:5", "did you mean 'pages'?");
    }

    [Theory]
    [InlineData("hunter2-secret")]
    [InlineData("${CRM_KEY}")]
    [InlineData("env:")]
    public void Should_refuse_a_literal_secret_and_never_repeat_it(string secret)
    {
        Environment["CRM_KEY"] = "hunter2-secret";
        Change("systems/crm.yaml", "env:CRM_KEY", $"\"{secret}\"");
        var problem = AssertError("literal-secret", "systems/crm.yaml:5", "env:NAME");
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_refuse_a_literal_webhook_secret_and_never_repeat_it()
    {
        Change("systems/crm.yaml", "read:", "hooks:\n  secrets:\n    - hunter2\nread:");
        var problem = AssertError("literal-secret", "systems/crm.yaml:8");
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_name_an_environment_variable_that_is_not_set()
    {
        Change("systems/crm.yaml", "https://crm.example", "${CRM_URL}");
        AssertError("unset-variable", "systems/crm.yaml:4", "CRM_URL");
    }

    [Fact]
    public void Should_put_environment_variables_and_their_defaults_in_place()
    {
        Environment["CRM_URL"] = "https://other.example";
        Change("systems/crm.yaml", "https://crm.example", "${CRM_URL}");
        Change("systems/crm.yaml", "  key:", "  pages: ${PAGES:-20}\n  key:");
        var system = ReadSound().Systems["crm"];
        Assert.Equal("https://other.example", system.Configuration.Text("url"));
        Assert.Equal(20L, system.Configuration.Get("pages"));
    }

    [Fact]
    public void Should_report_an_entity_that_cannot_be_read()
    {
        Change("systems/crm.yaml", "entity: Account", "entity: Acount");
        var problems = Read().Problems;
        Assert.Contains(
            problems,
            problem => problem.Code == "unknown-entity" && problem.Place.ToString() == "systems/crm.yaml:7"
                && problem.Message.Contains("'Account'", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_report_a_length_of_time_that_is_none()
    {
        Change("systems/crm.yaml", "every: 5s", "every: 5 seconds");
        AssertError("wrong-type", "systems/crm.yaml:7", "14d");
    }

    [Fact]
    public void Should_report_a_role_that_no_system_plays()
    {
        Change("landscape.yaml", "crm: crm", "crm: crn");
        var problems = Read().Problems;
        Assert.Contains(
            problems,
            problem => problem.Code == "unknown-system" && problem.Place.ToString() == "landscape.yaml:6"
                && problem.Message.Contains("did you mean 'crm'?", StringComparison.Ordinal));
    }

    /// <summary>Ids are looked up by role, so two systems in one role would be given each other's.</summary>
    [Fact]
    public void Should_refuse_a_role_that_different_systems_play_by_legal_entity()
    {
        Write("systems/erp-de.yaml", Erp.Replace("system: erp", "system: erp-de", StringComparison.Ordinal));
        Change("landscape.yaml", "erp: erp", "erp:\n    default: erp\n    DE: erp-de");
        AssertError("several-systems", "landscape.yaml:9", "played by erp-de for DE and by erp for the others", "remove 'DE' here");
    }

    [Fact]
    public void Should_take_a_role_that_names_the_same_system_for_a_legal_entity()
    {
        Change("landscape.yaml", "erp: erp", "erp: { default: erp, DE: erp }");
        Assert.Equal("erp", ReadSound().SystemFor("erp", "DE"));
    }

    [Fact]
    public void Should_report_a_role_for_an_unknown_legal_entity()
    {
        Change("landscape.yaml", "erp: erp", "erp: { default: erp, FR: erp }");
        AssertError("unknown-legal-entity", "landscape.yaml:7", "'FR'");
    }

    [Fact]
    public void Should_report_a_legal_entity_with_a_wrong_currency()
    {
        Change("landscape.yaml", "currency: EUR", "currency: Euro");
        AssertError("wrong-type", "landscape.yaml:4", "'Euro'");
    }

    [Fact]
    public void Should_report_an_outward_map_to_an_unknown_role()
    {
        Change("maps/out/erp-customer.yaml", "role: erp", "role: epr");
        Assert.Contains(Read().Problems, problem => problem.Code == "unknown-role" && problem.Place.ToString() == "maps/out/erp-customer.yaml:3");
    }

    [Fact]
    public void Should_report_an_inward_map_of_an_unknown_system()
    {
        Change("maps/in/customer.yaml", "system: crm", "system: crn");
        Assert.Contains(Read().Problems, problem => problem.Code == "unknown-system" && problem.Place.ToString() == "maps/in/customer.yaml:2");
    }

    [Fact]
    public void Should_report_entities_that_the_systems_do_not_have()
    {
        Change("maps/out/erp-customer.yaml", "entity: party", "entity: partner");
        AssertError("unknown-entity", "maps/out/erp-customer.yaml:1", "'partner'", "books");
    }

    [Fact]
    public void Should_report_an_entity_that_cannot_be_written()
    {
        Change("maps/out/erp-customer.yaml", "entity: party\nfind:\n  code: customer.number", "entity: ledger\nupdateOnly: true");
        AssertError("cannot-write", "maps/out/erp-customer.yaml:1", "only read");
    }

    [Fact]
    public void Should_report_a_key_by_which_nothing_can_be_found()
    {
        Change("maps/out/erp-customer.yaml", "find:\n  code:", "find:\n  name:");
        AssertError("unknown-find-key", "maps/out/erp-customer.yaml:1", "by code", "name with city");
    }

    [Fact]
    public void Should_report_a_key_by_which_nothing_can_be_adopted()
    {
        Change("maps/out/erp-customer.yaml", "fields:", "adopt:\n  - vat: customer.taxId\nfields:");
        AssertError("unknown-find-key", "maps/out/erp-customer.yaml:1", "'adopt'", "vat");
    }

    [Fact]
    public void Should_warn_where_a_lost_answer_could_not_be_looked_up()
    {
        Change("maps/out/erp-customer.yaml", "find:\n  code: customer.number\n", "");
        AssertWarning("no-find-key", "maps/out/erp-customer.yaml:1");
    }

    [Fact]
    public void Should_report_an_attribute_that_the_canonical_entity_lacks()
    {
        Change("maps/in/customer.yaml", "  name: source.Name", "  nam: source.Name");
        AssertError("unknown-attribute", "maps/in/customer.yaml:7", "did you mean 'name'?");
    }

    [Fact]
    public void Should_report_an_attribute_that_an_outward_map_misspells()
    {
        Change("maps/out/erp-customer.yaml", "  name: customer.name", "  name: customer.nmae");
        AssertError("unknown-attribute", "maps/out/erp-customer.yaml:9", "did you mean 'name'?");
    }

    [Theory]
    [InlineData("source.Name +", "expression")]
    [InlineData("sorce.Name", "expression")]
    [InlineData("nosuch(source.Name)", "expression")]
    [InlineData("lookup('contries', source.Name)", "unknown-value-map")]
    [InlineData("lookup(source.Name, source.Name)", "lookup-name")]
    [InlineData("parameters.nothing", "unknown-parameter")]
    [InlineData("legalEntity('FR').name", "unknown-legal-entity")]
    [InlineData("id('erp', 'customer', source.Id)", "expression")]
    public void Should_report_an_expression_that_cannot_work(string expression, string code)
    {
        Change("maps/in/customer.yaml", "source.Name", $"\"{expression}\"");
        AssertError(code, "maps/in/customer.yaml:7");
    }

    [Theory]
    [InlineData("id('epr', 'customer', customer.key)", "unknown-role")]
    [InlineData("id('erp', 'custmer', customer.key)", "unknown-entity")]
    [InlineData("record('custmer', customer.key).name", "unknown-entity")]
    [InlineData("records.custmer[0].name", "unknown-entity")]
    public void Should_report_a_reference_that_leads_nowhere(string expression, string code)
    {
        Change("maps/out/erp-customer.yaml", "name: customer.name", $"name: \"{expression}\"");
        AssertError(code, "maps/out/erp-customer.yaml:9");
    }

    [Fact]
    public void Should_report_an_engagement_record_without_a_scope()
    {
        Change("maps/in/customer.yaml", "to: customer", "to: contract");
        Change("maps/in/customer.yaml", "  name: source.Name\n  country: lookup('countries', source.Country)", "  status: lookup('countries', source.Country)");
        Change("ownership.yaml", "customer:", "contract:\n  default: crm\ncustomer:");
        AssertError("missing-key", "maps/in/customer.yaml:1", "'scope'");
    }

    [Fact]
    public void Should_report_an_attribute_without_an_owner()
    {
        Write("ownership.yaml", "contract:\n  default: crm\n");
        AssertError("no-owner", "maps/in/customer.yaml:1", "customer");
    }

    [Fact]
    public void Should_report_two_owners_of_one_attribute()
    {
        Write("ownership.yaml", "customer:\n  default: crm\n  attributes:\n    taxId:\n      - { owner: crm, from: 2026-01-01 }\n      - { owner: erp,"
            + " from: 2026-01-01 }\n");
        AssertError("two-owners", "ownership.yaml:6", "crm (line 5)", "erp");
    }

    [Fact]
    public void Should_let_the_owner_change_by_legal_entity_and_date()
    {
        Write("ownership.yaml", "customer:\n  default: crm\n  attributes:\n    taxId:\n      - { owner: erp, legalEntity: DE, from: 2026-07-01 }\n      - {"
            + " owner: hub, from: 2026-01-01 }\n");
        var ownership = ReadSound().Ownership;
        Assert.Equal("crm", ownership.OwnerOf("customer", "taxId", "DE", new DateOnly(2025, 12, 31)));
        Assert.Equal("hub", ownership.OwnerOf("customer", "taxId", "DE", new DateOnly(2026, 6, 30)));
        Assert.Equal("erp", ownership.OwnerOf("customer", "taxId", "DE", new DateOnly(2026, 7, 1)));
        Assert.Equal("hub", ownership.OwnerOf("customer", "taxId", null, new DateOnly(2026, 7, 1)));
        Assert.Equal("hub", ownership.OwnerOf("project", "name", null, new DateOnly(2026, 7, 1)));
    }

    [Fact]
    public void Should_report_an_owner_that_is_no_system()
    {
        Change("ownership.yaml", "number: hub", "number: hup");
        AssertError("unknown-system", "ownership.yaml:4", "did you mean 'hub'?");
    }

    [Fact]
    public void Should_report_ownership_of_what_does_not_exist()
    {
        Change("ownership.yaml", "number: hub", "nummer: hub");
        AssertError("unknown-attribute", "ownership.yaml:4", "did you mean 'number'?");
    }

    [Fact]
    public void Should_warn_where_a_system_sends_what_it_never_owns()
    {
        Change("maps/in/customer.yaml", "name: source.Name", "number: source.Number");
        AssertWarning("never-owned", "maps/in/customer.yaml:1", "customer.number");
    }

    [Fact]
    public void Should_report_two_maps_for_the_same_records()
    {
        Write("maps/in/other.yaml", Customer.Replace("map: customer", "map: other", StringComparison.Ordinal));
        AssertError("duplicate-name", "maps/in/other.yaml:1", "maps/in/customer.yaml:1");
    }

    [Fact]
    public void Should_report_two_things_of_one_name()
    {
        Write("values/more.yaml", Countries);
        AssertError("duplicate-name", "values/more.yaml:1", "values/countries.yaml:1");
    }

    [Fact]
    public void Should_warn_where_an_attribute_is_written_back_to_its_owner()
    {
        WithWriteBack("Name: customer.name");
        AssertWarning("update-cycle", "maps/out/crm-customer.yaml:1", "customer.name", "'Name'");
    }

    [Fact]
    public void Should_report_attributes_that_would_keep_changing_one_another()
    {
        // The street becomes the city's field, and the city the street's.
        Change("maps/in/customer.yaml", "  name: source.Name", "  name: source.Name\n  street: source.Street\n  city: source.City");
        WithWriteBack("Street: customer.city\n  City: customer.street");
        AssertError("update-cycle", "maps/out/crm-customer.yaml:1", "customer.city -> crm 'Street' -> customer.street -> crm 'City' -> customer.city");
    }

    [Fact]
    public void Should_warn_about_what_nothing_uses()
    {
        Write("values/spare.yaml", "map: spare\nvalues: { a: b }\n");
        Write("maps/out/spare.yaml", ErpCustomer.Replace("erp-customer", "spare", StringComparison.Ordinal));
        Write("systems/spare.yaml", "system: spare\nkind: books\nconnection: { url: https://spare.example }\n");
        Change("systems/crm.yaml", "read:", "read:\n  - { entity: Deal, every: 5s }");
        Change("landscape.yaml", "roles:", "roles:\n  hcm: erp2");
        Write("systems/erp2.yaml", "system: erp2\nkind: books\nconnection: { url: https://spare.example }\n");
        var result = Read();
        Assert.True(result.IsUsable);
        Assert.Equal(
            ["landscape.yaml:6 unused-role", "maps/out/spare.yaml:1 unused-map", "systems/crm.yaml:1 unmapped-read",
                "systems/spare.yaml:1 unused-system", "values/spare.yaml:1 unused-values"],
            result.Problems.Select(problem => $"{problem.Place} {problem.Code}"));
    }

    [Fact]
    public void Should_warn_about_records_that_never_arrive()
    {
        Change("systems/crm.yaml", "read:\n  - { entity: Account, every: 5s }", "limits: { concurrency: 2, perSecond: 5, timeOut: 10s, margin: 500ms }");
        AssertWarning("never-read", "maps/in/customer.yaml:1", "systems/crm.yaml");
        Assert.Equal(new DeliveryLimits(2, 5, TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500)), Read().Landscape!.Systems["crm"].Limits);
    }

    [Fact]
    public void Should_report_a_template_that_loses_hours()
    {
        Write("templates/t.yaml", "template: t\ntasks:\n  - { name: a, share: 0.5 }\n  - { name: b, share: 0.4 }\n");
        AssertError("template-shares", "templates/t.yaml:2", "0.9");
    }

    private void WithWriteBack(string fields)
    {
        Write("maps/out/crm-customer.yaml", $"map: crm-customer\nfrom: customer\nrole: crm\nentity: Account\nupdateOnly: true\nfields:\n  {fields}\n");
        Change("processes/onboard.yaml", "    map: erp-customer", "    map: crm-customer\n    keep: it stays\n    case: { queue: pmo, says: \"'x'\","
            + " remedy: \"'y'\" }\n  - step: book2\n    kind: write\n    title: Back\n    map: erp-customer");
    }
}
