using Throughline.Connect;
using Throughline.Engine.Intake;
using Throughline.Model;
using Throughline.Tests.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Intake;

public sealed class When_an_entry_is_deleted
{
    private readonly WorkedHub _hub = new();

    /// <summary>Taken for somebody else's it would leave the line in the ERP, and nobody would know.</summary>
    [Theory]
    [InlineData(false, false, "too little")]
    [InlineData(true, false, "created_on")]
    [InlineData(true, true, null)]
    public void Should_say_where_it_was_and_when_it_was_made(bool saysProject, bool saysWhen, string? problem)
    {
        var fields = Fields.Of(("project", saysProject ? Fields.Of(("id", 3m)) : null), ("created_on", saysWhen ? "2026-11-19T10:00:00Z" : null));

        var placement = Placement.Of(_hub.Release.Landscape, "psa", new SourceRecord("time_entry", "7", "2", fields, Deleted: true));

        Assert.Equal(problem is null, placement.IsEntry);
        Assert.Equal(problem is null, placement.Problem is null);
        Assert.Contains(problem ?? "", placement.Problem?.Message ?? "", StringComparison.Ordinal);
    }
}
