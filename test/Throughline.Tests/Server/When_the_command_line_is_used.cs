using Throughline.Model;
using Throughline.Server.Cli;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

public sealed class When_the_command_line_is_used
{
    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("cases")]
    [InlineData("cases show")]
    [InlineData("cases reject 1")]
    [InlineData("trace")]
    [InlineData("sandbox oracle")]
    [InlineData("sandbox --port 0")]
    [InlineData("sandbox all --port many")]
    [InlineData("sandbox all --first-id 0")]
    [InlineData("sandbox all --first-id 2000000001")]
    [InlineData("sandbox --first-id 7 deal")]
    [InlineData("sandbox deal --amount lots")]
    [InlineData("serve --urls http://0.0.0.0:7070")]
    [InlineData("serve --urls http://example.org:7070")]
    [InlineData("serve --urls nonsense")]
    [InlineData("serve --cluster amqp://hub@127.0.0.1")]
    [InlineData("serve --postgres Host=127.0.0.1 --cluster http://127.0.0.1")]
    [InlineData("serve --postgres Host=127.0.0.1 --cluster amqp://hub:secret@127.0.0.1")]
    [InlineData("serve --postgres Host=127.0.0.1 --cluster amqp://hub@127.0.0.1")]
    [InlineData("cases list --url http://example.org")]
    [InlineData("doctor --url nonsense")]
    [InlineData("cases list --status closed")]
    [InlineData("entries list --status done")]
    [InlineData("invoices list --status settled")]
    [InlineData("invoices draw --until 2026-13-01")]
    [InlineData("invoices draw --until 2026-06-30 --date soon")]
    [InlineData("why")]
    [InlineData("why P-20001-DE/1 --max many")]
    public async Task Should_tell_wrong_usage(string line)
    {
        var (exit, output, error) = await RunAsync(line);
        Assert.Equal(Exit.Usage, exit);
        Assert.NotEmpty(error + output);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("demo")]
    [InlineData("sandbox")]
    [InlineData("sandbox deal")]
    [InlineData("validate")]
    [InlineData("cases list")]
    [InlineData("cases show")]
    [InlineData("cases retry")]
    [InlineData("cases approve")]
    [InlineData("cases reject")]
    [InlineData("trace")]
    [InlineData("why")]
    [InlineData("processes")]
    [InlineData("doctor")]
    public async Task Should_help_with_an_example(string command)
    {
        var (exit, output, _) = await RunAsync(command + " --help");
        Assert.Equal(Exit.Ok, exit);
        Assert.Contains("Example:", output, StringComparison.Ordinal);
        Assert.Contains("throughline " + command, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_help_with_what_may_be_left_out()
    {
        var deal = (await RunAsync("sandbox deal --help")).Output;
        Assert.Contains(" sandbox deal [options]", deal, StringComparison.Ordinal);
        Assert.Contains("[default: 90000]", deal, StringComparison.Ordinal);
        Assert.Contains("Default: as DEMO_SALESFORCE_URL says, else 18400.", deal, StringComparison.Ordinal);
        Assert.Matches("--reason <TEXT> +Why; kept with the case. May be left out.", (await RunAsync("cases approve --help")).Output);
        Assert.Matches("--reason <TEXT> \\(REQUIRED\\) +Why; needed, and kept with the case.", (await RunAsync("cases reject --help")).Output);
    }

    [Fact]
    public async Task Should_say_that_the_broker_does_not_answer()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["THROUGHLINE_CLUSTER_PASSWORD"] = "not to be seen" };
        var (exit, output, error) = await CommandRun.RunAsync("doctor --cluster amqp://hub@127.0.0.1:9 --postgres Host=127.0.0.1;Port=9 --url http://127.0.0.1:9", environment);
        Assert.Equal(Exit.Negative, exit);
        Assert.Contains("fails  broker: amqp://127.0.0.1:9: it cannot be reached", output, StringComparison.Ordinal);
        Assert.DoesNotContain("not to be seen", output + error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cases list")]
    [InlineData("trace 006A")]
    public async Task Should_say_that_no_hub_is_there(string line)
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "token"), "tl_0123456789012345678901234567890");
            var (exit, _, error) = await RunAsync($"{line} --data {folder.FullName} --url http://127.0.0.1:9");
            Assert.Equal(Exit.Unreachable, exit);
            Assert.Contains("throughline serve", error, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Should_validate_the_shipped_landscape()
    {
        var (exit, output, _) = await RunAsync($"validate {HubUnderTest.DemoLandscape} --json");
        Assert.Equal(Exit.Ok, exit);
        Assert.True(Fields.Parse(output).Flag("usable"));
    }

    [Fact]
    public async Task Should_find_the_problems_of_a_landscape()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "landscape.yaml"), "name: broken\nnonsense: 1\n");
            var (exit, output, _) = await RunAsync($"validate {folder.FullName}");
            Assert.Equal(Exit.Negative, exit);
            Assert.Contains("landscape.yaml:2", output, StringComparison.Ordinal);
            Assert.Equal(Exit.Negative, (await RunAsync($"serve --landscape {folder.FullName} --data {folder.FullName}")).Exit);
            Assert.Equal(Exit.Negative, (await RunAsync($"processes --landscape {folder.FullName}")).Exit);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Should_print_processes_without_a_hub()
    {
        Assert.Contains("lead-to-project", (await RunAsync($"processes --landscape {HubUnderTest.DemoLandscape}")).Output, StringComparison.Ordinal);
        Assert.StartsWith("flowchart", (await RunAsync($"processes lead-to-project --mermaid --landscape {HubUnderTest.DemoLandscape}")).Output,
            StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await RunAsync($"processes nonsense --landscape {HubUnderTest.DemoLandscape}")).Exit);
    }

    [Fact]
    public async Task Should_work_over_a_running_hub()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.PostAsync("/api/v1/intake/crm",
            $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 300_000m), "Opportunity")}]");
        var listed = await hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count > 0, "the approval");
        var id = listed.Body.NestedList("cases")[0].Text("id");
        var common = $"--data {hub.Folder} --url {hub.Address}";
        Assert.Contains("finance-ops", (await RunAsync($"cases list {common}")).Output, StringComparison.Ordinal);
        Assert.Equal(id, Fields.Parse((await RunAsync($"cases show {id} --json {common}")).Output).Text("id"));
        Assert.Equal(Exit.Negative, (await RunAsync($"cases show nonsense {common}")).Exit);
        Assert.Equal(Exit.Negative, (await RunAsync($"cases approve {id} --by sam {common}")).Exit);
        var (approved, says, _) = await RunAsync($"cases approve {id} --by dana --reason fine {common}");
        Assert.Equal(Exit.Ok, approved);
        Assert.Matches(@"^Large deal .*: approved by dana \(stated by the caller .*\): fine\.\n  It was about: .*\n  Next: the hub goes on by itself; .*\n"
            + $"  What becomes of it: throughline trace 006A {System.Text.RegularExpressions.Regex.Escape(common)}\n$", says);
        Assert.DoesNotContain("Approve it", says + (await RunAsync($"cases show {id} {common}")).Output, StringComparison.Ordinal);
        Assert.Equal(Exit.Unchanged, (await RunAsync($"cases reject {id} --by eve --reason no {common}")).Exit);
        var (exit, page, _) = await RunAsync($"trace 006A {common}");
        Assert.Equal(Exit.Ok, exit);
        Assert.Contains("300,000.00 EUR", page, StringComparison.Ordinal);
        Assert.Contains("Approved by dana (stated by the caller with the hub's token, not proved): fine.", page, StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await RunAsync($"trace nonsense {common}")).Exit);
    }

    [Fact]
    public async Task Should_play_the_demo_to_its_end_and_once_more_on_the_data_that_it_left()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            await PlayAsync(folder.FullName);
            await PlayAsync(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task PlayAsync(string data)
    {
        var (exit, output, error) = await RunAsync($"demo --once --port 0 --data {data} --landscape {HubUnderTest.DemoLandscape}");
        Assert.True(exit == Exit.Ok, output + error);
        Assert.Contains("All 8 deals ended as expected.", output, StringComparison.Ordinal);
        Assert.Contains("457,600.00", output, StringComparison.Ordinal);
    }

    private static Task<(int Exit, string Output, string Error)> RunAsync(string line) => CommandRun.RunAsync(line);
}
