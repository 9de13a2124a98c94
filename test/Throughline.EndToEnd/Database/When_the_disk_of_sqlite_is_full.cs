using Microsoft.Data.Sqlite;
using Xunit;

namespace Throughline.EndToEnd.Database;

/// <summary>The file system of the data folder is full to the last byte for a while.</summary>
public sealed class When_the_disk_of_sqlite_is_full
{
    [Fact(Skip = SmallDisk.Needed, SkipUnless = nameof(SmallDisk.CanBeMade), SkipType = typeof(SmallDisk))]
    public async Task Should_go_on_by_itself_when_there_is_room_again()
    {
        using var disk = SmallDisk.Make(32);
        await using var all = new HubOnDatabase();
        await all.StartAsync(null, disk.Folder);
        for (var i = 0; i < 2; i++)
        {
            all.Win(2);
            await all.UntilTakenAsync();
            disk.Fill();
            await all.ShouldSayThatTheStoreIsAwayAsync();
            disk.MakeRoom();
            await all.UntilTakenAsync();
        }

        await all.ShouldEndWellAsync(async text =>
        {
            await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = Path.Combine(disk.Folder, "hub.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false,
            }.ToString());
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "select count(*) from envelope where payload like '%' || $text || '%'";
            command.Parameters.AddWithValue("$text", text);
            return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        });
    }
}
