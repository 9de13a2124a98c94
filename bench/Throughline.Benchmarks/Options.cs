using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>What is to be measured and how: names, <c>--name value</c>, and flags that stand alone.</summary>
internal sealed class Options
{
    private static readonly string[] Flags = ["quick", "json", "help"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

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

    /// <summary>The measurements that were named; none means all.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Sizes that finish in seconds and show that the instrument works; their figures mean nothing.</summary>
    public bool IsQuick => _values.ContainsKey("quick");

    /// <summary>The findings as JSON instead of a table.</summary>
    public bool IsJson => _values.ContainsKey("json");

    public bool IsHelp => _values.ContainsKey("help");

    /// <summary>The stores to measure.</summary>
    public IReadOnlyList<string> Stores => _values.TryGetValue("store", out var store) ? store.Split(',') : ["postgres", "sqlite"];

    /// <exception cref="BenchException">Not <c>verb names... --name value ...</c>.</exception>
    public static Options Parse(string[] arguments)
    {
        var options = new Options(arguments.Length == 0 ? "" : arguments[0]);
        for (var i = 1; i < arguments.Length; i++)
        {
            var isOption = arguments[i].StartsWith("--", StringComparison.Ordinal);
            if (!isOption)
            {
                options._names.Add(arguments[i]);
            }
            else if (Flags.Contains(arguments[i][2..]))
            {
                options._values[arguments[i][2..]] = "";
            }
            else if (i + 1 == arguments.Length)
            {
                throw new BenchException($"'{arguments[i]}' is not '--name value'");
            }
            else
            {
                options._values[arguments[i][2..]] = arguments[++i];
            }
        }

        return options;
    }

    /// <summary>A size of a measurement: what was asked for, or its own default.</summary>
    public int Size(string name, int otherwise, int quick) => Whole(name, IsQuick ? quick : otherwise);

    /// <summary>How often one run looks at the work and its limit in turns.</summary>
    public int Looks(int otherwise) => Size("looks", otherwise, 1);

    public string? Given(string name) => _values.GetValueOrDefault(name);

    /// <summary>The same options as the arguments of another process that makes one of the measurements on one store.</summary>
    public IEnumerable<string> For(string measurement, string store) =>
    [
        "measure", measurement, "--store", store,
        .. _values.Where(pair => pair.Key is not ("store" or "out" or "rounds" or "json"))
            .SelectMany(pair => pair.Value.Length == 0 ? [$"--{pair.Key}"] : new[] { $"--{pair.Key}", pair.Value }),
    ];

    private string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    private int Whole(string name, int otherwise) => !_values.TryGetValue(name, out var text) ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new BenchException($"--{name} must be a whole number, not '{text}'");
}

/// <summary>A measurement that cannot be made, or whose outcome would be worth nothing; the message is for the person who runs it.</summary>
internal sealed class BenchException(string message) : Exception(message);
