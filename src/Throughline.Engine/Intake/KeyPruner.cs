using Throughline.Engine.Process;

namespace Throughline.Engine.Intake;

/// <summary>
/// Forgets idempotency keys that are older than the landscape says, a few at a time, so that their table does not grow for ever. Who repeats a
/// delivery after that is taken in once more, and finds that what is known is as new.
/// </summary>
public sealed class KeyPruner(IIntakeStore store, ReleaseHolder release, TimeProvider time)
{
    public const int BatchMax = 1_000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    /// <summary>One small step; returns how long to rest before the next one.</summary>
    public async Task<TimeSpan> ForgetAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - release.Landscape.IntakeKeysKept;
        return await store.ForgetKeysAsync(before, BatchMax, cancellation) < BatchMax ? LookEvery : Breath;
    }
}
