using Throughline.Chaos.Troubles;
using Xunit;

namespace Throughline.Tests.Chaos;

public sealed class When_faults_are_drawn
{
    private static readonly Trouble[] Kinds =
    [
        Kind("killed", Victim.Hubs), Kind("both killed", Victim.Hubs) with { TakesAll = true }, Kind("frozen", [Victim.Postgres]), Kind("restarted", [Victim.Postgres]),
        Kind("slow", Victim.Systems),
    ];

    [Fact]
    public void Should_draw_the_same_for_the_same_seed() => Assert.Equal(Names(7, 20), Names(7, 20));

    [Fact]
    public void Should_draw_another_order_for_another_seed() => Assert.NotEqual(Names(7, 20), Names(8, 20));

    [Fact]
    public void Should_let_each_kind_strike_before_any_strikes_again() =>
        Assert.All(Names(7, 20).Chunk(Kinds.Length), round => Assert.Equal(Kinds.Length, round.Select(name => name.Split(':')[0]).Distinct().Count()));

    [Fact]
    public void Should_strike_nobody_who_is_struck()
    {
        var struck = new HashSet<string> { Victim.First, Victim.Postgres, Victim.Crm };
        var deck = new Deck(Kinds, new Random(7));
        var drawn = new List<(Trouble Trouble, string[] Victims, TimeSpan Lasts)>();
        while (deck.Draw(struck) is { } next)
        {
            drawn.Add(next);
        }

        Assert.Equal(["killed", "slow"], drawn.Select(each => each.Trouble.Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(drawn, each => each.Victims.Any(struck.Contains));
        Assert.All(drawn, each => Assert.InRange(each.Lasts, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public void Should_take_all_victims_together_where_the_kind_says_so()
    {
        var deck = new Deck([Kinds[1]], new Random(7));
        Assert.Equal(Victim.Hubs, deck.Draw(new HashSet<string>())!.Value.Victims);
    }

    private static string[] Names(int seed, int times)
    {
        var deck = new Deck(Kinds, new Random(seed));
        return [.. Enumerable.Range(0, times).Select(_ => deck.Draw(new HashSet<string>())!.Value).Select(drawn => $"{drawn.Trouble.Name}: {string.Join(',', drawn.Victims)}")];
    }

    private static Trouble Kind(string name, string[] victims) => new(name, name, victims, (2, 4), _ => Task.CompletedTask, _ => Task.CompletedTask);
}
