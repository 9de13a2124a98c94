using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>One state of one record, as the CRM would send it.</summary>
internal sealed record CrmChange(string Entity, string Id, DateTimeOffset Stamp, Fields Fields, bool ByHub)
{
    public string Version => Stamp.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public SourceChange Sent => new("crm", Stamp, Record);

    public SourceRecord Record => new(Entity, Id, Version, Fields.With("Id", Id).With("SystemModstamp", Version));
}

/// <summary>The CRM: accounts, contracts and opportunities as whole documents, each change with a time stamp of its own.</summary>
internal sealed class Crm(TheWorld world, bool keepsKeys) : IFeed
{
    public const string Account = "Account";
    public const string Contract = "Contract";
    public const string Opportunity = "Opportunity";

    private readonly Dictionary<(string Entity, string Id), CrmChange> _now = [];
    private DateTimeOffset _lastStamp;
    private CrmInvoices? _invoices;

    /// <summary>What the hub writes of invoices.</summary>
    public CrmInvoices Invoices => _invoices ??= new CrmInvoices(this, keepsKeys);

    /// <summary>Every state that there ever was, in order.</summary>
    public List<CrmChange> History { get; } = [];

    public Action<CrmChange> Changed { get; set; } = _ => { };

    public IEnumerable<CrmChange> All(string entity) => _now.Values.Where(change => change.Entity == entity);

    public Fields? Find(string entity, string id) => _now.GetValueOrDefault((entity, id))?.Fields;

    public void Put(string entity, string id, Fields fields, bool byHub = false)
    {
        var whole = (Find(entity, id) ?? Fields.Empty).Merge(fields);
        var stamp = new DateTimeOffset(world.Now.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
        _lastStamp = stamp > _lastStamp ? stamp : _lastStamp.AddMilliseconds(1);
        var change = new CrmChange(entity, id, _lastStamp, whole, byHub);
        _now[(entity, id)] = change;
        History.Add(change);
        world.Trace.Note("crm", $"{entity} {id}: {fields.ToJson()}");
        Changed(change);
    }

    /// <summary>What changed since a stamp, that stamp included, oldest first.</summary>
    private ImmutableArray<SourceChange> Since(string entity, string? stamp) => [.. All(entity)
        .Where(change => stamp is null || string.CompareOrdinal(change.Version, stamp) >= 0).OrderBy(change => change.Stamp).Select(change => change.Sent)];

    public (ImmutableArray<SourceChange> Page, Cursor Next)? Read(string entity, string? from) => ChangePages.Next(Since(entity, from), from);

    public ImmutableArray<Receipt> Apply(ImmutableArray<WriteItem> items) => [.. items.Select(item => item.Entity == CrmInvoices.Entity ? Invoices.Apply(item) : Apply(item))];

    private Receipt Apply(WriteItem item)
    {
        if (item.Operation != WriteOperation.Update || Find(item.Entity, item.ExternalId!) is not { } known)
        {
            return Receipt.Failed(new Failure.MissingReference($"{item.Entity} {item.ExternalId} does not exist", item.ExternalId ?? ""));
        }

        if (!known.Merge(item.Fields).Equals(known))
        {
            Put(item.Entity, item.ExternalId!, item.Fields, byHub: true);
        }

        return Receipt.Done(item.ExternalId!);
    }

    public ImmutableArray<SourceRecord> Look(FindRequest request) => request.Entity == CrmInvoices.Entity ? Invoices.Look(request.Key)
        : request.Key.Text(FindRequest.IdField) is { } id && _now.TryGetValue((request.Entity, id), out var found) ? [found.Record] : [];
}
