using System.Collections.Frozen;
using Throughline.Landscape.Files;
using Throughline.Model;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>values/*.yaml</c> (value maps) and <c>templates/*.yaml</c> (work breakdown structures).</summary>
internal static class TableReader
{
    public static void ReadValueMap(Node node, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the value map", draft.Problems) is not { } keys)
        {
            return;
        }

        var name = keys.Name("map");
        draft.Declared.Add((NameKind.ValueMap, name ?? ""));
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var member in keys.Group("values", required: true)?.Members ?? [])
        {
            values[member.Name] = member.Node.Value;
        }

        // Null is a value here: "otherwise: null" clears, where leaving it out refuses.
        var hasOtherwise = keys.Has("otherwise");
        var otherwise = ((MapNode)node).Member("otherwise")?.Node.Value;
        keys.Done();
        if (name is not null)
        {
            var map = new ValueMap(name, values.ToFrozenDictionary(StringComparer.Ordinal), otherwise, hasOtherwise);
            draft.Add(draft.ValueMaps, "value map", name, keys.PlaceOf("map"), (map, keys.PlaceOf("map")), entry => entry.Item2);
        }
    }

    public static void ReadTemplate(Node node, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the template", draft.Problems) is not { } keys)
        {
            return;
        }

        var name = keys.Name("template");
        var sums = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var item in keys.List("tasks", required: true))
        {
            ReadTask(item, sums, draft);
        }

        keys.Done();
        foreach (var (billing, sum) in sums.Where(pair => pair.Value != 1m))
        {
            draft.Problems.Error(
                keys.PlaceOf("tasks"), "template-shares", $"the shares of the tasks{(billing.Length > 0 ? $" for {billing}" : "")} add up to {sum} and not"
                    + " to 1; hours would be lost or doubled");
        }

        if (name is not null)
        {
            var fields = ((Fields)node.Value!).Without("template");
            draft.Add(draft.Templates, "template", name, keys.PlaceOf("template"), (fields, keys.PlaceOf("template")), entry => entry.Item2);
        }
    }

    private static void ReadTask(Node item, Dictionary<string, decimal> sums, Draft draft)
    {
        if (KeyReader.Of(item, item.Place, "a task of the template", draft.Problems) is not { } task)
        {
            return;
        }

        task.Text("name", required: true);
        task.Text("role");
        task.Flag("billable", true);
        var billing = task.Text("billing") ?? "";
        var share = task.Scalar("share", required: true)?.Value;
        task.Done();
        if (share is long or decimal && Convert.ToDecimal(share, System.Globalization.CultureInfo.InvariantCulture) is >= 0m and <= 1m and var part)
        {
            sums[billing] = sums.GetValueOrDefault(billing) + part;
        }
        else if (share is not null)
        {
            draft.Problems.Error(task.PlaceOf("share"), "wrong-type", "'share' must be a number from 0 to 1");
        }
    }
}
