#include "fhir/patching.hpp"

#include "base/encoding.hpp"
#include "r4/r4.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

constexpr std::string_view json_patch = "application/json-patch+json";

Refusal refused(int status, std::string code, std::string issue, std::string said) {
  return {.status = status,
          .code = std::move(code),
          .kind = CauseKind::validation,
          .cause = said,
          .issues = {{.code = std::move(issue), .diagnostics = std::move(said)}}};
}

/// Adds what is a reference: the text of a member "reference", or of an operation on one.
void add_conditional(json::Value value, bool is_reference, std::vector<std::string>& to) {
  if (value.is_string()) {
    std::string text = value.text();
    const std::size_t mark = text.find('?');
    if (is_reference && mark != text.npos && r4::is_resource_type(std::string_view(text).substr(0, mark)))
      to.push_back(std::move(text));
    return;
  }
  if (!value.is_object() && !value.is_array()) return;
  for (json::Value child = value.first(); child; child = child.next())
    add_conditional(child, value.is_object() && child.name() == "reference", to);
}

std::optional<std::string> json_patch_of(json::Value resource) {
  if (resource.string("resourceType") != "Binary" || resource.string("contentType") != json_patch) return std::nullopt;
  return base64_decode(resource.string("data"));
}

/// The body under one view; nothing if it shows none of it.
std::optional<Buffer> view_of(std::string_view body, const access::Grant& grant, const store::Version& current) {
  auto shown = access::minimise(Phi<Buffer>(Buffer(body)), grant, {.patients = current.patients, .visible = true});
  if (!shown) return std::nullopt;
  return std::move(*shown).release();
}

Allowed<Buffer> merge_under(const Phi<Buffer>& current, Buffer changed, const access::Grant& grant,
                            const store::Version& version, bool moved) {
  if (grant.whole_view(version.type)) return changed;
  return access::merge(current, std::move(changed), grant, version.patients, moved);
}

}  // namespace

Allowed<fhir::PatchPtr> read_patch(std::string_view media_type, std::string_view bytes,
                                   const fhir::PatchLimits& limits) {
  if (media_type == json_patch) return fhir::read_json_patch(bytes, limits);
  if (media_type == "application/fhir+json" || media_type == "application/json")
    return fhir::read_path_patch(bytes, limits);
  return refuse(refused(415, "media_type", "not-supported",
                        "send a JSON Patch as application/json-patch+json, a FHIRPath Patch as application/fhir+json"));
}

Allowed<fhir::PatchPtr> read_patch_entry(json::Value resource, const fhir::PatchLimits& limits) {
  if (resource.string("resourceType") == "Parameters") return fhir::read_path_patch(resource.raw(), limits);
  if (resource.string("resourceType") != "Binary" || resource.string("contentType") != json_patch)
    return refuse(
        refused(400, "patch_entry", "not-supported",
                "a PATCH entry holds a Binary of contentType application/json-patch+json, or a Parameters resource"));
  const auto data = base64_decode(resource.string("data"));
  if (!data) return refuse(refused(400, "patch_entry", "value", "the data of the Binary is not base64"));
  return fhir::read_json_patch(*data, limits);
}

std::vector<std::string> conditional_references_of_patch(json::Value resource) {
  std::vector<std::string> found;
  if (resource.string("resourceType") == "Parameters") {
    add_conditional(resource, false, found);
    return found;
  }
  const auto text = json_patch_of(resource);
  const auto patch = text ? json::Document::parse(*text) : Result<json::Document>(fail("no_patch", "no JSON Patch"));
  if (!patch || !patch->root().is_array()) return found;
  for (json::Value operation = patch->root().first(); operation; operation = operation.next())
    add_conditional(operation["value"], operation.string("path").ends_with("/reference"), found);
  return found;
}

fhir::PatchLimits patch_limits(const Exchange& x) {
  fhir::PatchLimits limits;
  limits.bytes_max = x.route->body_bytes_max;
  limits.work_max -= std::min(limits.work_max, x.patch_work);  // one budget for all patches of a bundle
  return limits;
}

Sight::Sight(const store::Version& current, const access::Grant& changing, const access::Grant& reading)
    : current_(current), changing_(changing), reading_(reading) {
  auto base = view_of(current.body.inside().view(), changing, current);
  if (!base) return;
  auto seen = view_of(base->view(), reading, current);
  if (!seen) return;
  base_ = Phi<Buffer>(std::move(*base));
  seen_ = std::move(*seen);
  visible_ = true;
}

Allowed<std::string_view> Sight::seen() const {
  if (!visible_) return refuse(not_known(current_.type, current_.id, "nothing of it is shown"));
  return seen_.view();
}

Allowed<Buffer> Sight::merge(Buffer changed, bool moved) const {
  auto inner = merge_under(base_, std::move(changed), reading_, current_, moved);
  if (!inner) return refuse(inner.error());
  return merge_under(current_.body, std::move(*inner), changing_, current_, moved);
}

Allowed<Content> patched(Exchange& x, const fhir::Patch& patch, const store::Version& current, const Sight& sight) {
  const auto seen = sight.seen();
  if (!seen) return refuse(seen.error());
  fhir::PatchUse use;
  auto changed = patch.apply(*seen, patch_limits(x), &use);
  x.patch_work += use.work;
  if (!changed) return refuse(changed.error());
  Content content{.bytes = std::move(*changed), .document = std::nullopt, .patch = nullptr, .moved = use.moved_items};
  auto document = json::Document::parse(content.bytes.view());
  if (!document) return refuse(refused(422, "patch_limit", "too-costly", "the patched resource is too large"));
  content.document = std::move(*document);
  const json::Value root = content.document->root();
  if (root.string("resourceType") != current.type || root.string("id") != current.id)
    return refuse(refused(422, "patch_identity", "invalid", "a patch may not change resourceType or id"));
  if (auto judged = judge_resource(x, current.type, content); !judged) return refuse(judged.error());
  return content;
}

}  // namespace ward::door
