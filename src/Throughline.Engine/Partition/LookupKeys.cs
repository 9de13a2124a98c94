using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>Keys by which records are recognised (tax id) or looked up by people (project code, customer number).</summary>
public static class LookupKeys
{
    private const int IdentityLengthMin = 5;

    /// <summary>
    /// Whether a value can say who somebody is: at least five letters or digits, at least half of them digits and not all zero. What
    /// people type until they know better ("pending", "n/a", "000000000") stands on many records and would make them one for good.
    /// </summary>
    public static bool Identifies(string value)
    {
        var characters = value.Where(char.IsLetterOrDigit).ToArray();
        var digits = characters.Where(char.IsDigit).ToArray();
        return characters.Length >= IdentityLengthMin && digits.Length * 2 >= characters.Length && digits.Any(digit => digit != '0');
    }

    public static void Publish(Turn turn, RecordId id, Fields attributes)
    {
        var schema = EntityCatalog.Find(id.Entity);
        if (schema is null)
        {
            return;
        }

        foreach (var name in schema.IdentityKeys.Concat(schema.LookupKeys))
        {
            if (attributes.Text(name) is { Length: > 0 } value)
            {
                turn.Matches.Add(new MatchRow(turn.State.Key.Scope, id.Entity, value, turn.State.Key.Unit));
            }
        }
    }
}
