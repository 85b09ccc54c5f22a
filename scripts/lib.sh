# What the other scripts share; read with `.` by bash, from the repository's root.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

need_swift() {
  command -v swift >/dev/null || fail "please install Swift 6.2 or later: https://swift.org/install"
}

# Builds proxyd, where PROXYD does not say where a built one is, and puts its place into $program.
build_proxyd() {
  program=${PROXYD:-}
  if [ -n "$program" ]; then return; fi
  need_swift
  swift build -c release --product proxyd
  program=.build/release/proxyd
}

# Runs a command as root: as_root COMMAND…
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs Debian packages: install_packages PACKAGE…
install_packages() {
  as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
}

# Installs redis-server where apt-get can, and says what to install where it cannot.
need_redis() {
  if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then return; fi
  command -v apt-get >/dev/null ||
    fail "please install Redis 6.0 or later (redis-server, redis-cli, redis-benchmark) and run this again"
  install_packages redis-server
}

# Whether a server listens: answers HOST PORT
answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# Whether this process listens, and not another one on its port: listens PID PORT
listens() {
  local port inode
  printf -v port ':%04X' "$2"
  for inode in $(awk -v port="$port" '$4 == "0A" && $2 ~ port "$" { print $10 }' \
    "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null); do
    if [[ $(readlink "/proc/$1/fd/"* 2>/dev/null) == *"socket:[$inode]"* ]]; then return; fi
  done
  return 1
}

# A setting that is in force: setting NAME
setting() { sed -n "s/^$1=//p" <<<"$settings"; }

# Reads what is in force into $settings; what makes no sense is said by proxyd itself.
read_settings() { settings=$("$program" --check) || exit; }

# Where people reach a front: place HTTP
place() {
  local host
  host=$(setting "$1_HOST")
  case $host in
    0.0.0.0 | ::) host=127.0.0.1 ;;
  esac
  case $host in
    *:*) host="[$host]" ;;
  esac
  printf '%s:%s' "$host" "$(setting "$1_PORT")"
}
