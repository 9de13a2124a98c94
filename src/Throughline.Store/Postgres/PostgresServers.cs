using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Throughline.Store.Postgres;

/// <summary>
/// The servers that a connection string names: one, or a primary and its standbys. Connections come from the server that was the primary last; when it
/// fails, from whichever of them is the primary now. So a dead one is not asked again and again, and one that comes back does not draw the hub back to it.
/// </summary>
internal sealed class PostgresServers : IAsyncDisposable
{
    private const int ConnectSecondsMax = 5;

    private readonly ImmutableArray<(string Name, NpgsqlDataSource Source)> _servers;
    private int _current;
    private long _timeline;

    /// <param name="settings">With one host, or several and their ports, as Npgsql takes them.</param>
    public PostgresServers(NpgsqlConnectionStringBuilder settings)
    {
        string[] hosts = settings.Host!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        _servers = hosts.Length == 1
            ? [(hosts[0], new NpgsqlDataSourceBuilder(settings.ToString()).Build())]
            : [.. hosts.Select(host => (host, OneOfSeveral(settings, host)))];
    }

    /// <exception cref="NpgsqlException">None of them can be used; the message says of each why.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        if (_servers.Length == 1)
        {
            return await _servers[0].Source.OpenConnectionAsync(cancellation);
        }

        var first = Volatile.Read(ref _current);
        var failures = new List<string>();
        for (var i = 0; ; i++)
        {
            var place = (first + i) % _servers.Length;
            try
            {
                var connection = await _servers[place].Source.OpenConnectionAsync(cancellation);
                Stay(place);
                return connection;
            }
            catch (Exception e) when (PostgresFailure.Translate(e, "") is not null)
            {
                failures.Add($"{_servers[place].Name}: {e.Message}");
                if (failures.Count == _servers.Length)
                {
                    throw new NpgsqlException(string.Join("; ", failures), e);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, source) in _servers)
        {
            await source.DisposeAsync();
        }
    }

    // Connections to the others that still lie in their pools were checked when another one was the primary.
    private void Stay(int place)
    {
        if (Interlocked.Exchange(ref _current, place) != place)
        {
            for (var i = 0; i < _servers.Length; i++)
            {
                if (i != place)
                {
                    _servers[i].Source.Clear();
                }
            }
        }
    }

    private NpgsqlDataSource OneOfSeveral(NpgsqlConnectionStringBuilder settings, string host)
    {
        // Whatever the string says of session attributes, a hub needs the primary, and looks for itself.
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(settings.ToString())
        {
            Host = host, TargetSessionAttributes = null, LoadBalanceHosts = false, Timeout = Math.Min(settings.Timeout, ConnectSecondsMax),
        }.ToString());
        builder.UsePhysicalConnectionInitializer(connection => Check(connection).GetAwaiter().GetResult(), Check);
        return builder.Build();
    }

    // Each promotion begins a new timeline. A server with an older one than was seen before is a former primary that came back without knowing that it was replaced: what is
    // written there is lost.
    private async Task Check(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_lsn()) end", connection);
        if (await command.ExecuteScalarAsync() is not string segment)
        {
            throw new NpgsqlException("it is a standby, which takes no writes until it is promoted");
        }

        var timeline = long.Parse(segment.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var known = Volatile.Read(ref _timeline);
        while (timeline > known)
        {
            known = Interlocked.CompareExchange(ref _timeline, timeline, known) is var seen && seen == known ? timeline : seen;
        }

        if (timeline < known)
        {
            throw new NpgsqlException(string.Create(
                CultureInfo.InvariantCulture, $"it was the primary before another one was promoted (its timeline is {timeline}, the newest {known}); make it a standby"));
        }
    }
}
