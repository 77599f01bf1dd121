#include "api.hpp"

#include "base/encoding.hpp"
#include "change.hpp"
#include "crypto/hash.hpp"
#include "crypto/seal.hpp"
#include "idempotency.hpp"
#include "openapi.hpp"
#include "operations.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>

namespace ward::manage {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view prefix = "/api/v1";
constexpr std::size_t limit_max = 200, key_max = 255;
constexpr std::int64_t cursor_lifetime = 3600;  // seconds
constexpr std::size_t time_digits = 12;

/// A request whose operation is known; owned by the work, which may outlive who waits for it.
struct Job {
  Request request;
  const Operation* operation = nullptr;
  Call call;
  std::string binding;      // of cursors
  std::string fingerprint;  // for the Idempotency-Key
  Answer answer;

  Job() = default;
  Job(const Job&) = delete;
  /// A body may hold a password.
  ~Job() { wipe(request.body.data(), request.body.size()); }
};
using JobPtr = std::shared_ptr<Job>;

std::string_view media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

Answer rendered(const Problem& problem, std::string_view route) {  // RFC 9457
  json::object body{
      {"type", "about:blank"}, {"title", problem.code}, {"status", problem.status}, {"detail", problem.detail}};
  json::array errors;
  for (const Problem::At& one : problem.errors)
    errors.push_back(json::object{{"pointer", one.pointer}, {"detail", one.detail}});
  if (!errors.empty()) body["errors"] = std::move(errors);
  Answer answer{.status = problem.status,
                .headers = problem.headers,
                .body = json::serialize(body),
                .route = std::string(route),
                .cause = problem.code};
  answer.headers.emplace_back("content-type", "application/problem+json");
  answer.headers.emplace_back("cache-control", "no-store");
  if (problem.status == 503) answer.headers.emplace_back("retry-after", "2");
  return answer;
}

std::string route_of(const Operation& operation) { return std::string(prefix) + std::string(operation.path); }

/// The key as the draft writes it, a quoted string, or bare.
std::string key_of(std::string_view header) {
  if (header.size() >= 2 && header.starts_with('"') && header.ends_with('"'))
    header = header.substr(1, header.size() - 2);
  return std::string(header);
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= key_max &&
         std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

class Place {
 public:
  explicit Place(std::atomic<std::size_t>& waiting) : waiting_(waiting), before_(waiting.fetch_add(1)) {}
  Place(const Place&) = delete;
  ~Place() { waiting_.fetch_sub(1); }
  bool free() const { return before_ < Api::waiting_max; }

 private:
  std::atomic<std::size_t>& waiting_;
  const std::size_t before_;
};

class Serving final : public Api {
 public:
  Serving(Administration& administration, Secret<std::string> cursor_key)
      : administration_(administration), cursor_key_(std::move(cursor_key)), description_(openapi()), pool_(1) {}
  ~Serving() override { pool_.join(); }

  const std::string& description() const override { return description_; }
  const Relationships& relationships() const override { return *administration_.relationships; }

  asio::awaitable<Answer> serve(Request request) override {
    auto job = std::make_shared<Job>();
    job->request = std::move(request);
    if (auto prepared = prepare(*job); !prepared) co_return rendered(prepared.error(), route_of(*job));
    const Place place(waiting_);
    if (!place.free())
      co_return rendered({503, "busy", "too much is administered at this moment", {}, {}}, route_of(*job));
    const std::string key = key_of(job->request.idempotency_key);
    if (!key.empty())
      if (auto earlier = take_key(*job, key)) co_return std::move(*earlier);
    asio::awaitable<void> work = perform(job);
    co_await asio::co_spawn(pool_, std::move(work), asio::use_awaitable);
    co_return std::move(job->answer);
  }

 private:
  static std::string route_of(const Job& job) {
    return job.operation != nullptr ? manage::route_of(*job.operation) : std::string(prefix) + "/unknown";
  }

  // ---- on the connection's core: what the request is ----

  std::expected<void, Problem> prepare(Job& job) {
    Match found = match(job.request.method, job.request.segments);
    if (found.operation == nullptr && found.allowed.empty())
      return refuse(404, "not_found", "there is nothing under this path");
    if (found.operation == nullptr)
      return std::unexpected(
          Problem{405, "method_not_allowed", "this path takes " + found.allowed, {}, {{"allow", found.allowed}}});
    job.operation = found.operation;
    const std::string_view path = found.operation->path;
    if (path.contains('{') && !is_word(found.id, characters_of(path), 64))
      return refuse(
          400, "id_invalid",
          "the path names nothing that can be here: 1 to 64 letters, digits and " + std::string(characters_of(path)));
    job.call = {.actor = job.request.actor, .id = std::move(found.id), .body = {}, .after = {}};
    job.binding = "manage.cursor " + std::string(found.operation->id) + " " + job.call.id + " " + job.request.caller;
    if (auto read = read_query(job); !read) return read;
    if (auto read = check_body(job); !read) return read;
    return check_key(job);
  }

  std::expected<void, Problem> read_query(Job& job) {
    for (const auto& [name, value] : job.request.query) {
      if (!job.operation->list || (name != "limit" && name != "cursor"))
        return refuse(400, "parameter_unknown", "the query has a parameter that is not known here");
      if (name == "limit") {
        std::size_t limit = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), limit);
        if (failed != std::errc() || end != value.data() + value.size() || limit < 1 || limit > limit_max)
          return refuse(400, "limit_invalid", "limit is a number from 1 to 200");
        job.call.limit = limit;
      } else if (!open_cursor(job, value)) {
        return refuse(400, "cursor_invalid", "the cursor is of another list, or over: begin again without it");
      }
    }
    return {};
  }

