using System.Text;
using Throughline.Server.Api;
using Throughline.Server.Api.Access;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Trace;
using Throughline.Server.Hosting;

namespace Throughline.Server.Console;

/// <summary>The read-only pages and their login form.</summary>
internal static class ConsoleRoutes
{
    private static readonly byte[] Style = ReadStyle();

    public static void Map(WebApplication application, Doors doors, TraceReader traces)
    {
        application.MapGet("/", async (HttpContext context) =>
                await PageAsync(context, 200, await StatusPage.RenderAsync(doors, context.RequestAborted)))
            .WithMetadata(new PageMark());
        application.MapGet("/engagements/{id}", (HttpContext context) => EngagementAsync(context, traces)).WithMetadata(new PageMark());
        var invoices = new InvoiceDoor(doors);
        application.MapGet("/invoices/{**key}", (HttpContext context) => InvoiceAsync(context, invoices)).WithMetadata(new PageMark());
        application.MapGet("/login", (HttpContext context) => PageAsync(context, 200, LoginPage(null))).WithMetadata(new OpenMark());
        application.MapPost("/login", (HttpContext context) => LoginAsync(context, doors.Parts.Token)).WithMetadata(new OpenMark());
        application.MapGet("/style.css", (HttpContext context) =>
        {
            context.Response.ContentType = "text/css; charset=utf-8";
            context.Response.Headers.CacheControl = "max-age=3600";
            return context.Response.Body.WriteAsync(Style).AsTask();
        }).WithMetadata(new OpenMark());
    }

    /// <summary>For a browser at an address where nothing is.</summary>
    public static Task UnknownAsync(HttpContext context) => PageAsync(context, 404, Html.Page("Not found", new Html().Tag("h1", "There is nothing here")
        .Raw("<p>").Text("This hub has no page at this address. ").Link("/", "Go to the status page").Text(".").Raw("</p>").ToString(), refreshes: false));

    private static async Task EngagementAsync(HttpContext context, TraceReader traces)
    {
        var id = context.Route("id");
        var trace = TraceDoor.IsText(id) ? (await traces.ReadAsync(id, context.RequestAborted)).Trace : null;
        trace = trace?.NestedList("engagements").Count > 0 ? trace : null;
        await (trace is null ? PageAsync(context, 404, EngagementPage.RenderUnknown(id)) : PageAsync(context, 200, EngagementPage.Render(trace)));
    }

    private static async Task InvoiceAsync(HttpContext context, InvoiceDoor invoices)
    {
        var (why, problem) = await invoices.ReadWhyAsync(context, context.Route("key"));
        await (why is null ? PageAsync(context, problem!.Status, InvoicePage.RenderUnknown(problem.Detail)) : PageAsync(context, 200, InvoicePage.Render(why)));
    }

    private static async Task LoginAsync(HttpContext context, AccessToken token)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > 4096)
        {
            await PageAsync(context, 400, LoginPage("Send the form of this page."));
            return;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (!token.Matches(form["token"].ToString().Trim()))
        {
            await PageAsync(context, 401, LoginPage("This is not the token of this hub."));
            return;
        }

        context.Response.Cookies.Append(TokenGate.CookieName, token.Cookie,
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true });
        context.Response.Redirect("/");
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    private static Task PageAsync(HttpContext context, int status, string html)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri "
            + "'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(html)).AsTask();
    }

    private static string LoginPage(string? problem)
    {
        var page = new Html().Tag("h1", "Sign in").Raw("<p>")
            .Text($"Paste the token of this hub. It stands in the file '{AccessToken.FileName}' of its data folder.").Raw("</p>");
        if (problem is not null)
        {
            page.Tag("p", problem, "bad");
        }

        page.Raw("<form method=\"post\" action=\"/login\"><label for=\"token\">Token</label><input id=\"token\" name=\"token\" type=\"password\" "
            + "autocomplete=\"off\" required><button>Sign in</button></form>");
        return Html.Page("Sign in", page.ToString(), refreshes: false);
    }

    private static byte[] ReadStyle()
    {
        using var stream = typeof(ConsoleRoutes).Assembly.GetManifestResourceStream("style.css")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
