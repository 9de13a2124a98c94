using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>
/// What the CRM shows of invoices. Nobody but the hub writes them, and nobody reads them back. Where the CRM knows their key, a second creation changes the first one;
/// else it makes another one.
/// </summary>
internal sealed class CrmInvoices(Crm crm, bool keepsKeys)
{
    public const string Entity = "Hub_Invoice__c";
    public const string Key = "Hub_Key__c";

    private readonly SortedDictionary<string, Fields> _now = new(StringComparer.Ordinal);
    private int _lastId;

    public IEnumerable<Fields> All => _now.Values;

    public Receipt Apply(WriteItem item)
    {
        var id = item.ExternalId;
        if (item.Operation == WriteOperation.Create)
        {
            id = (keepsKeys ? _now.FirstOrDefault(row => row.Value.Text(Key) == item.Fields.Text(Key)).Key : null)
                ?? FormattableString.Invariant($"a0I{++_lastId:00000}");
        }
        else if (id is null || !_now.ContainsKey(id))
        {
            return Receipt.Failed(new Failure.MissingReference($"{Entity} {id} does not exist", id ?? ""));
        }

        if (item.Operation == WriteOperation.Undo)
        {
            _now.Remove(id);
            return Receipt.Done(id);
        }

        var content = (_now.GetValueOrDefault(id) ?? Fields.Empty).Merge(item.Fields);
        if (content.Text("Opportunity__c") is not { } sale || crm.Find(Crm.Opportunity, sale) is null)
        {
            return Receipt.Failed(new Failure.MissingReference("the opportunity does not exist", content.Text("Opportunity__c") ?? ""));
        }

        _now[id] = content;
        return Receipt.Done(id);
    }

    public ImmutableArray<SourceRecord> Look(Fields key) =>
    [
        .. _now.Where(row => key.All(pair => (pair.Key == FindRequest.IdField ? row.Key : row.Value.Text(pair.Key)) == Convert.ToString(pair.Value, CultureInfo.InvariantCulture)))
            .Select(row => new SourceRecord(Entity, row.Key, null, row.Value.With("Id", row.Key))),
    ];
}
