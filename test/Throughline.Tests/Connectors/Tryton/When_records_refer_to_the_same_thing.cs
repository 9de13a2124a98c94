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

        Assert.IsType<Failure.Transient>((await ProjectAsync("P-3", Find("C-100"))).Failure);
    }

    [Fact]
    public async Task Should_ask_again_after_tryton_said_that_an_id_is_absent()
    {
        await WrittenAsync("P-1");
        Assert.IsType<Failure.MissingReference>((await ProjectAsync("P-2", 987_654L)).Failure);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = LookUp });

        Assert.IsType<Failure.Transient>((await ProjectAsync("P-3", Find("C-100"))).Failure);
    }

    [Fact]
    public async Task Should_ask_again_after_tryton_refused_the_content()
    {
        await WrittenAsync("P-1");
        Assert.IsType<Failure.Validation>((await ProjectAsync("P-2", true)).Failure);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = LookUp });

        Assert.IsType<Failure.Transient>((await ProjectAsync("P-3", Find("C-100"))).Failure);
    }

    [Fact]
    public async Task Should_keep_what_was_read_while_a_record_waits_for_one_that_is_not_there()
    {
        await WrittenAsync("P-1");
        Assert.IsType<Failure.MissingReference>((await ProjectAsync("P-2", Find("C-999"))).Failure);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = LookUp });
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, BodyContains = "fields_get" });

        await WrittenAsync("P-3");
    }

    [Fact]
    public async Task Should_tell_look_ups_apart_that_read_alike()
    {
        var both = await ProjectAsync("P-1", Fields.Of(("find", Fields.Of(("code", "C-100"), ("name", "Contoso Rail")))));
        Assert.True(both.IsDone, both.Failure?.Message);

        Assert.IsType<Failure.MissingReference>((await ProjectAsync("P-2", Find("C-100 and name Contoso Rail"))).Failure);
    }

    [Fact]
    public async Task Should_tell_a_number_from_its_text()
    {
        Assert.True((await ProjectAsync("P-1", Fields.Of(("find", Fields.Of(("id", 1L)))))).IsDone);

        Assert.IsType<Failure.Validation>((await ProjectAsync("P-2", Fields.Of(("find", Fields.Of(("id", "1")))))).Failure);
    }

    private async Task WrittenAsync(string code)
    {
        var receipt = await ProjectAsync(code, Find("C-100"));
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
    }

    private Task<Receipt> ProjectAsync(string code, object customer) => WriteAsync(new WriteItem(
        "k" + code, "project.work", WriteOperation.Create, null, Fields.Of(("@code", code)),
        Fields.Of(("name", code + " Depot"), ("type", "project"), ("party", customer))));

    private static Fields Find(string code) => Fields.Of(("find", Fields.Of(("code", code))));
}
