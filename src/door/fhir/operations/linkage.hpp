// How likely two Patients are one person: Fellegi and Sunter's sum of log-likelihood ratios, element by element.
#pragma once

#include "json/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ward::door {

enum class MatchGrade : std::uint8_t { certain, probable, possible, certainly_not };

/// The code of http://terminology.hl7.org/CodeSystem/match-grade.
std::string_view grade_code(MatchGrade grade);

struct Likeness {
  double probability = 0;  // 0 to 1
  MatchGrade grade = MatchGrade::certainly_not;
};

/// `asked` and `candidate` are Patients. What one of them does not say counts neither for nor against. Pure.
Likeness compare_patients(json::Value asked, json::Value candidate);

/// Jaro-Winkler similarity of two folded texts by bytes, 0 to 1; texts longer than 64 bytes are cut.
double similarity(std::string_view a, std::string_view b);

/// Searches (query strings of Patient) that find whom `asked` could be: each narrow enough to be read whole.
std::vector<std::string> candidate_searches(json::Value asked);

}  // namespace ward::door
