#include "pages/scopes.hpp"

#include "base/encoding.hpp"
#include "texts.hpp"

namespace ward::pages {
namespace {

/// Types that can say what somebody would not tell to everybody: what they suffer from, take, wrote or were told.
constexpr std::array sensitive_types = std::to_array<std::string_view>({"*",
                                                                        "Binary",
                                                                        "CarePlan",
                                                                        "ClinicalImpression",
                                                                        "Communication",
                                                                        "Composition",
                                                                        "Condition",
                                                                        "DiagnosticReport",
                                                                        "DocumentReference",
                                                                        "Encounter",
                                                                        "FamilyMemberHistory",
                                                                        "ImagingStudy",
                                                                        "Media",
                                                                        "MedicationAdministration",
                                                                        "MedicationDispense",
                                                                        "MedicationRequest",
                                                                        "MedicationStatement",
                                                                        "Observation",
                                                                        "Procedure",
                                                                        "QuestionnaireResponse",
                                                                        "RiskAssessment",
                                                                        "ServiceRequest"});

/// Types that belong to no patient, so that "of the patients you may see" would be wrong.
constexpr std::array directory_types =
    std::to_array<std::string_view>({"Location", "Medication", "Organization", "Practitioner", "PractitionerRole",
                                     "Questionnaire", "Schedule", "Slot"});

bool has(const auto& list, std::string_view one) { return std::ranges::find(list, one) != list.end(); }
bool has_text(Language language, std::string_view key) { return texts(language).contains(key); }

/// The code of one constraint "category=system|code" for which there are words, else nothing.
std::string category(Language language, std::string_view constraint) {
  const std::string decoded = percent_decode(constraint).value_or("");
  if (!decoded.starts_with("category=") || decoded.find('&') != decoded.npos) return {};
  const std::string code = decoded.substr(decoded.find_last_of("=|") + 1);
  return has_text(language, "scope.category." + code + ".own") ? code : std::string();
}

/// What: "your lab results", or "lab results of the patients you may see".
std::string object(Language language, std::string_view level, std::string_view type, std::string_view category_code) {
  const bool own = level == "patient";
  const std::string_view suffix = own ? ".own" : "";
  const std::string key = category_code.empty() ? fmt::format("scope.type.{}{}", type, suffix)
                                                : fmt::format("scope.category.{}{}", category_code, suffix);
  std::string what = has_text(language, key)
                         ? text(language, key)
                         : text(language, own ? "scope.other_own" : "scope.other", {{"type", type}});
  if (own) return what;
  const bool of_patients = !has(directory_types, type);
  if (level == "chosen") return text(language, of_patients ? "scope.chosen" : "scope.chosen_own", {{"what", what}});
  if (level == "user") return text(language, of_patients ? "scope.user" : "scope.user_own", {{"what", what}});
  return text(language, of_patients ? "scope.system" : "scope.system_own", {{"what", what}});
}

std::string_view verb(std::string_view permissions) {
  const bool sees = permissions.find_first_of("rs") != permissions.npos;
  const bool creates = permissions.contains('c'), updates = permissions.contains('u'),
             deletes = permissions.contains('d');
  if (sees) return creates || updates || deletes ? "scope.see_change" : "scope.see";
  if (updates || (creates && deletes)) return "scope.change";
  return creates ? "scope.add" : "scope.delete";
}

/// "It may add new entries and change entries.", or nothing where the title says all.
std::string changes(Language language, std::string_view permissions) {
  std::vector<std::string> all;
  if (permissions.contains('c')) all.push_back(text(language, "scope.do_create"));
  if (permissions.contains('u')) all.push_back(text(language, "scope.do_update"));
  if (permissions.contains('d')) all.push_back(text(language, "scope.do_delete"));
  const bool sees = permissions.find_first_of("rs") != permissions.npos;
  if (all.empty() || (all.size() == 1 && !sees)) return {};
  std::string list = all[0];
  for (std::size_t i = 1; i + 1 < all.size(); ++i) list += ", " + all[i];
  if (all.size() > 1) list = text(language, "scope.list_and", {{"first", list}, {"last", all.back()}});
  return text(language, "scope.may_also", {{"list", list}});
}

/// A constraint for which there are no words, as it is: better unclear than left out.
std::string only(Language language, std::string_view constraint) {
  std::string list;
  while (!constraint.empty()) {
    const auto end = constraint.find('&');
    const std::string_view parameter = constraint.substr(0, end);
    if (!parameter.empty())
      list += (list.empty() ? "" : ", ") + percent_decode(parameter).value_or(std::string(parameter));
    constraint = end == constraint.npos ? std::string_view() : constraint.substr(end + 1);
  }
  return list.empty() ? std::string() : text(language, "scope.only", {{"what", list}});
}

}  // namespace

Part describe_scope(Language language, std::string_view level, std::string_view type, std::string_view permissions,
                    std::string_view constraint) {
  Part part;
  const std::string code = category(language, constraint);
  part.title = text(language, verb(permissions), {{"what", object(language, level, type, code)}});
  if (code.empty()) part.detail = only(language, constraint);
  if (const std::string also = changes(language, permissions); !also.empty())
    part.detail += (part.detail.empty() ? "" : " ") + also;
  part.sensitive = has(sensitive_types, type);
  return part;
}

Part describe_word(Language language, std::string_view word, int days) {
  const std::string key = "scope.word." + std::string(word);
  if (!has_text(language, key) || word == "other" || word.ends_with(".detail"))
    return {text(language, "scope.word.other", {{"word", word}}), text(language, "scope.word.other.detail"), false};
  const bool sensitive = word == "ward/admin";
  return {text(language, key, {{"days", std::to_string(days)}}), text(language, key + ".detail"), sensitive};
}

}  // namespace ward::pages
