using System.Diagnostics;
using System.Runtime.CompilerServices;
using Throughline.Model;
using Throughline.Sandbox.Salesforce;
using Xunit;

namespace Throughline.Tests.Sandbox.Salesforce;

/// <summary>A client that is not ours (npm jsforce) uses the sandbox as it would use Salesforce. Needs node and, once, the npm registry.</summary>
public sealed class When_jsforce_drives_the_sandbox
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_sign_in_read_write_and_see_the_documented_answers()
    {
        await using var sandbox = new SalesforceSandbox();
        sandbox.Knobs.PageSize = 200;
        await sandbox.StartAsync();
        var folder = Path.Combine(Root(), "jsforce");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "jsforce")))
        {
            await RunAsync("npm", folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        }

        var seen = Fields.Parse(await RunAsync("node", folder, "drive.mjs", sandbox.Address.ToString().TrimEnd('/')));

        Assert.Equal(SalesforceSandbox.OrganizationId, seen.Text("organization"));
        Assert.Equal("Søren & Çağ 株式会社", seen.Text("read"));
        Assert.True(seen.Flag("created") & seen.Flag("updated") & seen.Flag("described") & seen.Flag("destroyedOne"));
        Assert.Equal(Fields.Of(("first", true), ("second", false), ("same", true)), seen.Nested("upsert"));
        Assert.Equal(450L, seen.Get("collection"));
        Assert.Equal([true, false], seen.NestedList("partial").Select(item => item.Flag("success")!.Value));
        Assert.Equal("REQUIRED_FIELD_MISSING", seen.NestedList("partial")[1].List("errors").Single());
        Assert.Equal(3L, seen.Get("changed"));
        Assert.Equal([false, true], seen.List("upserts"));
        Assert.Equal(Fields.Of(("total", 450), ("rows", 450), ("pages", 3)), seen.Nested("paging"));
        Assert.Equal(Fields.Of(("won", true), ("amount", 1605), ("account", "Søren & Çağ 株式会社"), ("lines", new[] { 1205, 400 })), seen.Nested("deal"));
        Assert.Equal([201L, 201L], seen.List("composite"));
        Assert.Equal(5L, seen.Get("destroyed"));
        Assert.Equal(444L, seen.Get("left"));
        Assert.Equal(6L, seen.Get("withDeleted"));
        Assert.Equal(100_000L, seen.Get("limit"));
        Assert.Equal("INVALID_FIELD", seen.Text("error"));
        Assert.Equal("DUPLICATE_VALUE", seen.Text("duplicate"));
        Assert.Contains(sandbox.All("Account"), account => account.Text("Hub_Key__c") == "acc/1" && account.Text("BillingCountry") == "Denmark");
    }

    // test/, found from this file: test/Throughline.Tests/Sandbox/Salesforce/.
    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    private static async Task<string> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        using var patience = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {arguments[0]} did not finish within {Patience.TotalMinutes} minutes");
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed: {await errors}{await output}");
        return await output;
    }
}
