using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Tryton;

/// <summary>
/// Where people and tests act on the sandbox without its protocol: <c>/_sandbox/records/{model}</c> shows and makes records,
/// <c>/_sandbox/tryton/pay?invoice=&lt;id&gt;&amp;amount=&lt;n&gt;</c> is a customer who pays (all that is due, without an amount),
/// <c>/_sandbox/tryton/unpay?invoice=&lt;id&gt;</c> takes the last payment back, <c>/_sandbox/tryton/writeoff?invoice=&lt;id&gt;</c> gives up what is still due;
/// the rest of <c>/_sandbox/tryton/</c> strikes faults.
/// </summary>
internal static class TrytonDoors
{
    public static void Map(WebApplication application, TrytonSandbox sandbox)
    {
        application.Map("/_sandbox/records/{model}", (HttpContext context, string model) => RecordsAsync(sandbox, context, model));
        application.MapPost("/_sandbox/tryton/{knob}", (HttpContext context, string knob) => KnobAsync(sandbox, context, knob));
    }

    private static async Task RecordsAsync(TrytonSandbox sandbox, HttpContext context, string model)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.WriteAsJsonAsync(sandbox.Records(model), context.RequestAborted);
            return;
        }

        try
        {
            var values = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
            await context.Response.WriteAsJsonAsync(new { id = sandbox.Insert(model, values) }, context.RequestAborted);
        }
        catch (TrytonError e)
        {
            await RefuseAsync(context, e.Error.ToJsonString());
        }
    }

    private static async Task KnobAsync(TrytonSandbox sandbox, HttpContext context, string knob)
    {
        var query = context.Request.Query;
        var times = int.TryParse(query["times"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1;
        switch (knob)
        {
            case "pay" or "unpay" or "writeoff": await PayAsync(sandbox, context, knob); return;
            case "expire-sessions": sandbox.ExpireSessions(); break;
            case "concurrency": sandbox.FailNextWritesWithConcurrency(times); break;
            case "serialization": sandbox.FailNextWritesWithSerialization(times); break;
            case "warning": sandbox.WarnOnNextWrites(times); break;
            case "rename": sandbox.RenameField(query["model"]!, query["field"]!, query["to"]!); break;
            default: context.Response.StatusCode = 404; return;
        }

        context.Response.StatusCode = 204;
        await context.Response.CompleteAsync();
    }

    private static async Task PayAsync(TrytonSandbox sandbox, HttpContext context, string knob)
    {
        string? invoice = context.Request.Query["invoice"], amount = context.Request.Query["amount"];
        var paid = 0m;
        if (!long.TryParse(invoice, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || (amount is not null && (knob != "pay" || !decimal.TryParse(amount, NumberStyles.Number, CultureInfo.InvariantCulture, out paid))))
        {
            await RefuseAsync(context, knob == "pay" ? "pay needs invoice=<id>, and may say amount=<number>; without an amount all that is due is paid"
                : $"{knob} needs invoice=<id> and nothing else");
            return;
        }

        try
        {
            switch (knob)
            {
                case "pay": sandbox.Pay(id, amount is null ? null : paid); break;
                case "unpay": sandbox.Unpay(id); break;
                default: sandbox.WriteOff(id); break;
            }

            context.Response.StatusCode = 204;
            await context.Response.CompleteAsync();
        }
        catch (TrytonError e)
        {
            await RefuseAsync(context, e.Message);
        }
    }

    private static Task RefuseAsync(HttpContext context, string text)
    {
        context.Response.StatusCode = 400;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
