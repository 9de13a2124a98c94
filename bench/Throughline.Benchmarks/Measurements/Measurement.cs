namespace Throughline.Benchmarks.Measurements;

/// <summary>One kind of work of the table: how it is done, and what it is held against, both in one run.</summary>
internal abstract class Measurement
{
    public abstract string Name { get; }

    /// <summary>One sentence for <c>--help</c>, with the options it takes.</summary>
    public abstract string About { get; }

    /// <summary>Too long to be done unasked.</summary>
    public virtual bool IsOnlyWhenNamed => false;

    /// <summary>Repeats itself inside, so that more rounds than these would add hours and nothing else.</summary>
    public virtual int RoundsMax => int.MaxValue;

    /// <summary>Measures once on one store, with the limit in turns.</summary>
    public abstract Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options);

    protected static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The highest value that so much of the others lies below.</summary>
    protected static double Percentile(IReadOnlyCollection<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
    }

    /// <summary>
    /// Looks at the limit, at the work, at the limit and so on, and holds each look at the work against the two looks beside it: what the machine does
    /// to one it does to the other.
    /// </summary>
    protected static async Task<(double Measured, double Limit, double Ratio)> InTurnsAsync(int looks, Func<Task<double>> limit, Func<Task<double>> work)
    {
        var limits = new List<double> { await limit() };
        var measured = new List<double>();
        for (var look = 0; look < looks; look++)
        {
            measured.Add(await work());
            limits.Add(await limit());
        }

        return (Median(measured), Median(limits), Median(measured.Select((value, look) => value / ((limits[look] + limits[look + 1]) / 2))));
    }
}

/// <summary>What is wanted of a finding.</summary>
/// <param name="OfRatio">The ratio is meant; else what was measured.</param>
/// <param name="AtLeast">It must reach this; else it must not exceed it.</param>
internal sealed record Wanted(bool OfRatio, bool AtLeast, double Value);

/// <summary>One line of the table, measured once.</summary>
/// <param name="Unit">Of what was measured.</param>
/// <param name="LimitIs">What the limit is, with its unit, in a few words.</param>
internal sealed record Finding(string Work, string Store, double Measured, string Unit, double Limit, string LimitIs, double Ratio, Wanted Wanted)
{
    /// <summary>What else was seen, by name.</summary>
    public IReadOnlyDictionary<string, double> Notes { get; init; } = new Dictionary<string, double>();

    public bool IsReached
    {
        get
        {
            var value = Wanted.OfRatio ? Ratio : Measured;
            return Wanted.AtLeast ? value >= Wanted.Value : value <= Wanted.Value;
        }
    }
}
