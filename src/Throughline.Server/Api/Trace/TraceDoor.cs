using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Model;
using Throughline.Server.Api.Answers;

namespace Throughline.Server.Api.Trace;

/// <summary><c>GET /api/v1/trace/{id}</c>: an opportunity, a project code, a customer number,
/// any system's id, an entry, a case, a process instance or a name.</summary>
internal static class TraceDoor
{
    private const int IdMax = 200;

    /// <summary>For people who typed something that leads nowhere.</summary>
    public static readonly string Kinds = "Known are ids of opportunities, contracts and records in any system (0065g0000000001AAA), project codes (P-20001), customer numbers "
        + string.Create(CultureInfo.InvariantCulture, $"(C-10001), invoices (P-20001-DE/1, or the ERP's number), ids of entries (the PSA's of the newest), ")
        + string.Create(CultureInfo.InvariantCulture, $"cases and process instances or their first {IdRange.BeginningLengthMin} characters, ")
        + string.Create(CultureInfo.InvariantCulture, $"and names of deals and customers among the newest {EngagementFinder.NamesMax:N0}.");

    public static async Task GetAsync(HttpContext context, TraceReader traces)
    {
        var id = context.Route("id");
        var (trace, meant) = IsText(id) ? await traces.ReadAsync(id, context.RequestAborted) : (null, []);
        await (trace is null ? Answer.ProblemAsync(context, Unknown(id, meant)) : Answer.JsonAsync(context, 200, trace));
    }

    public static bool IsText(string id) => id.Length is > 0 and <= IdMax && !id.Any(char.IsControl);

    private static Problem Unknown(string id, ImmutableArray<string> meant) => meant.IsEmpty
        ? Problem.NotFound("unknown-id", $"The hub knows nothing by '{(id.Length > IdMax ? id[..IdMax] + "..." : id)}'. {Kinds}")
        : Problem.NotFound("several-match", $"'{id}' may mean several things; ask for one of them by its id:\n  {string.Join("\n  ", meant)}") with
        {
            More = Fields.Of(("matches", meant)),
        };
}
