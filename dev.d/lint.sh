# House rules that no compiler checks, then clang-tidy.

run_lint() {
  local bad=0
  complain() { bad=1; echo "lint: $1" >&2; }
  # A registry's host name must not be committed, nor a path of somebody's machine.
  git ls-files -z | xargs -0 grep -nIE 'registry\.npmjs|deb\.debian\.org|/home/[a-z]+/|/work/(main|shared)' -- ':!dev.d/lint.sh' 2>/dev/null | grep -v '^dev.d/lint.sh' && complain "a host or machine path is committed"
  # SQL is built from literals alone.
  grep -rnE '(SELECT|INSERT|UPDATE|DELETE)[^"]*"\s*\+\s*[a-z_]+[^_]' src --include='*.cpp' | grep -v 'Fragment' && complain "SQL built from strings"
  git ls-files '*.cpp' '*.hpp' | xargs wc -l | awk '$2 != "total" && $1 > 600 { print "lint: " $2 " has " $1 " lines: has it become two rooms?" }'
  if [ ! -e build/asan/compile_commands.json ]; then build asan; fi
  git ls-files 'src/*.cpp' | xargs -P 2 -n 4 clang-tidy-19 -p build/asan --quiet || bad=1
  return $bad
}
