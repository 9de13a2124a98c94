using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

public sealed class When_a_command_is_mistyped : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("throughline-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("serv", "serve")]
    [InlineData("cases lsit", "list")]
    [InlineData("case list", "cases")]
    [InlineData("cases list --qeue pmo", "--queue")]
    public async Task Should_suggest_what_was_meant(string line, string meant)
    {
        var (exit, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((Exit.Usage, ""), (exit, output));
        var said = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"Did you mean '{meant}'? See 'throughline", said, StringComparison.Ordinal);
        Assert.EndsWith("--help'.", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve --prot=8080", "--prot", "8080")]
    [InlineData("serve --postgress=Host=db;Password=hunter2", "--postgress", "hunter2")]
    [InlineData("serve --postgress:Host=db;Password=hunter2", "--postgress", "hunter2")]
    [InlineData("serve Password=hunter2", "Password", "hunter2")]
    public async Task Should_show_the_name_and_not_the_value(string line, string name, string value)
    {
        var (exit, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((Exit.Usage, ""), (exit, output));
        Assert.Contains($"'{name}' here.", error, StringComparison.Ordinal);
        Assert.DoesNotContain(value, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_suggest_an_option_whatever_its_value() => Assert.Contains(
        "Did you mean '--postgres'?", (await CommandRun.RunAsync("serve --postgress=Host=db;Password=hunter2")).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("deal --port 0", "--port must be from 1 to 65535")]
    [InlineData("deal --port 99999", "--port must be from 1 to 65535")]
    [InlineData("deal --amount 0", "--amount must be from 1 to 1000000000")]
    [InlineData("deal --amount 1000000001", "--amount must be from 1 to 1000000000")]
    [InlineData("deal --amount 79228162514264337593543950335", "--amount must be from 1 to 1000000000")]
    [InlineData("all --port 65534", "--port must be from 0 to 65533.")]
    [InlineData("redmine --port 65536", "--port must be from 0 to 65535.")]
    [InlineData("all --amount 5", "There is no option '--amount' here.")]
    [InlineData("all deal", "There is no argument 'deal' here.")]
    [InlineData("--port 18500 deal", "There is no option '--port' here.")]
    public async Task Should_say_what_a_sandbox_does_not_take(string typed, string says)
    {
        var (exit, output, error) = await CommandRun.RunAsync("sandbox " + typed);
        Assert.Equal((Exit.Usage, ""), (exit, output));
        Assert.Contains(says, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("invoices draw --until 2026-13-01", "--until must be a day of the calendar such as 2026-06-30, and '2026-13-01' is none. See 'throughline invoices draw --help'.")]
    [InlineData("invoices draw --until 2026-06-30 --date 2026-02-30", "--date must be a day of the calendar such as 2026-06-30, and '2026-02-30' is none.")]
    [InlineData("invoices list --status settled", "--status must be one of all, drawn, posted, withdrawn, open, paid, overdue, and 'settled' is none of them.")]
    [InlineData("cases list --status closed", "--status must be one of open, settled, approved, rejected, all, and 'closed' is none of them.")]
    public async Task Should_say_which_values_an_option_takes(string line, string says)
    {
        var (exit, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((Exit.Usage, ""), (exit, output));
        Assert.StartsWith(says, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_that_no_stand_in_runs_there()
    {
        var (exit, _, error) = await CommandRun.RunAsync("sandbox deal --port 9");
        Assert.Equal(Exit.Unreachable, exit);
        Assert.Contains("127.0.0.1:9", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("validate {0}")]
    [InlineData("serve --landscape {0}")]
    [InlineData("doctor --landscape {0}")]
    [InlineData("processes --landscape {0}")]
    [InlineData("demo --once --landscape {0}")]
    public async Task Should_say_only_that_the_folder_is_none_of_a_landscape(string line)
    {
        foreach (var name in new[] { "demo", "real" })
        {
            await File.WriteAllTextAsync(Path.Combine(_folder.CreateSubdirectory($"landscapes/{name}").FullName, "landscape.yaml"), $"name: {name}\n");
        }

        var near = Path.Combine(_folder.FullName, "landscapes");
        var elsewhere = Path.Combine(_folder.FullName, "x/y");
        foreach (var (typed, why) in new[] { (Path.Combine(near, "dmeo"), "no such folder"), (near, "no landscape.yaml"), (elsewhere, "no such folder") })
        {
            var (exit, output, error) = await CommandRun.RunAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, line, typed));
            Assert.Equal((Exit.Usage, ""), (exit, output));
            var said = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Contains($"'{typed}' is not a landscape", said, StringComparison.Ordinal);
            Assert.Contains(why, said, StringComparison.Ordinal);
            Assert.Contains($"Near it: {near}/demo, {near}/real.", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Should_not_name_files_that_nobody_has()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "landscape.yaml"), "name: bare\ntitle: Bare\n");
        var (exit, output, _) = await CommandRun.RunAsync($"validate {_folder.FullName}");
        Assert.Equal(Exit.Negative, exit);
        Assert.DoesNotContain("shipped/", output, StringComparison.Ordinal);
        Assert.Contains("lead-to-project.yaml (a process that comes with the program):", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_take_the_beginning_of_an_id_where_it_is_unique()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var deals = Enumerable.Range(0, 8).Select(index => $"006{index:D3}").ToArray();
        await hub.PostAsync("/api/v1/intake/crm", $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + string.Join(',', deals.Select(id => Records.Envelope(id, Records.Opportunity(id, "001A", "800A", 300_000m), "Opportunity"))) + "]");
        var listed = await hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count == deals.Length, "the approvals");
        var item = listed.Body.NestedList("cases")[0];
        var id = item.Text("id")!;
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = hub.Address.ToString(), ["THROUGHLINE_DATA"] = hub.Folder };
        var (exit, page, error) = await CommandRun.RunAsync($"cases show {id[..8]}", environment);
        Assert.True(exit == Exit.Ok, error);
        Assert.Contains($"throughline cases approve {id}\n", page, StringComparison.Ordinal);
        Assert.Contains($"throughline cases reject {id} --reason \"say why here\"\n", page, StringComparison.Ordinal);
        Assert.Contains($"throughline cases approve {id} --url {hub.Address}\n", (await CommandRun.RunAsync($"cases show {id} --url {hub.Address}", environment)).Output,
            StringComparison.Ordinal);
        Assert.Contains(item.Text("subject")!.Split(' ')[0], (await CommandRun.RunAsync($"trace {id[..8]}", environment)).Output, StringComparison.Ordinal);
        var instance = (await hub.GetAsync("/api/v1/instances?process=lead-to-project&max=1")).Body.NestedList("instances")[0];
        Assert.Equal(Exit.Ok, (await CommandRun.RunAsync($"trace {instance.Text("id")![..8]}", environment)).Exit);
        foreach (var (typed, says) in new[] { (id[..5], "at least its first 6"), ("nonsense", "is not the id of a case"), (Unused(listed, id), "No case has an id") })
        {
            (exit, _, error) = await CommandRun.RunAsync($"cases show {typed}", environment);
            Assert.Equal(Exit.Negative, exit);
            Assert.Contains(says, error, StringComparison.Ordinal);
        }

        Assert.Equal(Exit.Ok, (await CommandRun.RunAsync($"cases approve {id[..8]} --by dana", environment)).Exit);
        Assert.Equal("approved", (await hub.GetAsync($"/api/v1/cases/{id}")).Body.Text("status"));
    }

    [Fact]
    public async Task Should_list_the_cases_whose_ids_begin_alike()
    {
        await using var hub = await HubUnderTest.StartAsync(decorate: store => WithCases(store, "aaaaaa1", "aaaaaa2", "bbbbbb1"));
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = hub.Address.ToString(), ["THROUGHLINE_DATA"] = hub.Folder };
        foreach (var line in new[] { "cases show aaaaaa", "cases approve aaaaaa --by dana" })
        {
            var (exit, _, error) = await CommandRun.RunAsync(line, environment);
            Assert.Equal(Exit.Negative, exit);
            Assert.Contains("More than one case begins with 'aaaaaa'", error, StringComparison.Ordinal);
            Assert.Contains("aaaaaa1", error, StringComparison.Ordinal);
            Assert.Contains("aaaaaa2", error, StringComparison.Ordinal);
            Assert.DoesNotContain("bbbbbb1", error, StringComparison.Ordinal);
            Assert.DoesNotContain("and more", error, StringComparison.Ordinal);
        }

        Assert.Equal(Exit.Ok, (await CommandRun.RunAsync("cases show BBBBBB", environment)).Exit);
    }

    [Theory]
    [InlineData("cases show aaaaaa")]
    [InlineData("trace aaaaaa")]
    public async Task Should_say_that_there_are_more_than_it_lists(string line)
    {
        await using var hub = await HubUnderTest.StartAsync(decorate: store => WithCases(store, [.. Enumerable.Range(0, 11).Select(each => $"aaaaaa{each:x}")]));
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = hub.Address.ToString(), ["THROUGHLINE_DATA"] = hub.Folder };
        var (exit, _, error) = await CommandRun.RunAsync(line, environment);
        Assert.Equal(Exit.Negative, exit);
        Assert.Contains("aaaaaa9", error, StringComparison.Ordinal);
        Assert.DoesNotContain("aaaaaaa", error, StringComparison.Ordinal);
        Assert.Contains("  and more", error, StringComparison.Ordinal);
    }

    private static IHubStore WithCases(IHubStore store, params string[] ids)
    {
        var scope = Scope.Engagement("006A");
        var items = ids.Select(id => new Case(
            CaseId.Parse(id.PadRight(32, '0')), new UnitKey(scope, ""), scope.ToString(), null, null, "check", "pmo", "A deal", "It is not so.", "Make it so.", null,
            CaseStatus.Open, [], null, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow(), null, null, null));
        var epoch = store.TakePartitionAsync(scope.Partition, "test", CancellationToken.None).GetAwaiter().GetResult();
        store.CommitAsync([new PartitionCommit { Partition = scope.Partition, Epoch = epoch, Cases = [.. items] }], CancellationToken.None).GetAwaiter().GetResult();
        return store;
    }

    private static string Unused(Answered listed, string id) =>
        (id[..7] + "0123456789abcdef".First(c => !listed.Body.NestedList("cases").Any(item => item.Text("id")!.StartsWith(id[..7] + c, StringComparison.Ordinal))));
}
