using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Connect;

/// <summary>What a connector is, needs and can do: the one source of its docs, form, schema, validation and of which conformance cases apply.</summary>
public sealed record Manifest
{
    /// <summary>The name used as <c>kind:</c> in the landscape, for example <c>salesforce</c>.</summary>
    public required string Kind { get; init; }

    public required string Title { get; init; }

    /// <summary>What it connects to, in one or two sentences, with the versions it was tried on.</summary>
    public required string Summary { get; init; }

    public required ImmutableArray<ConfigurationField> Configuration { get; init; }

    public required ImmutableArray<EntityManifest> Entities { get; init; }

    /// <summary>Writes in one call at the most.</summary>
    public int BatchMax { get; init; } = 1;

    /// <summary>A batch succeeds or fails as a whole (Tryton), instead of item by item (Salesforce collections).</summary>
    public bool BatchIsAtomic { get; init; }

    /// <summary>The system answers 429 or its own equivalent.</summary>
    public bool Throttles { get; init; }

    /// <summary>Tokens or sessions expire and are renewed once per call by the HTTP pipeline.</summary>
    public bool RenewsSession { get; init; }

    /// <summary>What the system puts behind the names of fields that a firm added itself (<c>__c</c>), which says nothing to people; empty for none.</summary>
    public string OwnFieldSuffix { get; init; } = "";

    /// <summary>What it does not do, each with the reason and what the hub does instead; printed in the docs and the approved list of skips.</summary>
    public ImmutableArray<KnownGap> Gaps { get; init; } = [];

    public EntityManifest? Entity(string name) => Entities.FirstOrDefault(entity => entity.Name == name);
}

/// <summary>One kind of record of the system.</summary>
public sealed record EntityManifest
{
    /// <summary>The vendor's own name.</summary>
    public required string Name { get; init; }

    public required string Summary { get; init; }

    /// <summary>Which changes can be read.</summary>
    public ChangeDetection Changes { get; init; }

    /// <summary>Deletions are reported (as records with Deleted set) rather than silent.</summary>
    public bool ReportsDeletion { get; init; }

    public ImmutableArray<WriteOperation> Writes { get; init; } = [];

    /// <summary>What <see cref="WriteOperation.Undo"/> does here, for people: "deletes the project", "closes the project".</summary>
    public string? Undo { get; init; }

    /// <summary>Names of fields (or sets of fields) by which a record can be found.</summary>
    public ImmutableArray<ImmutableArray<string>> FindKeys { get; init; } = [];

    /// <summary>
    /// The system itself refuses a second record with the same key; where false, a write delayed past every margin can double (see
    /// docs/limits.md).
    /// </summary>
    public bool EnforcesKey { get; init; }

    /// <summary>Supports <see cref="WriteItem.ExpectedVersion"/>.</summary>
    public bool ChecksVersion { get; init; }

    /// <summary>Fields that change without meaning (last viewed, ETags) and do not count as a change of the record.</summary>
    public ImmutableArray<string> Volatile { get; init; } = [];
}

public enum ChangeDetection
{
    /// <summary>Cannot be listed.</summary>
    None,

    /// <summary>Only what changed since a cursor.</summary>
    Incremental,

    /// <summary>Everything each time; the hub drops what it has by content.</summary>
    Sweep,
}

public sealed record KnownGap(string What, string Reason, string Instead);

/// <summary>One configuration value of a system: its name in the landscape file, and everything a person or a form needs to know.</summary>
public sealed record ConfigurationField
{
    public required string Name { get; init; }

    public required FieldKind Kind { get; init; }

    public required string Summary { get; init; }

    /// <summary>Where to find or create the value in the vendor's product; default and consequence where there are any.</summary>
    public string? Help { get; init; }

    public string? Example { get; init; }

    public bool Required { get; init; }

    public object? Default { get; init; }

    /// <summary>Whole numbers: the allowed range.</summary>
    public long? Min { get; init; }

    public long? Max { get; init; }

    /// <summary>Texts: the only allowed values.</summary>
    public ImmutableArray<string> OneOf { get; init; } = [];

    public bool IsSecret => Kind == FieldKind.Secret;
}

public enum FieldKind
{
    Text,

    /// <summary>An absolute http or https address without path, query or credentials; its host becomes an allowed host. http only on loopback.</summary>
    Address,

    /// <summary>A reference to a secret: <c>env:NAME</c> or <c>file:PATH</c>; never the secret itself.</summary>
    Secret,

    Whole,

    Flag,
}
