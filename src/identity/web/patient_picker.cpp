// Staff choose whose record an app is to open, among the patients whom they may see.
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

/// What they could read themselves through this app.
Caller chooser(const Visit& visit) { return caller_of(visit, visit.flow->client_id, "user/Patient.rs"); }

boost::asio::awaitable<Answer> show(Visit& visit, std::string query, std::string_view problem, int status) {
  pages::Model model;
  if (const KnownClient* app = visit.app()) model.set("app_name", app->client.name);
  model.set("q", query).set("searched", !query.empty()).set("problem", problem);
  Result<PatientChoices> found;
  if (visit.request.find_patients) found = co_await visit.request.find_patients(chooser(visit), query);
  if (!found) co_return error_page(visit, 403, "error.no_patient");
  for (const PatientChoice& one : found->found)
    model.add("patients")
        .set("id", one.id)
        .set("name", one.name)
        .set("birth_date", one.birth_date)
        .set("detail", one.detail);
  model.set("more", found->more);
  co_return page(visit, "patient-picker", model, status);
}

boost::asio::awaitable<bool> may_see(Visit& visit, const std::string& id) {
  if (!visit.request.find_patients) co_return false;
  const auto found = co_await visit.request.find_patients(chooser(visit), "_id=" + id);
  co_return found && found->found.size() == 1 && found->found.front().id == id;
}

}  // namespace

boost::asio::awaitable<Answer> patient_picker(Visit& visit) {
  if (!visit.flow) co_return error_page(visit, 400, "error.expired");
  if (!visit.signed_in()) {
    Answer answer = co_await proceed(visit);
    co_return answer;
  }
  if (visit.request.method != "POST") {
    Answer answer = co_await show(visit, "", "", 200);
    co_return answer;
  }
  if (visit.form.get("decision") == "deny")
    co_return refuse_flow(visit, "access_denied", "the person chose no patient", "patient_not_chosen");
  const std::string id = visit.form.get("patient").value_or("");
  if (id.empty()) {
    Answer answer = co_await show(visit, visit.form.get("q").value_or("").substr(0, 100), "", 200);
    co_return answer;
  }
  const bool good = id.size() <= 64 &&
                    id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == id.npos;
  const bool seen = good && co_await may_see(visit, id);
  if (!seen) {
    Answer answer = co_await show(visit, "", "patient-picker.none", 404);
    co_return answer;
  }
  visit.flow->patient = id;
  visit.flow->person = visit.person->username;
  Answer answer = co_await proceed(visit);
  co_return answer;
}

}  // namespace ward::identity::web
