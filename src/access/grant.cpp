#include "access/grant.hpp"

#include "rules.hpp"

#include <fmt/format.h>

namespace ward::access {

using namespace detail;

namespace {

std::uint64_t mask_of(const std::vector<Branch>& branches) {
  std::uint64_t mask = 0;
  for (const Branch& branch : branches) mask |= std::uint64_t{1} << branch.role;
  return mask;
}

std::vector<Branch> branches_of(const GrantBody& body, std::string_view type) {
  if (type == body.type) return body.branches;
  return branches_for(body, type, {.read = true, .search = true}, nullptr);
}

}  // namespace

Grant Grant::for_fields(const Fields& fields, Cause cause, std::string purpose) {
  auto body = std::make_shared<GrantBody>();
  Spec spec;
  spec.self = fields.show ? Treatment::drop : Treatment::keep;
  for (const std::string& text : fields.paths) {
    // A path that cannot be read was refused at load; here it would show nothing.
    if (const auto path = parse_field_path(text)) put(spec, *path, fields.show ? Treatment::keep : Treatment::drop);
  }
  body->fields = compile_fields(spec);
  body->causes.push_back(std::move(cause));
  body->purpose = std::move(purpose);
  body->valid_until = WallTime::max();
  return Grant(std::move(body));
}

Grant Grant::whole(std::string reason, std::string where, std::string purpose) {
  auto body = std::make_shared<GrantBody>();
  body->whole = true;
  body->causes.push_back(
      {.role = "", .where = std::move(where), .scope = "", .patients = "whole: " + std::move(reason)});
  body->purpose = std::move(purpose);
  body->valid_until = WallTime::max();
  return Grant(std::move(body));
}

const std::vector<Branch>& Grant::branches() const { return body_->branches; }
const std::vector<Cause>& Grant::causes() const { return body_->causes; }
const std::string& Grant::purpose() const { return body_->purpose; }
const std::string& Grant::type() const { return body_->type; }
Interaction Grant::interaction() const { return body_->interaction; }
WallTime Grant::valid_until() const { return body_->valid_until; }
const Asker& Grant::asker() const { return body_->asker; }
Writes Grant::writes() const { return body_->writes; }

std::string Grant::cause_text() const {
  if (body_->causes.empty()) return "";
  const Cause& cause = body_->causes.front();
  if (cause.role.empty()) return fmt::format("{} {}", cause.where, cause.patients);
  return fmt::format("{} role {}, scope {}, patients {}", cause.where, cause.role, cause.scope, cause.patients);
}

bool Grant::unrestricted() const { return body_->policy == nullptr ? body_->whole : body_->shows_everything; }

bool Grant::whole_view(std::string_view type) const {
  if (body_->policy == nullptr) return body_->whole;
  for (const Branch& branch : branches_of(*body_, type)) {
    const View& view = body_->views(std::uint64_t{1} << branch.role)->of(type);
    if (!view.readable || view.tagged) return false;
  }
  return true;
}

bool Grant::sees(std::string_view type, std::span<const std::string> patients) const {
  if (body_->policy == nullptr) return false;
  const auto branches = branches_of(*body_, type);
  return std::ranges::any_of(branches, [&](const Branch& branch) { return in_branch(branch, type, patients); });
}

bool Grant::constrained() const {
  return std::ranges::any_of(body_->branches, [](const Branch& branch) { return !branch.constraints.empty(); });
}

bool Grant::hides(std::string_view type, std::string_view text) const {
  if (body_->policy == nullptr) return !body_->whole;
  const auto path = parse_path(type, text);
  const std::uint64_t mask = mask_of(branches_of(*body_, type));
  for (std::size_t i = 0; i < body_->rules().roles.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    const TypeView view = body_->rules().roles[i].view(type);
    if (view.whole) continue;
    if (!path) return true;
    if (path->steps.size() == 1 && path->steps[0].name == "id") continue;
    Spec at = view.root;
    for (const PathStep& step : path->steps) at = at.child(step.name, step.choice);
    if (!at.keeps_all() || path->steps[0].name == "text") return true;
  }
  return mask == 0;
}

}  // namespace ward::access
