#include "provision.hpp"

#include "moment.hpp"

#include <algorithm>

namespace ward::access::detail {
namespace {

constexpr unsigned depth_max = 16;
constexpr std::size_t provisions_max = 512;
constexpr std::string_view emergency = "ETREAT";

/// "Practitioner/3" of any reference to a resource, absolute or versioned; "" for what names none.
std::string last_two(const std::string& reference) {
  std::string_view text = reference;
  text = text.substr(0, text.find("/_history/"));
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return "";
  const std::size_t before = text.rfind('/', slash - 1);
  return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
}

bool is_person(std::string_view reference) {
  constexpr std::string_view known[] = {"Practitioner/", "PractitionerRole/", "Organization/", "Patient/",
                                        "RelatedPerson/"};
  return std::ranges::any_of(known, [&](std::string_view type) { return reference.starts_with(type); });
}

std::vector<Code> codings(json::Value list) {
  std::vector<Code> out;
  for (json::Value one = list.first(); one; one = one.next()) out.push_back({one.string("system"), one.string("code")});
  return out;
}

class Compiler {
 public:
  Provision compile(json::Value value, unsigned depth) {
    Provision out;
    if (depth > depth_max || ++provisions_ > provisions_max) return everything_denied();
    const std::string type = value.string("type");
    if (type == "permit" || type == "deny") out.permits = type == "permit";
    if (const json::Value period = value["period"]) {
      if (period["start"]) out.from_ms = moment(period.string("start"), false).value_or(INT64_MIN);
      if (period["end"]) out.until_ms = moment(period.string("end"), true).value_or(INT64_MAX);
    }
    for (json::Value actor = value["actor"].first(); actor; actor = actor.next()) {
      const std::string named = last_two(actor["reference"].string("reference"));
      out.actors.push_back({is_person(named) ? named : "", role_of(actor["role"])});
    }
    add_actions(value["action"], out);
    for (json::Value one = value["purpose"].first(); one; one = one.next()) out.purposes.push_back(one.string("code"));
    out.labels = codings(value["securityLabel"]);
    out.classes = codings(value["class"]);
    for (json::Value one = value["code"].first(); one; one = one.next()) {
      if (!one["coding"].first()) out.codes.push_back({"", ""});  // words alone: no resource can be told by them
      for (Code& code : codings(one["coding"])) out.codes.push_back(std::move(code));
    }
    if (const json::Value period = value["dataPeriod"])
      out.data_period = {period["start"] ? moment(period.string("start"), false).value_or(INT64_MIN) : INT64_MIN,
                         period["end"] ? moment(period.string("end"), true).value_or(INT64_MAX) : INT64_MAX};
    for (json::Value one = value["data"].first(); one; one = one.next())
      out.data.push_back({one.string("meaning") == "instance", last_two(one["reference"].string("reference"))});
    for (json::Value one = value["provision"].first(); one; one = one.next())
      out.exceptions.push_back(compile(one, depth + 1));
    return out;
  }

 private:
  static std::string role_of(json::Value role) {
    for (json::Value coding = role["coding"].first(); coding; coding = coding.next())
      if (coding.string("system") == role_system) return coding.string("code");
    return "";
  }

  static Provision everything_denied() {
    Provision out;
    out.permits = false;
    return out;
  }

  /// R4 consent-action: access, use and disclose are reading; collect and correct are writing. What is none of these
  /// may be either.
  static void add_actions(json::Value actions, Provision& out) {
    if (!actions.first()) return;
    out.reads = out.writes = false;
    for (json::Value one = actions.first(); one; one = one.next()) {
      for (json::Value coding = one["coding"].first(); coding; coding = coding.next()) {
        const std::string code = coding.string("code");
        const bool writing = code == "collect" || code == "correct";
        const bool reading = code == "access" || code == "use" || code == "disclose";
        out.reads = out.reads || !writing;
        out.writes = out.writes || writing || !reading;
      }
    }
  }

  std::size_t provisions_ = 0;
};

bool is_privacy(json::Value scope) {
  for (json::Value coding = scope["coding"].first(); coding; coding = coding.next())
    if (coding.string("code") == "patient-privacy") return true;
  return false;
}

/// The base rule where the root has no type of its own: R4's policyRule, v3 ActCode OPTOUT and its kind.
std::optional<bool> base_of(json::Value consent) {
  for (json::Value coding = consent["policyRule"]["coding"].first(); coding; coding = coding.next()) {
    const std::string code = coding.string("code");
    if (code.starts_with("OPTOUT")) return false;
    if (code.starts_with("OPTIN")) return true;
  }
  return std::nullopt;
}

/// Whether a provision fits a question; `unclear` where it cannot be told.
enum class Fits : std::uint8_t { no, unclear, yes };
Fits both(Fits a, Fits b) { return std::min(a, b); }
Fits fits_if(bool good) { return good ? Fits::yes : Fits::no; }

class Judge {
 public:
  Judge(const Asker& asker, Contents& contents, std::int64_t now_ms)
      : asker_(asker), contents_(contents), now_ms_(now_ms) {}

