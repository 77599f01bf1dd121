# What the house is built from: names of Debian packages, the same in 12 and 13 but for Boost's version.

build_packages() {
  local boost="libboost1.81-dev libboost-url1.81-dev libboost-json1.81-dev"
  apt-cache show libboost1.81-dev >/dev/null 2>&1 || boost="libboost-dev libboost-url-dev libboost-json-dev"
  echo "g++ cmake ninja-build ccache pkg-config git ca-certificates curl nodejs $boost
    libnghttp2-dev libssl-dev libsqlite3-dev libsimdjson-dev libmodsecurity-dev modsecurity-crs libtomlplusplus-dev
    libcli11-dev libfmt-dev libspdlog-dev prometheus-cpp-dev libre2-dev libxml2-dev zlib1g-dev libzstd-dev libicu-dev
    libargon2-dev libfido2-dev libcbor-dev libqrencode-dev libkainjow-mustache-dev libsystemd-dev libgtest-dev libgmock-dev libbenchmark-dev"
}
clang_packages() { echo "clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19 lld-19"; }
test_packages() { echo "openssl nghttp2-client nginx-core libnginx-mod-http-modsecurity testssl.sh procps bsdextrautils python3 valgrind jq"; }

# npm is a package of its own in Debian, and part of nodejs elsewhere.
npm_package() { command -v npm >/dev/null || echo npm; }

# need build-packages | clang-packages | test-packages: installs what is missing of the list, and remembers.
need() {
  local list=$1 stamp words missing=()
  mkdir -p build
  case "$list" in
    build-packages) words=$(build_packages_now) ;;
    clang-packages) words=$(clang_packages) ;;
    test-packages) words=$(test_packages) ;;
  esac
  stamp=build/.have-$list-$(echo "$words" | cksum | cut -d' ' -f1)
  [ -e "$stamp" ] && return
  for word in $words $( [ "$list" = build-packages ] && npm_package ); do
    dpkg-query -W -f='${db:Status-Status}' "$word" 2>/dev/null | grep -qx installed || missing+=("$word")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "== installing from Debian: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io install -y -q --no-install-recommends "${missing[@]}" 2>&1 | quiet_apt
  fi
  touch "$stamp"
}

# The list depends on what apt knows, and a fresh machine knows nothing before an update.
build_packages_now() {
  if ! apt-cache show libnghttp2-dev >/dev/null 2>&1; then
    echo "== fetching the list of Debian packages" >&2
    as_root apt-get update -q 2>&1 | quiet_apt >&2
  fi
  build_packages
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || { echo "./dev: needs root to run: $* (no sudo here)" >&2; exit 1; }
  echo "   sudo $*" >&2
  sudo "$@"
}

quiet_apt() { grep -E '^(E:|W:|Err|Setting up|Unpacking .*clang)' | awk '{ if (/^Setting up/) { n++; if (n % 25 == 0) print "   " n " packages set up" } else print }' || true; }

need_for_preset() {
  need build-packages
  case "$1" in asan|tsan|fuzz|clang-release) need clang-packages ;; esac
}

# The demo and the tests are found as "localhost"; a bare system may not know that name.
know_localhost() {
  getent hosts localhost >/dev/null 2>&1 && return
  echo "== adding localhost to /etc/hosts, where it is missing"
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' | as_root tee -a /etc/hosts >/dev/null
}
