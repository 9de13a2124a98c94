using System.Threading.RateLimiting;

namespace Throughline.Server.Api.Access;

/// <summary>How much the doors take.</summary>
/// <param name="BodyBytesMax">One intake request.</param>
/// <param name="HookBytesMax">One webhook.</param>
/// <param name="RequestsPerSecond">Of one token or one webhook sender, on average; twice as many in a burst.</param>
internal sealed record DoorLimits(int BodyBytesMax, int HookBytesMax, int RequestsPerSecond)
{
    public static DoorLimits Default { get; } = new(8 << 20, 1 << 20, 5_000);
}

/// <summary>Counts requests by who sends them.</summary>
internal sealed class RateGate : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter;

    public RateGate(DoorLimits limits) => _limiter = PartitionedRateLimiter.Create<string, string>(who =>
        RateLimitPartition.GetTokenBucketLimiter(who, _ => new TokenBucketRateLimiterOptions
    {
        TokenLimit = Math.Max(1, limits.RequestsPerSecond * 2),
        TokensPerPeriod = Math.Max(1, limits.RequestsPerSecond),
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    }));

    /// <summary>Null where the request may pass, else how long to wait.</summary>
    public TimeSpan? Wait(string who)
    {
        using var lease = _limiter.AttemptAcquire(who);
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);
    }

    public void Dispose() => _limiter.Dispose();
}
