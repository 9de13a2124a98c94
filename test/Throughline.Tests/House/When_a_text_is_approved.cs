using Throughline.Conformance.Approval;
using Xunit;
using Xunit.Sdk;

namespace Throughline.Tests.House;

public sealed class When_a_text_is_approved : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("throughline-approved-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Should_fail_with_the_difference_and_leave_what_was_received()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(Approved.ApproveVariable) == "1", "this run writes approved files instead of comparing them");
        var path = Path.Combine(_folder.FullName, "list.approved.txt");
        File.WriteAllText(path, "one\ntwo\nthree\n");

        var failure = Assert.Throws<FailException>(() => Approved.FileMatches("one\n2\nthree", path));

        Assert.Contains("- two\n+ 2\n  three", failure.Message, StringComparison.Ordinal);
        Assert.Equal("one\n2\nthree\n", File.ReadAllText(Path.Combine(_folder.FullName, "list.received.txt")));
    }

    [Fact]
    public void Should_pass_and_remove_what_was_received_before()
    {
        var path = Path.Combine(_folder.FullName, "list.approved.txt");
        File.WriteAllText(path, "one\n");
        File.WriteAllText(Path.Combine(_folder.FullName, "list.received.txt"), "two\n");

        Approved.FileMatches("one", path);

        Assert.False(File.Exists(Path.Combine(_folder.FullName, "list.received.txt")));
    }
}
