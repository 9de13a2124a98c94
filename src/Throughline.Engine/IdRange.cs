namespace Throughline.Engine;

/// <summary>The ids that begin with the same digits, or one id alone; both ends belong to it.</summary>
public readonly record struct IdRange(Guid First, Guid Last)
{
    /// <summary>Fewer digits would fit too many ids.</summary>
    public const int BeginningLengthMin = 6;

    private const int WholeLength = 32;

    public static IdRange Only(Guid id) => new(id, id);

    /// <summary>The ids whose text begins so; null where the text is no hexadecimal number, too short or too long.</summary>
    public static IdRange? StartingWith(string text) => text.Length is >= BeginningLengthMin and <= WholeLength && text.All(char.IsAsciiHexDigit)
        ? new IdRange(Guid.ParseExact(text.PadRight(WholeLength, '0'), "N"), Guid.ParseExact(text.PadRight(WholeLength, 'f'), "N"))
        : null;
}
