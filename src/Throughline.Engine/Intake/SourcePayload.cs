using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Engine.Intake;

/// <summary>The content of a source record's envelope.</summary>
public static class SourcePayload
{
    public static Fields Write(string system, SourceRecord record, string? reference) => Fields.Of(
        (PayloadNames.System, system), (PayloadNames.Entity, record.Entity), (PayloadNames.ExternalId, record.ExternalId),
        (PayloadNames.Version, record.Version), (PayloadNames.Deleted, record.Deleted), (PayloadNames.Reference, reference), (PayloadNames.Record, record.Fields));

    public static (string System, SourceRecord Record) Read(Fields payload) => (
        payload.Text(PayloadNames.System)!,
        new SourceRecord(
            payload.Text(PayloadNames.Entity)!, payload.Text(PayloadNames.ExternalId)!, payload.Text(PayloadNames.Version),
            payload.Nested(PayloadNames.Record) ?? Fields.Empty, payload.Flag(PayloadNames.Deleted) == true));
}
