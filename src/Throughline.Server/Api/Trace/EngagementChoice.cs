using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Trace;

/// <summary>The query parameter <c>engagement</c>: anything by which people know one.</summary>
internal sealed class EngagementChoice(Doors doors)
{
    private const int SameIdMax = 10;

    private readonly EngagementFinder _finder = new(doors.Store, doors.Hub.Release);

    /// <summary>Neither where the caller asks for none.</summary>
    public async Task<(Scope? Scope, Problem? Problem)> OfAsync(HttpContext context)
    {
        if (context.Query("engagement") is not { } text)
        {
            return (null, null);
        }

        var (engagements, meant) = TraceDoor.IsText(text) ? await _finder.FindAsync(text, context.RequestAborted) : new Found([], []);
        if (engagements is [var scope])
        {
            var isKnown = !(await doors.Store.LoadScopeAsync(scope, context.RequestAborted)).IsEmpty;
            return isKnown ? (scope, null) : (null, Unknown(text));
        }

        return (null, engagements.IsEmpty && meant.IsEmpty ? Unknown(text.Length > 40 ? text[..40] + "..." : text)
            : Problem.NotFound("several-match", $"'{text}' may mean several engagements; give the opportunity's id of one of them:\n  "
                + string.Join("\n  ", engagements.Select(each => each.Key).Concat(meant).Take(SameIdMax))));
    }

    private static Problem Unknown(string text) => Problem.NotFound("unknown-engagement", $"The hub knows no engagement by '{text}'. {TraceDoor.Kinds}");
}
