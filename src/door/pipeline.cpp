#include "pipeline.hpp"

#include "finish.hpp"
#include "handlers.hpp"
#include "render.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

struct Stage {
  std::string_view name;
  Allowed<void> (*at_once)(Exchange&);  // or
  boost::asio::awaitable<Allowed<void>> (*waiting)(Exchange&);
};

/// The whole security model, in the order in which a request meets it. The first refusal ends the walk.
constexpr Stage corridor[] = {
    {"shield: request line", read_request_line, nullptr},  // one strict reading; the route follows from it
    {"limits: source", nullptr, limit_source},             // blocklist, rate of address and route, throttle, shedding
    {"shield: line values", scan_line_values, nullptr},    // firewall over what is free in path, query and headers
    {"identify", identify, nullptr},                       // token -> caller; public routes have none
    {"limits: caller", nullptr, limit_caller},             // rate of subject and client, quota
    {"authorise", authorise, nullptr},                     // scope, role, relationship, purpose -> a Grant
    {"shield: body", nullptr, read_content},               // read, parse, validate, clean, firewall
    {"handle", nullptr, handle},  // one handler; it asks authorise again for what the body writes and refers to
    {"minimise", minimise_answer, nullptr},  // the Grant decides what stays
};

/// What the request line was refused for is said only after its source was counted and the firewall has seen it.
boost::asio::awaitable<Allowed<void>> judge_refused_line(Exchange& x, Allowed<void> refused) {
  auto within = co_await limit_source(x);
  if (!within) co_return within;
  auto scanned = scan_refused_path(x);
  if (!scanned) co_return scanned;
  co_return refused;
}

boost::asio::awaitable<Allowed<void>> walk_stages(Exchange& x) {
  for (const Stage& stage : corridor) {
    Allowed<void> passed;
    if (stage.at_once != nullptr)
      passed = stage.at_once(x);
    else
      passed = co_await stage.waiting(x);
    if (passed) continue;
    if (stage.at_once == read_request_line) passed = co_await judge_refused_line(x, std::move(passed));
    co_return passed;
  }
  co_return Allowed<void>{};
}

}  // namespace

boost::asio::awaitable<void> walk(Exchange& x) {
  std::optional<Refusal> refusal;
  try {
    const Allowed<void> passed = co_await walk_stages(x);
    if (!passed) refusal = passed.error();
    if (!x.caller) {
      const Allowed<void> slowed = co_await slow_unknown(x);
      if (!slowed) refusal = slowed.error();
    }
  } catch (const std::exception&) {
    // What a library threw is not told to anyone: its text may quote the input.
    refusal = Refusal{.status = 500,
                      .code = "internal",
                      .kind = CauseKind::internal,
                      .cause = "exception",
                      .issues = {{.severity = "fatal",
                                  .code = "exception",
                                  .diagnostics = "something went wrong here; the request id names the record"}}};
  }
  if (refusal) render_refusal(x, *refusal);
  co_await record_and_send(x);
}

}  // namespace ward::door
