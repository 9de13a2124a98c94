using System.Net;
using System.Text;
using Throughline.Model;

namespace Throughline.Tests.Server.Cli;

/// <summary>Answers lists of cases in small pages, whose ids can be chosen.</summary>
internal sealed class PagedHub : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("throughline-test-");
    private readonly string _address;

    public PagedHub(string[][] pages)
    {
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        File.WriteAllText(Path.Combine(_folder.FullName, "token"), "tl_0123456789012345678901234567890");
        _listener.Prefixes.Add(_address);
        _listener.Start();
        _ = AnswerAsync(pages);
    }

    public Task<(int Exit, string Output, string Error)> RunAsync(string line) => CommandRun.RunAsync($"{line} --url {_address} --data {_folder.FullName}");

    public void Dispose()
    {
        _listener.Close();
        _folder.Delete(recursive: true);
    }

    private async Task AnswerAsync(string[][] pages)
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var after = context.Request.QueryString["after"] ?? "";
                var page = after.Length == 0 ? 0 : Array.FindIndex(pages, ids => ids[^1] == after) + 1;
                var body = Fields.Of(("cases", pages[page].Select(id => Fields.Of(("id", id), ("queue", "pmo"), ("subject", "A deal"), ("status", "open")))),
                    ("next", page + 1 < pages.Length ? pages[page][^1] : null));
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body.ToJson()));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
