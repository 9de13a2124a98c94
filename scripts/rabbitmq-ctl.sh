#!/usr/bin/env bash
# Run rabbitmqctl on the RabbitMQ that rabbitmq-up.sh started in a folder.
#
#   rabbitmq-ctl.sh <folder> <arguments of rabbitmqctl ...>
set -euo pipefail

. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || die "usage: $SELF.sh <folder> <arguments of rabbitmqctl ...>"
up_folder "$1"
shift
RUN_USER=${RABBITMQ_RUN_USER:-rabbitmq}
[ -s "$DIR/pid" ] || die "no RabbitMQ runs in $DIR; start it with rabbitmq-up.sh"
EPMD=$(tr '\0' '\n' <"/proc/$(cat "$DIR/pid")/environ" | sed -n 's/^ERL_EPMD_PORT=//p')
enter RABBITMQ
EXTRA=("ERL_EPMD_PORT=$EPMD" RABBITMQ_NODENAME=throughline@localhost)
run /usr/lib/rabbitmq/bin/rabbitmqctl "$@"
