using System.Text;
using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_a_landscape_file_is_not_sound : LandscapeFolderFixture
{
    [Fact]
    public void Should_find_the_landscape_of_the_fixture_sound() => Assert.Equal("small", ReadSound().Name);

    [Fact]
    public void Should_name_the_line_of_a_syntax_error()
    {
        Write("values/countries.yaml", "map: countries\nvalues:\n  Germany: [DE\n");
        var problem = Assert.Single(Read().Problems);
        Assert.Equal("yaml-syntax", problem.Code);
        Assert.Equal("values/countries.yaml", problem.Place.File);
        Assert.InRange(problem.Place.Line, 3, 4);
    }

    [Fact]
    public void Should_report_every_problem_and_not_only_the_first()
    {
        Change("systems/crm.yaml", "kind: shop", "kind: shp");
        Change("maps/in/customer.yaml", "name: source.Name", "nmae: source.Name");
        Change("values/countries.yaml", "Norway: NO", "Germany: NO");
        var problems = Read().Problems;
        Assert.Equal(
            ["maps/in/customer.yaml:7 unknown-attribute", "systems/crm.yaml:2 unknown-kind", "values/countries.yaml:4 duplicate-key"],
            problems.Select(problem => $"{problem.Place} {problem.Code}"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("soon")]
    [InlineData("4000")]
    public void Should_refuse_to_remember_keys_for_no_time_or_for_ever(string days)
    {
        Write("landscape.yaml", Head + $"\nparameters:\n  intake:\n    keysKeptDays: {days}\n");
        AssertError("wrong-type", "landscape.yaml:8", "'intake.keysKeptDays'", "from 1 to 3650");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("3601")]
    [InlineData("1.5")]
    [InlineData("soon")]
    public void Should_tell_how_long_the_status_may_keep_back_that_a_deal_waits(string seconds)
    {
        Write("landscape.yaml", Head + $"\nparameters:\n  status:\n    waitingAfterSeconds: {seconds}\n");
        AssertError("wrong-type", "landscape.yaml:8", "'status.waitingAfterSeconds'", "from 0 to 3600");
    }

    [Fact]
    public void Should_refuse_a_repeated_key()
    {
        Change("values/countries.yaml", "Norway: NO", "Germany: NO");
        AssertError("duplicate-key", "values/countries.yaml:4", "'Germany'", "line 3");
    }

    [Theory]
    [InlineData("map: countries\nvalues: &a\n  Germany: DE\n", 2)]
    [InlineData("map: countries\nvalues:\n  Germany: *a\n", 3)]
    public void Should_refuse_anchors_and_aliases(string text, int line)
    {
        Write("values/countries.yaml", text);
        AssertError("alias", $"values/countries.yaml:{line}");
    }

    [Fact]
    public void Should_refuse_an_alias_bomb_at_once()
    {
        var bomb = new StringBuilder("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (var i = 0; i < 20; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"{(char)('b' + i)}: &{(char)('b' + i)}"
                + $" [*{(char)('a' + i)},*{(char)('a' + i)},*{(char)('a' + i)}]\n");
        }

        Write("values/countries.yaml", bomb.ToString());
        AssertError("alias", "values/countries.yaml:1");
    }

    [Fact]
    public void Should_refuse_tags()
    {
        Change("values/countries.yaml", "Norway: NO", "Norway: !!binary NO");
        AssertError("tag", "values/countries.yaml:4");
    }

    [Fact]
    public void Should_refuse_tabs()
    {
        Change("values/countries.yaml", "  Norway", "\tNorway");
        AssertError("tab", "values/countries.yaml:4");
    }

    [Fact]
    public void Should_refuse_bytes_that_are_no_text()
    {
        Write("values/countries.yaml", [.. "map: countries\n"u8, 0xFF, 0xFE, 0x00]);
        AssertError("not-text", "values/countries.yaml:2");
    }

    [Fact]
    public void Should_refuse_control_characters()
    {
        Change("values/countries.yaml", "Norway: NO", "Norway: \"N\u0001O\"");
        AssertError("not-text", "values/countries.yaml:4", "U+0001");
    }

    [Fact]
    public void Should_refuse_a_huge_file_without_reading_it_all()
    {
        Write("values/countries.yaml", new byte[1024 * 1024 + 1]);
        var problems = Read().Problems;
        Assert.Contains(problems, problem => problem.Code == "file-too-large" && problem.Place.ToString() == "values/countries.yaml:1");
    }

    [Fact]
    public void Should_refuse_deep_nesting()
    {
        Write("values/countries.yaml", "map: countries\nvalues:\n  Germany: " + new string('[', 100_000));
        AssertError("too-deep", "values/countries.yaml:3");
    }

    [Fact]
    public void Should_refuse_a_second_document()
    {
        Change("values/countries.yaml", "  Norway: NO", "  Norway: NO\n---\nmap: more");
        AssertError("second-document", "values/countries.yaml:5");
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing here yet\n")]
    public void Should_refuse_an_empty_file(string text)
    {
        Write("values/other.yaml", text);
        AssertError("empty-file", "values/other.yaml:1");
    }

    [Fact]
    public void Should_say_which_key_was_meant()
    {
        Change("systems/crm.yaml", "connection:", "conection:");
        var problems = Read().Problems;
        Assert.Contains(
            problems,
            problem => problem.Code == "unknown-key" && problem.Place.ToString() == "systems/crm.yaml:3"
                && problem.Message.Contains("did you mean 'connection'?", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Code == "missing-key" && problem.Message.Contains("'connection'", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_refuse_a_group_where_a_value_belongs()
    {
        Change("landscape.yaml", "title: A small firm", "title: { a: b }");
        AssertError("wrong-shape", "landscape.yaml:2", "'title'");
    }

    [Fact]
    public void Should_refuse_a_value_where_a_group_belongs()
    {
        Write("values/countries.yaml", "just a text");
        Assert.Contains(Read().Problems, problem => problem.Code == "wrong-shape" && problem.Place.ToString() == "values/countries.yaml:1");
    }

    [Fact]
    public void Should_refuse_a_file_that_nobody_reads()
    {
        Write("map/in/contact.yaml", "map: contact");
        AssertError("unknown-file", "map/in/contact.yaml:1", "maps/in");
    }

    [Fact]
    public void Should_ignore_files_of_other_kinds_and_hidden_ones()
    {
        Write("README.md", "# hello");
        Write(".git/config.yaml", "\t");
        ReadSound();
    }

    [Fact]
    public void Should_say_that_the_folder_is_missing()
    {
        var result = LandscapeReader.Read(Path.Combine(Folder, "nowhere"), Manifests, Shipped, new HashSet<string>());
        Assert.Null(result.Landscape);
        Assert.Contains(result.Problems, problem => problem.Code == "unreadable");
    }

    [Fact]
    public void Should_say_that_the_head_is_missing()
    {
        Delete("landscape.yaml");
        Assert.Contains(Read().Problems, problem => problem.Code == "no-landscape" && problem.Place.ToString() == "landscape.yaml:1");
    }

    [Fact]
    public void Should_keep_texts_that_look_like_other_things()
    {
        Write(
            "values/countries.yaml",
            "map: countries\nvalues:\n  Germany: NO\n  a: yes\n  b: 01067\n  c: \"5\"\n  d: 5\n  e: 0.10\n  f: ~\n  g: true\n  h: 1e5\n");
        var values = ReadSound().ValueMaps["countries"].Values;
        Assert.Equal(
            ["NO", "yes", "01067", "5", 5L, 0.10m, null, true, "1e5"],
            new[] { "Germany", "a", "b", "c", "d", "e", "f", "g", "h" }.Select(key => values[key]));
    }
}
