using Npgsql;
using Throughline.Chaos.Servers;

namespace Throughline.Chaos.Troubles;

/// <summary>What happens to hubs, database and broker.</summary>
internal static class ServerTroubles
{
    public static IEnumerable<Trouble> Of(IReadOnlyDictionary<string, HubSeat> hubs, PostgresServer postgres, RabbitServer rabbit)
    {
        IReadOnlyList<NpgsqlConnection> taken = [];
        return
        [
            new("hub killed", "kill -9 to one hub; its supervisor starts another", Victim.Hubs, (0.5, 4), hub => hubs[hub].KillAsync(), Restart),
            new("hub frozen", "SIGSTOP to one hub, which others take over from, and then SIGCONT", Victim.Hubs, (5, 25),
                hub => hubs[hub].SignalAsync("STOP"), hub => hubs[hub].SignalAsync("CONT")),
            new("hub stopped", "SIGTERM to one hub, and a new one", Victim.Hubs, (0.5, 3), hub => hubs[hub].StopAsync(), Restart),
            new("both hubs killed", "kill -9 to both hubs at once", Victim.Hubs, (0.5, 3),
                _ => Task.WhenAll(hubs.Values.Select(hub => hub.KillAsync())), RestartAll) { TakesAll = true },
            new("PostgreSQL restarted", "stopped with its clients' work broken off, and started again", [Victim.Postgres], (0.5, 3),
                _ => postgres.StopAsync("fast"), _ => postgres.StartAsync()),
            new("PostgreSQL killed", "kill -9 to all its processes, and a start with recovery", [Victim.Postgres], (0.5, 3), _ => postgres.KillAsync(), _ => postgres.StartAsync()),
            new("PostgreSQL frozen", "SIGSTOP to all its processes, and SIGCONT", [Victim.Postgres], (2, 8), _ => postgres.SignalAsync("STOP"), _ => postgres.SignalAsync("CONT")),
            Trouble.AtOnce("connections cut", "every connection of the hubs to PostgreSQL is terminated", [Victim.Postgres],
                _ => postgres.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'hub'")),
            new("connections taken", "others hold every connection that PostgreSQL has for plain accounts", [Victim.Postgres], (2, 6),
                async _ => taken = await postgres.TakeAllConnectionsAsync(), _ => GiveBackAsync()),
            new("RabbitMQ stopped", "stopped and started again", [Victim.Rabbit], (0.5, 5), _ => rabbit.DownAsync(), _ => rabbit.UpAsync()),
            new("RabbitMQ killed", "kill -9, and a start over what it left", [Victim.Rabbit], (0.5, 5), _ => rabbit.KillAsync(), _ => rabbit.UpAsync()),
            new("RabbitMQ frozen", "SIGSTOP and SIGCONT", [Victim.Rabbit], (3, 15), _ => rabbit.SignalAsync("STOP"), _ => rabbit.SignalAsync("CONT")),
            Trouble.AtOnce("queues broken", "RabbitMQ has the queues of the hubs and cannot serve them any more", [Victim.Rabbit], _ => rabbit.BreakQueuesAsync()),
        ];

        Task Restart(string hub)
        {
            hubs[hub].Restart();
            return Task.CompletedTask;
        }

        async Task RestartAll(string _)
        {
            foreach (var hub in hubs.Keys)
            {
                await Restart(hub);
            }
        }

        async Task GiveBackAsync()
        {
            foreach (var connection in taken)
            {
                await connection.DisposeAsync();
            }

            taken = [];
        }
    }
}
