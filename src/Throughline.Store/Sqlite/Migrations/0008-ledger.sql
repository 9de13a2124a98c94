-- The value ledger: where each approved hour and amount stands between its approval and the cash. Written once, never changed. An older program would change entries
-- and leave their value as it was, so none may run beside this step.
alter table entry add column value text;
alter table entry add column value_says text;
alter table entry add column transactions integer not null default 0;

create table ledger_transaction (
    line blob not null,
    number integer not null,
    scope text not null,
    work_date text,
    why text not null,
    release text not null,
    envelope_id blob not null,
    at integer not null,
    primary key (line, number)
) without rowid;

-- Quantities in millionths, amounts in ten-thousandths of the currency: whole numbers add up exactly and alike in every database.
create table ledger_posting (
    line blob not null,
    number integer not null,
    account integer not null,
    currency text not null,
    quantity integer not null check (typeof(quantity) = 'integer'),
    amount integer not null check (typeof(amount) = 'integer'),
    primary key (line, number, account, currency)
) without rowid;

create table ledger_balance (
    scope text not null,
    account integer not null,
    currency text not null,
    quantity integer not null check (typeof(quantity) = 'integer'),
    amount integer not null check (typeof(amount) = 'integer'),
    primary key (scope, account, currency)
) without rowid;

create trigger ledger_transaction_changed before update on ledger_transaction begin select raise(abort, 'the ledger is never changed; a correction is a new transaction'); end;
create trigger ledger_transaction_deleted before delete on ledger_transaction begin select raise(abort, 'the ledger is never changed; a correction is a new transaction'); end;
create trigger ledger_posting_changed before update on ledger_posting begin select raise(abort, 'the ledger is never changed; a correction is a new transaction'); end;
create trigger ledger_posting_deleted before delete on ledger_posting begin select raise(abort, 'the ledger is never changed; a correction is a new transaction'); end;
