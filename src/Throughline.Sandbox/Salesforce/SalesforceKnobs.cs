using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>
/// What can go wrong at Salesforce beside the common faults. Over HTTP: <c>POST /_sandbox/salesforce</c> with any of
/// <c>{"expireTokens":true,"tokenUses":n,"partialBatchEvery":n,"partialBatchCode":"..","requestLimit":n,"pageSize":n,"expireLocators":true,
/// "drift":{"object":"Opportunity","rename":{"Amount":"Amount__x"},"retype":{"Probability":"string"}},
/// "duplicateRule":{"object":"Account","field":"Name"}}</c>.
/// </summary>
public sealed class SalesforceKnobs
{
    private int _items;

    /// <summary>A token is good for this many requests; null for as long as it is not expired.</summary>
    public int? TokenUses { get; set; }

    /// <summary>Every n-th record of a collection is refused with <see cref="PartialBatchCode"/>; null for none.</summary>
    public int? PartialBatchEvery { get; set; }

    public string PartialBatchCode { get; set; } = "UNABLE_TO_LOCK_ROW";

    /// <summary>Requests in 24 hours; beyond it every call is refused with REQUEST_LIMIT_EXCEEDED.</summary>
    public int RequestLimit { get; set; } = 100_000;

    /// <summary>Records in one page of a query answer.</summary>
    public int PageSize { get; set; } = 2000;

    /// <summary>Requests to the data API so far.</summary>
    public int Requests { get; internal set; }

    /// <summary>Access tokens given out so far.</summary>
    public int TokensIssued { get; internal set; }

    internal bool StrikesItem() => PartialBatchEvery is { } every && ++_items % every == 0;

    internal void Set(Fields given)
    {
        TokenUses = given.ContainsKey("tokenUses") ? (int?)given.Number("tokenUses") : TokenUses;
        PartialBatchEvery = given.ContainsKey("partialBatchEvery") ? (int?)given.Number("partialBatchEvery") : PartialBatchEvery;
        PartialBatchCode = given.Text("partialBatchCode") ?? PartialBatchCode;
        RequestLimit = (int?)given.Number("requestLimit") ?? RequestLimit;
        PageSize = (int?)given.Number("pageSize") ?? PageSize;
    }
}
