using Throughline.Server.Api.Answers;

namespace Throughline.Server.Api.Trace;

/// <summary><c>GET /api/v1/trace/{id}</c>: an opportunity, project code, customer number, any system's id, or a case.</summary>
internal static class TraceDoor
{
    private const int IdMax = 200;

    public static async Task GetAsync(HttpContext context, TraceReader traces)
    {
        var id = context.Route("id");
        var trace = id.Length > IdMax || id.Any(char.IsControl) ? null : await traces.ReadAsync(id, context.RequestAborted);
        await (trace is null ? Answer.ProblemAsync(context, Unknown) : Answer.JsonAsync(context, 200, trace));
    }

    private static Problem Unknown { get; } = Problem.NotFound(
        "unknown-id", "The hub knows no engagement by this id. It takes ids of opportunities, contracts and target records, project codes, customer "
            + "numbers and case ids.");
}
