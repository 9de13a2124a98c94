using Npgsql;
using Throughline.Engine;
using Throughline.Store;
using Throughline.Store.Postgres;
using Xunit;

namespace Throughline.Tests.Store;

public sealed class When_a_postgres_store_is_used : IAsyncDisposable
{
    private readonly PostgresSchema _schema = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _schema.DisposeAsync();

    [Fact]
    public async Task Should_say_that_it_is_unavailable_where_no_server_answers()
    {
        await using var store = PostgresHubStore.Open("Host=127.0.0.1;Port=1;Username=hub;Password=hunter2;Database=hub");

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(Stop));

        Assert.Contains("127.0.0.1:1/hub", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.Message + store.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_go_on_after_its_connections_were_ended()
    {
        await using var store = _schema.Open();
        await store.MigrateAsync(Stop);
        await store.WriteCursorAsync("crm", "Account", "1", Stop);
        await _schema.ScalarAsync<long>(
            $"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'throughline {_schema.Name}'");

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.WriteCursorAsync("crm", "Account", "2", Stop));
        await store.WriteCursorAsync("crm", "Account", "3", Stop);

        Assert.Equal("3", await store.ReadCursorAsync("crm", "Account", Stop));
    }

    [Fact]
    public async Task Should_say_of_each_server_why_it_cannot_be_used()
    {
        await using var store = PostgresHubStore.Open("Host=127.0.0.1:1,127.0.0.1:2;Username=hub;Password=hunter2;Database=hub;Target Session Attributes=primary");

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(Stop));

        Assert.Contains("127.0.0.1:1,127.0.0.1:2/hub", failure.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:2: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.Message + store.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_use_the_server_that_is_there()
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresSchema.ConnectionString) { MaxPoolSize = 4 };
        settings.Host = FormattableString.Invariant($"127.0.0.1:1,{settings.Host}:{settings.Port}");
        await using var store = PostgresHubStore.Open(settings.ToString(), _schema.Name);
        await store.MigrateAsync(Stop);

        await store.WriteCursorAsync("crm", "Account", "1", Stop);

        Assert.Equal("1", await store.ReadCursorAsync("crm", "Account", Stop));
    }

    [Fact]
    public async Task Should_name_version_and_place_without_credentials()
    {
        await using var store = _schema.Open();
        await store.MigrateAsync(Stop);

        Assert.StartsWith("PostgreSQL 1", store.Description, StringComparison.Ordinal);
        Assert.Contains(_schema.Name, store.Description, StringComparison.Ordinal);
        Assert.DoesNotContain(
            new NpgsqlConnectionStringBuilder(PostgresSchema.ConnectionString).Password ?? "none", store.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_migrate_once_when_several_hubs_start_together()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var store = _schema.Open();
            await store.MigrateAsync(Stop);
        }));

        var steps = Migration.Of("postgres");
        Assert.Equal(steps.Count, await _schema.ScalarAsync<long>("select count(*) from schema_step"));
        Assert.Equal(steps.Max(step => step.WorksWith), await _schema.ScalarAsync<int>("select version from schema_minimum"));
    }

    [Fact]
    public async Task Should_refuse_a_schema_that_is_newer_than_this_program()
    {
        await using var store = _schema.Open();
        await store.MigrateAsync(Stop);
        await _schema.ScalarAsync<int>("update schema_minimum set version = 99 returning version");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => store.MigrateAsync(Stop));

        Assert.Contains("newer Throughline", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hub")]
    [InlineData("hub; drop schema public")]
    [InlineData("")]
    public void Should_refuse_a_schema_name_that_would_need_quoting(string name) =>
        Assert.Throws<ArgumentException>(() => PostgresHubStore.Open(PostgresSchema.ConnectionString, name));
}
