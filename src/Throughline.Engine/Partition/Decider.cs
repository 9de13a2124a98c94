using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>The one pure function of the hub: state and envelope in, new state and effects out (invariant 10).</summary>
public static class Decider
{
    /// <param name="prepared">What was found out about the envelope before the unit was loaded.</param>
    public static void Decide(Turn turn, PreparedEnvelope prepared)
    {
        if (turn.State.MergedInto is { } other)
        {
            MasterDecider.PassOn(turn, prepared, other);
            return;
        }

        if (MoveDecider.Take(turn, prepared))
        {
            return;
        }

        switch (turn.Envelope.Kind)
        {
            case EnvelopeKind.SourceRecord: SourceDecider.Apply(turn, prepared); break;
            case EnvelopeKind.Change: SourceDecider.ApplyChange(turn); break;
            case EnvelopeKind.Receipt: ReceiptDecider.Apply(turn); break;
            case EnvelopeKind.Timer: ApplyTimer(turn); break;
            case EnvelopeKind.Request: MasterDecider.ApplyRequest(turn); break;
            case EnvelopeKind.Reply: ApplyReply(turn); break;
            case EnvelopeKind.Subscribe: SourceDecider.ApplySubscription(turn); break;
            case EnvelopeKind.PersonAction: PersonDecider.Apply(turn); break;
            case EnvelopeKind.LaneState: LaneDecider.Apply(turn); break;
            case EnvelopeKind.EntryTrouble: EntryTrouble.Apply(turn); break;
            case EnvelopeKind.InvoicesDrawn: InvoiceDecider.Apply(turn); break;
        }

        if (!MoveDecider.Advance(turn))
        {
            ProcessRunner.Advance(turn);
        }
    }

    // The runner looks at the time itself; a timer only makes it look. An overdue approval is told once.
    private static void ApplyTimer(Turn turn)
    {
        if (turn.Envelope.Payload.Text("again") is { } again && turn.State.Targets.GetValueOrDefault(again) is { Failure: not null } target)
        {
            turn.State = turn.State.With(target with { Failure = null });
        }

        if (turn.Envelope.Payload.Text("overdue") is { } overdue && turn.State.Cases.TryGetValue(CaseId.Parse(overdue), out var item))
        {
            turn.TellOf(item, "overdue", $"The case for {item.Queue} is overdue: {item.Says}");
        }
    }

    private static void ApplyReply(Turn turn)
    {
        var requestId = turn.Envelope.Payload.Text("requestId")!;
        var result = turn.Envelope.Payload.Nested("result") ?? Fields.Empty;
        foreach (var instance in turn.State.Instances.Values)
        {
            foreach (var (name, state) in instance.Steps)
            {
                var asked = state.Data.FirstOrDefault(pair => pair.Value as string == requestId && !pair.Key.StartsWith(RequestStep.AnsweredPrefix, StringComparison.Ordinal));
                if (asked.Key is null
                    || DefinitionChange.DefinitionOf(turn, instance)?.Steps.FirstOrDefault(step => step.Name == name)
                        is not Throughline.Landscape.StepDefinition.Request definition)
                {
                    continue;
                }

                var id = new RecordId(definition.Into, asked.Key);
                if (definition.IsNumber && turn.State.Records.ContainsKey(id))
                {
                    continue;
                }

                // Two sales of one engagement may ask for the same customer; each remembers which of its requests was answered.
                turn.State = turn.State.With(new CanonicalRecord(id, result, "request", Fields.Empty));
                var remembered = state with { Data = state.Data.With(RequestStep.AnsweredPrefix + asked.Key, requestId) };
                turn.State = turn.State.With(turn.State.Instances[instance.Id].With(name, remembered));
                var answer = definition.IsNumber ? $"it is {result.Text("number")}"
                    : $"{result.Text("name") ?? asked.Key}{(result.Text("number") is { } number ? $" is {number}" : "")}";
                turn.Occasion = $"the answer came that was waited for ({answer})";
                turn.TellOf(instance, "answered", $"{definition.Title}: {answer}.", name);
            }
        }
    }
}
