-- Invoices, the part of each entry that is on one, and which entries may come on the next. An older program would not say of a changed entry that it may be billed, so
-- none may run beside this step.
alter table entry add column bill_date text collate "C";
create index entry_billable on entry (scope, bill_date, id) where bill_date is not null;

-- What is unbilled now, as far as it says its day.
update entry set bill_date = substring(data::json ->> 'date' from '^\d{4}-\d{2}-\d{2}$')
    where value like '%"unbilled"%' and status <> 3;

create table invoice (
    key text collate "C" primary key,
    scope text collate "C" not null,
    reference text collate "C" not null,
    count int not null,
    until text collate "C" not null,
    status smallint not null,
    currency text collate "C" not null,
    quantity bigint not null,
    amount bigint not null,
    entry_count int not null,
    number text,
    drawn_by text not null,
    cause uuid not null,
    at timestamptz not null
);
create index invoice_scope on invoice (scope, reference, count);
create index invoice_newest on invoice (at desc, key desc);

-- Quantities in millionths, amounts in ten-thousandths, as in the ledger. Written once, never changed.
create table invoice_line (
    invoice text collate "C" not null references invoice (key),
    entry uuid not null,
    scope text collate "C" not null,
    currency text collate "C" not null,
    quantity bigint not null,
    amount bigint not null,
    text text not null,
    why text not null,
    primary key (invoice, entry)
);
create index invoice_line_entry on invoice_line (entry);
create trigger keep before update or delete on invoice_line for each statement execute function keep_ledger();
