using System.Text.Json.Nodes;
using System.Net.Http.Json;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;
using Xunit;

namespace Throughline.Tests.Sandbox;

public sealed class When_ids_begin_somewhere_else
{
    private const int First = 62 * 62;

    [Fact]
    public async Task Should_number_new_records_from_there_and_what_is_always_there_from_one()
    {
        await using var crm = new SalesforceSandbox(firstId: First);
        Assert.StartsWith("0055g0000000001", crm.All("User")[0].Text("Id"), StringComparison.Ordinal);
        Assert.StartsWith("0015g0000000100", crm.Insert("Account", Fields.Of(("Name", "Aster"))), StringComparison.Ordinal);
        Assert.StartsWith("0015g0000000101", crm.Insert("Account", Fields.Of(("Name", "Birch"))), StringComparison.Ordinal);
        await using var erp = new TrytonSandbox(firstId: First);
        Assert.Equal(1, erp.Records("company.company")[0]!["id"]!.GetValue<long>());
        Assert.Equal(First, erp.Insert("party.party", new JsonObject { ["name"] = "Aster" }));
        Assert.Equal(First + 1, erp.Insert("party.party", new JsonObject { ["name"] = "Birch" }));
        await using var psa = new RedmineSandbox(firstId: First);
        await psa.StartAsync();
        using var http = new HttpClient { BaseAddress = psa.Address };
        using var made = await http.PostAsJsonAsync("/_sandbox/records/projects", new JsonObject { ["project"] = new JsonObject { ["name"] = "Aster", ["identifier"] = "aster" } });
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        Assert.Equal(First, Assert.Single(psa.Records("projects"))["id"]!.GetValue<int>());
    }

    [Fact]
    public void Should_leave_room_between_two_starts_and_stay_within_what_every_system_can_count()
    {
        var start = new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
        Assert.Equal(10, FirstIds.At(start.AddSeconds(1)) - FirstIds.At(start));
        Assert.InRange(FirstIds.At(start.AddYears(70)), 1, FirstIds.Max);
        Assert.InRange(FirstIds.At(start.AddYears(-70)), 1, FirstIds.Max);
    }
}
