using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>What one measurement is given, as <c>--name value</c>.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private Options(string verb) => Verb = verb;

    public string Verb { get; }

    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public string Store => Text("store", "postgres");

    /// <summary><c>sandboxes</c> (real HTTP, a second process) or <c>null</c> (answered in memory).</summary>
    public string Targets => Text("targets", "sandboxes");

    /// <summary>Deals that are measured.</summary>
    public int Deals => Whole("deals", 1_000);

    /// <summary>Deals that run before, unmeasured: until then the hub's code is still being compiled.</summary>
    public int WarmUp => Whole("warm-up", 1_500);

    /// <summary>Closed loop: so many deals are in flight at any time.</summary>
    public int Window => Whole("window", 256);

    /// <summary>Open loop: deals a second, whatever the hub does; 0 for the closed loop.</summary>
    public int Rate => Whole("rate", 0);

    /// <summary>Entries that are measured.</summary>
    public int Entries => Whole("entries", 100_000);

    /// <summary>Callers of intake, each with one call of a hundred entries at a time.</summary>
    public int Feeders => Whole("feeders", 4);

    public int Rounds => Whole("rounds", 5);

    public string? Out => _values.GetValueOrDefault("out");

    /// <exception cref="BenchException">Not <c>verb --name value ...</c>.</exception>
    public static Options Parse(string[] arguments)
    {
        var options = new Options(arguments.Length == 0 ? "" : arguments[0]);
        for (var i = 1; i < arguments.Length; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == arguments.Length)
            {
                throw new BenchException($"'{arguments[i]}' is not '--name value'");
            }

            options._values[arguments[i][2..]] = arguments[i + 1];
        }

        return options;
    }

    private string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    private int Whole(string name, int otherwise) => !_values.TryGetValue(name, out var text) ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new BenchException($"--{name} must be a whole number, not '{text}'");
}

/// <summary>A measurement that cannot be made, or whose outcome would be worth nothing; the message is for the person who runs it.</summary>
internal sealed class BenchException(string message) : Exception(message);
