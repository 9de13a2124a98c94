-- Invoices, the part of each entry that is on one, and which entries may come on the next. An older program would not say of a changed entry that it may be billed, so
-- none may run beside this step.
alter table entry add column bill_date text;
create index entry_billable on entry (scope, bill_date, id) where bill_date is not null;

-- What is unbilled now, as far as it says its day.
update entry set bill_date = json_extract(data, '$.date')
    where value like '%"unbilled"%' and status <> 3 and json_extract(data, '$.date') glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]';

create table invoice (
    key text primary key,
    scope text not null,
    reference text not null,
    count integer not null,
    until text not null,
    status integer not null,
    currency text not null,
    quantity integer not null check (typeof(quantity) = 'integer'),
    amount integer not null check (typeof(amount) = 'integer'),
    entry_count integer not null,
    number text,
    drawn_by text not null,
    cause blob not null,
    at integer not null
) without rowid;
create index invoice_scope on invoice (scope, reference, count);
create index invoice_newest on invoice (at desc, key desc);

-- Quantities in millionths, amounts in ten-thousandths, as in the ledger. Written once, never changed.
create table invoice_line (
    invoice text not null references invoice (key),
    entry blob not null,
    scope text not null,
    currency text not null,
    quantity integer not null check (typeof(quantity) = 'integer'),
    amount integer not null check (typeof(amount) = 'integer'),
    text text not null,
    why text not null,
    primary key (invoice, entry)
) without rowid;
create index invoice_line_entry on invoice_line (entry);
create trigger invoice_line_changed before update on invoice_line begin select raise(abort, 'what is on an invoice is never changed; a correction is a new transaction'); end;
create trigger invoice_line_deleted before delete on invoice_line begin select raise(abort, 'what is on an invoice is never changed; a correction is a new transaction'); end;
