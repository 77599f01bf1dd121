// One synthetic patient's chart.
#pragma once

#include "demo/chance.hpp"
#include "demo/clinic.hpp"
#include "demo/json_text.hpp"
#include "demo/vocabulary.hpp"

#include <chrono>

namespace ward::demo {

/// Ids of who looks after the patient, and where.
struct Attendance {
  std::string physician, nurse, department;
};

class Chart {
 public:
  Chart(Chance& chance, WallTime today, Attendance attendance, unsigned number);
  void write(Clinic& clinic);
  const std::string& patient_id() const { return patient_id_; }
  const std::string& parent_id() const { return parent_id_; }  // of a child: the RelatedPerson

 private:
  using Day = std::chrono::sys_days;

  void add(const char* type, const std::string& id, Json json);
  void add_patient();
  void add_coverage();
  void add_care_team();
  void add_related_person();
  void add_illnesses();
  void add_allergies();
  void add_immunizations();
  void add_visits();
  void add_visit(Day day, unsigned number);
  void add_vital_signs(Day day, const std::string& encounter);
  void add_laboratory(Day day, const std::string& encounter);
  void add_appointments();

  bool has(std::string_view illness) const;
  double progress(Day day) const;  // 0 five years ago, 1 today
  Json subject() const;
  std::string observation(Day day, const std::string& encounter, const Measure& measure, double value,
                          const char* category);

  Chance& chance_;
  Day today_;
  Attendance attendance_;
  unsigned number_;
  Clinic* clinic_ = nullptr;
  std::string patient_id_, parent_id_, given_, family_;
  Day born_;
  bool woman_;
  std::vector<const Illness*> illnesses_;
  double weight_kg_;
};

/// 2026-11-24
std::string date_text(std::chrono::sys_days day);
/// 2026-11-24T09:30:00-05:00
std::string time_text(std::chrono::sys_days day, long minutes_after_eight);
Json reference(const std::string& type_and_id, const std::string& display = "");
Json concept_of(const Code& code);
Json coded(const char* system, const char* code, const char* display = "");

}  // namespace ward::demo