  static std::expected<void, Problem> check_body(const Job& job) {
    if (job.operation->body == nullptr) {
      if (job.request.body.empty()) return {};
      return refuse(400, "body_unexpected", "this request takes no body");
    }
    const std::string type = ascii_lower(media_type(job.request.content_type));
    const bool patch = job.operation->body->change;
    if (type != "application/json" && !(patch && type == "application/merge-patch+json"))
      return refuse(415, "media_type", patch ? "send application/merge-patch+json" : "send application/json");
    return {};
  }

  static std::expected<void, Problem> check_key(Job& job) {
    if (job.request.idempotency_key.empty()) return {};
    if (job.operation->method != "POST") {
      job.request.idempotency_key.clear();  // the other methods may be repeated as they are
      return {};
    }
    if (!is_key(key_of(job.request.idempotency_key)))
      return refuse(400, "idempotency_key_invalid", "Idempotency-Key has 1 to 255 visible characters");
    std::string text = job.request.method;
    for (const std::string& segment : job.request.segments) text += "/" + segment;
    job.fingerprint = crypto::view(crypto::sha256(text + "\n" + job.request.body));
    return {};
  }

  /// An answer at once, if the key was used before.
  std::optional<Answer> take_key(const Job& job, const std::string& key) {
    const auto found = keys_.begin(job.request.caller, key, job.fingerprint, seconds());
    const auto problem = [&](int status, std::string code, std::string detail) {
      return rendered({status, std::move(code), std::move(detail), {}, {}}, route_of(job));
    };
    switch (found.state) {
      case Idempotency::State::fresh:
        return std::nullopt;
      case Idempotency::State::running:
        return problem(409, "idempotency_key_running", "the first request with this key has no answer yet");
      case Idempotency::State::other_request:
        return problem(422, "idempotency_key_reused", "this key was used for another request");
      case Idempotency::State::full:
        return problem(503, "idempotency_full", "too many keys are kept at this moment");
      case Idempotency::State::done:
        break;
    }
    Answer answer = told(found.answer->status, found.answer->body.reveal(), found.answer->location, route_of(job));
    answer.headers.emplace_back("idempotency-replayed", "true");
    return answer;
  }

