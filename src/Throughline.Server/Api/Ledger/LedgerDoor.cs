using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Trace;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Ledger;

/// <summary><c>/api/v1/ledger</c>: where approved hours and amounts stand, of the whole firm and by engagement.</summary>
internal sealed class LedgerDoor(Doors doors)
{
    private readonly EngagementChoice _engagement = new(doors);

    public async Task GetAsync(HttpContext context)
    {
        var (max, problem) = context.Whole("max", 100, 1, RouteText.PageMax);
        var (scope, unknown) = problem is null ? await _engagement.OfAsync(context) : (null, null);
        if ((problem ?? unknown) is { } wrong)
        {
            await Answer.ProblemAsync(context, wrong);
            return;
        }

        if (scope is { } one)
        {
            var balances = await doors.Store.BalancesAsync(one, context.RequestAborted);
            await Answer.JsonAsync(context, 200, Fields.Of(("totals", LedgerWords.ToFields(balances)), ("engagements", new[] { Engagement(one, balances) }), ("next", null)));
            return;
        }

        var after = context.Query("after") is { Length: > 0 } key ? Scope.Engagement(key) : (Scope?)null;
        var page = (await doors.Store.ListBalancesAsync(after, (int)max, context.RequestAborted)).GroupBy(balance => balance.Scope!.Value).ToArray();
        var totals = await doors.Store.TotalsAsync(context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(
            ("totals", LedgerWords.ToFields(totals)), ("engagements", page.Select(group => Engagement(group.Key, group))),
            ("next", page.Length == max ? page[^1].Key.Key : null)));
    }

    private static Fields Engagement(Scope scope, IEnumerable<LedgerBalance> balances) =>
        Fields.Of(("engagement", scope.Key), ("balances", LedgerWords.ToFields(balances)));
}
