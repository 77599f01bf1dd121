#include "access/minimise.hpp"

#include "walk.hpp"

namespace ward::access {
namespace {

using namespace detail;

/// One index per thread: a walk never begins inside another.
Scan& thread_scan() {
  thread_local Scan scan;
  return scan;
}

std::unexpected<Error> malformed() {
  return fail("body_malformed",
              "the body is not well-formed JSON, or holds no resource where one must be; nothing of it was sent");
}
std::unexpected<Error> not_visible() { return fail("not_visible", "the resource is outside of the grant"); }

Result<void> checked(Outcome outcome) {
  if (outcome == Outcome::written) return {};
  if (outcome == Outcome::nothing) return not_visible();
  return malformed();
}

}  // namespace

Result<Sendable> minimise(Phi<Buffer> phi, const Grant& grant, const Facts& facts) {
  const GrantBody& body = grant.body();
  Buffer source = std::move(phi).take();
  if (body.whole) return Sendable(std::move(source));
  const bool everything = body.sees_everything;
  if (body.policy != nullptr && grant.unrestricted() && (facts.visible || everything))
    return Sendable(std::move(source));

  Scan& scan = thread_scan();
  if (!scan.run(source.view())) return malformed();
  Buffer out;
  out.reserve(source.size() + 1024);
  if (body.fields != nullptr) {
    static const GrantBody nothing{};
    Picker picker(nothing, facts);
    if (Walk(source.view(), scan, out, picker).fields(*body.fields->root) != Outcome::written) return malformed();
    return Sendable(std::move(out));
  }
  Picker picker(body, facts);
  Walk walk(source.view(), scan, out, picker);
  const Outcome outcome =
      facts.container ? walk.container(facts.visible || everything, facts.visible) : walk.resource_of(facts.patients);
  if (const auto good = checked(outcome); !good) return std::unexpected(good.error());
  return Sendable(std::move(out));
}

/// Whether the body says at its very beginning that it is a `type`.
bool begins_as(std::string_view body, std::string_view type) {
  constexpr std::string_view start = R"({"resourceType":")";
  return body.starts_with(start) && body.substr(start.size()).starts_with(type) &&
         body.substr(start.size() + type.size()).starts_with('"');
}

struct Assembly::Inside {
  std::optional<Grant> grant;
  Facts facts;
  Buffer out;
  // Grants are compared by their body; few differ in one response.
  std::vector<std::pair<Grant, std::unique_ptr<Picker>>> pickers;

  Picker& picker(const Grant& of) {
    for (auto& [known, picker] : pickers) {
      if (&known.body() == &of.body()) return *picker;
    }
    pickers.emplace_back(of, std::make_unique<Picker>(of.body(), facts));
    return *pickers.back().second;
  }
};

Assembly::Assembly() : inside_(new Inside{.grant = std::nullopt, .facts = {}, .out = {}, .pickers = {}}) {}
Assembly::Assembly(const Grant& grant) : inside_(new Inside{.grant = grant, .facts = {}, .out = {}, .pickers = {}}) {
  inside_->facts.visible = true;  // the store chose by the branches; the patients are checked again all the same
}
Assembly::~Assembly() = default;

void Assembly::reserve(std::size_t bytes) { inside_->out.reserve(bytes); }
void Assembly::frame(std::string_view text) { inside_->out.append(text); }

Result<void> Assembly::resource(const Phi<Buffer>& body, std::span<const std::string> patients) {
  return inside_->grant ? resource(body, patients, *inside_->grant) : not_visible();
}

Result<void> Assembly::resource(const Phi<Buffer>& body, std::span<const std::string> patients, const Grant& other) {
  const Buffer& source = body.inside();
  if (other.body().whole || other.body().policy == nullptr) return not_visible();
  // As in minimise(): where every view shows all, only whose it is must be looked at.
  if (inside_->facts.visible && other.unrestricted() && begins_as(source.view(), other.type())) {
    if (!other.sees(other.type(), patients)) return not_visible();
    inside_->out.append(source.view());
    return {};
  }
  Scan& scan = thread_scan();
  if (!scan.run(source.view())) return malformed();
  const std::size_t before = inside_->out.size();
  inside_->out.prepare(source.size() + 1024);  // grows by doubling
  const auto good = checked(Walk(source.view(), scan, inside_->out, inside_->picker(other)).resource_of(patients));
  if (!good) inside_->out.resize(before);
  return good;
}

void Assembly::minimised(const Sendable& resource) { inside_->out.append(resource.view()); }

Sendable Assembly::finish() && { return Sendable(std::move(inside_->out)); }

}  // namespace ward::access
