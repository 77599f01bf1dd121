#include "prove/prover.hpp"

#include "prove/grammar.hpp"
#include "prove/pair.hpp"
#include "prove/population.hpp"
#include "prove/told.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::prove {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t at_a_time = 64;
constexpr double changing_share = 0.1;  // of the walk, at its end: what was changed by then is changed in both

class Walk {
 public:
  Walk(const ProofOptions& options, Worlds& worlds, const Words& words, Proof& proof)
      : options_(options), worlds_(worlds), grammar_(words, options.seed), proof_(proof), began_(steady_clock::now()) {}

  void run(const std::function<void(const ProofProgress&)>& progress) {
    while (!over() && proof_.differences.size() < differences_max) {
      std::vector<Call> calls;
      for (std::size_t i = 0; i < at_a_time; ++i)
        calls.push_back(done() > 1 - changing_share ? grammar_.change() : grammar_.question());
      compare(calls, true);
      progress({"asking", proof_.requests, options_.requests_max});
    }
  }

 private:
  /// How far the walk is, 0 to 1: by whichever bound comes first.
  double done() const {
    double by_count = 0, by_time = 0;
    if (options_.requests_max > 0) by_count = double(proof_.requests) / double(options_.requests_max);
    if (options_.time.count() > 0)
      by_time =
          std::chrono::duration<double>(steady_clock::now() - began_) / std::chrono::duration<double>(options_.time);
    return std::max(by_count, by_time);
  }
  bool over() const { return done() >= 1; }

  std::vector<Reply> ask(World& world, std::span<const Call> calls) const {
    std::vector<Asked> asked;
    for (const Call& call : calls) asked.push_back(call.asked(world.path()));
    return world.ask(asked);
  }

  /// Asks both Worlds; goes on to the next page where there is one.
  void compare(std::span<const Call> calls, bool follow) {
    const bool one_by_one = !calls.empty() && changes(calls.front());
    std::vector<Call> left_next, right_next;
    std::vector<Reply> left, right;
    if (one_by_one) {  // changes in one order
      for (const Call& call : calls) {
        left.push_back(ask(*worlds_.one, {&call, 1}).front());
        right.push_back(ask(*worlds_.other, {&call, 1}).front());
      }
    } else {
      left = ask(*worlds_.one, calls);
      right = ask(*worlds_.other, calls);
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
      judge(calls[i], left[i], right[i]);
      const std::string page = next_page(left[i]), other_page = next_page(right[i]);
      if (!follow || page.empty() || other_page.empty()) continue;
      left_next.push_back(calls[i]);
      left_next.back().query.emplace_back("_page", page);
      right_next.push_back(calls[i]);
      right_next.back().query.emplace_back("_page", other_page);
    }
    if (!left_next.empty()) compare_pages(left_next, right_next);
  }

  void compare_pages(std::span<const Call> left_calls, std::span<const Call> right_calls) {
    const auto left = ask(*worlds_.one, left_calls), right = ask(*worlds_.other, right_calls);
    for (std::size_t i = 0; i < left.size(); ++i) {
      ++proof_.requests;
      std::string one = told(left[i]), other = told(right[i]);
      if (one != other && proof_.differences.size() < differences_max)
        proof_.differences.push_back({left_calls[i], std::move(one), std::move(other)});
    }
  }

  static bool changes(const Call& call) {
    return call.method != "GET" && call.method != "HEAD" && !call.body.starts_with(R"({"resourceType":"Bundle)");
  }

  void judge(const Call& call, const Reply& left, const Reply& right) {
    ++proof_.requests;
    if (left.status == 200 && left.body.contains("\"lastUpdated\"")) ++proof_.found;
    if (told(left) == told(right) || proof_.differences.size() >= differences_max) return;
    Difference difference{changes(call) ? call : smallest(call), told(left), told(right)};
    if (auto again = differs(difference.smallest)) std::tie(difference.one, difference.other) = std::move(*again);
    proof_.differences.push_back(std::move(difference));
  }

  std::optional<std::pair<std::string, std::string>> differs(const Call& call) const {
    if (changes(call)) return std::nullopt;
    std::string one = told(ask(*worlds_.one, {&call, 1}).front()),
                other = told(ask(*worlds_.other, {&call, 1}).front());
    if (one == other) return std::nullopt;
    return std::pair(std::move(one), std::move(other));
  }

  /// Leaves parts out for as long as the answers still differ.
  Call smallest(Call call) const {
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (std::size_t part = 0; part < call.parts() && !smaller; ++part) {
        Call without = call.without(part);
        if (!differs(without)) continue;
        call = std::move(without);
        smaller = true;
      }
    }
    return call;
  }

  const ProofOptions& options_;
  Worlds& worlds_;
  Grammar grammar_;
  Proof& proof_;
  steady_clock::time_point began_;
};

}  // namespace

Result<Proof> prove(const ProofOptions& options, const std::function<void(const ProofProgress&)>& progress) {
  const demo::Clinic clinic = make_population(options.patients);
  const WorldOptions world{.directory = options.directory / options.role,
                           .policy = options.policy,
                           .seat = {.role = options.role, .fhir_user = ""},
                           .proxied = options.proxied};
  auto pair =
      make_pair(world, clinic, options.seed, [&](std::string_view what) { progress({std::string(what), 0, 0}); });
  if (!pair) return std::unexpected(std::move(pair.error()));
  Proof proof{.role = options.role,
              .seat = pair->seat.fhir_user.empty() ? "a client" : pair->seat.fhir_user,
              .records = pair->one.size(),
              .seen = pair->seen,
              .removed = pair->removed,
              .changed = pair->changed,
              .elements = {pair->places.begin(), pair->places.end()}};
  proof.nothing_hidden = pair->same();
  if (proof.nothing_hidden) return proof;
  const auto words = Words::of(pair->one, pair->hidden);
  if (!words) return std::unexpected(words.error());
  progress({"filling two servers", 0, 0});
  auto worlds = open_worlds(world, *pair);
  if (!worlds) return std::unexpected(std::move(worlds.error()));
  Walk(options, *worlds, *words, proof).run(progress);
  return proof;
}

}  // namespace ward::prove
