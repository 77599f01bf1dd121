#include "related.hpp"

#include "json/json.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using namespace std::chrono;

/// The earliest day that a FHIR date can mean.
std::optional<year_month_day> first_day(const std::string& text) {
  const auto number = [&](std::size_t at, std::size_t length, int otherwise) {
    if (text.size() < at + length) return otherwise;
    int value = 0;
    for (const char c : text.substr(at, length)) value = c < '0' || c > '9' ? -100'000 : value * 10 + (c - '0');
    return value;
  };
  const int m = number(5, 2, 1), d = number(8, 2, 1);
  const year_month_day day{year(number(0, 4, -1)), month(unsigned(std::max(m, 0))),
                           std::chrono::day(unsigned(std::max(d, 0)))};
  if (!day.ok() || int(day.year()) < 0) return std::nullopt;
  return day;
}

/// 29 February: of age on 1 March in other years.
bool is_child(const std::string& birth_date, unsigned adult_age, WallTime now) {
  const auto born = first_day(birth_date);
  if (!born) return false;
  const year_month_day adult{born->year() + years(adult_age), born->month(), born->day()};
  const sys_days from = adult.ok() ? sys_days(adult) : sys_days(adult.year() / adult.month() / last) + days(1);
  return now < from;
}

/// Of these patients those whose age is from `from` on and below `until`, in years.
Result<std::vector<std::string>> of_age(store::Reader& reader, std::vector<std::string> patients, unsigned from,
                                        unsigned until, WallTime now) {
  std::vector<std::string> found;
  for (std::string& id : patients) {
    const auto patient = reader.read("Patient", id);
    if (!patient) return std::unexpected(patient.error());
    if (!*patient || (*patient)->deleted) continue;
    const auto document = json::Document::parse((*patient)->body.inside().view());
    if (!document) continue;
    const std::string born = document->root().string("birthDate");
    if (is_child(born, until, now) && !(from > 0 && is_child(born, from, now))) found.push_back(std::move(id));
  }
  return found;
}

}  // namespace

access::RelatedFn related_by(store::Reader& reader, const access::Policy& policy, WallTime now,
                             const manage::Relationships& pushed, const Emergencies* emergencies) {
  return [&reader, adult_age = policy.adult_age(), adolescent_age = policy.adolescent_age(), now, &pushed, emergencies](
             std::string_view person, std::string_view kind) -> Result<std::vector<std::string>> {
    if (kind == "emergency") return emergencies != nullptr ? emergencies->patients(person) : std::vector<std::string>();
    const std::string_view kept = kind == "adolescent" ? "parent" : kind;
    auto related = reader.related(person, kept, now);
    if (!related) return related;
    for (std::string& one : pushed.related(person, kept, now)) related->push_back(std::move(one));
    if (kept != "parent") return related;
    return of_age(reader, std::move(*related), kind == "adolescent" ? adolescent_age : 0, adult_age, now);
  };
}

}  // namespace ward::door
