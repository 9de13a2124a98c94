using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

/// <summary>What many records refer to is asked for once in five minutes, and again after a surprise.</summary>
public sealed class When_records_refer_to_the_same_thing : TrytonFixture
{
    private const string LookUp = "model.party.party.search_read";

    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));

    protected override TimeProvider Time => _clock;

    [Fact]
    public async Task Should_ask_once_in_five_minutes()
    {
        await WrittenAsync("P-1");
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = LookUp });

        await WrittenAsync("P-2");
        _clock.Pass(TimeSpan.FromMinutes(5));

        Assert.IsType<Failure.Transient>((await ProjectAsync("P-3", "C-100")).Failure);
    }

    [Fact]
    public async Task Should_ask_again_after_tryton_refused_a_record()
    {
        await WrittenAsync("P-1");
        Assert.IsType<Failure.MissingReference>((await ProjectAsync("P-2", "C-999")).Failure);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = LookUp });

        Assert.IsType<Failure.Transient>((await ProjectAsync("P-3", "C-100")).Failure);
    }

    private async Task WrittenAsync(string code)
    {
        var receipt = await ProjectAsync(code, "C-100");
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
    }

    private Task<Receipt> ProjectAsync(string code, string customer) => WriteAsync(new WriteItem(
        "k" + code, "project.work", WriteOperation.Create, null, Fields.Of(("@code", code)),
        Fields.Of(("name", code + " Depot"), ("type", "project"), ("party", Fields.Of(("find", Fields.Of(("code", customer))))))));
}
