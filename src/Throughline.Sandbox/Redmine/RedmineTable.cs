using System.Globalization;

namespace Throughline.Sandbox.Redmine;

/// <summary>The records of one kind, by the names that the API gives to their attributes.</summary>
internal sealed class RedmineTable<T>
    where T : RedmineRecord
{
    private readonly IndexedTable<int, T> _table = new(Comparer<int>.Default, (_, record, name) => record.Value(name));

    /// <summary>All of them, in the order of their ids.</summary>
    public IEnumerable<T> All => _table.Rows;

    public T? Find(int? id) => id is { } there ? _table.Find(there) : null;

    /// <summary>By the id as it stands in an address: digits without leading zeros.</summary>
    public T? Find(string id) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole.ToString(CultureInfo.InvariantCulture) == id ? Find(whole) : null;

    /// <summary>Those with a value, in the order of their ids.</summary>
    public List<T> With(string name, object? value) => [.. _table.With(name, value).Select(id => _table.Find(id)!)];

    /// <summary>Those with a text from <paramref name="text"/> on, in the order of the texts.</summary>
    public List<T> From(string name, string text) => [.. _table.From(name, text).Select(id => _table.Find(id)!)];

    public void Put(T record) => _table.Put(record.Id, record);

    public void Remove(T record) => _table.Put(record.Id, null);

    public void RemoveAll(List<T> records) => records.ForEach(Remove);
}
