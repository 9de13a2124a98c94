using System.Text.RegularExpressions;
using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

public sealed partial class When_a_newcomer_pastes
{
    [Fact]
    public async Task Should_run_doctor_and_hub_with_what_the_sandboxes_print()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            using var sandboxes = await CommandRun.UpAsync("sandbox all --port 0", "Running until");
            Assert.All(sandboxes.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(#.*|export [A-Z_]+=[^ '\"$]+)$", line.TrimEnd()));
            var environment = Exports(sandboxes.Output);
            var at = $"--landscape {HubUnderTest.DemoLandscape} --data {folder.FullName}";
            var (exit, output, error) = await CommandRun.RunAsync($"doctor {at} --url http://127.0.0.1:9", environment);
            Assert.True(exit == Exit.Ok, output + error);
            using var hub = await CommandRun.UpAsync($"serve {at} --urls http://127.0.0.1:0", "Token:", environment);
            Assert.StartsWith("Throughline ", hub.Output, StringComparison.Ordinal);
            await WinADealAsync(hub, environment, folder.FullName);
            var (again, _, said) = await CommandRun.RunAsync($"serve {at} --urls http://127.0.0.1:0", environment);
            Assert.Equal(Exit.Negative, again);
            Assert.EndsWith("is in use by another Throughline process. Stop that process, or choose another data folder.", said.TrimEnd(), StringComparison.Ordinal);
            Assert.Equal(Exit.Ok, await hub.StopAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WinADealAsync(CommandRun hub, Dictionary<string, string> environment, string folder)
    {
        Assert.Contains("throughline sandbox deal", hub.Output, StringComparison.Ordinal);
        var (exit, output, error) = await CommandRun.RunAsync("sandbox deal --amount 300000", environment);
        Assert.True(exit == Exit.Ok, output + error);
        var trace = Commands().Match(output).Groups[1].Value.Trim();
        // Stand-ins that begin at 1 give the ids of those before them again.
        Assert.DoesNotContain("0065g00000000", trace, StringComparison.Ordinal);
        var address = Regex.Match(hub.Output, @"Status page: +(\S+)").Groups[1].Value;
        var known = new Dictionary<string, string>(environment) { ["THROUGHLINE_URL"] = address, ["THROUGHLINE_DATA"] = folder };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        string page;
        do
        {
            page = (await CommandRun.RunAsync(trace, known)).Output;
            Assert.False(patience.IsCancellationRequested, $"waited for the approval of the deal; the trace says {page}");
        }
        while (!page.Contains("is worth 300,000.00 EUR, above the limit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_say_how_to_get_another_port()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var (exit, _, error) = await CommandRun.RunAsync($"sandbox all --port {((System.Net.IPEndPoint)taken.LocalEndpoint).Port}");
        Assert.Equal(Exit.Negative, exit);
        Assert.Contains("--port", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("doctor")]
    public async Task Should_say_once_that_the_sandboxes_are_missing(string command)
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            var url = command == "doctor" ? "--url http://127.0.0.1:9" : "";
            var (exit, output, error) = await CommandRun.RunAsync($"{command} --landscape {HubUnderTest.DemoLandscape} --data {folder.FullName} {url}");
            Assert.Equal(Exit.Negative, exit);
            Assert.Single(Regex.Matches(output + error, "throughline sandbox all"));
            Assert.Single(Regex.Matches(output + error, "DEMO_SALESFORCE_HOOK_SECRET"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Should_approve_the_deal_that_the_demo_leaves_and_read_its_story()
    {
        using var demo = await CommandRun.UpAsync($"demo --port 0 --landscape {HubUnderTest.DemoLandscape}", "stays up");
        Assert.Contains("All 8 deals ended as expected.", demo.Output, StringComparison.Ordinal);
        var turn = demo.Output[demo.Output.IndexOf("Your turn", StringComparison.Ordinal)..];
        var environment = Exports(turn);
        var commands = Commands().Matches(turn).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(4, commands.Length);
        foreach (var command in commands)
        {
            var (exit, output, error) = await CommandRun.RunAsync([.. Words().Matches(command).Select(word => word.Value.Trim('"'))], environment);
            Assert.True(exit == Exit.Ok, $"{command}: {output}{error}");
        }

        var story = (await CommandRun.RunAsync(commands[2], environment)).Output;
        Assert.Contains("Approved by", story, StringComparison.Ordinal);
        Assert.Contains("margin checked", story, StringComparison.Ordinal);
        Assert.Equal(Exit.Ok, await demo.StopAsync());
        Assert.StartsWith("Throughline demo: starting", demo.Output, StringComparison.Ordinal);
        Assert.Contains("\nStopped. ", demo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_tell_a_deal_in_the_firms_words()
    {
        using var demo = await CommandRun.UpAsync($"demo --port 0 --landscape {HubUnderTest.DemoLandscape}", "stays up");
        var environment = Exports(demo.Output);
        var large = Commands().Matches(demo.Output)[^1].Groups[1].Value;
        var page = (await CommandRun.RunAsync(large, environment)).Output;
        foreach (var vendor in new[] { "project.work", "party.party", "analytic_account", "psa has", "erp has", "crm sent" })
        {
            Assert.DoesNotContain(vendor, page, StringComparison.Ordinal);
        }

        Assert.Matches(@"Approved by dana\.okafor \(stated by the caller with the hub's token, not proved\): margin checked\.  \[case [0-9a-f]{32}\]", page);
        Assert.Contains("The PSA (Redmine) has 3 milestones, 1 project, 7 tasks and 3 workstreams.", page, StringComparison.Ordinal);
        Assert.Contains("The ERP (Tryton) has 3 cost centres, 2 customers and 2 projects; no project for Subcontract.", page, StringComparison.Ordinal);
        Assert.Contains("Only recorded in the hub: 3 billing schedules, 1 commitment, 2 demands and 1 rate card.", page, StringComparison.Ordinal);
        Assert.Matches(@"\[x\] The CRM shows numbers and status\n( {8}.*\n)* {8}.*shows at the opportunity: .*project number 'P-\d+'", page);
        Assert.Matches(@"Goes on, since the CRM \(Salesforce\) .*signature entered", (await CommandRun.RunAsync(["trace", "Fabrikam process review"], environment)).Output);
        var litware = (await CommandRun.RunAsync(["trace", "litware"], environment)).Output;
        Assert.Contains("Rejected by dana.okafor (name as stated by the caller with the hub's token, not proved): "
            + "the margin does not carry the risk. Nothing had been created in other systems.\n", litware, StringComparison.Ordinal);
        Assert.Contains("[ ] Large sales are approved by somebody who did not sell them: rejected", litware, StringComparison.Ordinal);
        Assert.Contains("[ ] The project stands in the PSA: not reached", litware, StringComparison.Ordinal);
        Assert.Contains("hub status 'Rejected'", litware, StringComparison.Ordinal);
        Assert.DoesNotContain("ancelled", litware, StringComparison.Ordinal);
        var (known, _, several) = await CommandRun.RunAsync(["trace", "wingtip"], environment);
        Assert.Equal(Exit.Negative, known);
        Assert.Contains("may mean several things", several, StringComparison.Ordinal);
        Assert.Contains("project codes (P-20001)", (await CommandRun.RunAsync(["trace", "engagement"], environment)).Error, StringComparison.Ordinal);
        Assert.Matches(@"\[x\] Cost centres stand in the ERP\n( {8}.*The ERP \(Tryton\) has the cost centre .*  \[\d+\]\n){3}", page);
        Assert.Matches(@"\[x\] Every billing account is a customer in the ERP\n( {8}.*\n)* {8}.*has the customer Northwind Robotics GmbH", page);
        Assert.Matches(@"CRM \(Salesforce\) +customer +C-\d+ +Northwind Robotics Ltd +0015g", page);
        var plain = (await CommandRun.RunAsync(["trace", "Contoso data platform"], environment)).Output;
        Assert.Contains("[-] Large sales are approved by somebody who did not sell them: nothing to do\n", plain, StringComparison.Ordinal);
        Assert.Contains("[-] Milestones stand in the PSA: nothing to do\n", plain, StringComparison.Ordinal);
        var twice = (await CommandRun.RunAsync(["trace", "0065g0000000006AAA"], environment)).Output;
        Assert.Matches(@"Wingtip .* is the same customer as Wingtip .*: both have the tax id DE\d+\. There is one customer for both\.", twice
            + (await CommandRun.RunAsync(["trace", "0065g0000000005AAA"], environment)).Output);
        Assert.Matches(@"tried to approve and was refused: who asks does not approve\.", page);
        Assert.Matches(@"Settled by itself: the CRM \(Salesforce\) changed the customer Adatum .*: tax id entered: DE",
            (await CommandRun.RunAsync(["trace", "0065g0000000004AAA"], environment)).Output);
        Assert.Contains("project.work", (await CommandRun.RunAsync($"{large} --all", environment)).Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Exports(string text) => Assignments().Matches(text)
        .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);

    [GeneratedRegex(@"\b([A-Z_]{6,})=(\S+)")]
    private static partial Regex Assignments();

    [GeneratedRegex(@"throughline ((?:cases|trace) .*)")]
    private static partial Regex Commands();

    [GeneratedRegex("""(?:"[^"]*"|\S)+""")]
    private static partial Regex Words();
}
