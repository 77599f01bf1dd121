# ./dev demo: the clinic, and beside it the sample app (examples/smart-app) from an origin of its own.

run_demo() {
  local app=() address=build/smart-app.address
  case " $* " in *" --help "*|*" -h "*|*" --app-url"*) exec build/release/ward demo "$@" ;; esac
  if fetch_sample_app; then
    rm -f "$address"
    # It reads from a pipe whose other end the demo holds, and ends with the demo however that ends.
    exec 9> >(exec node examples/smart-app/serve.mjs --demo "$(data_of "$@")/demo.json" --address-file "$address" --until-input-ends)
    for _ in {1..50}; do [ -s "$address" ] && break; sleep 0.1; done
    if [ -s "$address" ]; then app=(--app-url "$(<"$address")"); else echo "   the sample app did not start; the demo goes on without it"; fi
  fi
  exec build/release/ward demo "$@" ${app[@]+"${app[@]}"}
}

# The demo needs nothing from npm; the app is one more thing to see.
fetch_sample_app() {
  local folder=examples/smart-app
  [ -e "$folder/node_modules/.package-lock.json" ] && [ ! "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ] && return
  echo "== fetching the sample app's library from npm"
  (cd "$folder" && timeout 120 npm ci --ignore-scripts --omit=optional --loglevel=error --fetch-retries=1 --fetch-timeout=20000) >build/smart-app-npm.log 2>&1 && return
  echo "   npm could not be reached (build/smart-app-npm.log): the demo goes on without the sample app"
  return 1
}

# --data DIR or --data=DIR of the demo's arguments.
data_of() {
  local data=demo
  while [ $# -gt 0 ]; do
    case "$1" in --data) data=${2:-demo} ;; --data=*) data=${1#--data=} ;; esac
    shift
  done
  echo "$data"
}
