using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Tryton;

/// <summary>The HTML pages that the real server's web layer (Werkzeug) answers instead of JSON.</summary>
internal static class TrytonPages
{
    public static async Task WriteAsync(HttpContext context, int status)
    {
        var (title, text) = status switch
        {
            400 => ("Bad Request", "The browser (or proxy) sent a request that this server could not understand."),
            401 => ("Unauthorized", "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong "
                + "credentials (e.g. a bad password), "
                + "or your browser doesn&#39;t understand how to supply the credentials required."),
            403 => ("Forbidden", "You don&#39;t have the permission to access the requested resource. It is either read-protected or not readable by "
                + "the server."),
            404 => ("Not Found", "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."),
            405 => ("Method Not Allowed", "The method is not allowed for the requested URL."),
            429 => ("Too Many Requests", "This user has exceeded an allotted request count. Try again later."),
            _ => ("Internal Server Error", "Value after * must be an iterable, not NoneType"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync($"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n",
            context.RequestAborted);
    }
}
