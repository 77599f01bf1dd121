# Building: one folder per preset under build/, ccache in front, ninja's own progress.

build() {
  local preset=$1
  r4_packages
  [ -e "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log" >&2; exit 1; }
  local folder=build/$preset
  [ "$preset" = fuzz ] && folder=build/asan
  echo "== building $preset ($(nproc) cores; ccache makes the second time quick)"
  NINJA_STATUS='   [%f/%t %es] ' ninja -C "$folder" --quiet 2>&1 || { echo "./dev: the $preset build failed; see above" >&2; exit 1; }
}

# HL7's published R4 definitions, from which the tables are generated.
r4_packages() {
  [ -e src/r4/package.json ] || return 0
  local target=build/r4
  [ -d "$target/node_modules/hl7.fhir.r4.expansions" ] && return
  echo "== fetching HL7's R4 definitions from npm"
  mkdir -p "$target"
  cp src/r4/package.json src/r4/package-lock.json .npmrc "$target/"
  (cd "$target" && npm ci --ignore-scripts --loglevel=error)
}
