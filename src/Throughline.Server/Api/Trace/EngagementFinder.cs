using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Api.Cases;

namespace Throughline.Server.Api.Trace;

/// <summary>What a text leads to.</summary>
/// <param name="Engagements">Empty where it leads nowhere, or to too many.</param>
/// <param name="Meant">What it may have meant, where that is several things; each begins with an id that says which.</param>
internal sealed record Found(ImmutableArray<Scope> Engagements, ImmutableArray<string> Meant);

/// <summary>
/// Finds the engagements that people mean by an id of any system, a number, an invoice, a case, a process instance, the beginning of the latter two, or a
/// name. Every look-up is bounded: by an index, or by the newest of a list.
/// </summary>
internal sealed class EngagementFinder(IHubStore store, ReleaseHolder release)
{
    /// <summary>A name is looked for among so many of the newest processes.</summary>
    public const int NamesMax = 2_000;

    private const int MergesMax = 20;
    private const int MeantMax = 10;
    private const int NameLengthMin = 3;
    private const int NamesPage = 500;

    public async Task<Found> FindAsync(string text, CancellationToken cancellation)
    {
        if (Guid.TryParseExact(text, "N", out var value) && await store.FindCaseAsync(new CaseId(value), cancellation) is { } item)
        {
            return Of([Scope.Parse(item.CorrelationId)]);
        }

        if (value != Guid.Empty && (await store.FindInstancesAsync(IdRange.Only(value), 1, cancellation)) is [var instance])
        {
            return Of(await OfInstanceAsync(instance, cancellation));
        }

        var found = await store.FindScopesAsync(text, cancellation);
        var engagements = found.Where(scope => scope.Kind == Scope.EngagementKind).ToList();
        if (await store.FindInvoiceAsync(text, cancellation) is { } invoice)
        {
            engagements.Add(invoice.Scope);
        }

        if (engagements.Count == 0)
        {
            // A customer is a record of its own; what was done for it stands under the engagements that needed it.
            foreach (var unit in await UnitsAsync(found, text, cancellation))
            {
                engagements.AddRange(await RequestersAsync(unit, null, cancellation));
            }
        }

        if (engagements.Count > 0)
        {
            return Of(engagements);
        }

        return await OfBeginningAsync(text, cancellation) ?? await OfNameAsync(text, cancellation)
            ?? Of([text.StartsWith(Scope.EngagementKind + ":", StringComparison.Ordinal) ? Scope.Parse(text) : Scope.Engagement(text)]);
    }

    private static string Line(InstanceRow row) => $"{row.Id}  {row.Process}: {row.Summary}, {row.Status.ToLowerInvariant()}";

    private static Found Of(IEnumerable<Scope> engagements) => new([.. engagements.Distinct()], []);

    private static Found Several(IReadOnlyCollection<string> meant) =>
        new([], meant.Count <= MeantMax ? [.. meant] : [.. meant.Take(MeantMax), "and more"]);

    private async Task<Found?> OfBeginningAsync(string text, CancellationToken cancellation)
    {
        if (IdRange.StartingWith(text) is not { } ids)
        {
            return null;
        }

        var cases = await store.FindCasesAsync(ids, MeantMax + 1, cancellation);
        var instances = await store.FindInstancesAsync(ids, MeantMax + 1, cancellation);
        return (cases, instances) switch
        {
            ([], []) => null,
            ([var item], []) => Of([Scope.Parse(item.CorrelationId)]),
            ([], [var instance]) => Of(await OfInstanceAsync(instance, cancellation)),
            _ => Several([.. cases.Select(CaseDoor.Line), .. instances.Select(Line)]),
        };
    }

    // Names have no index, so the newest are looked at; a whole name counts more than a part of one.
    private async Task<Found?> OfNameAsync(string text, CancellationToken cancellation)
    {
        if (text.Length < NameLengthMin)
        {
            return null;
        }

        var rows = new List<InstanceRow>();
        while (rows.Count < NamesMax)
        {
            var page = await store.ListInstancesAsync(null, null, rows.Count == 0 ? null : rows[^1].Id.ToString(), NamesPage, cancellation);
            rows.AddRange(page);
            if (page.Length < NamesPage)
            {
                break;
            }
        }

        var part = rows.Where(row => row.Summary.Contains(text, StringComparison.OrdinalIgnoreCase)).ToArray();
        var whole = part.Where(row => row.Summary.Equals(text, StringComparison.OrdinalIgnoreCase)
            || row.Summary.StartsWith(text + " (", StringComparison.OrdinalIgnoreCase)).ToArray();
        var meant = (whole.Length > 0 ? whole : part).DistinctBy(row => row.Unit).ToArray();
        if (meant.Length is 0 or > MeantMax)
        {
            return meant.Length == 0 ? null : Several([.. meant.Select(Line)]);
        }

        // A deal and its customer are often called alike.
        var scopes = new List<Scope>();
        foreach (var row in meant)
        {
            scopes.AddRange(await OfInstanceAsync(row, cancellation));
        }

        return meant.Length == 1 || scopes.Distinct().Count() == 1 ? Of(scopes) : Several([.. meant.Select(Line)]);
    }

    private async Task<IEnumerable<Scope>> OfInstanceAsync(InstanceRow row, CancellationToken cancellation) =>
        row.Unit.Scope.Kind == Scope.EngagementKind ? [row.Unit.Scope] : await RequestersAsync(row.Unit, row.Process, cancellation);

    // Who asked for a master record; where it was merged, the one that it is the same as tells.
    private async Task<IEnumerable<Scope>> RequestersAsync(UnitKey unit, string? process, CancellationToken cancellation)
    {
        for (var merges = 0; merges < MergesMax; merges++)
        {
            var rows = await store.LoadUnitsAsync([unit], cancellation);
            if (UnitRows.MergedInto(rows) is { } other)
            {
                unit = unit with { Unit = other };
                continue;
            }

            return rows.Where(row => row is { Kind: StateKind.Instance, Data: not null }).Select(row => InstanceRows.Read(row.Data!))
                .Where(instance => process is null || instance.Process == process)
                .SelectMany(instance => instance.Requesters.Select(requester => requester.CorrelationId).Concat(instance.RequestedBy.Reverse()).Append(instance.CorrelationId))
                .Select(Scope.Parse).Where(scope => scope.Kind == Scope.EngagementKind).Distinct().ToArray();
        }

        return [];
    }

    // Master records that have this id in a system that the landscape maps them from or to, or as a number or tax id.
    private async Task<IEnumerable<UnitKey>> UnitsAsync(ImmutableArray<Scope> scopes, string id, CancellationToken cancellation)
    {
        var landscape = release.Landscape;
        var lookups = scopes.SelectMany(scope => landscape.InwardMaps.Where(map => map.To == scope.Kind).Select(map => (map.System, map.Entity))
            .Concat(landscape.OutwardMaps.Values.Where(map => map.From == scope.Kind).SelectMany(map => SystemsOf(landscape, map.Role), (map, system) => (system, map.Entity)))
            .Append((UnitLookup.MatchSystem, scope.Kind)).Distinct()
            .Select(known => new UnitLookup(scope, known.Item1, known.Item2, id))).ToImmutableArray();
        return lookups.IsEmpty ? [] : (await store.FindUnitsAsync(lookups, cancellation)).Select(found => new UnitKey(found.Lookup.Scope, found.Unit)).Distinct();
    }

    private static IEnumerable<string> SystemsOf(Landscape.Landscape landscape, string role) =>
        landscape.Roles.TryGetValue(role, out var declared) ? declared.ByLegalEntity.Values.Append(declared.Default) : [];
}
