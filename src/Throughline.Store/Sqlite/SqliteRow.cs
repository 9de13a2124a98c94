using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Throughline.Store.Sqlite;

internal sealed class SqliteRow(SqliteDataReader reader) : Row(reader)
{
    public override Guid Guid(int column) => new((byte[])Reader.GetValue(column), bigEndian: true);

    public override DateTimeOffset Time(int column) => StoredTime.FromMicroseconds(Reader.GetInt64(column));

    public override decimal Decimal(int column) => decimal.Parse(Reader.GetString(column), NumberStyles.Number, CultureInfo.InvariantCulture);
}
