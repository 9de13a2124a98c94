using System.Data.Common;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>One row of a result. The dialects differ only in how they keep ids, times and decimals.</summary>
internal abstract class Row(DbDataReader reader)
{
    protected DbDataReader Reader { get; } = reader;

    public abstract Guid Guid(int column);

    public abstract DateTimeOffset Time(int column);

    public abstract decimal Decimal(int column);

    public bool IsNull(int column) => Reader.IsDBNull(column);

    public string Text(int column) => Reader.GetString(column);

    public string? TextOrNull(int column) => IsNull(column) ? null : Reader.GetString(column);

    public long Long(int column) => Reader.GetInt64(column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public int Int(int column) => Reader.GetInt32(column);

    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public Scope Scope(int column) => Model.Scope.Parse(Text(column));

    public Fields Fields(int column) => Model.Fields.Parse(Text(column));
}
