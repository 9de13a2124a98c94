using System.Globalization;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Server.Api.Ledger;

/// <summary>The value ledger in the words that the API, the pages and the terminal share.</summary>
internal static class LedgerWords
{
    /// <summary>Balances by account; what was approved in all comes first, as the sum of the others.</summary>
    public static IEnumerable<Fields> ToFields(IEnumerable<LedgerBalance> balances) => balances.Select(balance =>
        balance.Account == LedgerAccount.Approved ? balance with { Quantity = -balance.Quantity, Amount = -balance.Amount } : balance)
        .Select(balance => Row(balance.Account, balance.Quantity, balance.Amount));

    public static IEnumerable<Fields> ToFields(LineValue value) => value.Portions.Select(portion => Row(portion.Account, portion.Quantity, portion.Amount));

    public static Fields ToFields(LedgerTransaction transaction) => Fields.Of(
        ("number", transaction.Number), ("at", transaction.At), ("workDate", transaction.WorkDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("engagement", transaction.Scope.Key), ("why", transaction.Why), ("release", transaction.Release), ("cause", transaction.Cause.ToString()),
        ("postings", transaction.Postings.Select(posting => Row(posting.Account, posting.Quantity, posting.Amount))));

    /// <summary>"14 h, 2,100.00 EUR", or without the amount where there is no price.</summary>
    public static string Line(Fields row) => Number(row.Number("quantity")) + " h" + (row.Money("amount") is { } amount ? $", {amount}" : "");

    /// <summary>"1,050.00 EUR unbilled", or the account alone where there is no price.</summary>
    public static string Worth(Fields row) => (row.Money("amount") is { } amount ? $"{amount} " : "") + row.Text("account");

    public static string Meaning(LedgerAccount account) => account switch
    {
        LedgerAccount.Approved => "approved in all",
        LedgerAccount.Held => "held, a case says why",
        LedgerAccount.Unbilled => "to be billed",
        LedgerAccount.Covered => "covered by a fixed fee",
        LedgerAccount.NonBillable => "not billable",
        LedgerAccount.InBatch => "on an invoice that is not posted",
        LedgerAccount.Invoiced => "invoiced",
        LedgerAccount.Disputed => "disputed by the customer",
        LedgerAccount.Retained => "kept back by the customer, as agreed",
        LedgerAccount.Paid => "paid",
        LedgerAccount.WrittenDown => "given up before it was invoiced",
        LedgerAccount.WrittenOff => "given up after it was invoiced",
        LedgerAccount.Credited => "taken back by a credit note",
        _ => account.Name(),
    };

    private static Fields Row(LedgerAccount account, decimal quantity, Money amount) => Fields.Of(
        ("account", account.Name()), ("words", Meaning(account)), ("quantity", quantity), ("amount", amount.Currency == LineValue.NoCurrency ? null : amount));

    private static string Number(decimal? number) => (number ?? 0).ToString("#,##0.######", CultureInfo.InvariantCulture);
}
