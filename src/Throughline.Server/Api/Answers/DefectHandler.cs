using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Model;
using Throughline.Server.Console;

namespace Throughline.Server.Api.Answers;

/// <summary>
/// The last stop of every request: what is the sender's fault or the store's state becomes its own answer, an answer without a body gets
/// one, and only a defect of this program becomes a 500, with an id that stands in the log.
/// </summary>
internal sealed partial class DefectHandler(TimeProvider time, ILogger<DefectHandler> log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405)
            {
                await (IsBrowser(context.Request) ? ConsoleRoutes.UnknownAsync(context) : Answer.ProblemAsync(context, Unrouted(context)));
            }
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The sender has gone; there is nobody to answer.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await Answer.ProblemAsync(context, Explain(context, e));
        }
    }

    private Problem Explain(HttpContext context, Exception e)
    {
        switch (e)
        {
            case BadHttpRequestException bad:
                return new Problem(bad.StatusCode, bad.StatusCode == 413 ? "body-too-large" : "bad-request", "Bad request", bad.Message);
            case IntakeBusyException:
                return Problem.Busy(e.Message, TimeSpan.FromSeconds(1));
            case StoreUnavailableException:
                LogStoreAway(context.Request.Path, e.Message);
                return new Problem(503, "store-unavailable", "The store cannot commit now",
                    "The hub cannot store anything at the moment, so nothing of this is acknowledged. Send it again later; under the same key it is taken in once.")
                {
                    RetryAfter = TimeSpan.FromSeconds(2),
                };
            default:
                var id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
                LogDefect(e, id, context.Request.Method, context.Request.Path);
                return new Problem(500, "defect", "A defect of the hub",
                    $"The hub made a mistake of its own. It is in the log under {id}; please report it.") { More = Fields.Of(("id", id)) };
        }
    }

    private static bool IsBrowser(HttpRequest request) => HttpMethods.IsGet(request.Method)
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static Problem Unrouted(HttpContext context) => context.Response.StatusCode == 405
        ? new Problem(405, "method-not-allowed", "Method not allowed",
        $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}.")
        : Problem.NotFound("unknown-address",
        $"There is nothing at {context.Request.Path}. The API is below /api/v1, webhooks below /hooks, the status page at /.");

    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "TL2001 defect {Id} in {Method} {Path}")]
    private partial void LogDefect(Exception e, string id, string method, string path);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "TL2002 the store is away; {Path} was answered with 503: {Reason}")]
    private partial void LogStoreAway(string path, string reason);
}
