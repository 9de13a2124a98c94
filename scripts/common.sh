# What the scripts that start and stop servers share; sourced, not run. A server has one folder, $DIR, and runs as $RUN_USER where root starts it.
SELF=$(basename "$0" .sh)
say() { printf '%s: %s\n' "$SELF" "$*" >&2; }
die() { say "error: $*"; exit 1; }
now() { date +%s%N; }
secs() { local ms=$(( ($(now) - $1) / 1000000 )); printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100)); }

# ---- ports --------------------------------------------------------------------
busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    if ! busy "$port"; then printf '%s\n' "$port"; return 0; fi
  done
  return 1
}

# ---- packages -----------------------------------------------------------------
have() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }
install() { # packages
  local missing= p t log policy=/usr/sbin/policy-rc.d made_policy= ok=1
  for p in "$@"; do have "$p" || missing="$missing $p"; done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "missing Debian packages:$missing (run once as root, or: apt-get install --no-install-recommends$missing)"
  t=$(now); log=$(mktemp)
  say "installing$missing"
  # Packages must not start servers of their own.
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made_policy=1; fi
  { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing ||
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; }
  } >"$log" 2>&1 </dev/null || ok=
  [ -z "$made_policy" ] || rm -f "$policy"
  [ -n "$ok" ] || { tail -n 20 "$log" >&2; die "apt-get install failed, log in $log"; }
  rm -f "$log"
  say "packages installed in $(secs "$t")"
}

# ---- folder and account -------------------------------------------------------
# Servers refuse to run as root, or should not, so root hands over to a plain account.
enter() { # prefix of the settings; makes $DIR and sets AS, RUN_USER
  if [ "$(id -u)" = 0 ]; then
    id "$RUN_USER" >/dev/null 2>&1 || die "no account '$RUN_USER' (set $1_RUN_USER)"
    [ "$(id -u "$RUN_USER")" != 0 ] || die "$1_RUN_USER must not be root"
    AS=(setpriv "--reuid=$RUN_USER" "--regid=$(id -g "$RUN_USER")" --init-groups)
  else
    RUN_USER=$(id -un); AS=()
  fi
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd -P)
  give "$DIR"
  run test -w "$DIR" || die "account '$RUN_USER' cannot write in $DIR; every parent folder needs o+x, or choose another folder"
}
give() { if [ "$(id -u)" = 0 ]; then chown "$RUN_USER" "$@"; fi; }
# Nothing of the caller's environment, but for what EXTRA adds.
EXTRA=()
run() { (cd "$DIR" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TZ=UTC HOME="$DIR" "${EXTRA[@]}" "${AS[@]}" "$@"); }
alone() { # until the script ends; a server that it starts must not inherit the lock (9>&-), or the next call would wait for it
  exec 9>"$DIR/up.lock"
  flock -w 120 9 || die "another $SELF.sh has been at work in $DIR for two minutes"
}
make_password() { # file
  [ ! -s "$1" ] || return 0
  (umask 077; od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$1")
  give "$1"
}

# ---- arguments of the scripts that take a folder --------------------------------
up_folder() { # "$@"; sets DIR
  [ $# = 1 ] || die "usage: $SELF.sh <folder>"
  DIR=$1
  case $DIR in /*) ;; *) DIR=$PWD/$DIR;; esac
}
down_folder() { # "$@"; sets DIR and PURGE
  [ $# -ge 1 ] && [ $# -le 2 ] || die "usage: $SELF.sh <folder> [--purge]"
  PURGE=${2:-}
  [ -z "$PURGE" ] || [ "$PURGE" = --purge ] || die "unknown option '$PURGE'"
  up_folder "$1"
}
