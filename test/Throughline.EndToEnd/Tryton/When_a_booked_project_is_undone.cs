using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Connectors.Tryton;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Tryton;

[Collection("tryton")]
public sealed class When_a_booked_project_is_undone
{
    [Fact]
    public async Task Should_stay_closed_without_timesheets_and_be_gone_for_its_code()
    {
        await using var host = new TrytonRealHost();
        await host.StartAsync();
        using var transport = new SocketsHttpHandler { UseCookies = false };
        var configuration = Fields.Of(("url", host.Address.GetLeftPart(UriPartial.Authority)), ("database", host.Database), ("user", host.User));
        await using var connector = new TrytonKind().Create(new ConnectorContext("erp", configuration, _ => host.Password, transport, TimeProvider.System));
        var code = "U" + Guid.CreateVersion7().ToString("N")[20..];
        var created = await WriteAsync(connector, new WriteItem(code, "project.work", WriteOperation.Create, null, Fields.Of(("@code", code)), Fields.Of(
            ("name", code + " Depot"), ("type", "project"), ("children", new[] { Fields.Of(("name", "Discovery"), ("timesheet_available", true)),
                Fields.Of(("name", "Build")) }))));
        var changed = await WriteAsync(connector, new WriteItem(code, "project.work", WriteOperation.Update, created.ExternalId, null, Fields.Of(
            ("children", new[] { Fields.Of(("name", "Build"), ("timesheet_available", true)), Fields.Of(("name", "Training")) }))));
        Assert.Equal(["Build", "Discovery", "Training"], changed.Answer.Nested("tasks")!.Keys.Order(StringComparer.Ordinal));
        var line = await WriteAsync(connector, new WriteItem(code, "timesheet.line", WriteOperation.Create, null, Fields.Of(("uuid", code)), Fields.Of(
            ("employee", Fields.Of(("find", Fields.Of(("party.code", "E-001"))))), ("work", changed.Answer.Nested("timesheets")!.Get("Build")),
                ("date", "2026-11-02"), ("duration", 3600))));

        var undone = await WriteAsync(connector, new WriteItem(code, "project.work", WriteOperation.Undo, created.ExternalId, null, Fields.Empty));
        Assert.Equal("closed", undone.Answer.Text("undone"));
        Assert.Empty(await connector.FindAsync(new FindRequest("project.work", Fields.Of(("@code", code))), default));
        var names = new JsonArray("name", "status.name", "timesheet_end_date");
        var rows = (JsonArray)(await host.Raw.CallAsync("model.project.work.search_read",
            new JsonArray(new JsonArray("parent", "child_of", new JsonArray(Id(created)))), 0, null, null, names))!;
        Assert.All(rows, row => Assert.Equal("Done", (string?)row!["status."]!["name"]));
        Assert.Contains(rows, row => (string?)row!["name"] == $"Cancelled: {code} Depot");
        Assert.Equal(2, rows.Count(row => row!["timesheet_end_date"] is JsonObject));

        Assert.Equal("deleted", (await WriteAsync(connector, new WriteItem(code, "timesheet.line", WriteOperation.Undo, line.ExternalId, null,
            Fields.Empty))).Answer.Text("undone"));
        Assert.Equal("deleted", (await WriteAsync(connector, new WriteItem(code, "project.work", WriteOperation.Undo, created.ExternalId, null,
            Fields.Empty))).Answer.Text("undone"));
    }

    private static async Task<Receipt> WriteAsync(IConnector connector, WriteItem item)
    {
        var receipt = Assert.Single(await connector.WriteAsync([item], default));
        Assert.True(receipt.IsDone, $"{item.Operation} of {item.Entity}: {receipt.Failure?.Message} {receipt.Failure?.Evidence}");
        return receipt;
    }

    private static long Id(Receipt receipt) => long.Parse(receipt.ExternalId!, System.Globalization.CultureInfo.InvariantCulture);
}