  /// Nested provisions are exceptions from the one that they are in: they count only where it fits.
  void judge(const Provision& one, int depth, bool said_emergency) {
    const Fits fits = fit(one);
    if (fits == Fits::no) return;
    const bool in_emergency = said_emergency || std::ranges::find(one.purposes, emergency) != one.purposes.end();
    if (one.permits) take(*one.permits, fits, depth, in_emergency);
    for (const Provision& exception : one.exceptions) judge(exception, depth + 1, in_emergency);
  }

  Said said() const { return depth_ < 0 ? Said::nothing : permits_ ? Said::permit : Said::deny; }

 private:
  void take(bool permits, Fits fits, int depth, bool in_emergency) {
    if (permits && fits != Fits::yes) return;
    // 45 CFR 164.522(a)(1)(iii): a restriction yields to an emergency, unless it speaks of emergencies itself.
    if (asker_.purpose == emergency && !in_emergency) return;
    if (depth < depth_ || (depth == depth_ && permits)) return;
    depth_ = depth;
    permits_ = permits;
  }

  Fits fit(const Provision& one) {
    if (now_ms_ < one.from_ms || now_ms_ >= one.until_ms) return Fits::no;
    if (!(asker_.writes ? one.writes : one.reads)) return Fits::no;
    Fits fits = both(fit_actor(one), fits_if(one.purposes.empty() ||
                                             std::ranges::find(one.purposes, asker_.purpose) != one.purposes.end()));
    if (fits != Fits::no) fits = both(fits, fit_labels(one));
    if (fits != Fits::no) fits = both(fits, fit_class(one));
    if (fits != Fits::no) fits = both(fits, fit_codes(one));
    if (fits != Fits::no) fits = both(fits, fit_period(one));
    if (fits != Fits::no) fits = both(fits, fit_data(one));
    return fits;
  }

  Fits fit_actor(const Provision& one) const {
    if (one.actors.empty()) return Fits::yes;
    bool unclear = false;
    for (const Actor& actor : one.actors) {
      if (actor.reference.empty() && actor.role.empty()) unclear = true;
      if (!actor.reference.empty() ? is_asker(actor.reference) : has_role(actor.role)) return Fits::yes;
    }
    return unclear ? Fits::unclear : Fits::no;
  }

  bool is_asker(const std::string& reference) const {
    return reference == asker_.person || std::ranges::find(asker_.groups, reference) != asker_.groups.end();
  }
  bool has_role(const std::string& role) const {
    return !role.empty() && std::ranges::find(asker_.roles, role) != asker_.roles.end();
  }

  Fits fit_labels(const Provision& one) {
    if (one.labels.empty()) return Fits::yes;
    const Labels labels = labels_of(contents_.asked().patients);
    for (const Code& code : one.labels)
      if ((label_named(code.code) & labels) != 0) return Fits::yes;
    if (!contents_.known()) return Fits::unclear;
    return fits_if(std::ranges::any_of(one.labels, [&](const Code& code) { return contents_.has_security(code); }));
  }

  /// A class is a resource's type, or what a document says that it is.
  Fits fit_class(const Provision& one) {
    if (one.classes.empty()) return Fits::yes;
    for (const Code& code : one.classes)
      if (code.code == contents_.asked().type) return Fits::yes;
    if (!contents_.known()) return Fits::unclear;
    return fits_if(std::ranges::any_of(one.classes, [&](const Code& code) { return contents_.has_code(code); }));
  }

  Fits fit_codes(const Provision& one) {
    if (one.codes.empty()) return Fits::yes;
    if (!contents_.known()) return Fits::unclear;
    bool unclear = false;
    for (const Code& code : one.codes) {
      if (code.code.empty()) unclear = true;
      if (!code.code.empty() && contents_.has_code(code)) return Fits::yes;
    }
    return unclear ? Fits::unclear : Fits::no;
  }

  Fits fit_period(const Provision& one) {
    if (!one.data_period) return Fits::yes;
    const auto when = contents_.when();
    if (!when) return Fits::unclear;
    return fits_if(when->first < one.data_period->second && when->second > one.data_period->first);
  }

