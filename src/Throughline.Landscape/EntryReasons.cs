using System.Collections.Immutable;

namespace Throughline.Landscape;

/// <summary>Why an entry waits or is held, unless it is a check of the landscape, whose name stands for itself.</summary>
public static class EntryReasons
{
    /// <summary>Waits: nobody knows the engagement that it belongs to.</summary>
    public const string ForHome = "home";

    /// <summary>Waits: the record that it was booked on is not known in its engagement.</summary>
    public const string ForReference = "reference";

    /// <summary>Waits for the id of a record that is being written.</summary>
    public const string ForId = "id";

    /// <summary>Waits for the answer to an earlier form of itself.</summary>
    public const string ForAnswer = "under-way";

    /// <summary>Held: the inward map failed, so nothing is known of it.</summary>
    public const string ByMap = "map";

    /// <summary>Held: whether it is ready cannot be told.</summary>
    public const string ByReady = "map-ready";

    /// <summary>Held: what it is worth cannot be told.</summary>
    public const string ByPrice = "price";

    /// <summary>Held: how it is billed cannot be told.</summary>
    public const string ByBilling = "billing";

    /// <summary>Held: the outward map failed.</summary>
    public const string ByOutwardMap = "map-out";

    /// <summary>Held: the landscape has no place for such entries any more.</summary>
    public const string ByLandscape = "landscape";

    /// <summary>Held: the target refused it.</summary>
    public const string ByTarget = "refused";

    /// <summary>Held: whether the target has it could not be found out.</summary>
    public const string ByDoubt = "in-doubt";

    /// <summary>Held by a defect of the hub.</summary>
    public const string ByDefect = "defect";

    /// <summary>No check may have one of these names.</summary>
    public static readonly ImmutableArray<string> All =
        [ForHome, ForReference, ForId, ForAnswer, ByMap, ByReady, ByPrice, ByBilling, ByOutwardMap, ByLandscape, ByTarget, ByDoubt, ByDefect];
}
