using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

/// <summary>Records for store tests, small and repeatable.</summary>
internal static class StoreExamples
{
    public static readonly DateTimeOffset T0 = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static EnvelopeId EnvelopeId(string name) => new(Model.CommandId.Derive("envelope", name).Value);

    public static CommandId CommandId(string name) => Model.CommandId.Derive("command", name);

    public static CaseId CaseId(string name) => Model.CaseId.Derive("case", name);

    public static InstanceId InstanceId(string name) => Model.InstanceId.Derive("instance", name);

    public static NewEnvelope Envelope(Scope scope, string name, EnvelopeKind kind = EnvelopeKind.SourceRecord, string unit = "") => new(
        EnvelopeId(name), scope, unit, kind, Fields.Of(("name", name)), scope.ToString(), null, T0, T0.AddSeconds(1));

    public static IntakeItem Item(Scope scope, string key, string? fingerprint = "f1", string system = "crm", string entity = "Opportunity") =>
        new(system, entity, key, fingerprint, Envelope(scope, key));

    public static Command Command(
        Scope scope, string name, string system = "erp", int priority = 5, DateTimeOffset? created = null, DateTimeOffset? due = null) => new(
        CommandId(name),
        system,
        new UnitKey(scope, ""),
        "project/" + name,
        scope.ToString(),
        new WriteItem("key-" + name, "project", WriteOperation.Create, null, Fields.Of(("code", name)), Fields.Of(("name", name), ("budget", 12.50m)), null),
        [Fields.Of(("code", name)), Fields.Of(("name", name))],
        priority,
        CommandStatus.Waiting,
        0,
        created ?? T0,
        due ?? T0,
        null,
        null);

    public static Case Case(Scope scope, string name, DateTimeOffset? opened = null, CaseStatus status = CaseStatus.Open, string queue = "finance") => new(
        CaseId(name),
        new UnitKey(scope, ""),
        scope.ToString(),
        InstanceId(name),
        "create-project",
        "refused",
        queue,
        "Rollout for " + name,
        "The customer has no tax id.",
        "Add it in the CRM and retry.",
        Money.Of(457_600.005m, "EUR"),
        status,
        [CaseAction.Retry, CaseAction.Reject],
        "anna",
        opened ?? T0,
        T0.AddDays(2),
        null,
        null,
        null);

    public static InstanceRow Instance(
        Scope scope, string name, DateTimeOffset? started = null, string process = "quote-to-project", string status = "running") =>
        new(InstanceId(name), new UnitKey(scope, ""), process, status, "Waits for the signature", started ?? T0, T0.AddMinutes(1));

    public static LineageEntry Line(Scope scope, string text, string? correlation = null) =>
        new(0, T0, correlation ?? scope.ToString(), scope, "changed", text, "crm", "Opportunity", "006A", "cause", InstanceId("i1"), "write-project",
            new RecordId("opportunity", "006A"));

    public static PublishedEvent Event(Scope scope, string name) => new(0, name, scope.ToString(), T0, Fields.Of(("name", name)));

    public static TimerRow Timer(Scope scope, string id, DateTimeOffset? due, string payload = "p") =>
        new(new UnitKey(scope, "u"), id, due, scope.ToString(), Fields.Of(("timer", id), ("payload", payload)));

    public static StateRow State(Scope scope, string id, string? value, string unit = "", StateKind kind = StateKind.Record) =>
        new(new UnitKey(scope, unit), kind, id, value is null ? null : Fields.Of(("value", value)));

    public static CrosswalkRow Crosswalk(Scope scope, string externalId, string key, string unit = "", string system = "crm", string entity = "Account") =>
        new(system, entity, externalId, new UnitKey(scope, unit), "customer", key);

    public static CommandOutcome Concluded(Command command, CommandStatus status, string answer, string? failure = null) => new(
        command.Id,
        status,
        null,
        failure,
        new NewEnvelope(
            EnvelopeId("receipt-" + command.Id + answer), command.Unit.Scope, command.Unit.Unit, EnvelopeKind.Receipt, Fields.Of(("externalId", answer)),
            command.CorrelationId, null, T0.AddSeconds(5), T0.AddSeconds(5)));

    /// <summary>Any result as text, with lists and documents spelled out, so that two stores can be compared and a difference can be read.</summary>
    public static string Tell(object? value) => value switch
    {
        null => "null",
        string text => "'" + text + "'",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        Fields fields => fields.ToJson(),
        Money money => money.Amount.ToString(CultureInfo.InvariantCulture) + money.Currency.Code,
        Scope or Model.CommandId or Model.EnvelopeId or Model.CaseId or Model.InstanceId or Model.EntryId or Enum or IFormattable or bool => value.ToString()!,
        IEnumerable list => "[" + string.Join(", ", list.Cast<object?>().Select(Tell)) + "]",
        _ => value.GetType().Name + "(" + string.Join(", ", value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0)
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => property.Name + "=" + Tell(property.GetValue(value)))) + ")",
    };

    /// <summary>Scopes of one partition, or of any where none is given.</summary>
    public static Scope ScopeIn(int partition, int skip = 0) =>
        Enumerable.Range(0, int.MaxValue).Select(n => Scope.Engagement("E" + n.ToString(CultureInfo.InvariantCulture)))
            .Where(scope => scope.Partition == partition).Skip(skip).First();
}
