using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>Two accounts with one tax id are one customer; what somebody typed in its place says nothing about who it is.</summary>
public sealed class When_customers_are_recognised
{
    private readonly WorkedHub _hub = new();

    [Theory]
    [InlineData("DE333333334", true)]
    [InlineData("NL123456789B01", true)]
    [InlineData("CHE-123.456.789", true)]
    [InlineData("pending", false)]
    [InlineData("pending 1234", false)]
    [InlineData("n/a", false)]
    [InlineData("DE", false)]
    [InlineData("000000000", false)]
    [InlineData("", false)]
    public void Should_tell_a_tax_id_from_what_is_typed_in_its_place(string value, bool identifies) => Assert.Equal(identifies, LookupKeys.Identifies(value));

    [Theory]
    [InlineData("DE333333334", "001A")]
    [InlineData("pending", null)]
    public async Task Should_make_two_accounts_one_only_by_a_tax_id(string taxId, string? mergedInto)
    {
        await _hub.SendAsync(CrmRecords.Account("001A", taxId));
        await _hub.DrainAsync();
        await _hub.SendAsync(CrmRecords.Account("001B", taxId));
        await _hub.DrainAsync();

        Assert.Equal(mergedInto, (await _hub.UnitAsync(new UnitKey(Scope.Master("customer"), "001B"))).MergedInto);
    }
}
