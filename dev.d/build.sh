# Building: one folder per preset under build/, ccache in front, ninja's own progress.

# build PRESET [TARGET...]
build() {
  local preset=$1; shift
  mkdir -p build
  [ -e "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log" >&2; exit 1; }
  local folder=build/$preset
  [ "$preset" = fuzz ] && folder=build/asan
  echo "== building $preset ($(nproc) cores; ccache makes the second time quick)"
  run_ninja "$folder" "$@" || { echo "./dev: the $preset build failed; see above" >&2; exit 1; }
}

# A terminal sees ninja's own line; a log gets every twentieth step, and all that is not a step.
run_ninja() {
  export NINJA_STATUS='   [%f/%t, %es] '
  if [ -t 1 ]; then ninja -C "$@"; return; fi
  ninja -C "$@" 2>&1 | awk '/^ +\[[0-9]+\// { if (++n % 20 == 0) { print substr($0, 1, 100); fflush() } next } !/^ninja: / && !/^-- / { print; fflush() }'
}
