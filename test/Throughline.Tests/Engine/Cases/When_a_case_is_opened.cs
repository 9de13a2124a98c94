using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Cases;

public sealed class When_a_case_is_opened
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Should_be_open_from_now_overdue_after_a_day_and_closed_by_nobody()
    {
        var id = CaseId.Derive("one");
        var unit = new UnitKey(Scope.Engagement("006A"), "");
        var words = new CaseWords("pmo", "what is wrong", "what to do", Money.Of(5m, "EUR"));
        var item = Case.Opened(id, unit, "engagement:006A", "move", "Rollout", words, [CaseAction.Retry], Now);

        Assert.Equal((id, unit, "engagement:006A", "move", "Rollout"), (item.Id, item.Unit, item.CorrelationId, item.Kind, item.Subject));
        Assert.Equal(("pmo", "what is wrong", "what to do", Money.Of(5m, "EUR")), (item.Queue, item.Says, item.Remedy, item.Amount!.Value));
        Assert.Equal((CaseStatus.Open, Now, Now.AddDays(1)), (item.Status, item.OpenedAt, item.DueAt));
        Assert.Equal([CaseAction.Retry], item.Actions);
        Assert.Null(item.ClosedAt);
        Assert.Equal((null, null, null, null, null), (item.ClosedBy, item.Reason, item.Instance, item.Step, item.NotBy));
    }
}
