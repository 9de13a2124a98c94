using System.Collections.Frozen;
using System.Globalization;
using Throughline.Landscape.Expressions;
using Throughline.Model;

namespace Throughline.Landscape;

/// <summary>The functions that expressions of a landscape may call beside those of the language.</summary>
internal sealed class LandscapeFunctions
{
    public const string Lookup = "lookup";
    public const string Id = "id";
    public const string Record = "record";
    public const string Answer = "answer";

    private FrozenDictionary<string, (ValueMap Map, Place Place)> _valueMaps = FrozenDictionary<string, (ValueMap, Place)>.Empty;
    private FrozenDictionary<string, Fields> _legalEntities = FrozenDictionary<string, Fields>.Empty;

    public LandscapeFunctions()
    {
        Ordinary = FunctionLibrary.Empty
            .With(Lookup, 2, a => LookUp(Text(a[0], Lookup), a[1]))
            .With("legalEntity", 1, a => LegalEntityOf(Text(a[0], "legalEntity")))
            .With("entityOf", 1, a => a[0] is null ? null : EntityOf(Text(a[0], "entityOf")))
            .With("show", 1, a => Show(a[0]))
            .With("addDays", 2, a => AddDays(a[0], Whole(a[1], "addDays")))
            .With("daysBetween", 2, a => (long)(Date(a[1], "daysBetween").DayNumber - Date(a[0], "daysBetween").DayNumber))
            .With("dateIn", 2, a => DateIn(Text(a[0], "dateIn"), Text(a[1], "dateIn")))
            .With("convert", 3, a => ConvertMoney(a[0], Text(a[1], "convert"), a[2]))
            .With("normalizeTaxId", 1, a => NormalizeTaxId(a[0]));
        WithRecords = Ordinary
            .With(Id, 3, a => CallHooks.Required(Id).IdOf(Text(a[0], Id), Text(a[1], Id), a[2]))
            .With(Record, 2, a => CallHooks.Required(Record).RecordOf(Text(a[0], Record), a[1]))
            .With(Answer, 2, a => CallHooks.Required(Answer).AnswerOf(Text(a[0], Answer), a[1]));
    }

    public FunctionLibrary Ordinary { get; }

    /// <summary>With <c>id(role, entity, key)</c>, <c>answer(map, key)</c> and <c>record(entity, key)</c>, for what is evaluated by <see cref="TemplateRunner"/>.</summary>
    public FunctionLibrary WithRecords { get; }

    /// <summary>Expressions are parsed before all tables are read; they look into the tables only when they are evaluated.</summary>
    public void Complete(FrozenDictionary<string, (ValueMap Map, Place Place)> valueMaps, IEnumerable<LegalEntity> legalEntities)
    {
        _valueMaps = valueMaps;
        _legalEntities = legalEntities.ToFrozenDictionary(entity => entity.Code, entity => entity.View, StringComparer.Ordinal);
    }

    /// <summary>Capital letters and digits only, so that "DE 123.456" and "de123456" are one customer; null where nothing is left.</summary>
    internal static string? NormalizeTaxId(object? value)
    {
        if (value is null)
        {
            return null;
        }

        var kept = string.Concat(Text(value, "normalizeTaxId").Where(char.IsLetterOrDigit)).ToUpperInvariant();
        return kept.Length == 0 ? null : kept;
    }

    private object? LookUp(string table, object? key)
    {
        if (!_valueMaps.TryGetValue(table, out var entry))
        {
            throw new EvaluationException($"there is no value map '{table}'");
        }

        var text = key switch
        {
            null => null,
            bool flag => flag ? "true" : "false",
            string name => name,
            long or decimal => Convert.ToString(key, CultureInfo.InvariantCulture),
            _ => throw new EvaluationException($"value map '{table}' is looked up with a text or a number, not with {key.GetType().Name}"),
        };
        if (text is not null && entry.Map.Values.TryGetValue(text, out var value))
        {
            return value;
        }

        return entry.Map.HasOtherwise
            ? entry.Map.Otherwise
            : throw new EvaluationException(
                $"value map '{table}' ({entry.Place}) has nothing for {(text is null ? "an empty value" : $"'{text}'")}; add it there, or correct the record");
    }

    private Fields LegalEntityOf(string code) => _legalEntities.GetValueOrDefault(code)
        ?? throw new EvaluationException($"there is no legal entity '{code}'; declare it in landscape.yaml, or correct the record");

    /// <summary>The legal entity of a country, or null where the firm has none there; the first by code where it has several.</summary>
    private Fields? EntityOf(string country) =>
        _legalEntities.OrderBy(entity => entity.Key, StringComparer.Ordinal).FirstOrDefault(entity => entity.Value.Text("country") == country).Value;

    /// <summary>Money for people: <c>457,600.00 EUR</c>; an empty text where there is none.</summary>
    private static string Show(object? value) => value switch
    {
        null => "",
        Money money => money.ToString(),
        Fields fields when fields.AsMoney() is { } money => money.ToString(),
        _ => throw new EvaluationException("show takes money: an amount and a currency"),
    };

    private static string AddDays(object? date, long days)
    {
        var day = Date(date, "addDays");
        var number = day.DayNumber + days;
        return number < 0 || number > DateOnly.MaxValue.DayNumber
            ? throw new EvaluationException($"{days} days from {day:yyyy-MM-dd} is no date")
            : DateOnly.FromDayNumber((int)number).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    /// <summary>The calendar day of an instant where people are: 2026-06-30T23:30:00Z is 1 July in Berlin.</summary>
    private static string DateIn(string instant, string zone)
    {
        if (!DateTimeOffset.TryParse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            throw new EvaluationException($"'{instant}' is not an instant in ISO 8601");
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)
            ? DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, found).DateTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : throw new EvaluationException($"'{zone}' is not a time zone; use an IANA name such as Europe/Berlin");
    }

    /// <summary>Rounded to the minor unit of the target currency, halves away from zero.</summary>
    private static Money ConvertMoney(object? value, string currency, object? rate)
    {
        var money = value switch { Money given => given, Fields fields => fields.AsMoney(), _ => null };
        var factor = rate switch { long whole => whole, decimal number => number, _ => (decimal?)null };
        if (money is not { } from || factor is not { } times || !Currency.TryOf(currency, out var to))
        {
            throw new EvaluationException("convert(money, currency, rate) needs money, a currency code and a decimal rate");
        }

        try
        {
            return from.Convert(to, times);
        }
        catch (OverflowException)
        {
            throw new EvaluationException($"{from} times {times} is out of range");
        }
    }

    private static DateOnly Date(object? value, string function) =>
        value is string text && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw new EvaluationException($"{function} needs a date such as '2026-07-01'");

    private static string Text(object? value, string function) =>
        value as string ?? throw new EvaluationException($"{function} needs a text{(value is null ? ", and got null" : "")}");

    private static long Whole(object? value, string function) =>
        value is long whole ? whole : throw new EvaluationException($"{function} needs a whole number of days");
}
