using System.Globalization;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>Batches hold entries of many engagements, so they belong to a partition and to none of its engagements.</summary>
internal static class EntryScopes
{
    private const string Kind = "entries";
    private static readonly Scope[] ByPartition = Find();

    /// <summary>The scope whose place is the given partition.</summary>
    public static Scope Of(int partition) => ByPartition[partition];

    private static Scope[] Find()
    {
        var found = new Scope?[Scope.PartitionCount];
        for (var (key, left) = (0, found.Length); left > 0; key++)
        {
            var scope = new Scope(Kind, key.ToString(CultureInfo.InvariantCulture));
            if (found[scope.Partition] is null)
            {
                found[scope.Partition] = scope;
                left--;
            }
        }

        return [.. found.Select(scope => scope!.Value)];
    }
}
