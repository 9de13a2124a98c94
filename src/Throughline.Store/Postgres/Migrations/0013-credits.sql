-- Credit notes are invoices that take another one back; each entry on an invoice says which line of it it is part of. An older program would draw invoices without saying so,
-- and would bill again what a credit note takes back before that is posted, so none may run beside this step.
alter table invoice add column credits text collate "C" references invoice (key);
alter table invoice_line add column place int;
