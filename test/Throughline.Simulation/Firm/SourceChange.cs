using Throughline.Connect;

namespace Throughline.Simulation.Firm;

/// <summary>One state of one record, as its system sends it or hands it out.</summary>
internal sealed record SourceChange(string System, DateTimeOffset Stamp, SourceRecord Record)
{
    public string Version => Record.Version!;
}
