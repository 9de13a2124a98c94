-- What the ERP says of a posted invoice: with tax, in ten-thousandths. An older program would not keep it when it settles an invoice, so none may run beside this step.
alter table invoice
    add column erp_state text,
    add column gross bigint,
    add column open bigint,
    add column written_off bigint,
    add column credited bigint,
    add column due text collate "C",
    add column paid_on text collate "C";
create index invoice_open on invoice (due) where status = 1 and (open is null or open <> 0);
