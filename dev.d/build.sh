# Building: one folder per preset under build/, ccache in front, ninja's own progress.

build() {
  local preset=$1
  mkdir -p build
  [ -e "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log" >&2; exit 1; }
  local folder=build/$preset
  [ "$preset" = fuzz ] && folder=build/asan
  echo "== building $preset ($(nproc) cores; ccache makes the second time quick)"
  NINJA_STATUS='   [%f/%t %es] ' ninja -C "$folder" --quiet 2>&1 || { echo "./dev: the $preset build failed; see above" >&2; exit 1; }
}
