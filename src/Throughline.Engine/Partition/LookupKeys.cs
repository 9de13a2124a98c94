using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>Keys by which records are recognised (tax id) or looked up by people (project code, customer number).</summary>
public static class LookupKeys
{
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
