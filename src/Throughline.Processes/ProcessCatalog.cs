using System.Collections.Frozen;
using Throughline.Engine.Process;
using Throughline.Processes.CustomerOnboarding;
using Throughline.Processes.LeadToProject;

namespace Throughline.Processes;

/// <summary>Every process that comes with the product, one line each; nothing is found by scanning.</summary>
public static class ProcessCatalog
{
    /// <summary>Definitions as YAML by process name. A landscape may replace any of them.</summary>
    public static IReadOnlyDictionary<string, string> Definitions { get; } = new[]
    {
        "account-hierarchy",
        "billing",
        "collection",
        "crediting",
        "customer-onboarding",
        "lead-to-project",
    }.ToFrozenDictionary(name => name, Read, StringComparer.Ordinal);

    /// <summary>The pure decisions that definitions may name.</summary>
    public static DecisionCatalog Decisions { get; } = new([new NumberCustomer(), new PlanProject()]);

    private static string Read(string name)
    {
        using var stream = typeof(ProcessCatalog).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the process definition {name} is not part of the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