  // ---- on the thread of administration ----

  asio::awaitable<void> perform(JobPtr job) {
    const std::string key = key_of(job->request.idempotency_key);
    std::shared_ptr<const KeptAnswer> kept;
    try {
      Outcome outcome = administration_.run(job->operation->id, std::move(job->call), job->request.body);
      if (outcome) {
        auto answer = std::make_shared<KeptAnswer>();
        answer->status = outcome->status;
        answer->location = location(*job, *outcome);
        answer->body = Secret<std::string>(body_of(*job, *outcome));
        kept = answer;
        job->answer = told(kept->status, kept->body.reveal(), kept->location, route_of(*job));
      } else {
        job->answer = rendered(outcome.error(), route_of(*job));
      }
    } catch (const std::exception&) {  // its text may quote the input
      job->answer = rendered({500, "internal", "something went wrong here", {}, {}}, route_of(*job));
    }
    // What failed may be sent again, with the same key, once it is put right.
    if (!key.empty()) keys_.finish(job->request.caller, key, kept);
    co_return;
  }

  static Answer told(int status, const std::string& body, const std::string& location, std::string route) {
    Answer answer{.status = status,
                  .headers = {{"cache-control", "no-store"}},
                  .body = body,
                  .route = std::move(route),
                  .cause = {}};
    if (!body.empty()) answer.headers.emplace_back("content-type", "application/json");
    if (!location.empty()) answer.headers.emplace_back("location", location);
    return answer;
  }

  std::string body_of(const Job& job, Outcome::value_type& reply) {
    if (reply.status == 204) return "";
    if (!job.operation->list) return json::serialize(reply.body);
    json::object page{{"items", std::move(reply.body)}};
    if (!reply.next.empty()) page["next_cursor"] = seal_cursor(job, reply.next);
    return json::serialize(page);
  }

  static std::string location(const Job& job, const Reply& reply) {
    if (reply.status != 201 || !reply.body.is_object()) return "";
    for (const std::string_view name : {"username", "client_id"})
      if (const std::string id = text_of(reply.body.as_object(), name); !id.empty())
        return manage::route_of(*job.operation) + "/" + id;
    return "";
  }

  std::int64_t seconds() const { return unix_seconds(administration_.parts.clock.wall()); }

  // A cursor is sealed: nobody reads a name out of a log of addresses, or asks beyond their own list.
  std::string seal_cursor(const Job& job, const std::string& after) const {
    std::string ends = std::to_string(seconds() + cursor_lifetime);
    ends.insert(0, time_digits - std::min(time_digits, ends.size()), '0');
    return base64url_encode(crypto::seal_siv(cursor_key_, ends + after, job.binding));
  }

  bool open_cursor(Job& job, std::string_view cursor) const {
    const auto sealed = cursor.size() <= 512 ? base64url_decode(cursor) : std::nullopt;
    if (!sealed) return false;
    const auto opened = crypto::open_siv(cursor_key_, *sealed, job.binding);
    if (!opened || opened->size() <= time_digits) return false;
    std::int64_t ends = 0;
    std::from_chars(opened->data(), opened->data() + time_digits, ends);
    job.call.after = opened->substr(time_digits);
    return ends > seconds();
  }

  Administration& administration_;
  const Secret<std::string> cursor_key_;
  const std::string description_;
  Idempotency keys_;
  std::atomic<std::size_t> waiting_{0};
  asio::thread_pool pool_;
};

}  // namespace

Result<std::unique_ptr<Api>> Api::open(Administration& administration) {
  auto key = administration.parts.keys.secret("cursor-seal", 64);
  if (!key) return std::unexpected(key.error());
  return std::make_unique<Serving>(administration, std::move(key->second));
}

}  // namespace ward::manage
