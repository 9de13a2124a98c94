using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Store;

internal static class DueTimer
{
    /// <summary>
    /// The envelope of a timer whose time has come, with the timer's own payload. Its id is derived, so that a simulation repeats exactly;
    /// the time of firing is part of it because a timer may be set to the same due time again.
    /// </summary>
    public static NewEnvelope Fire(TimerRow timer, DateTimeOffset now)
    {
        var due = timer.Due!.Value;
        var id = CommandId.Derive(
            "timer", timer.Unit.Scope.ToString(), timer.Unit.Unit, timer.Id,
            StoredTime.ToMicroseconds(due).ToString(CultureInfo.InvariantCulture),
            StoredTime.ToMicroseconds(now).ToString(CultureInfo.InvariantCulture));
        return new NewEnvelope(
            new EnvelopeId(id.Value), timer.Unit.Scope, timer.Unit.Unit, EnvelopeKind.Timer, timer.Payload, timer.CorrelationId, null, due, now);
    }
}
