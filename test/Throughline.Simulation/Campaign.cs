using System.Collections.Concurrent;
using System.Globalization;
using Throughline.Simulation.Mutations;

namespace Throughline.Simulation;

/// <summary>Many runs, beside each other; each is one thread of its own.</summary>
internal static class Campaign
{
    /// <summary>What a person pastes to see one seed again, step by step.</summary>
    public static string Replay(int seed) => FormattableString.Invariant(
        $"THROUGHLINE_SIM_SEED={seed} dotnet run --project test/Throughline.Simulation -- -class {typeof(When_one_seed_is_replayed).FullName} -showLiveOutput -noColor");

    public static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>Runs seeds from one on; what is wrong, by seed.</summary>
    public static IReadOnlyList<string> Run(int from, int count)
    {
        var wrong = new ConcurrentDictionary<int, string>();
        Parallel.For(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            if (Problems(seed, null) is { Length: > 0 } problems)
            {
                wrong[seed] = problems;
            }
        });
        return [.. wrong.OrderBy(item => item.Key).Select(item => $"seed {item.Key}\n  {item.Value}\n  {Replay(item.Key)}")];
    }

    /// <summary>The first seed with which a checker finds a mutation; null where none of them does.</summary>
    public static int? FirstToFind(Mutation mutation, int seeds)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            if (new SimulationRun(seed, mutation: mutation).Run().Wrong.Any(wrong => wrong.Checker == mutation.FoundBy.Name))
            {
                return seed;
            }
        }

        return null;
    }

    private static string Problems(int seed, Mutation? mutation)
    {
        try
        {
            return string.Join("\n  ", new SimulationRun(seed, mutation: mutation).Run().Wrong.Select(wrong => $"{wrong.Checker}: {wrong.Says}"));
        }
        catch (Exception e)
        {
            return $"the run itself failed: {e}";
        }
    }
}
