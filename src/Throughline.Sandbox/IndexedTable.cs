namespace Throughline.Sandbox;

internal static class IndexedTable
{
    private const int Many = 100;

    /// <summary>Of several sets, in each of which all matches are, the one with the fewest others; where all have many, the first. Null is the set of all.</summary>
    public static IEnumerable<T>? Fewest<T>(IReadOnlyList<IEnumerable<T>?> sets) => sets.OfType<IEnumerable<T>>().MinBy(set => set.Take(Many).Count());
}

/// <summary>
/// The records of one kind: by id, in the order of ids, and by the value of any attribute. An index is made when its attribute is first asked
/// for, and kept from then on; so an answer costs what it finds, however much stands in the sandbox. A record must not change once it is put: a
/// change puts a new one. Callers hold their sandbox's lock.
/// </summary>
/// <param name="ids">The order of ids.</param>
/// <param name="read">The value of an attribute: null, a text, or anything that compares with its own type.</param>
internal sealed class IndexedTable<TId, TRow>(IComparer<TId> ids, Func<TId, TRow, string, object?> read)
    where TId : notnull
    where TRow : class
{
    private readonly SortedDictionary<TId, TRow> _rows = new(ids);
    private readonly Dictionary<string, SortedSet<Entry>> _indexes = new(StringComparer.Ordinal);
    private readonly Order _order = new(ids);

    public IEnumerable<TId> Ids => _rows.Keys;

    public IEnumerable<TRow> Rows => _rows.Values;

    public TRow? Find(TId id) => _rows.GetValueOrDefault(id);

    /// <summary>Keeps a record in place of the one with its id; null removes that.</summary>
    public void Put(TId id, TRow? row)
    {
        var before = Find(id);
        foreach (var (attribute, index) in _indexes)
        {
            var (old, now) = (before is null ? null : read(id, before, attribute), row is null ? null : read(id, row, attribute));
            if (before is not null && row is not null && Equals(old, now))
            {
                continue;
            }

            if (before is not null)
            {
                index.Remove(new Entry(old, id));
            }

            if (row is not null)
            {
                index.Add(new Entry(now, id));
            }
        }

        if (row is null)
        {
            _rows.Remove(id);
        }
        else
        {
            _rows[id] = row;
        }
    }

    /// <summary>The ids of the records that have exactly this value, null included, in the order of ids.</summary>
    public IEnumerable<TId> With(string attribute, object? value) =>
        Index(attribute).GetViewBetween(Entry.Before(value), Entry.After(value)).Select(entry => entry.Id);

    /// <summary>The ids of the records that have this value or a greater one of its type, in the order of values.</summary>
    public IEnumerable<TId> From(string attribute, object value) => Between(attribute, value).Select(entry => entry.Id);

    /// <summary>The ids of the records whose text begins so, in the order of texts.</summary>
    public IEnumerable<TId> Beginning(string attribute, string text) =>
        Between(attribute, text).TakeWhile(entry => ((string)entry.Value!).StartsWith(text, StringComparison.Ordinal)).Select(entry => entry.Id);

    private IEnumerable<Entry> Between(string attribute, object from)
    {
        var index = Index(attribute);
        return index.Count == 0 || _order.Compare(Entry.Before(from), index.Max) > 0 ? []
            : index.GetViewBetween(Entry.Before(from), index.Max).TakeWhile(entry => entry.Value?.GetType() == from.GetType());
    }

    private SortedSet<Entry> Index(string attribute)
    {
        if (!_indexes.TryGetValue(attribute, out var index))
        {
            _indexes[attribute] = index = new(_rows.Select(row => new Entry(read(row.Key, row.Value, attribute), row.Key)), _order);
        }

        return index;
    }

    /// <param name="Side">0 for a record; -1 and 1 for the places before and after all records with the value.</param>
    private readonly record struct Entry(object? Value, TId Id, int Side = 0)
    {
        public static Entry Before(object? value) => new(value, default!, -1);

        public static Entry After(object? value) => new(value, default!, 1);
    }

    private sealed class Order(IComparer<TId> ids) : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => Values(x.Value, y.Value) is not 0 and var byValue ? byValue
            : x.Side != 0 || y.Side != 0 ? x.Side.CompareTo(y.Side)
            : ids.Compare(x.Id, y.Id);

        private static int Values(object? x, object? y) => (x, y) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string a, string b) => string.CompareOrdinal(a, b),
            (IComparable a, _) when a.GetType() == y.GetType() => a.CompareTo(y),
            _ => string.CompareOrdinal(x.GetType().Name, y.GetType().Name),
        };
    }
}
