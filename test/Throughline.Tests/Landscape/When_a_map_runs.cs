using Throughline.Connect;
using Throughline.Landscape;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_a_map_runs : LandscapeFolderFixture
{
    private const string Norwegian = """{ "Id": "A1", "Name": "Nordlys", "Country": "Norway" }""";

    [Fact]
    public void Should_turn_a_source_record_into_attributes()
    {
        var result = Inward(Norwegian);
        Assert.Null(result.Failure);
        Assert.Equal(("A1", null, true), (result.Key, result.ScopeReference, result.Applies));
        Assert.Equal(Fields.Of(("name", "Nordlys"), ("country", "NO")), result.Attributes);
    }

    [Fact]
    public void Should_leave_out_an_optional_without_a_value_and_keep_null()
    {
        Change("maps/in/customer.yaml", "  name: source.Name", "  name: source.Name\n  street: source.?Street\n  city: source.?City # may be absent\n "
            + " taxId: source.?Tax.optMap(t, normalizeTaxId(t))");
        var result = Inward("""{ "Id": "A1", "Name": null, "Country": "Norway", "City": null }""");
        Assert.Equal(Fields.Of(("name", null), ("country", "NO"), ("city", null)), result.Attributes);
        Assert.Equal("DE123456789", Inward("""{ "Id": "A1", "Name": null, "Country": "Norway", "Tax": " de 123.456-789 " }""").Attributes.Text("taxId"));
    }

    [Fact]
    public void Should_list_every_problem_of_a_record()
    {
        Change("maps/in/customer.yaml", "  name: source.Name", "  name: source.Name\n  paymentDays: source.Days\n  email: source.Missing");
        var failure = Assert.IsType<Failure.Validation>(Inward("""{ "Id": "A1", "Name": 5, "Country": "Freedonia", "Days": "x" }""").Failure);
        Assert.Equal(["country", "email", "name", "paymentDays"], failure.Problems.Select(problem => problem.Field).Order());
        Assert.Contains("Account A1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_name_value_map_key_and_file_where_a_value_is_not_listed()
    {
        var failure = Assert.IsType<Failure.Validation>(Inward("""{ "Id": "A1", "Name": "x", "Country": "Freedonia" }""").Failure);
        Assert.Contains("'countries' (values/countries.yaml:1)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'Freedonia'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_the_otherwise_of_a_value_map()
    {
        Change("values/countries.yaml", "values:", "otherwise: ZZ\nvalues:");
        Assert.Equal("ZZ", Inward("""{ "Id": "A1", "Name": "x", "Country": "Freedonia" }""").Attributes.Text("country"));
    }

    [Fact]
    public void Should_pass_over_what_when_excludes()
    {
        Change("maps/in/customer.yaml", "fields:", "when: source.Name != 'Test'\nfields:");
        Assert.False(Inward("""{ "Id": "A1", "Name": "Test" }""").Applies);
        Assert.True(Inward(Norwegian).Applies);
    }

    [Fact]
    public void Should_know_the_key_of_a_deleted_record_and_ask_for_nothing_else()
    {
        var landscape = ReadSound();
        var result = MapRunner.Inward(landscape.InwardMaps[0], new SourceRecord("Account", "A1", null, Fields.Of(("Id", "A1")), Deleted: true), landscape);
        Assert.Equal(("A1", 0, null), (result.Key, result.Attributes.Count, result.Failure));
    }

    [Theory]
    [InlineData("2026-11-20T20:49:32.000+0000")]
    [InlineData("2026-11-20T21:49:32+01:00")]
    [InlineData("2026-11-20T20:49:32")]
    public void Should_read_an_instant_as_utc(string text)
    {
        Change("maps/in/customer.yaml", "fields:", "occurredAt: source.At\nfields:");
        var result = Inward($$"""{ "Id": "A1", "Name": "x", "Country": "Norway", "At": "{{text}}" }""");
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 20, 49, 32, TimeSpan.Zero), result.OccurredAt);
        Assert.Equal(TimeSpan.Zero, result.OccurredAt!.Value.Offset);
    }

    [Theory]
    [InlineData("addDays('2026-02-27', 2)", "2026-03-01")]
    [InlineData("string(daysBetween('2026-06-01', '2026-06-15'))", "14")]
    [InlineData("dateIn('2026-06-30T22:30:00Z', 'Europe/Berlin')", "2026-07-01")]
    [InlineData("legalEntity('DE').currency", "EUR")]
    [InlineData("string(convert(money(60000, 'GBP'), 'EUR', decimal('1.15')).amount)", "69000.00")]
    [InlineData("convert(money(decimal('0.005'), 'EUR'), 'EUR', 1).amount == decimal('0.01') ? 'away from zero' : 'no'", "away from zero")]
    public void Should_offer_its_functions(string expression, string expected)
    {
        Change("maps/in/customer.yaml", "name: source.Name", $"name: \"{expression}\"");
        var result = Inward(Norwegian);
        Assert.Null(result.Failure);
        Assert.Equal(expected, result.Attributes.Text("name"));
    }

    [Fact]
    public void Should_write_what_the_map_says_and_how_it_is_found_again()
    {
        Change("maps/out/erp-customer.yaml", "fields:", "adopt:\n  - code: customer.taxId\n  - code: customer.number\nfields:");
        var result = Outward(Fields.Of(("key", "A1"), ("number", "C-1"), ("name", "Nordlys")));
        Assert.True(result.IsComplete);
        Assert.Equal(Fields.Of(("code", "C-1")), result.Find);
        Assert.Equal([Fields.Of(("code", "C-1"))], result.Adopt);
        Assert.Equal(Fields.Of(("code", "C-1"), ("name", "Nordlys")), result.Fields);
    }

    [Fact]
    public void Should_wait_for_ids_that_are_not_known_yet()
    {
        Change("maps/out/erp-customer.yaml", "  name: customer.name", "  name: customer.name\n  parent: id('erp', 'customer', customer.parent)");
        var view = Fields.Of(("key", "A1"), ("number", "C-1"), ("name", "Nordlys"), ("parent", "A9"));
        Assert.Equal("waits for the id of customer A9 in the erp system", Outward(view).Waits);
        var known = Outward(view, (role, entity, key) => (role, entity, key) == ("erp", "customer", "A9") ? "77" : null);
        Assert.True(known.IsComplete);
        Assert.Equal("77", known.Fields.Text("parent"));
    }

    [Fact]
    public void Should_refuse_to_write_what_could_not_be_found_again()
    {
        var failure = Assert.IsType<Failure.Validation>(Outward(Fields.Of(("key", "A1"), ("name", "Nordlys"))).Failure);
        Assert.Equal("find.code", Assert.Single(failure.Problems).Field);
    }

    [Fact]
    public void Should_see_other_records_the_legal_entity_and_the_status()
    {
        Change(
            "maps/out/erp-customer.yaml",
            "  name: customer.name",
            """
              name: record('project', 'P').name + ' ' + legalEntity.name + ' ' + status.text + ' ' + string(records.task.size())
              tasks: { each: records.task, as: t, when: t.billable == true, value: { name: t.name, hours: t.hours } }
              none: []
            """.Trim().Replace("\nnone", "\n  none", StringComparison.Ordinal).Replace("\ntasks", "\n  tasks", StringComparison.Ordinal).Insert(0, "  "));
        var records = VariableNames.RecordsOf(
        [
            ("project", Fields.Of(("key", "P"), ("name", "Rollout"))),
            ("task", Fields.Of(("key", "T1"), ("name", "a"), ("billable", true), ("hours", 8))),
            ("task", Fields.Of(("key", "T2"), ("name", "b"))),
        ]);
        var landscape = ReadSound();
        var context = new OutwardContext(records, "DE", Fields.Of(("text", "runs")), (_, _, _) => null);
        var result = MapRunner.Outward(landscape.OutwardMaps["erp-customer"], Fields.Of(("key", "A1"), ("number", "C-1")), context, landscape);
        Assert.Null(result.Failure);
        Assert.Equal("Rollout Small GmbH runs 2", result.Fields.Text("name"));
        Assert.Equal([Fields.Of(("name", "a"), ("hours", 8))], result.Fields.NestedList("tasks"));
    }

    [Fact]
    public void Should_run_the_samples_beside_the_maps()
    {
        Write("maps/in/customer.samples.yaml", $"- name: good\n  source: {Norwegian}\n  expect: {{ key: A1, attributes: {{ name: Nordlys, country: NO }} }}\n"
            + $"- name: bad\n  source: {Norwegian}\n  expect: {{ attributes: {{ name: Nordlys, country: DE }} }}\n");
        Write("maps/out/erp-customer.samples.yaml", "- name: out\n  record: { key: A1, number: C-1 }\n  expect: { find: { code: C-1 }, fields: { code: C-1,"
            + " name: null } }\n");
        var results = LandscapeSamples.Run(ReadSound(), Folder);
        Assert.Equal([("good", true), ("bad", false), ("out", true)], results.Select(result => (result.Name, result.Passed)));
        Assert.Equal("maps/in/customer.samples.yaml:4: sample \"bad\" of customer failed: attributes.country is \"NO\" and not \"DE\"", results[1].ToString());
        Assert.Contains("Samples: 2 of 3 as expected.", LandscapeReport.Text(Read(), results), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_fail_samples_that_belong_to_no_map()
    {
        Write("maps/in/nobody.samples.yaml", "- name: x\n  source: {}\n  expect: {}\n");
        Assert.False(Assert.Single(LandscapeSamples.Run(ReadSound(), Folder)).Passed);
    }

    private InwardResult Inward(string json)
    {
        var landscape = ReadSound();
        return MapRunner.Inward(landscape.InwardMaps[0], new SourceRecord("Account", "A1", null, Fields.Parse(json)), landscape);
    }

    private OutwardResult Outward(Fields view, Func<string, string, string, string?>? id = null)
    {
        var landscape = ReadSound();
        var context = new OutwardContext(VariableNames.RecordsOf([]), null, null, id ?? ((_, _, _) => null));
        return MapRunner.Outward(landscape.OutwardMaps["erp-customer"], view, context, landscape);
    }
}
