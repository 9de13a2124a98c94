using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>Finds the few rows among which a condition's matches must be, so that not every row is tested. For conditions that were checked before.</summary>
internal sealed class SoqlIndexes(SalesforceRecords records, SObject entity)
{
    /// <summary>All rows that match, maybe with others, in the order of their ids; null where every row must be looked at.</summary>
    public IEnumerable<Row>? Narrow(SoqlCondition condition) =>
        Candidates(condition)?.DistinctBy(row => row["Id"]).OrderBy(row => (string)row["Id"]!, StringComparer.Ordinal);

    private IEnumerable<Row>? Candidates(SoqlCondition condition)
    {
        switch (condition)
        {
            case SoqlCondition.And both:
                return IndexedTable.Fewest([Candidates(both.Left), Candidates(both.Right)]);
            case SoqlCondition.Or either:
                return Candidates(either.Left) is { } one && Candidates(either.Right) is { } other ? one.Concat(other) : null;
            case SoqlCondition.Compare { Path.Names: [var name] } compare when entity.Field(name) is { IsNumber: false, Type: not SType.Boolean } field:
                var values = compare.Values.Select(literal => Typed(field, compare.Path, literal)).ToList();
                return compare.Operator switch
                {
                    "=" or "IN" => values.SelectMany(value => records.Having(entity, field, value)),
                    ">" or ">=" when values is [string from] => records.HavingFrom(entity, field, from),
                    _ => null,
                };
            default:
                return null;
        }
    }

    /// <summary>A literal as it is compared with a field; refuses one that does not suit it.</summary>
    public static object? Typed(SField field, SoqlPath path, SoqlLiteral literal)
    {
        if (literal.Kind == SoqlKind.Null)
        {
            return null;
        }

        if (field.IsId)
        {
            return literal.Value is string id && SalesforceId.IsValid(id)
                ? SalesforceId.Long(SalesforceId.Short(id))
                : throw new SalesforceRefusal(400, "INVALID_QUERY_FILTER_OPERATOR",
                    $"\nERROR at Row:1:Column:{path.Column}\ninvalid ID field: {literal.Value}");
        }

        var wanted = field.Type switch
        {
            SType.Date => SoqlKind.Date,
            SType.DateTime => SoqlKind.DateTime,
            SType.Boolean => SoqlKind.Flag,
            _ => field.IsNumber ? SoqlKind.Number : SoqlKind.Text,
        };
        return literal.Kind == wanted
            ? literal.Value
            : throw new SalesforceRefusal(400, "INVALID_FIELD",
                $"\nERROR at Row:1:Column:{path.Column}\nvalue of filter criterion for field '{path}' must be of type {Name(wanted)} and should "
                + (wanted == SoqlKind.Text ? "be enclosed in quotes" : "not be enclosed in quotes"));
    }

    private static string Name(SoqlKind kind) => kind switch
    {
        SoqlKind.Text => "string",
        SoqlKind.Number => "double",
        SoqlKind.Flag => "boolean",
        SoqlKind.Date => "date",
        SoqlKind.DateTime => "dateTime",
        SoqlKind.Null => "null",
    };
}
