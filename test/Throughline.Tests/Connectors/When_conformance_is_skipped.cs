using System.Runtime.CompilerServices;
using Throughline.Conformance.Connectors;
using Xunit;

namespace Throughline.Tests.Connectors;

public sealed class When_conformance_is_skipped
{
    [Fact]
    public void Should_be_approved_with_its_reason() =>
        ConformanceSkips.ShouldBeApproved(ConformanceSkips.Of(typeof(When_conformance_is_skipped).Assembly), Beside("conformance-skips.approved.txt"));

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
