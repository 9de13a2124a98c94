using Npgsql;

namespace Throughline.Store.Postgres;

internal sealed class PostgresRow(NpgsqlDataReader reader) : Row(reader)
{
    public override Guid Guid(int column) => Reader.GetGuid(column);

    public override DateTimeOffset Time(int column) => Reader.GetFieldValue<DateTimeOffset>(column);

    public override decimal Decimal(int column) => Reader.GetDecimal(column);
}
