using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>One state of one line of time, as the PSA has it.</summary>
internal sealed record TimeChange(int Id, DateTimeOffset Stamp, Fields Fields, bool IsDeleted)
{
    public bool IsApproved => !IsDeleted && Fields.Nested("custom_fields")?.Text("Approved") == "1";

    /// <summary>What nobody changes: stands in the note, before the revision, and so in every line that is made of it.</summary>
    public string Name => Fields.Text("comments")!.Split(' ')[0];

    public string? Project => Fields.Nested("project")?.Number("id")?.ToString(CultureInfo.InvariantCulture);

    public string? Issue => Fields.Nested("issue")?.Number("id")?.ToString(CultureInfo.InvariantCulture);

    public string? Person => Fields.Nested("user")?.Text("name");

    /// <summary>The one who tells of a deletion tells what was deleted: without the moment at which it was made the hub could not know the entry again.</summary>
    public SourceChange Sent => new("psa", Stamp, new SourceRecord(TimeBook.Entry, Id.ToString(CultureInfo.InvariantCulture), Version, Fields, IsDeleted));

    private string Version => Stamp.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The time that people have booked in the PSA: each change with a time stamp of its own, deletions too.</summary>
internal sealed class TimeBook(TheWorld world)
{
    public const string Entry = "time_entry";

    private readonly SortedDictionary<int, TimeChange> _now = [];
    private DateTimeOffset _lastStamp;

    /// <summary>Every state that there ever was, in order.</summary>
    public List<TimeChange> History { get; } = [];

    public Action<TimeChange> Changed { get; set; } = _ => { };

    /// <summary>The newest state of each line, deleted ones too.</summary>
    public IEnumerable<TimeChange> All => _now.Values;

    public TimeChange Find(int id) => _now[id];

    public int Book(Fields fields)
    {
        var id = _now.Count + 1;
        Put(id, fields.With("id", (long)id).With("created_on", Stamp(world.Now)), false);
        return id;
    }

    public void Change(int id, Fields fields) => Put(id, _now[id].Fields.Merge(fields), false);

    public void Delete(int id) => Put(id, _now[id].Fields, true);

    /// <summary>What a look at the whole list shows: nothing of what was deleted.</summary>
    public ImmutableArray<SourceChange> Listed(int after) => [.. _now.Values.Where(line => line.Id > after && !line.IsDeleted).Select(line => line.Sent)];

    /// <summary>What changed since a stamp, that stamp included, oldest first; deletions too.</summary>
    public ImmutableArray<SourceChange> Since(string? stamp) =>
        [.. _now.Values.Select(line => line.Sent).Where(change => stamp is null || string.CompareOrdinal(change.Version, stamp) >= 0).OrderBy(change => change.Stamp)];

    private void Put(int id, Fields fields, bool isDeleted)
    {
        var stamp = new DateTimeOffset(world.Now.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
        _lastStamp = stamp > _lastStamp ? stamp : _lastStamp.AddMilliseconds(1);
        // A list shows no issue where there is none.
        var change = new TimeChange(id, _lastStamp, fields.Get("issue") is null ? fields.Without("issue") : fields, isDeleted);
        _now[id] = change;
        History.Add(change);
        world.Trace.Note("time", $"{id}{(isDeleted ? " is deleted" : "")}: {fields.ToJson()}");
        Changed(change);
    }

    private static string Stamp(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
