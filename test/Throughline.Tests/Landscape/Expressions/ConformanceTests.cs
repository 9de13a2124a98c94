using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

public sealed class ConformanceTests
{
    /// <summary>The files of the suite; a new one is run as soon as it lies in the folder.</summary>
    public static TheoryData<string> Files()
    {
        var names = ConformanceCase.Folder is { } folder
            ? Directory.GetFiles(folder, "*.textproto").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal).ToArray()
            : ["(none)"];
        return new TheoryData<string>(names);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void When_a_conformance_file_is_run_Should_every_case_that_is_not_left_out_pass(string file)
    {
        Assert.SkipUnless(ConformanceCase.Folder is not null, "not present: ../shared/cel");
        var cases = ConformanceCase.Of(Path.Combine(ConformanceCase.Folder!, file)).ToList();
        var run = cases.Where(one => one.WhyLeftOut() is null).ToList();
        var problems = run.Select(one => (one, Problem: one.Run())).Where(one => one.Problem is not null)
            .Select(one => $"{one.one.Id}: {one.one.Text} {one.Problem}").ToList();

        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {run.Count - problems.Count} of {run.Count} passed, {cases.Count - run.Count} left out");
        Assert.NotEmpty(cases);
        Assert.True(problems.Count == 0, string.Join(Environment.NewLine, problems));
    }

    [Fact]
    public void When_cases_are_left_out_Should_each_stand_in_the_approved_file_with_its_reason()
    {
        Assert.SkipUnless(ConformanceCase.Folder is not null, "not present: ../shared/cel");
        var leftOut = Directory.GetFiles(ConformanceCase.Folder!, "*.textproto").Order(StringComparer.Ordinal)
            .SelectMany(ConformanceCase.Of)
            .Where(one => one.WhyLeftOut() is not null)
            .Select(one => $"{one.Id}: {one.WhyLeftOut()}").ToArray();
        var approved = Path.Combine(ConformanceCase.Root!, "test/Throughline.Tests/Landscape/Expressions/cel-left-out.approved.txt");

        var received = Path.Combine(AppContext.BaseDirectory, "cel-left-out.received.txt");
        File.WriteAllLines(received, leftOut);
        Assert.True(File.ReadAllLines(approved).SequenceEqual(leftOut), $"The left-out cases differ; compare {received} with {approved}");
    }
}
