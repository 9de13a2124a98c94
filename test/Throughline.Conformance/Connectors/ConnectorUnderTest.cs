// How to certify a connector:
//   1. Derive a class with a parameterless constructor from ConnectorUnderTest and implement the abstract members. One class per kind of
//      record that matters (issue, project, ...): a common abstract base keeps each of them short.
//   2. Add one line per class to the vendor's tests:  public sealed class IssuesConform : ConnectorConformance<RedmineIssues>;
//   3. Run Throughline.Tests. Cases that the manifest or Differences exclude are skipped; When_conformance_is_skipped compares all skips of
//      all connectors with conformance-skips.approved.txt and prints what to write there.
// Each test makes its own instance, calls StartAsync once and disposes of it. Numbers (n) name records within one instance; an instance that
// works on a lasting server must make its keys unique per instance and remove what it made when it is disposed of.
using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;

namespace Throughline.Conformance.Connectors;

/// <summary>A case that this subject cannot show, with the reason; printed in the approved list of skips.</summary>
public sealed record Difference(ConformanceCase Case, string Reason);

/// <summary>What a vendor provides so that <see cref="ConnectorConformance{TUnderTest}"/> can try its connector on one kind of record.</summary>
public abstract class ConnectorUnderTest : IAsyncDisposable
{
    /// <summary>For the list of skips: connector, kind of record and counterpart, such as <c>redmine issue, sandbox</c>. Known before the start.</summary>
    public abstract string Name { get; }

    /// <summary>Known before <see cref="StartAsync"/>.</summary>
    public abstract IConnectorKind Kind { get; }

    /// <summary>Cases that cannot be shown here although the manifest does not exclude them. Known before <see cref="StartAsync"/>.</summary>
    public virtual ImmutableArray<Difference> Differences => [];

    /// <summary>The configuration without its secret fields; defaults are filled in by the suite.</summary>
    public abstract Fields Configuration { get; }

    public abstract Func<string, string> Secrets { get; }

    /// <summary>Secrets that the system does not accept.</summary>
    public abstract Func<string, string> BadSecrets { get; }

    /// <summary>Faults on the way to the system: the sandbox's own, or those of a <see cref="FaultProxy"/> in front of a real server.</summary>
    public abstract Faults Faults { get; }

    public virtual TimeProvider Time => TimeProvider.System;

    /// <summary>Hosts (<c>host:port</c>) the system may name besides those in the configuration.</summary>
    public virtual ImmutableArray<string> OtherAllowedHosts => [];

    /// <summary>The kind of record that is written and found.</summary>
    public abstract string Entity { get; }

    /// <summary>The kind of record that is read in pages and that the <c>Directly</c> members of reading concern.</summary>
    public virtual string ReadEntity => Entity;

    /// <summary>How many rows fill more than three pages; choose a small page size in <see cref="Configuration"/>.</summary>
    public virtual int RowsForSeveralPages => 12;

    /// <summary>A complete new record with key number <paramref name="n"/>, as the landscape would write it.</summary>
    public abstract Fields NewRecord(int n);

    /// <summary>A record with key number <paramref name="n"/> that the system refuses as invalid, whatever else it holds.</summary>
    public abstract Fields BadRecord(int n);

    /// <summary>The business key of <see cref="NewRecord"/>; its names are one of the manifest's find keys.</summary>
    public abstract Fields FindKey(int n);

    /// <summary>Some fields of <see cref="NewRecord"/> with other values.</summary>
    public abstract Fields Change(int n);

    /// <summary>What reading shows for what was written. Names that reading does not show are left out; a landscape must know of them.</summary>
    public virtual Fields Shown(Fields written) => written;

    /// <summary>An optional text that may be null or empty.</summary>
    public abstract string TextField { get; }

    /// <summary>The longest text that <see cref="TextField"/> holds; null where the system sets none worth testing (then 4,000 characters are tried).</summary>
    public virtual int? TextLengthMax => null;

    /// <summary>A field of amounts with two decimals, or null where the record has none (declare case 15 in <see cref="Differences"/>).</summary>
    public abstract string? MoneyField { get; }

    /// <summary>A field of dates without a time, or null where the record has none (declare case 16 in <see cref="Differences"/>).</summary>
    public abstract string? DateField { get; }

    /// <summary>A well-formed id that no record has.</summary>
    public abstract string MissingId { get; }

    /// <summary>
    /// A version that the record no longer has, given the one it had before it was changed a moment ago. Override where stamps are so coarse
    /// that both may be the same. Used only where the manifest says ChecksVersion.
    /// </summary>
    public virtual string StaleVersion(string before) => before;

    /// <summary>Sets one of the fields above in a record to be written; override where such a field is nested or money has another form.</summary>
    public virtual Fields Set(Fields record, string field, object? value) => record.With(field, value);

    /// <summary>Gets one of the fields above from a record that was read.</summary>
    public virtual object? Get(Fields record, string field) => record.Get(field);

    /// <summary>The amount in a value that was read.</summary>
    public virtual decimal? Amount(object? value) => value switch
    {
        long whole => whole,
        decimal number => number,
        string text => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture),
        Fields money => money.Number("amount"),
        _ => null,
    };

    /// <summary>Narrows a fault to requests that create a record of <see cref="Entity"/>.</summary>
    public abstract Fault OnCreate(Fault fault);

    /// <summary>Narrows a fault to requests that read a page of <see cref="ReadEntity"/>.</summary>
    public abstract Fault OnRead(Fault fault);

    /// <summary>The answer of a system that is asked too often; override where it is not status 429 with Retry-After.</summary>
    public virtual Fault Throttling(TimeSpan? retryAfter) => new()
    {
        Kind = FaultKind.Answer,
        Status = 429,
        Headers = retryAfter is { } wait ? new() { ["Retry-After"] = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) } : [],
    };

    /// <summary>Starts the sandbox, or a fault proxy in front of the real server, and prepares what records refer to.</summary>
    public abstract Task StartAsync();

    /// <summary>Makes record <paramref name="n"/> of <see cref="ReadEntity"/> without the connector and returns its id.</summary>
    public abstract Task<string> InsertDirectlyAsync(int n);

    public abstract Task ChangeDirectlyAsync(string id);

    public abstract Task DeleteDirectlyAsync(string id);

    /// <summary>How many live records of <see cref="Entity"/> the system holds with key number <paramref name="n"/>, seen without the connector.</summary>
    public abstract Task<int> CountDirectlyAsync(int n);

    /// <summary>Ends every session or token of the connector. Needed where the manifest says <see cref="Manifest.RenewsSession"/>.</summary>
    public virtual Task ExpireSessionsAsync() =>
        throw new NotSupportedException($"{Name}: implement ExpireSessionsAsync, or declare case {ConformanceCase.SessionExpiry} in Differences");

    /// <summary>
    /// Makes the system rename or drop a field that the connector relies on in answers, and returns its name, which the failure must mention.
    /// Where it cannot, declare case 17 in <see cref="Differences"/>.
    /// </summary>
    public virtual Task<string> DriftAsync() =>
        throw new NotSupportedException($"{Name}: implement DriftAsync, or declare case {ConformanceCase.SchemaDrift} in Differences");

    public abstract ValueTask DisposeAsync();
}
