using Microsoft.Data.Sqlite;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Store.Sqlite;
using Xunit;

namespace Throughline.Tests.Store;

/// <summary>Step 3 of the schema: what stood among the records is found again under its own kind, with every digit.</summary>
public sealed class When_own_state_gets_rows_of_its_own
{
    private static readonly Scope Sale = Scope.Engagement("006B");
    private static readonly CaseId Dropped = Case.UnmappedId("crm", "Opportunity", "006B");

    private static readonly string[] Before =
    [
        "delete from schema_step where number = 3",
        "update schema_minimum set version = 2",
        Row("move/move", """
            {"entity":"move","key":"move","attributes":{"scope":"engagement:006A","payload":{"system":"crm","record":{"amount":1.10,"odd":"a\u0000b 'x'"}},
            "since":"2026-11-20T10:00:00.0000000+00:00","claimed":true},"owner":"hub","versions":{}}
            """),
        Row($"dropped/{Dropped}", """{"entity":"dropped","key":"any","attributes":{},"owner":"hub","versions":{}}"""),
        Row("series/project", """{"entity":"series","key":"project","attributes":{"last":20017},"owner":"hub","versions":{}}"""),
        Row("opportunity/006B", """{"entity":"opportunity","key":"006B","attributes":{"name":"Extension"},"owner":null,"versions":{}}"""),
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_find_it_again_in_sqlite()
    {
        using var folder = new TemporaryFolder();
        await MigrateAsync(SqliteHubStore.Open(folder.Path));
        using (var connection = new SqliteConnection("Pooling=false;Data Source=" + folder.File("hub.db")))
        {
            connection.Open();
            foreach (var sql in Before)
            {
                using var command = connection.CreateCommand();
                command.CommandText = sql;
                command.ExecuteNonQuery();
            }
        }

        Check(await MigrateAsync(SqliteHubStore.Open(folder.Path)));
    }

    [Fact]
    public async Task Should_find_it_again_in_postgres()
    {
        await using var schema = new PostgresSchema();
        await MigrateAsync(schema.Open());
        await schema.ScalarAsync<int>(string.Join("; ", Before) + "; select 1");

        Check(await MigrateAsync(schema.Open()));
    }

    private static async Task<UnitState> MigrateAsync(IHubStore store)
    {
        await using (store)
        {
            await store.MigrateAsync(Stop);
            return UnitRows.Read(new UnitKey(Sale, ""), await store.LoadScopeAsync(Sale, Stop));
        }
    }

    private static void Check(UnitState unit)
    {
        var payload = Fields.Of(("system", "crm"), ("record", Fields.Of(("amount", 1.10m), ("odd", "a\0b 'x'"))));
        Assert.Equal(new Move(Scope.Engagement("006A"), true, payload, new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero)), unit.Move);
        Assert.Equal([Dropped], unit.Dropped);
        Assert.Equal(20_017, Assert.Single(unit.Series, series => series.Key == "project").Value);
        Assert.Equal("opportunity/006B", Assert.Single(unit.Records.Keys).ToString());
    }

    private static string Row(string id, string data) =>
        $"insert into state (scope, unit, kind, id, data) values ('{Sale}', '', 0, '{id}', '{data.ReplaceLineEndings("").Replace("'", "''", StringComparison.Ordinal)}')";
}
