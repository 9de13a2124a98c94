-- The value ledger: where each approved hour and amount stands between its approval and the cash. Written once, never changed. An older program would change entries
-- and leave their value as it was, so none may run beside this step.
alter table entry add column value text;
alter table entry add column value_says text;
alter table entry add column transactions int not null default 0;

create table ledger_transaction (
    line uuid not null,
    number int not null,
    scope text collate "C" not null,
    work_date text collate "C",
    why text not null,
    release text collate "C" not null,
    envelope_id uuid not null,
    at timestamptz not null,
    primary key (line, number)
);

-- Quantities in millionths, amounts in ten-thousandths of the currency: whole numbers add up exactly and alike in every database.
create table ledger_posting (
    line uuid not null,
    number int not null,
    account smallint not null,
    currency text collate "C" not null,
    quantity bigint not null,
    amount bigint not null,
    primary key (line, number, account, currency)
);

create table ledger_balance (
    scope text collate "C" not null,
    account smallint not null,
    currency text collate "C" not null,
    quantity bigint not null,
    amount bigint not null,
    primary key (scope, account, currency)
) with (fillfactor = 50);

create function keep_ledger() returns trigger language plpgsql as $$
begin
    raise exception using errcode = 'TL006', message = 'the ledger is never changed; a correction is a new transaction';
end $$;

create trigger keep before update or delete on ledger_transaction for each statement execute function keep_ledger();
create trigger keep before update or delete on ledger_posting for each statement execute function keep_ledger();

-- Writes transactions with their postings and brings the balances up to date. It raises where a transaction does not add up to nothing, or where the books of an
-- engagement do not afterwards.
create function post_ledger(
    lines uuid[], numbers int[], scopes text[], work_dates text[], whys text[], releases text[], envelopes uuid[], times timestamptz[],
    posted uuid[], posted_numbers int[], posted_scopes text[], accounts int[], currencies text[], quantities bigint[], amounts bigint[])
    returns void language plpgsql as $$
declare
    wrong text;
begin
    select p.line::text into wrong from unnest(posted, posted_numbers, currencies, quantities, amounts) as p(line, number, currency, quantity, amount)
        group by p.line, p.number, p.currency having sum(p.quantity) <> 0 or sum(p.amount) <> 0 limit 1;
    if found then
        raise exception using errcode = 'TL006', message = 'a transaction of line ' || wrong || ' does not add up to nothing';
    end if;
    insert into ledger_transaction (line, number, scope, work_date, why, release, envelope_id, at)
        select * from unnest(lines, numbers, scopes, work_dates, whys, releases, envelopes, times);
    insert into ledger_posting (line, number, account, currency, quantity, amount)
        select * from unnest(posted, posted_numbers, accounts, currencies, quantities, amounts);
    insert into ledger_balance as b (scope, account, currency, quantity, amount)
        select p.scope, p.account, p.currency, sum(p.quantity), sum(p.amount)
            from unnest(posted_scopes, accounts, currencies, quantities, amounts) as p(scope, account, currency, quantity, amount)
            group by p.scope, p.account, p.currency order by p.scope, p.account, p.currency
        on conflict (scope, account, currency) do update set quantity = b.quantity + excluded.quantity, amount = b.amount + excluded.amount;
    select b.scope into wrong from ledger_balance b where b.scope = any (scopes) group by b.scope, b.currency having sum(b.quantity) <> 0 or sum(b.amount) <> 0 limit 1;
    if found then
        raise exception using errcode = 'TL006', message = 'the books of ' || wrong || ' do not balance';
    end if;
end $$;
