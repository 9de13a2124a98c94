using Xunit;

namespace Throughline.Tests.Landscape;

/// <summary>What a landscape says of the worth of entries is checked before it is used (B7).</summary>
public sealed class When_the_value_of_entries_is_not_sound : LandscapeFolderFixture
{
    private const string Time = """
        entries: time
        title: Approved time
        from: time-entry
        ready: timeEntry.approved == true
        value:
          quantity: timeEntry.hours
          date: timeEntry.date
          currency: workstream.currency
          state: "'unbilled'"
          cards: records.rateCard
          by:
            role: task.role
            country: workstream.country
          precedence:
            - [role, country]
            - []
        map: erp-customer
        """;

    [Theory]
    [InlineData("    role: task.role", "    rolle: task.role", "unknown-attribute", "a rate is not made for 'rolle'; did you mean 'role'?")]
    [InlineData("    role: task.role", "    role: task.roll", "unknown-attribute", "task has no attribute 'roll'")]
    [InlineData("    role: task.role", "    role: [a]", "wrong-shape", "'role' must be a single value")]
    [InlineData("[role, country]", "[role, person]", "unknown-name", "'person' is not under 'by'")]
    [InlineData("[role, country]", "role", "wrong-shape", "each line of 'precedence' must be a list of names")]
    [InlineData("[role, country]", "[]", "duplicate-name", "[] stands in 'precedence' twice")]
    [InlineData("  currency: workstream.currency\n", "", "missing-key", "needs 'currency'")]
    [InlineData("  cards: records.rateCard", "  cards: records.rateCard\n  rounding: up", "unknown-key", "'rounding' is not a key of the value of the entries")]
    public void Should_report_it_with_its_place(string from, string to, string code, string says)
    {
        Write("entries/time.yaml", Time.ReplaceLineEndings("\n").Replace(from, to, StringComparison.Ordinal));

        Assert.Contains(Read().Problems, problem => problem.Code == code && problem.Place.File == "entries/time.yaml" && problem.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void Should_find_nothing_wrong_with_a_sound_one()
    {
        Write("entries/time.yaml", Time);

        Assert.DoesNotContain(Read().Problems, problem => problem.Place.Line is > 4 and < 17 && problem.Place.File == "entries/time.yaml");
    }
}
