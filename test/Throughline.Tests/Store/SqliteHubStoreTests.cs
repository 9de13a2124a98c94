using System.Globalization;
using Microsoft.Data.Sqlite;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Model;
using Throughline.Store.Sqlite;
using Xunit;

namespace Throughline.Tests.Store;

public sealed class When_a_folder_holds_a_sqlite_store : IDisposable
{
    private static readonly Scope Engagement = Scope.Engagement("alpha");

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Should_keep_a_second_process_off_and_say_which_folder()
    {
        await using var store = SqliteHubStore.Open(_folder.Path);

        var failure = Assert.Throws<StoreUnavailableException>(() => SqliteHubStore.Open(_folder.Path));

        Assert.Contains(_folder.Path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("in use by another", failure.Message, StringComparison.Ordinal);
        await store.DisposeAsync();
        await using var next = SqliteHubStore.Open(_folder.Path);
    }

    [Fact]
    public async Task Should_name_product_version_and_file()
    {
        await using var store = SqliteHubStore.Open(_folder.Path);

        Assert.StartsWith("SQLite 3.", store.Description, StringComparison.Ordinal);
        Assert.EndsWith(_folder.File("hub.db"), store.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_calls_after_it_was_closed()
    {
        var store = await OpenAsync();
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.AppendAsync([Item("k")], Stop));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.CountAsync(Stop));
    }

    [Fact]
    public async Task Should_say_that_nothing_was_acknowledged_when_the_disk_is_full()
    {
        await OpenAndClose();
        await using var store = SqliteHubStore.Open(_folder.Path, pagesMax: 90);
        var accepted = new List<string>();
        StoreUnavailableException? failure = null;
        for (var n = 0; failure is null && n < 1000; n++)
        {
            var key = n.ToString(CultureInfo.InvariantCulture);
            try
            {
                await store.AppendAsync([Item(key, new string('x', 2000))], Stop);
                accepted.Add(key);
            }
            catch (StoreUnavailableException full)
            {
                failure = full;
            }
        }

        Assert.NotNull(failure);
        Assert.Contains(_folder.Path, failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.AppendAsync([Item("more", new string('x', 9000))], Stop));
        Assert.Equal(accepted, await NamesAsync(store));
        await store.DisposeAsync();
        await using var again = await OpenAsync();
        Assert.Equal(accepted, await NamesAsync(again));
        Assert.Equal(IntakeOutcome.Accepted, (await again.AppendAsync([Item("more")], Stop))[0].Outcome);
    }

    [Fact]
    public async Task Should_hold_everything_acknowledged_in_whatever_a_crash_leaves()
    {
        await using var store = await OpenAsync();
        using var copies = new TemporaryFolder();
        var acknowledged = 0;
        var writer = Task.Run(async () =>
        {
            for (var n = 0; n < 300; n++)
            {
                await store.AppendAsync([Item($"{n}a"), Item($"{n}b")], Stop);
                Volatile.Write(ref acknowledged, n + 1);
            }
        }, Stop);

        // What the files hold at any moment is what a killed process leaves. The log is copied first: it only grows between checkpoints,
        // and none happens in this few commits.
        for (var copy = 0; copy < 5; copy++)
        {
            while (Volatile.Read(ref acknowledged) < (copy * 50) + 10 && !writer.IsCompleted)
            {
                await Task.Yield();
            }

            var folder = Directory.CreateDirectory(copies.File(copy.ToString(CultureInfo.InvariantCulture))).FullName;
            var least = Volatile.Read(ref acknowledged);
            File.Copy(_folder.File("hub.db-wal"), Path.Combine(folder, "hub.db-wal"));
            File.Copy(_folder.File("hub.db"), Path.Combine(folder, "hub.db"));
            await using var found = SqliteHubStore.Open(folder);
            await found.MigrateAsync(Stop);
            var names = await NamesAsync(found);
            Assert.True(names.Count >= least * 2, $"{least} calls were acknowledged, {names.Count} envelopes are there");
            Assert.Equal(Enumerable.Range(0, names.Count / 2).SelectMany(n => new[] { $"{n}a", $"{n}b" }), names);
        }

        await writer;
    }

    [Fact]
    public async Task Should_refuse_a_schema_that_is_newer_than_this_program()
    {
        await OpenAndClose();
        Execute("update schema_minimum set version = 99");
        await using var store = SqliteHubStore.Open(_folder.Path);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => store.MigrateAsync(Stop));

        Assert.Contains("newer Throughline", failure.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_live_with_a_newer_step_that_says_it_works_with_this_program()
    {
        await OpenAndClose();
        Execute("insert into schema_step (number, name, checksum) values (99, '0099-expand.sql', 'x')");

        await using var store = await OpenAsync();

        Assert.Equal(IntakeOutcome.Accepted, (await store.AppendAsync([Item("k")], Stop))[0].Outcome);
    }

    [Fact]
    public async Task Should_refuse_a_schema_that_was_made_by_another_text()
    {
        await OpenAndClose();
        Execute("update schema_step set checksum = 'changed'");
        await using var store = SqliteHubStore.Open(_folder.Path);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => store.MigrateAsync(Stop));

        Assert.Contains("0001-first.sql", failure.Message, StringComparison.Ordinal);
    }

    private static IntakeItem Item(string key, string text = "") => new(
        "crm", "Opportunity", key, null,
        new NewEnvelope(
            new EnvelopeId(CommandId.Derive(key).Value), Engagement, "", EnvelopeKind.SourceRecord, Fields.Of(("name", key), ("text", text)),
            Engagement.ToString(), null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));

    private static async Task<List<string>> NamesAsync(SqliteHubStore store) =>
        [.. (await store.ReadEnvelopesAsync(Engagement.Partition, 10_000, Stop)).Select(envelope => envelope.Payload.Text("name")!)];

    private async Task<SqliteHubStore> OpenAsync()
    {
        var store = SqliteHubStore.Open(_folder.Path);
        await store.MigrateAsync(Stop);
        return store;
    }

    private async Task OpenAndClose() => await (await OpenAsync()).DisposeAsync();

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection("Pooling=false;Data Source=" + _folder.File("hub.db"));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
