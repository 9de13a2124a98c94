using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>Reading parts of values: fields of maps and money, elements of lists, and through optionals.</summary>
internal static class Members
{
    public static object? Get(object? value, string field, bool isOptional)
    {
        if (value is Optional optional)
        {
            // Once optional, the whole rest of the path is.
            return optional.HasValue ? Get(optional.Value, field, isOptional: true) : optional;
        }

        if (value is Money money)
        {
            return Wrapped(OfMoney(money, field), isOptional);
        }

        if (!Values.IsMap(value))
        {
            return new Fault($"A value of type {CelType.Of(value).Name} has no fields, so '{field}' cannot be read from it");
        }

        if (Values.TryGet(value!, field, out var found))
        {
            return Wrapped(found, isOptional);
        }

        return isOptional ? Optional.None : new Fault(
            $"There is no field '{field}' (no such key); where it may be missing, write has(...) or .?{field}.orValue(...)");
    }

    public static object? At(object? value, object? key, bool isOptional)
    {
        if (value is Optional optional)
        {
            return optional.HasValue ? At(optional.Value, key, isOptional: true) : optional;
        }

        if (value is IReadOnlyList<object?> list)
        {
            return Element(list, key, isOptional);
        }

        if (!Values.IsMap(value))
        {
            return new Fault($"A value of type {CelType.Of(value).Name} has no elements, so [ ] cannot be used on it");
        }

        if (Values.TryGet(value!, key, out var found))
        {
            return Wrapped(found, isOptional);
        }

        return isOptional ? Optional.None : new Fault(
            $"There is no key {Shown(key)} in the map (no such key); where it may be missing, write [?key].orValue(...)");
    }

    public static object Has(object? value, string field) => value switch
    {
        Optional optional => optional.HasValue ? Has(optional.Value, field) : Values.False,
        Money => Values.Bool(field is "amount" or "currency"),
        _ when Values.IsMap(value) => Values.Bool(Values.TryGet(value!, field, out _)),
        _ => new Fault($"A value of type {CelType.Of(value).Name} has no fields, so has(....{field}) cannot be asked of it"),
    };

    private static object? Wrapped(object? value, bool isOptional) => isOptional && value is not Fault ? Optional.Of(value) : value;

    private static object OfMoney(Money money, string field) => field switch
    {
        "amount" => money.Amount,
        "currency" => money.Currency.Code,
        _ => new Fault($"Money has no field '{field}'; it has amount and currency"),
    };

    private static object? Element(IReadOnlyList<object?> list, object? key, bool isOptional)
    {
        var index = key switch
        {
            long whole => whole,
            ulong whole => whole <= long.MaxValue ? (long)whole : long.MaxValue,
            double number when Math.Truncate(number) == number && Math.Abs(number) < int.MaxValue => (long)number,
            _ => (long?)null,
        };
        if (index is null)
        {
            return new Fault($"The index of a list must be a whole number, not {Shown(key)}");
        }

        if (index >= 0 && index < list.Count)
        {
            return Wrapped(Values.At(list, (int)index), isOptional);
        }

        return isOptional ? Optional.None : new Fault($"The index {index} is outside the list, which has {list.Count} elements counted from 0");
    }

    private static string Shown(object? key) => key switch
    {
        string text => $"'{Instant.Shorten(text)}'",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => $"a value of type {CelType.Of(key).Name}",
    };
}
