using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Server.Api;

internal static class EngagementUnit
{
    /// <summary>An engagement as it stands in the store; empty where nothing is known of it.</summary>
    public static async Task<UnitState> EngagementAsync(this IHubQueries store, Scope scope, CancellationToken cancellation)
    {
        var key = new UnitKey(scope, "");
        return UnitRows.Read(key, (await store.LoadScopeAsync(scope, cancellation)).Where(row => row.Unit == key && row.Data is not null));
    }
}
