namespace Throughline.Store;

/// <summary>Both stores keep whole microseconds of UTC.</summary>
internal static class StoredTime
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>When something happened: cut to the microsecond.</summary>
    public static DateTimeOffset At(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>When something is due: rounded up, so that it is never found due a fraction of a microsecond early.</summary>
    public static DateTimeOffset Due(DateTimeOffset time)
    {
        var cut = At(time);
        return cut.UtcTicks == time.UtcTicks || cut.UtcTicks > DateTimeOffset.MaxValue.UtcTicks - TicksPerMicrosecond
            ? cut
            : cut.AddTicks(TicksPerMicrosecond);
    }

    public static DateTimeOffset? At(DateTimeOffset? time) => time is { } given ? At(given) : null;

    public static long ToMicroseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TicksPerMicrosecond);
}