  Fits fit_data(const Provision& one) {
    if (one.data.empty()) return Fits::yes;
    const Asked& asked = contents_.asked();
    const std::string own = std::string(asked.type) + "/" + std::string(asked.id);
    bool unclear = false;
    for (const Data& data : one.data) {
      if (data.reference.empty() || (!data.instance && !contents_.known()))
        unclear = true;
      else if (data.reference == own || (!data.instance && contents_.refers_to(data.reference)))
        return Fits::yes;
    }
    return unclear ? Fits::unclear : Fits::no;
  }

  const Asker& asker_;
  Contents& contents_;
  const std::int64_t now_ms_;
  int depth_ = -1;
  bool permits_ = false;
};

bool holds(json::Value value, const auto& good) {
  if (value.is_object() && good(value)) return true;
  for (json::Value child = value.first(); child; child = child.next())
    if ((child.is_object() || child.is_array()) && holds(child, good)) return true;
  return false;
}

bool is(json::Value coding, const Code& code) {
  return coding.string("code") == code.code && (code.system.empty() || coding.string("system") == code.system);
}

}  // namespace

std::optional<CompiledConsent> compile_consent(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return std::nullopt;
  const json::Value consent = document->root();
  if (consent.string("resourceType") != "Consent" || consent.string("status") != "active" ||
      !is_privacy(consent["scope"]))
    return std::nullopt;
  const std::string patient = last_two(consent["patient"].string("reference"));
  if (!patient.starts_with("Patient/")) return std::nullopt;
  CompiledConsent out{patient.substr(8), {}};
  if (consent["provision"].is_object()) out.root = Compiler().compile(consent["provision"], 0);
  if (!out.root.permits) out.root.permits = base_of(consent);
  return out;
}

json::Value Contents::root() {
  if (!tried_) {
    tried_ = true;
    if (auto read = json::Document::parse(asked_.body)) document_ = std::move(*read);
  }
  return document_ ? document_->root() : json::Value();
}

bool Contents::known() { return root().is_object(); }

bool Contents::has_code(const Code& code) {
  for (json::Value child = root().first(); child; child = child.next()) {
    if (child.name() == "meta" || (!child.is_object() && !child.is_array())) continue;
    if (holds(child, [&](json::Value coding) { return is(coding, code); })) return true;
  }
  return false;
}

bool Contents::has_security(const Code& code) {
  for (json::Value coding = root()["meta"]["security"].first(); coding; coding = coding.next())
    if (is(coding, code)) return true;
  return false;
}

bool Contents::refers_to(std::string_view reference) {
  return holds(root(), [&](json::Value object) {
    const json::Value literal = object["reference"];
    return literal.is_string() && last_two(literal.text()) == reference;
  });
}

std::optional<std::pair<std::int64_t, std::int64_t>> Contents::when() {
  constexpr std::string_view names[] = {"effectiveDateTime",
                                        "effectiveInstant",
                                        "effectivePeriod",
                                        "performedDateTime",
                                        "performedPeriod",
                                        "onsetDateTime",
                                        "onsetPeriod",
                                        "period",
                                        "occurrenceDateTime",
                                        "occurrencePeriod",
                                        "authoredOn",
                                        "recordedDate",
                                        "servicedDate",
                                        "servicedPeriod",
                                        "billablePeriod",
                                        "whenHandedOver",
                                        "started",
                                        "start",
                                        "date",
                                        "created",
                                        "issued",
                                        "recorded",
                                        "sent"};
  for (const std::string_view name : names) {
    const json::Value value = root()[name];
    if (value.is_string()) return moments(value.text());
    if (!value.is_object()) continue;
    return std::pair(value["start"] ? moment(value.string("start"), false).value_or(INT64_MIN) : INT64_MIN,
                     value["end"] ? moment(value.string("end"), true).value_or(INT64_MAX) : INT64_MAX);
  }
  return std::nullopt;
}

std::optional<std::pair<std::int64_t, std::int64_t>> moments(const std::string& text) {
  const auto from = moment(text, false), until = moment(text, true);
  if (!from || !until) return std::nullopt;
  return std::pair(*from, std::max(*until, *from + 1));
}

Said ask(const CompiledConsent& consent, const Asker& asker, Contents& contents, WallTime now) {
  Judge judge(asker, contents, now.time_since_epoch().count());
  judge.judge(consent.root, 0, false);
  return judge.said();
}

}  // namespace ward::access::detail
