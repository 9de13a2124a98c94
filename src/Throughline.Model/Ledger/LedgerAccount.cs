namespace Throughline.Model.Ledger;

/// <summary>
/// Where a unit of quantity and amount stands between its approval and the cash. <see cref="Approved"/> is the account that everything comes from; what
/// stands in the others adds up to what was approved. The order is that of the store and never changes.
/// </summary>
public enum LedgerAccount
{
    /// <summary>The other side of every first posting: minus what has been approved.</summary>
    Approved = 0,

    /// <summary>Approved, and something keeps it from being billed; a case says what.</summary>
    Held = 1,

    /// <summary>To be billed, and on no invoice yet.</summary>
    Unbilled = 2,

    /// <summary>Covered by a fixed fee or a retainer, which is what is billed.</summary>
    Covered = 3,

    /// <summary>Never billed.</summary>
    NonBillable = 4,

    /// <summary>On an invoice that is not posted.</summary>
    InBatch = 5,

    /// <summary>On a posted invoice.</summary>
    Invoiced = 6,

    /// <summary>Invoiced, and the customer does not agree.</summary>
    Disputed = 7,

    /// <summary>Invoiced, and kept back by the customer until the end, as agreed.</summary>
    Retained = 8,

    Paid = 9,

    /// <summary>Given up before it was invoiced.</summary>
    WrittenDown = 10,

    /// <summary>Given up after it was invoiced.</summary>
    WrittenOff = 11,

    /// <summary>Invoiced, and taken back by a credit note.</summary>
    Credited = 12,
}

/// <summary>What the accounts are called by people and on the wire.</summary>
public static class LedgerAccounts
{
    /// <summary>The accounts that a line goes to by its own worth, before anything is billed; a new worth changes these and no others.</summary>
    public static bool IsOpen(this LedgerAccount account) => account is LedgerAccount.Held or LedgerAccount.Unbilled or LedgerAccount.Covered or LedgerAccount.NonBillable;

    public static string Name(this LedgerAccount account) => account switch
    {
        LedgerAccount.NonBillable => "non-billable",
        LedgerAccount.InBatch => "in-batch",
        LedgerAccount.WrittenDown => "written-down",
        LedgerAccount.WrittenOff => "written-off",
        _ => account.ToString().ToLowerInvariant(),
    };

    /// <summary>False where no account is called so.</summary>
    public static bool TryOf(string? name, out LedgerAccount account)
    {
        foreach (var each in Enum.GetValues<LedgerAccount>())
        {
            if (each.Name() == name)
            {
                account = each;
                return true;
            }
        }

        account = default;
        return false;
    }
}
