using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Throughline.Model;
using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>Runs a parsed query over the records, with the checks that Salesforce makes before it runs one.</summary>
internal sealed class SoqlRunner(SalesforceRecords records, string version, bool withDeleted)
{
    /// <summary>The matching rows in order, and how a row is shown.</summary>
    public (List<Row> Rows, Func<Row, Fields> Show, int Total) Run(SoqlQuery query)
    {
        var entity = records.Object(query.From) ?? throw new SalesforceRefusal(400, "INVALID_TYPE",
            $"\nERROR at Row:1:Column:1\nsObject type '{query.From}' is not supported. "
            + "If you are attempting to use a custom object, be sure to append the '__c' after the entity name.");
        var matching = Matching(query, entity);
        var narrowed = query.Where is { } where ? new SoqlIndexes(records, entity).Narrow(where) : null;
        var rows = matching(narrowed ?? records.Rows(entity.Name));
        if (query.IsCount)
        {
            return ([], _ => Fields.Empty, rows.Count);
        }

        var show = Shown(query, entity, rows);
        return (rows, show, rows.Count);
    }

    /// <summary>What keeps and orders the rows that a query finds among those given; the query is checked before any row is looked at.</summary>
    private Func<IEnumerable<Row>, List<Row>> Matching(SoqlQuery query, SObject entity)
    {
        var where = query.Where is { } condition ? Test(entity, condition) : _ => true;
        var orders = query.OrderBy.Select(o => (Read: Reader(entity, o.Path, out var field), IsId: field.IsId, o.Descending, o.NullsLast)).ToList();
        return from =>
        {
            var kept = from.Where(row => (withDeleted || !SalesforceRecords.IsDeleted(row)) && where(row));
            if (orders.Count > 0)
            {
                kept = orders.Aggregate(kept.OrderBy(_ => 0), (sorted, o) => o.Descending
                    ? sorted.ThenByDescending(row => o.Read(row), new ValueOrder(nullsHigh: !o.NullsLast, o.IsId))
                    : sorted.ThenBy(row => o.Read(row), new ValueOrder(nullsHigh: o.NullsLast, o.IsId)));
            }

            return [.. kept.Skip(query.Offset).Take(query.Limit ?? int.MaxValue)];
        };
    }

    private Func<Row, Fields> Shown(SoqlQuery query, SObject entity, IReadOnlyList<Row> rows)
    {
        foreach (var path in query.Fields)
        {
            Reader(entity, path, out _);
        }

        var children = query.Children.Select(child => Child(child, entity, rows)).ToList();
        var shown = ShownAt(entity, [.. query.Fields.Select(path => path.Names)]);
        return row => Fields.Of([.. shown(row), .. children.Select(child => (child.Name, child.Of(row)))]);
    }

    // Paths with a common first name become one nested record, as on the wire. What is shown is found out once for all rows.
    private Func<Row, List<(string Name, object? Value)>> ShownAt(SObject entity, ImmutableArray<ImmutableArray<string>> paths)
    {
        var members = new List<(string Name, Func<Row, object?> Of)>();
        foreach (var group in paths.GroupBy(path => path[0], StringComparer.OrdinalIgnoreCase))
        {
            if (group.First().Length == 1)
            {
                var field = entity.Field(group.Key)!;
                members.Add((field.WireName, row => SalesforceFieldRules.Show(field, row.GetValueOrDefault(field.Name))));
                continue;
            }

            var by = entity.Parent(group.Key)!;
            var target = records.Need(by.ReferenceTo!);
            var above = ShownAt(target, [.. group.Select(path => path[1..])]);
            members.Add((by.Relationship!, row =>
                row.GetValueOrDefault(by.Name) is string id && records.Find(target.Name, id) is { } parent ? Fields.Of([.. above(parent)]) : null));
        }

        return row =>
        {
            var shown = new List<(string, object?)>(members.Count + 1)
            {
                ("attributes", Fields.Of(("type", entity.Name), ("url", $"/services/data/{version}/sobjects/{entity.Name}/{row["Id"]}"))),
            };
            foreach (var (name, of) in members)
            {
                shown.Add((name, of(row)));
            }

            return shown;
        };
    }

    private (string Name, Func<Row, object?> Of) Child(SoqlQuery query, SObject parent, IReadOnlyList<Row> parents)
    {
        var (child, by) = records.Objects
            .SelectMany(o => o.Fields.Select(f => (Object: o, Field: f)))
            .FirstOrDefault(x => parent.Name.Equals(x.Field.ReferenceTo, StringComparison.Ordinal)
                && query.From.Equals(x.Field.ChildRelationship, StringComparison.OrdinalIgnoreCase));
        if (child is null)
        {
            throw new SalesforceRefusal(400, "INVALID_TYPE",
                $"\nERROR at Row:1:Column:1\nDidn't understand relationship '{query.From}' in FROM part of query call. "
                + "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.");
        }

        // All at once, so that a later page shows the children of the time of the query.
        var matching = Matching(query, child);
        var found = parents.ToDictionary(row => (string)row["Id"]!, row => matching(records.Having(child, by, row["Id"])));
        var show = Shown(query, child, [.. found.Values.SelectMany(rows => rows)]);
        return (by.ChildRelationship!, row =>
        {
            var rows = found[(string)row["Id"]!].Select(show).ToList();
            return rows.Count == 0 ? null : Fields.Of(("totalSize", rows.Count), ("done", true), ("records", rows));
        });
    }

