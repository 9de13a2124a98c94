-- works-with: 3
-- Old keys are forgotten by their age.
create index if not exists intake_key_received on intake_key (received_at);
