-- What is set aside is read by unit, and all customers stand in one scope.
create index parked_unit on parked (scope, unit, position);
