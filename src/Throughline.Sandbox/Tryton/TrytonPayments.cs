using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>
/// What is due of a posted invoice and what became of it: entries in the books on the customer's account, set off against each other by reconciliations.
/// Stamps move as on the real server: those of the entries always, that of the invoice only where it is written itself or its state changes.
/// </summary>
internal static class TrytonPayments
{
    public const string Move = "account.move";
    public const string Entry = "account.move.line";
    public const string Reconciliation = "account.move.reconciliation";

    private const string Invoice = TrytonAccounting.Invoice;

    public static bool IsComputed(string model, string field) => (model, field) switch
    {
        (Invoice, "amount_to_pay" or "reconciled" or "lines_to_pay" or "reconciliation_lines") => true,
        (Entry, "date") => true,
        _ => false,
    };

    public static object? Computed(TrytonStore store, string model, long id, string field) => (model, field) switch
    {
        (Invoice, "amount_to_pay") => Due(store, id),
        (Invoice, "reconciled") => Reconciled(store, id),
        (Invoice, "lines_to_pay") => ToPay(store, id),
        (Invoice, "reconciliation_lines") => store.Stored(Invoice, id, "state") is "paid" ? SetOff(store, id) : null,
        (Entry, "date") => store.Stored(Entry, id, "move") is long move ? store.Stored(Move, move, "date") : null,
        _ => null,
    };

    /// <summary>The entry of an invoice that is posted. The days of a term in several parts are left out.</summary>
    public static void Post(TrytonStore store, long id, decimal total, DateOnly date, DateOnly due, JsonObject context)
    {
        var move = Book(store, store.Stored(Invoice, id, "journal"), date, id, "posted", context);
        Add(store, move, id, total, due, context);
        store.Set(Invoice, id, "move", move);
    }

    /// <summary>
    /// The customer pays; without an amount, all that is due. What pays the whole rest is set off at once. A payment that was taken back is no longer noted
    /// first, as a person must do it: the real server refuses payments that come to more than the invoice, whether they were taken back or not.
    /// </summary>
    public static void Pay(TrytonStore store, long id, decimal? amount, JsonObject context)
    {
        MustBePosted(store, id);
        var due = Due(store, id);
        var paid = amount ?? due;
        if (paid == 0 || Math.Sign(paid) != Math.Sign(due) || Math.Abs(paid) > Math.Abs(due))
        {
            throw TrytonError.User(string.Create(CultureInfo.InvariantCulture, $"You cannot add a partial payment on invoice \"{TrytonAccounting.Name(store, id)}\" with an "
                + $"amount greater than the amount to pay \"{due}\"."));
        }

        var payment = Add(store, Book(store, Journal(store, "cash"), store.Today, id, "posted", context), id, -paid, null, context);
        store.Touch(Invoice, id, context);
        foreach (var returned in PaymentsOf(store, id).Where(entry => IsReversed(store, id, entry)))
        {
            store.Set(Entry, returned, "invoice_payment", null);
        }

        store.Set(Entry, payment, "invoice_payment", id);
        if (paid == due)
        {
            Reconcile(store, Open(store, id), context);
        }
    }

    /// <summary>
    /// The last payment was none: what it was set off against is due again, and its entry is reversed. Where it was not set off, only the entry is
    /// stamped and not the invoice, though more of it is due.
    /// </summary>
    public static void Unpay(TrytonStore store, long id, JsonObject context)
    {
        var payments = PaymentsOf(store, id).Where(entry => !IsReversed(store, id, entry)).ToArray();
        if (payments is not [.., var payment])
        {
            throw TrytonError.User($"Invoice \"{TrytonAccounting.Name(store, id)}\" has no payment that could be taken back.");
        }

        if (store.Stored(Entry, payment, "reconciliation") is long reconciliation)
        {
            Unreconcile(store, reconciliation, context);
        }

        var move = (long)store.Stored(Entry, payment, "move")!;
        var reversal = Add(store, Book(store, store.Stored(Move, move, "journal"), store.Today, id, "draft", context), id, -Amount(store, payment), null, context);
        Reconcile(store, [payment, reversal], context);
    }

    /// <summary>The rest will never be paid.</summary>
    public static void WriteOff(TrytonStore store, long id, JsonObject context)
    {
        MustBePosted(store, id);
        var due = Due(store, id);
        if (due == 0)
        {
            throw TrytonError.User($"Nothing of invoice \"{TrytonAccounting.Name(store, id)}\" is due, so there is nothing to write off.");
        }

        var loss = Add(store, Book(store, Journal(store, "write-off"), store.Today, null, "draft", context), id, -due, null, context);
        Reconcile(store, [.. Open(store, id), loss], context);
    }

    private static void MustBePosted(TrytonStore store, long id)
    {
        if (store.Stored(Invoice, id, "state") is var state && state is not "posted")
        {
            throw TrytonError.User($"Invoice \"{TrytonAccounting.Name(store, id)}\" is {state}, and only a posted one can be paid or written off.");
        }
    }

