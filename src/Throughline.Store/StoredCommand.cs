using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>The parts of commands and cases that are kept as one JSON text, because nothing is searched by them.</summary>
internal static class StoredCommand
{
    public static string Item(Command command) => (command.IsBatch ? Content(command.Item).With("lines", command.Lines.Select(Content).ToArray()) : Content(command.Item)).ToJson();

    private static Fields Content(WriteItem item) => Fields.Of(
        ("idempotencyKey", item.IdempotencyKey),
        ("entity", item.Entity),
        ("operation", item.Operation.ToString()),
        ("externalId", item.ExternalId),
        ("find", item.Find),
        ("fields", item.Fields),
        ("expectedVersion", item.ExpectedVersion));

    public static (WriteItem Item, ImmutableArray<WriteItem> Lines) Item(string json)
    {
        var item = Fields.Parse(json);
        return (Item(item), [.. item.NestedList("lines").Select(Item)]);
    }

    private static WriteItem Item(Fields item) => new(
        item.Text("idempotencyKey")!,
        item.Text("entity")!,
        Enum.Parse<WriteOperation>(item.Text("operation")!),
        item.Text("externalId"),
        item.Nested("find"),
        item.Nested("fields")!,
        item.Text("expectedVersion"));

    public static string Adopt(ImmutableArray<Fields> keys) => Fields.Of(("keys", keys.ToArray())).ToJson();

    public static ImmutableArray<Fields> Adopt(string json) => [.. Fields.Parse(json).NestedList("keys")];

    public static string Actions(ImmutableArray<CaseAction> actions) => string.Join(' ', actions);

    public static ImmutableArray<CaseAction> Actions(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<CaseAction>)];
}
