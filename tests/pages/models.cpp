#include "models.hpp"

namespace ward::pages {
namespace {

void common(Model& model) { model.set("csrf", "c-51f0").set("flow", "f-7c21"); }

void login(Model& m, Language) { m.set("app_name", "Heart Diary"); }

void login_problem(Model& m, Language) {
  m.set("app_name", "Heart Diary").set("username", "ana.ruiz").set("problem", "login.wrong");
}

void second_factor(Model& m, Language) { m.set("totp", true).set("recovery", true).set("passkey", true); }

void second_factor_problem(Model& m, Language) {
  m.set("totp", true).set("recovery", true).set("problem", "second-factor.wrong");
}

void enrol(Model&, Language) {}

/// Looks like a QR code, and is none.
std::string sample_qr() {
  std::string svg =
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><path d=")";
  const auto finder = [](int x, int y) {
    return fmt::format("M{0} {1}h7v7h-7zm1 1v5h5v-5zM{2} {3}h3v3h-3z", x, y, x + 2, y + 2);
  };
  svg += finder(2, 2) + finder(20, 2) + finder(2, 20);
  for (int y = 2; y < 27; ++y)
    for (int x = 2; x < 27; ++x) {
      const bool in_finder = (x < 10 && y < 10) || (x > 18 && y < 10) || (x < 10 && y > 18);
      if (!in_finder && (x * 7 + y * 13 + x * y * 3) % 5 < 2) svg += fmt::format("M{} {}h1v1h-1z", x, y);
    }
  return svg + R"(" fill-rule="evenodd"/></svg>)";
}

void enrol_totp(Model& m, Language) {
  m.set_safe("qr", {sample_qr()}).set("secret", "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP").set("state", "s-1");
  m.set("problem", "enrol-totp.wrong");
}

void recovery_codes(Model& m, Language) {
  for (int i = 0; i < 10; ++i) m.add("codes").set("code", fmt::format("{}k7w-9hmp-{}qx4", i, (i * 7) % 10));
}

void new_password(Model& m, Language) {
  m.set("action", "/account/password").set("username", "ana.ruiz").set("current", true).set("length_min", "8");
  m.set("problem", "new-password.common");
}

void add_part(Model& m, std::string_view field, std::string_view value, const Part& part, bool required = false) {
  Model& item = m.add("parts");
  item.set("field", field).set("value", value).set("title", part.title).set("detail", part.detail);
  item.set("sensitive", part.sensitive).set("required", required).set("checked", true);
}

void consent(Model& m, Language l) {
  m.set("app_name", "Heart Diary").set("app_owner", "Cardia Labs").set("app_contact", "help@cardia.example");
  m.set("policy_url", "https://cardia.example/privacy").set("patient_name", "Ana Ruiz").set("who", "ana.ruiz");
  m.set("lasts", text(l, "consent.lasts_days", {{"days", "90"}}));
  m.set("logo_url",
        "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4"
        "IDgiPjxyZWN0IHdpZHRoPSI4IiBoZWlnaHQ9IjgiIHJ4PSIyIiBmaWxsPSIjYzIzNjVhIi8+PHBhdGggZD0iTTQgNi41IDEuNiA0"
        "QTEuNSAxLjUgMCAwIDEgNCAyLjUgMS41IDEuNSAwIDAgMSA2LjQgNFoiIGZpbGw9IiNmZmYiLz48L3N2Zz4=");
  add_part(m, "part", "openid", describe_word(l, "openid"), true);
  add_part(m, "part", "launch/patient", describe_word(l, "launch/patient"), true);
  add_part(m, "part", "patient/Patient.rs", describe_scope(l, "patient", "Patient", "rs"));
  add_part(m, "part", "patient/Observation.rs?category=vital-signs",
           describe_scope(l, "patient", "Observation", "rs",
                          "category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"));
  add_part(m, "part", "patient/Condition.rs", describe_scope(l, "patient", "Condition", "rs"));
  add_part(m, "part", "patient/Appointment.cruds", describe_scope(l, "patient", "Appointment", "cruds"));
  add_part(m, "part", "offline_access", describe_word(l, "offline_access"));
}

void patient_picker(Model& m, Language) {
  m.set("app_name", "Heart Diary").set("q", "ruiz").set("searched", true).set("more", true);
  const char* people[][3] = {
      {"p1", "Ana Ruiz", "1984-03-02"}, {"p2", "Bruno Ruiz", "2016-11-20"}, {"p3", "Carla Ruiz Soto", "1951-07-09"}};
  for (const auto& [id, name, born] : people)
    m.add("patients")
        .set("id", id)
        .set("name", name)
        .set("birth_date", born)
        .set("detail", fmt::format("MRN 00{}", id));
}

void patient_picker_none(Model& m, Language) { m.set("app_name", "Heart Diary").set("q", "zzz").set("searched", true); }

void account(Model& m, Language l) {
  const bool es = l == Language::es;
  m.set("name", "Ana Ruiz").set("username", "ana.ruiz").set("role", es ? "Paciente" : "Patient");
  m.set("notice", "account.factor_added").set("add_factor_url", "/login/enrol").set("idle_seconds", "1800");
  m.add("factors")
      .set("id", "1")
      .set("kind", "passkey")
      .set("label", "Pixel 8")
      .set("added", "2026-01-04")
      .set("last_used", "2026-03-01")
      .set("removable", true);
  m.add("factors").set("id", "2").set("kind", "totp").set("added", "2026-01-04").set("removable", true);
  m.add("factors").set("id", "3").set("kind", "recovery").set("label", "8 / 10").set("added", "2026-01-04");
  m.add("sessions")
      .set("id", "a")
      .set("device", "Firefox, Linux")
      .set("network", "Example Telecom")
      .set("started", "09:12")
      .set("last_seen", "09:40")
      .set("current", true);
  m.add("sessions")
      .set("id", "b")
      .set("device", "Chrome, Android")
      .set("network", "Example Mobile")
      .set("started", "2026-02-27")
      .set("last_seen", "2026-02-28");
  m.add("apps")
      .set("id", "x")
      .set("name", "Heart Diary")
      .set("scopes", describe_scope(l, "patient", "Observation", "rs").title)
      .set("since", "2026-02-01")
      .set("last_used", "2026-03-01");
  m.add("delegates").set("name", "Luis Ruiz").set("relation", es ? "Padre" : "Father");
  m.add("history")
      .set("what", "history.signed_in")
      .set("when", "2026-03-01 09:12")
      .set("where", "Firefox, Linux · Example Telecom")
      .set("ok", true);
  m.add("history")
      .set("what", "history.password_wrong")
      .set("when", "2026-02-28 23:01")
      .set("where", "Chrome, Windows · Other Net")
      .set("ok", false);
}

void select_account(Model& m, Language) { m.set("app_name", "Heart Diary").set("who", "ana.ruiz"); }

void step_up(Model& m, Language) { m.set("step_up", true).set("passkey", true); }

void logout_confirm(Model& m, Language) { m.set("app_name", "Heart Diary").set("who", "ana.ruiz"); }

void signed_out(Model& m, Language) {
  m.set("app_name", "Heart Diary").set("return_url", "https://cardia.example/").set("reason", "signed-out.idle");
}

void error(Model& m, Language) {
  m.set("title_key", "error.client_title").set("message_key", "error.redirect_uri").set("request_id", "7f3a-22c1");
  m.set("return_url", "/account");
  m.add("details").set("name", "error").set("value", "invalid_request");
  m.add("details").set("name", "redirect_uri").set("value", "https://evil.example/callback");
}

void form_post(Model& m, Language) {
  m.set("action", "https://cardia.example/callback");
  m.add("fields").set("name", "code").set("value", "abc");
  m.add("fields").set("name", "state").set("value", "x\"><b>");
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> list{{"login", "login", login},
                             {"login", "login-problem", login_problem},
                             {"second-factor", "second-factor", second_factor},
                             {"second-factor", "second-factor-problem", second_factor_problem},
                             {"enrol", "enrol", enrol},
                             {"enrol-totp", "enrol-totp", enrol_totp},
                             {"recovery-codes", "recovery-codes", recovery_codes},
                             {"new-password", "new-password", new_password},
                             {"consent", "consent", consent},
                             {"patient-picker", "patient-picker", patient_picker},
                             {"patient-picker", "patient-picker-none", patient_picker_none},
                             {"account", "account", account},
                             {"logout-confirm", "logout-confirm", logout_confirm},
                             {"select-account", "select-account", select_account},
                             {"second-factor", "second-factor-step-up", step_up},
                             {"signed-out", "signed-out", signed_out},
                             {"error", "error", error},
                             {"form-post", "form-post", form_post}};
    for (Sample& sample : list)
      sample.fill = [fill = sample.fill](Model& model, Language language) {
        common(model);
        fill(model, language);
      };
    return list;
  }();
  return all;
}

void fill_minimal(Model& model) { model.set("csrf", "c"); }

}  // namespace ward::pages
