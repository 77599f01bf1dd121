# ./dev bench: figures as ratios, each beside something measured in the same run.

run_bench() {
  local which=${1:-all}
  node24
  case "$which" in
    all) bench_built; node_bench door.mjs; node_bench instructions.mjs ;;
    minimise|append|identity) bench_built "$which" ;;
    door) node_bench door.mjs ;;
    instructions) node_bench instructions.mjs ;;
    *) echo "./dev bench: unknown '$which' (door, minimise, append, identity, instructions)" >&2; exit 2 ;;
  esac
}

bench_built() {
  local name
  for name in ${1:-minimise append identity}; do
    ninja -C build/release --quiet "bench_$name"
    "build/release/bench/bench_$name"
  done
}

node_bench() { (cd bench && ../tests/end_to_end/node_modules/.bin/node "$1"); }
