using System.Reflection;
using Throughline.Conformance.Approval;
using Xunit;

namespace Throughline.EndToEnd.Database;

/// <summary>What is left out on a machine where tests may not mount anything, and why.</summary>
public sealed class When_a_disk_cannot_be_made
{
    [Fact]
    public void Should_leave_out_what_is_approved_with_its_reason() => Approved.Matches(
        string.Join('\n', from type in GetType().Assembly.GetTypes()
                          where type.Namespace == GetType().Namespace
                          from test in type.GetMethods()
                          let fact = test.GetCustomAttribute<FactAttribute>()
                          where fact?.Skip is not null
                          let line = $"{type.Name} | {test.Name} | {fact.Skip}"
                          orderby line
                          select line),
        "disk-skips.approved.txt");
}
