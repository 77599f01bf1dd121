#include "fhir/shared.hpp"

#include "fhir/index.hpp"
#include "r4/r4.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

constexpr std::string_view masked_reference =
    R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]})";
constexpr std::string_view empty_narrative =
    R"({"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">-</div>"})";

struct Piece {
  std::size_t begin, end;
  std::string_view instead;
};

/// Finds what has to go, in the order of the source.
class Others {
 public:
  Others(const Exchange& x, const access::Grant& grant) : own_bases_(x.live->own_bases), grant_(grant) {}

  std::vector<Piece> find(json::Value resource) {
    visit(resource);
    return std::move(pieces_);
  }

 private:
  void visit(json::Value value) {
    if (value.is_object() && names_other(value)) {
      pieces_.push_back({value.begin(), value.end(), masked_reference});
      return;
    }
    for (json::Value child = value.first(); child; child = child.next()) {
      if (child.is_object() && child.name() == "text" && child["div"])
        pieces_.push_back({child.begin(), child.end(), empty_narrative});
      else if (child.is_object() || child.is_array())
        visit(child);
    }
  }

  bool names_other(json::Value object) const {
    const json::Value literal = object["reference"];
    if (!literal.is_string()) return false;
    const fhir::ReferenceParts parts = fhir::split_reference(literal.text(), own_bases_);
    return parts.type == "Patient" && !shows_patient(grant_, parts.id);
  }

  const std::vector<std::string>& own_bases_;
  const access::Grant& grant_;
  std::vector<Piece> pieces_;
};

Buffer replaced(std::string_view source, const std::vector<Piece>& pieces) {
  Buffer out;
  std::size_t from = 0;
  for (const Piece& piece : pieces) {
    out.append(source.substr(from, piece.begin - from));
    out.append(piece.instead);
    from = piece.end;
  }
  out.append(source.substr(from));
  return out;
}

/// The same question without the patient: a bare id may still be that of another type.
void add_without_patient(const access::Grant& grant, const r4::SearchParam* param, const store::ReferenceIs& asked,
                         std::vector<store::Match>& to) {
  const bool may_be_patient = asked.type == "Patient" || (asked.type.empty() && asked.url.empty());
  if (!may_be_patient || shows_patient(grant, asked.id)) {
    to.push_back(asked);
    return;
  }
  if (asked.type == "Patient" || param == nullptr) return;
  for (const std::string_view target : param->targets)
    if (target != "Patient") to.push_back(store::ReferenceIs{std::string(target), asked.id, ""});
}

/// False if nothing is left to ask for.
bool forget_others(const access::Grant& grant, std::string_view type, store::Condition& condition) {
  const bool refers = std::any_of(condition.any_of.begin(), condition.any_of.end(), [](const store::Match& one) {
    return std::holds_alternative<store::ReferenceIs>(one);
  });
  if (!refers) return true;
  const r4::SearchParam* param = r4::find_param(type, condition.param);
  std::vector<store::Match> kept;
  for (store::Match& match : condition.any_of) {
    if (const auto* reference = std::get_if<store::ReferenceIs>(&match))
      add_without_patient(grant, param, *reference, kept);
    else
      kept.push_back(std::move(match));
  }
  condition.any_of = std::move(kept);
  return !condition.any_of.empty();
}

}  // namespace

bool shows_patient(const access::Grant& grant, const std::string& patient) {
  return std::any_of(grant.branches().begin(), grant.branches().end(), [&](const access::Branch& branch) {
    return branch.all || std::binary_search(branch.patients.begin(), branch.patients.end(), patient);
  });
}

bool is_shared(const access::Grant& grant, const std::vector<std::string>& patients) {
  const auto ids = access::without_marks(patients);
  return ids.size() > 1 &&
         !std::all_of(ids.begin(), ids.end(), [&](const std::string& one) { return shows_patient(grant, one); });
}

Phi<Buffer> own_part(const Exchange& x, const access::Grant& grant, store::Version& version) {
  if (!version.deleted && (access::labels_of(version.patients) & access::label_named("ETH")) != 0) x.part_2 = true;
  if (version.deleted || !is_shared(grant, version.patients)) return std::move(version.body);
  const std::string_view source = version.body.inside().view();
  const auto document = json::Document::parse(source);
  WARD_ASSERT(document);
  return Phi<Buffer>(replaced(source, Others(x, grant).find(document->root())));
}

Allowed<access::Sendable> shown_part(const Exchange& x, const access::Grant& grant, store::Version version) {
  access::Facts facts;
  facts.patients = version.patients;
  facts.visible = true;
  auto shown = access::minimise(own_part(x, grant, version), grant, facts);
  if (!shown)
    return refuse({.status = 500,
                   .code = "minimise_failed",
                   .kind = CauseKind::internal,
                   .cause = std::string(shown.error().code())});
  return std::move(*shown);
}

void forget_others(const access::Grant& grant, fhir::Search& search) {
  for (store::Condition& condition : search.resolved) forget_others(grant, search.query.type, condition);
  for (store::Condition& condition : search.query.all_of)
    if (!forget_others(grant, search.query.type, condition)) search.query.visible.clear();  // nothing can match
}

}  // namespace ward::door
