using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Processes;

/// <summary><c>GET /api/v1/processes</c>: what runs here, as definition, diagram and text.</summary>
internal static class ProcessDoor
{
    public static Task GetAsync(HttpContext context, Doors doors) => Answer.JsonAsync(context, 200, Fields.Of(
        ("processes", doors.Landscape.Processes.Values.OrderBy(definition => definition.Name, StringComparer.Ordinal).Select(ToFields))));

    public static Fields ToFields(ProcessDefinition definition) => Fields.Of(
        ("name", definition.Name), ("version", definition.Version), ("title", definition.Title), ("purpose", definition.Purpose.Trim()),
            ("owner", definition.Owner),
        ("subject", definition.Subject), ("mermaid", ProcessDiagram.Mermaid(definition)), ("text", ProcessText.Markdown(definition)),
            ("definition", definition.Text));
}
