using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// What a system was told to show at a record of its own (the CRM at its opportunity: numbers and status): of each write the values that
/// differ from those of the write before.
/// </summary>
internal sealed class ShownValues
{
    private readonly Dictionary<string, Command> _byReceipt;
    private readonly Dictionary<string, Fields> _shown = new(StringComparer.Ordinal);

    private readonly PlainWords _words;

    public ShownValues(IEnumerable<Command> commands, PlainWords words)
    {
        _words = words;
        _byReceipt = commands.DistinctBy(command => command.Id).ToDictionary(command => ReceiptOf(command.Id), StringComparer.Ordinal);
    }

    /// <summary>"project number P-20001, hub status Active"; empty where nothing new is shown, null where the entry tells of no such write.</summary>
    /// <remarks>To be asked in the order in which it happened.</remarks>
    public string? Of(LineageEntry entry)
    {
        if (entry.Kind != "done" || entry.Cause is null || !_byReceipt.TryGetValue(entry.Cause, out var command))
        {
            return null;
        }

        var before = _shown.GetValueOrDefault(command.Target) ?? Fields.Empty;
        _shown[command.Target] = before.Merge(command.Item.Fields);
        return string.Join(", ", command.Item.Fields.Where(field => !Equals(field.Value, before.Get(field.Key)) && Text(field.Value) is not null)
            .Select(field => $"{_words.Field(command.System, field.Key)} {Text(field.Value)}"));
    }

    /// <summary>A receipt's envelope has an id that is made of the command's.</summary>
    public static string ReceiptOf(CommandId id) => new EnvelopeId(CommandId.Derive(id.ToString(), "receipt").Value).ToString();

    private static string? Text(object? value) => value switch
    {
        string { Length: > 0 } text => $"'{text}'",
        bool or long or decimal => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
