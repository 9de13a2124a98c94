using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Conformance.Approval;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Server.Api;
using Throughline.Server.Api.Access;
using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;
using Xunit;

namespace Throughline.Tests.House;

/// <summary>What others build against changes only where somebody has read the change: the connector seam, the HTTP API, the files of a landscape.</summary>
public sealed partial class When_a_surface_changes
{
    [Fact]
    public void Should_be_approved_for_the_connector_seam() =>
        Approved.Matches(PublicSurface.Of(typeof(IConnector).Assembly), "connect-surface.approved.txt");

    /// <summary>Every route with who may use it, read from the routing table that the server itself uses.</summary>
    [Fact]
    public async Task Should_be_approved_for_the_http_api()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-routes-");
        try
        {
            var landscape = Composition.ReadLandscape(Path.Combine(SourceTree.Root, "landscapes", "demo"), _ => null).Landscape!;
            using var transport = Composition.Transport();
            var secrets = new SecretResolver(_ => null);
            var parts = new HubServerParts
            {
                Landscape = landscape,
                Store = new MemoryHubStore(),
                Connectors = Composition.Connect(landscape, secrets, transport, TimeProvider.System),
                Token = AccessToken.OpenOrCreate(folder.FullName),
                Secrets = secrets,
                Endpoints = [],
                Logs = NullLoggerFactory.Instance,
            };
            // Never started: only its table is read.
            await using var hub = Composition.BuildHub(parts.Store, parts.Landscape, parts.Connectors, parts.Time, parts.Logs);
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Services.AddRoutingCore();
            builder.WebHost.UseKestrelCore();
            await using var application = builder.Build();
            ApiRoutes.Map(application, new Doors(hub, parts));

            var routes = ((IEndpointRouteBuilder)application).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"])
                    .Select(method => $"{endpoint.RoutePattern.RawText} {method} ({AccessOf(endpoint)})"));
            Approved.Matches(string.Join('\n', routes.Order(StringComparer.Ordinal)), "http-api.approved.txt");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>
    /// The keys that a landscape's files may have, by the reader that takes them. They are read from the source of the readers, which
    /// name each key once: a key that no reader asks for is refused, so what is listed here is what is allowed.
    /// </summary>
    [Fact]
    public void Should_be_approved_for_the_files_of_a_landscape()
    {
        var text = new StringBuilder();
        foreach (var file in SourceTree.CSharp("src/Throughline.Landscape/Reading").OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            var method = "";
            foreach (var line in file.Lines)
            {
                method = Method().Match(line) is { Success: true } head ? head.Groups[1].Value : method;
                foreach (Match key in Key().Matches(line))
                {
                    var required = line[key.Index..].Contains("required: true", StringComparison.Ordinal) || key.Groups[1].Value is "Name" or "EntityOf"
                        ? "" : "?";
                    text.Append($"{Path.GetFileNameWithoutExtension(file.Name)}.{method}: {key.Groups[2].Value}{required}\n");
                }
            }
        }

        var lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        // "Has" only asks whether a key is there; the same key is read beside it, perhaps as a required one.
        Approved.Matches(string.Join('\n', lines.Where(line => !line.EndsWith('?') || !lines.Contains(line[..^1]))), "landscape-schema.approved.txt");
    }

    private static string AccessOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<OpenMark>() is not null ? "open" : endpoint.Metadata.GetMetadata<PageMark>() is not null ? "token or cookie" : "token";

    [GeneratedRegex(@"^    (?:public|private|internal|protected)[^=;]*? (\w+)\(")]
    private static partial Regex Method();

    [GeneratedRegex("""(?:\.|\b)(Name|Text|Scalar|Flag|Whole|Duration|Date|List|Texts|Group|Keys|Node|Has|Take|EntityOf)\((?:\w+, )?"(\w+)"(?!\))?""")]
    private static partial Regex Key();
}
