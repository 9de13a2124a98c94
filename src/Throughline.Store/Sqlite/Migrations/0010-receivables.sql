-- What the ERP says of a posted invoice: with tax, in ten-thousandths. An older program would not keep it when it settles an invoice, so none may run beside this step.
alter table invoice add column erp_state text;
alter table invoice add column gross integer check (gross is null or typeof(gross) = 'integer');
alter table invoice add column open integer check (open is null or typeof(open) = 'integer');
alter table invoice add column written_off integer check (written_off is null or typeof(written_off) = 'integer');
alter table invoice add column credited integer check (credited is null or typeof(credited) = 'integer');
alter table invoice add column due text;
alter table invoice add column paid_on text;
create index invoice_open on invoice (due) where status = 1 and (open is null or open <> 0);