    private Func<Row, object?> Reader(SObject entity, SoqlPath path, out SField field)
    {
        var hops = new List<(SField By, SObject Target)>();
        var at = entity;
        foreach (var name in path.Names[..^1])
        {
            var by = at.Parent(name) is { } found && records.Object(found.ReferenceTo!) is not null ? found
                : throw new SalesforceRefusal(400, "INVALID_FIELD",
                $"\nERROR at Row:1:Column:{path.Column}\nDidn't understand relationship '{name}' in field path. "
                + "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.");
            at = records.Need(by.ReferenceTo!);
            hops.Add((by, at));
        }

        var last = path.Names[^1];
        var final = field = at.Field(last) ?? throw new SalesforceRefusal(400, "INVALID_FIELD",
            $"\n{path}\n^\nERROR at Row:1:Column:{path.Column}\nNo such column '{last}' on entity '{at.Name}'. If you are attempting to use a custom field, "
            + "be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.");
        return row =>
        {
            Row? here = row;
            foreach (var (by, target) in hops)
            {
                here = here?.GetValueOrDefault(by.Name) is string id ? records.Find(target.Name, id) : null;
            }

            var value = here?.GetValueOrDefault(final.Name);
            return value is long whole ? (decimal)whole : value ?? (final.Type == SType.Boolean && here is not null ? false : null);
        };
    }

    private Func<Row, bool> Test(SObject entity, SoqlCondition condition)
    {
        switch (condition)
        {
            case SoqlCondition.And both:
                var (left, right) = (Test(entity, both.Left), Test(entity, both.Right));
                return row => left(row) && right(row);
            case SoqlCondition.Or either:
                var (one, other) = (Test(entity, either.Left), Test(entity, either.Right));
                return row => one(row) || other(row);
            case SoqlCondition.Not not:
                var inner = Test(entity, not.Inner);
                return row => !inner(row);
            case SoqlCondition.Compare compare:
                var read = Reader(entity, compare.Path, out var field);
                var values = compare.Values.Select(literal => SoqlIndexes.Typed(field, compare.Path, literal)).ToList();
                return Comparison(compare.Operator, read, values, field.IsId || field.IsUnique);
            default:
                throw SalesforceRefusal.Malformed("unexpected condition");
        }
    }

    private static Func<Row, bool> Comparison(string op, Func<Row, object?> read, List<object?> values, bool caseSensitive)
    {
        if (op == "LIKE")
        {
            var like = Like(values[0] as string ?? "");
            return row => read(row) is string text && like.IsMatch(text);
        }

        var order = new ValueOrder(nullsHigh: false, caseSensitive);
        bool Same(object? value, object? wanted) => value is null || wanted is null ? value is null && wanted is null : order.Compare(value, wanted) == 0;
        bool Ordered(Row row, Func<int, bool> holds) => read(row) is { } value && values[0] is { } wanted && holds(order.Compare(value, wanted));
        return op switch
        {
            "IN" => row => values.Exists(wanted => Same(read(row), wanted)),
            "=" => row => Same(read(row), values[0]),
            "!=" => row => !Same(read(row), values[0]),
            "<" => row => Ordered(row, c => c < 0),
            "<=" => row => Ordered(row, c => c <= 0),
            ">" => row => Ordered(row, c => c > 0),
            _ => row => Ordered(row, c => c >= 0),
        };
    }

    private static Regex Like(string pattern) => new(
        "^" + Regex.Replace(pattern, @"\\[%_]|[%_]|[^%_\\]+|\\", match => match.Value switch
        {
            "%" => ".*",
            "_" => ".",
            @"\%" => "%",
            @"\_" => "_",
            var text => Regex.Escape(text),
        }) + "$",
        RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));

    private sealed class ValueOrder(bool nullsHigh, bool caseSensitive) : IComparer<object?>
    {
        public int Compare(object? x, object? y) => (x, y) switch
        {
            (null, null) => 0,
            (null, _) => nullsHigh ? 1 : -1,
            (_, null) => nullsHigh ? -1 : 1,
            (decimal a, decimal b) => a.CompareTo(b),
            (bool a, bool b) => a.CompareTo(b),
            (string a, string b) => caseSensitive ? string.CompareOrdinal(a, b) : string.Compare(a, b, StringComparison.OrdinalIgnoreCase),
            _ => 0,
        };
    }
}
