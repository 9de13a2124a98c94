using System.Collections.Immutable;

namespace Throughline.Landscape.Files;

/// <summary>Gathers problems, so that a person sees all of them after one reading and not one per attempt.</summary>
internal sealed class ProblemList
{
    // A file of garbage may yield a problem per byte; nobody reads more than this.
    private const int PerFileMax = 100;

    private readonly List<LandscapeProblem> _problems = [];
    private readonly Dictionary<string, int> _perFile = new(StringComparer.Ordinal);

    public int Count => _problems.Count;

    public bool HasErrors => _problems.Any(problem => problem.Severity == Severity.Error);

    public void Error(Place place, string code, string message) => Add(new LandscapeProblem(Severity.Error, place, message, code));

    public void Warn(Place place, string code, string message) => Add(new LandscapeProblem(Severity.Warning, place, message, code));

    public ImmutableArray<LandscapeProblem> InOrder() =>
        [.. _problems.Distinct().OrderBy(p => p.Place.File, StringComparer.Ordinal).ThenBy(p => p.Place.Line).ThenBy(p => p.Code, StringComparer.Ordinal)];

    private void Add(LandscapeProblem problem)
    {
        var count = _perFile[problem.Place.File] = _perFile.GetValueOrDefault(problem.Place.File) + 1;
        if (count <= PerFileMax)
        {
            _problems.Add(problem);
        }
        else if (count == PerFileMax + 1)
        {
            const string Message = "there are more problems in this file; mend the ones above first";
            _problems.Add(new LandscapeProblem(Severity.Error, problem.Place, Message, "too-many-problems"));
        }
    }
}
