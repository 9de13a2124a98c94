using Throughline.Connect;
using Throughline.Connectors.Tryton;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Tryton;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

/// <summary>Posting wants a session that was used within five minutes; a hub that has nothing to do for a night has none.</summary>
public sealed class When_a_session_was_idle
{
    [Fact]
    public async Task Should_sign_in_again_and_post()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));
        await using var sandbox = new TrytonSandbox(clock);
        await sandbox.StartAsync();
        using var transport = new SocketsHttpHandler { UseCookies = false };
        var configuration = Fields.Of(("url", sandbox.Address.GetLeftPart(UriPartial.Authority)), ("database", TrytonSandbox.Database), ("user", TrytonSandbox.User));
        await using var connector = new TrytonKind().Create(new ConnectorContext("erp", configuration, _ => TrytonSandbox.Password, transport, clock));
        var created = await WriteAsync(connector, new WriteItem("k", "account.invoice", WriteOperation.Create, null, null, Fields.Of(
            ("reference", "R/1"), ("party", Fields.Of(("find", Fields.Of(("code", "C-100"))))))));
        sandbox.Faults.Add(new Fault { Kind = FaultKind.Latency, BodyContains = "common.db.login" });

        // The read that comes first is answered and does not make the session fresh again.
        clock.Pass(TimeSpan.FromMinutes(6));
        var posted = await WriteAsync(connector, new WriteItem("u", "account.invoice", WriteOperation.Update, created.ExternalId, null,
            Fields.Of(("state", "posted"))));

        Assert.Equal("2026-00001", posted.Answer.Text("number"));
        Assert.Single(sandbox.Faults.Requests, request => request.Fault is not null);
    }

    private static async Task<Receipt> WriteAsync(IConnector connector, WriteItem item)
    {
        var receipt = Assert.Single(await connector.WriteAsync([item], default));
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
        return receipt;
    }
}
