using System.Collections.Immutable;
using Throughline.Engine.Pricing;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Pricing;

/// <summary>D3: rates by person, task, role and country, by the day of the work, with the precedence of the landscape.</summary>
public sealed class When_a_rate_is_looked_up
{
    private static readonly ImmutableArray<ImmutableArray<string>> Precedence = [["person", "task"], ["person"], ["country", "role"], ["role"], []];
    private static readonly DateOnly Day = new(2026, 6, 20);

    [Fact]
    public void Should_take_the_first_combination_for_which_there_is_one()
    {
        var rates = new[] { Rate(100), Rate(110, role: "Consultant"), Rate(120, role: "Consultant", country: "DE"), Rate(130, person: "Ada") };

        Assert.Equal(130m, Find(rates)!.Value.Amount);
        Assert.Equal(120m, Find(rates[..3])!.Value.Amount);
        Assert.Equal(110m, Find(rates[..2])!.Value.Amount);
        Assert.Equal(100m, Find(rates[..1])!.Value.Amount);
    }

    [Fact]
    public void Should_not_take_a_rate_that_is_made_for_somebody_else()
    {
        Assert.Null(Find([Rate(130, person: "Ben"), Rate(120, role: "Architect"), Rate(110, task: "T-1")]));
        // A combination that the firm does not name counts for nobody.
        Assert.Null(Find([Rate(110, country: "DE")]));
    }

    /// <summary>S2: 150.00, from 16 June 156.00, by the day of the work.</summary>
    [Theory]
    [InlineData("2026-06-15", 150)]
    [InlineData("2026-06-16", 156)]
    [InlineData("2026-06-30", 156)]
    [InlineData("2026-07-01", 160)]
    public void Should_be_that_of_the_day_of_the_work(string day, int expected)
    {
        var rates = new[] { Rate(156, from: "2026-06-16", until: "2026-06-30"), Rate(150), Rate(160, from: "2026-07-01") };

        Assert.Equal(expected, Find(rates, DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture))!.Value.Amount);
    }

    [Fact]
    public void Should_say_which_rate_it_is()
    {
        Assert.Equal("rate of country DE, role Consultant from 2026-06-16 (rate card P-1-DE)", Says([Rate(156, role: "Consultant", country: "DE", from: "2026-06-16")]));
        Assert.Equal("rate of everybody (rate card P-1-DE)", Says([Rate(150)]));
    }

    [Fact]
    public void Should_say_what_is_missing()
    {
        Assert.Equal(
            "no rate of rate card P-1-DE holds on 2026-06-20 for it (person Ada, task T-9, role Consultant, country DE)", Says([Rate(150, from: "2026-06-21")]));
        Assert.Equal("there is no rate card for it", RateFinder.Find([], Facts(), Precedence, Day).Says);
    }

    [Fact]
    public void Should_not_choose_between_two_that_hold_alike()
    {
        Assert.Null(Find([Rate(150), Rate(151)]));
        Assert.Equal("several rates of rate card P-1-DE hold for everybody on 2026-06-20: 150.00 EUR and 151.00 EUR", Says([Rate(150), Rate(151)]));
        Assert.Equal(150m, Find([Rate(150), Rate(150)])!.Value.Amount);
    }

    private static Money? Find(Fields[] rates, DateOnly? day = null) => RateFinder.Find([Card(rates)], Facts(), Precedence, day ?? Day).Rate;

    private static string Says(Fields[] rates) => RateFinder.Find([Card(rates)], Facts(), Precedence, Day).Says;

    private static Fields Card(Fields[] rates) => Fields.Of(("key", "P-1-DE"), ("rates", rates));

    private static Dictionary<string, string?> Facts() => new() { ["person"] = "Ada", ["task"] = "T-9", ["role"] = "Consultant", ["country"] = "DE" };

    private static Fields Rate(
        decimal amount, string? person = null, string? task = null, string? role = null, string? country = null, string? from = null, string? until = null) => Fields.Of(
        ("rate", Money.Of(amount, "EUR")), ("person", person), ("task", task), ("role", role), ("country", country), ("from", from), ("until", until));
}
