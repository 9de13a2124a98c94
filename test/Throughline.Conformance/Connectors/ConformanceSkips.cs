using System.Collections.Immutable;
using System.Reflection;
using Throughline.Connect;
using Xunit;

namespace Throughline.Conformance.Connectors;

/// <summary>Which cases do not apply to a subject, decided from its manifest and declared differences alone, so that the list needs no run.</summary>
public static class ConformanceSkips
{
    /// <summary>Why a case does not apply, or null where it does.</summary>
    public static string? Reason(ConnectorUnderTest subject, ConformanceCase @case) =>
        subject.Differences.FirstOrDefault(difference => difference.Case == @case)?.Reason ?? ByManifest(subject, @case);

    /// <summary>Every skip of every subject in an assembly (below a namespace), one line each: <c>name | case | reason</c>, sorted.</summary>
    public static ImmutableArray<string> Of(Assembly assembly, string inNamespace = "")
    {
        var lines = from type in assembly.GetTypes()
                    where type.IsSubclassOf(typeof(ConnectorUnderTest)) && type is { IsAbstract: false, ContainsGenericParameters: false }
                        && (type.Namespace ?? "").StartsWith(inNamespace, StringComparison.Ordinal)
                    let subject = (ConnectorUnderTest)Activator.CreateInstance(type, nonPublic: true)!
                    from @case in Enum.GetValues<ConformanceCase>()
                    let reason = Reason(subject, @case)
                    where reason is not null
                    select $"{subject.Name} | {(int)@case:00} {@case} | {reason}";
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>Fails unless the skips are those that the approved file lists; the message holds what the file would have to say.</summary>
    public static void ShouldBeApproved(ImmutableArray<string> skips, string approvedFile)
    {
        var approved = File.Exists(approvedFile) ? File.ReadAllLines(approvedFile).Where(line => line.Length > 0) : [];
        Assert.True(
            skips.SequenceEqual(approved),
            $"the cases that connectors skip have changed; if that is meant, {approvedFile} must read:\n\n{string.Join("\n", skips)}\n");
    }

    private static string? ByManifest(ConnectorUnderTest subject, ConformanceCase @case)
    {
        var manifest = subject.Kind.Manifest;
        var read = manifest.Entity(subject.ReadEntity);
        var written = manifest.Entity(subject.Entity);
        return @case switch
        {
            ConformanceCase.SessionExpiry when !manifest.RenewsSession =>
                "its credentials are sent with each request and do not expire (RenewsSession is false)",
            ConformanceCase.Deletions when read is { ReportsDeletion: false, Changes: ChangeDetection.Incremental } =>
                $"the system does not report deletions of {read.Name} (ReportsDeletion is false); reconciliation finds them",
            ConformanceCase.SameKeyOtherPayload when written is { EnforcesKey: false } =>
                $"the system takes a second record of {written.Name} with the same key (EnforcesKey is false); the hub looks before it writes again",
            ConformanceCase.Webhooks => "the hub polls this system and takes no webhooks from it",
            _ => null,
        };
    }
}