    private static long Book(TrytonStore store, object? journal, DateOnly date, long? origin, string state, JsonObject context) => store.Create(Move, new JsonObject
    {
        ["journal"] = TrytonWire.Encode(journal), ["date"] = TrytonWire.Encode(date), ["state"] = state,
        ["origin"] = origin is { } id ? string.Create(CultureInfo.InvariantCulture, $"{Invoice},{id}") : null,
    }, context);

    /// <summary>An entry on the customer's account. Without rates between currencies, one of another currency counts as much in the company's.</summary>
    private static long Add(TrytonStore store, long move, long invoice, decimal amount, DateOnly? due, JsonObject context)
    {
        var currency = store.Stored(Invoice, invoice, "currency");
        var isForeign = !Equals(currency, store.Stored("company.company", (long)store.Stored(Invoice, invoice, "company")!, "currency"));
        var entry = store.Create(Entry, new JsonObject
        {
            ["move"] = move, ["account"] = TrytonWire.Encode(store.Stored(Invoice, invoice, "account")), ["party"] = TrytonWire.Encode(store.Stored(Invoice, invoice, "party")),
            ["debit"] = TrytonWire.Encode(Math.Max(amount, 0m)), ["credit"] = TrytonWire.Encode(Math.Max(-amount, 0m)), ["maturity_date"] = TrytonWire.Encode(due),
            ["second_currency"] = isForeign ? TrytonWire.Encode(currency) : null, ["amount_second_currency"] = isForeign ? TrytonWire.Encode(amount) : null,
        }, context);
        // Posting writes it once more.
        store.Touch(Entry, entry, context);
        return entry;
    }

    private static void Reconcile(TrytonStore store, long[] entries, JsonObject context)
    {
        var date = entries.Max(entry => (DateOnly)Computed(store, Entry, entry, "date")!);
        var id = store.Create(Reconciliation, new JsonObject { ["name"] = "R", ["date"] = TrytonWire.Encode(date) }, context);
        SetOff(store, entries, id, context);
    }

    private static void Unreconcile(TrytonStore store, long id, JsonObject context)
    {
        SetOff(store, store.With(Entry, "reconciliation", id), null, context);
        store.Delete(Reconciliation, [id]);
    }

    private static void SetOff(TrytonStore store, long[] entries, long? reconciliation, JsonObject context)
    {
        foreach (var entry in entries)
        {
            store.Touch(Entry, entry, context);
            store.Set(Entry, entry, "reconciliation", reconciliation);
        }

        foreach (var invoice in entries.Select(entry => store.Stored(Entry, entry, "move")).Distinct().SelectMany(move => store.With(Invoice, "move", move)))
        {
            var state = Reconciled(store, invoice) is null ? "posted" : "paid";
            if (store.Stored(Invoice, invoice, "state") is var before && before is "posted" or "paid" && !Equals(before, state))
            {
                store.Touch(Invoice, invoice, context);
                store.Set(Invoice, invoice, "state", state);
            }
        }
    }

    private static long[] ToPay(TrytonStore store, long id) => store.Stored(Invoice, id, "move") is long move
        ? [.. store.With(Entry, "move", move).Where(entry => Equals(store.Stored(Entry, entry, "account"), store.Stored(Invoice, id, "account")))]
        : [];

    private static long[] PaymentsOf(TrytonStore store, long id) => store.With(Entry, "invoice_payment", id);

    private static long[] Open(TrytonStore store, long id) =>
        [.. ToPay(store, id).Concat(PaymentsOf(store, id)).Where(entry => store.Stored(Entry, entry, "reconciliation") is null)];

    private static long[] SetOff(TrytonStore store, long id)
    {
        var own = ToPay(store, id);
        return [.. own.Select(entry => store.Stored(Entry, entry, "reconciliation")).OfType<long>().Distinct()
            .SelectMany(reconciliation => store.With(Entry, "reconciliation", reconciliation)).Except(own)];
    }

    private static bool IsReversed(TrytonStore store, long id, long payment) => store.Stored(Entry, payment, "reconciliation") is long reconciliation
        && !ToPay(store, id).Any(entry => Equals(store.Stored(Entry, entry, "reconciliation"), reconciliation));

    private static DateOnly? Reconciled(TrytonStore store, long id)
    {
        var reconciliations = ToPay(store, id).Select(entry => store.Stored(Entry, entry, "reconciliation")).ToArray();
        return reconciliations.Length == 0 || reconciliations.Contains(null) ? null
            : reconciliations.Max(reconciliation => (DateOnly)store.Stored(Reconciliation, (long)reconciliation!, "date")!);
    }

    private static decimal Due(TrytonStore store, long id) =>
        store.Stored(Invoice, id, "state") is "posted" ? Open(store, id).Sum(entry => Amount(store, entry)) : 0m;

    private static decimal Amount(TrytonStore store, long entry) => store.Stored(Entry, entry, "amount_second_currency") as decimal?
        ?? ((decimal)store.Stored(Entry, entry, "debit")! - (decimal)store.Stored(Entry, entry, "credit")!);

    private static long Journal(TrytonStore store, string type) => store.With("account.journal", "type", type) is [var journal, ..] ? journal
        : throw TrytonError.User($"There is no journal of type {type}.");
}
