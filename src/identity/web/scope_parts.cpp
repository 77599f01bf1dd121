#include "web/scope_parts.hpp"

namespace ward::identity::web {
namespace {

bool is_required(std::string_view word) { return word == "openid" || word == "launch" || word.starts_with("launch/"); }

/// "Your lab results" are the patient's own; to a physician who chose a patient, they are that patient's.
std::string_view level_of(scope::Context context, bool own) {
  if (context == scope::Context::patient) return own ? "patient" : "chosen";
  return context == scope::Context::user ? "user" : "system";
}

std::string letters_of(const scope::Actions& actions) {
  std::string letters;
  if (actions.create) letters += 'c';
  if (actions.read) letters += 'r';
  if (actions.update) letters += 'u';
  if (actions.remove) letters += 'd';
  if (actions.search) letters += 's';
  return letters;
}

}  // namespace

std::vector<ScopePart> scope_parts(const Visit& visit, std::string_view scope, std::string_view patient) {
  std::vector<ScopePart> parts;
  const auto parsed = scope::ScopeSet::parse(scope);
  if (!parsed) return parts;
  const bool own = patient.empty() || visit.person->fhir_user == "Patient/" + std::string(patient);
  for (const std::string& word : parsed->words())
    parts.push_back(
        {word, pages::describe_word(visit.language, word, refresh_ends_at_last / 86400), is_required(word)});
  for (const scope::ResourceScope& one : parsed->resources()) {
    const std::string text = scope::text(one);
    const auto mark = text.find('?');
    parts.push_back(
        {text, pages::describe_scope(visit.language, level_of(one.context, own), one.type, letters_of(one.actions),
                                     mark == text.npos ? "" : std::string_view(text).substr(mark + 1))});
  }
  return parts;
}

}  // namespace ward::identity::web
