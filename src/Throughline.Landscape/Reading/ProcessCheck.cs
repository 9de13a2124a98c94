using Throughline.Landscape.Files;

namespace Throughline.Landscape.Reading;

/// <summary>Checks that the steps of a process lead somewhere and that every name in them exists.</summary>
internal static class ProcessCheck
{
    public static void Run(ProcessDefinition process, IReadOnlySet<string> decisions, Draft draft)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in process.Steps)
        {
            if (!names.Add(step.Name))
            {
                draft.Problems.Error(step.Place, "duplicate-name", $"process {process.Name} has two steps named '{step.Name}'; rename one");
            }
        }

        foreach (var step in process.Steps)
        {
            foreach (var before in step.After.Where(before => !names.Contains(before) && !draft.DeclaredSteps.Contains((process.Name, before))))
            {
                draft.Problems.Error(step.Place, "unknown-step", $"step {step.Name} comes after '{KeyReader.Shorten(before)}', which is not a step of"
                    + $" {process.Name}{Suggestion.For(before, names)}");
            }

            CheckTarget(process, step, decisions, draft);
        }

        CheckCycles(process, draft);
    }

    private static void CheckTarget(ProcessDefinition process, StepDefinition step, IReadOnlySet<string> decisions, Draft draft)
    {
        if (step is StepDefinition.Payments && process.Subject != "receivable")
        {
            draft.Problems.Error(
                step.Place, "wrong-subject", $"step {step.Name} books payments, which are those of a receivable; process {process.Name} is about '{process.Subject}'");
        }

        var (kind, word, name, known) = step switch
        {
            StepDefinition.Decide decide => (NameKind.Decision, "decision", decide.Decision, decisions),
            StepDefinition.Write write => (NameKind.OutwardMap, "map", write.Map, draft.OutwardMaps.Keys),
            StepDefinition.Lines lines => (NameKind.OutwardMap, "answer", lines.Answer, draft.OutwardMaps.Keys),
            StepDefinition.Request { IsNumber: false } request =>
                (NameKind.Process, "process", request.Process, (IEnumerable<string>)draft.Processes.Keys),
            _ => (NameKind.Decision, "", "", []),
        };
        if (name.Length > 0 && !known.Contains(name) && !draft.MayExist(kind, name))
        {
            draft.Problems.Error(
                step.Place, "unknown-" + word, $"step {step.Name} of process {process.Name} names the {word} '{KeyReader.Shorten(name)}', which does not"
                    + $" exist{Suggestion.For(name, known)}");
        }
    }

    private static void CheckCycles(ProcessDefinition process, Draft draft)
    {
        // Takes away whatever waits for nothing that is left; what remains waits for itself.
        var left = process.Steps.DistinctBy(step => step.Name).ToDictionary(step => step.Name, StringComparer.Ordinal);
        while (left.Values.FirstOrDefault(step => !step.After.Any(left.ContainsKey)) is { } free)
        {
            left.Remove(free.Name);
        }

        if (left.Count > 0)
        {
            var first = process.Steps.First(step => left.ContainsKey(step.Name));
            var names = string.Join(", ", process.Steps.Where(step => left.ContainsKey(step.Name)).Select(step => step.Name));
            draft.Problems.Error(
                first.Place, "step-cycle", $"the steps {names} of process {process.Name} wait for one another and would never start; mend 'after'");
        }
    }
}
