using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Processes.CustomerOnboarding;

/// <summary>The issued number becomes an attribute of the customer.</summary>
internal sealed class NumberCustomer : IDecision
{
    public string Name => "number-customer";

    public DecisionResult Decide(DecisionInput input)
    {
        var key = input.Subject.Text("key")!;
        var number = input.Find("customer-number", key)?.Text("number");
        return number is null
            ? DecisionResult.Refuse(
                new DecisionProblem("integration-ops", $"The customer {key} has no number yet.", "Look at the health page of the hub.", null))
            : new DecisionResult([new DerivedRecord("customer", key, Fields.Of(("number", number)))], []);
    }
}
