#include "demo/prepare.hpp"

#include "crypto/certificate.hpp"
#include "crypto/jose.hpp"
#include "demo/clinic.hpp"
#include "demo/fill.hpp"
#include "directory.hpp"
#include "templates.hpp"

#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <map>

namespace ward::demo {
namespace {

namespace json_value = boost::json;
using app::Installation;
using app::Paths;

constexpr std::uint64_t seed = 20261124;
constexpr std::size_t batch = 250;

struct DemoClient {
  const char* id;
  const char* name;
  const char* authentication;
  const char* scope;
  const char* more;  // of the registration, as JSON members
};
constexpr const char* app_scope =
    "openid profile fhirUser launch launch/patient offline_access online_access patient/*.rs user/*.rs";
constexpr const char* app_more =
    R"("grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1/callback"],)"
    R"("post_logout_redirect_uris":["http://127.0.0.1/signed-out"],"owner":"Sample apps, synthetic")";
constexpr const char* sample_more =
    R"("grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1/index.html"],)"
    R"("post_logout_redirect_uris":["http://127.0.0.1/index.html"],"owner":"Sample apps, synthetic")";
constexpr const char* fapi_more =
    R"("grant_types":["authorization_code","refresh_token"],"redirect_uris":["https://app.example/callback"],)"
    R"("fapi":true,"dpop_bound_access_tokens":true,"owner":"Sample apps, synthetic")";
constexpr const char* mtls_more =
    R"("grant_types":["authorization_code","refresh_token","client_credentials"],"redirect_uris":["http://127.0.0.1/callback"],)"
    R"("tls_client_auth_subject_dn":"CN=backend-mtls","tls_client_certificate_bound_access_tokens":true,)"
    R"("roles":["backend"],"purpose":"TREAT")";
constexpr const char* backend_more = R"("grant_types":["client_credentials"],"roles":["backend"],"purpose":"TREAT")";
constexpr DemoClient clients[] = {
    {"backend-key", "Lab interface (key)", "private_key_jwt",
     "system/Patient.rs system/Observation.cruds system/DiagnosticReport.cruds", backend_more},
    {"backend-secret", "Registry export (secret)", "client_secret_basic",
     "system/Patient.rs system/Observation.rs system/Condition.rs", backend_more},
    {"backend-mtls", "Pathology interface (certificate)", "tls_client_auth",
     "openid fhirUser offline_access user/*.rs system/Patient.rs system/Observation.rs", mtls_more},
    {"ehr", "The clinic's own EHR", "private_key_jwt", "ward/launch ward/introspect", backend_more},
    {"app-public", "Growth chart (public)", "none", app_scope, app_more},
    {"smart-app", "Sample app", "none", app_scope, sample_more},  // examples/smart-app
    {"app-basic", "Diabetes diary (secret)", "client_secret_basic", app_scope, app_more},
    {"app-post", "Sleep log (secret in the form)", "client_secret_post", app_scope, app_more},
    {"app-key", "Referral desk (key)", "private_key_jwt", app_scope, app_more},
    {"app-fapi", "Insurer's app (FAPI 2.0)", "private_key_jwt", app_scope, fapi_more},
};

bool is_secret(const DemoClient& client) {
  return std::string_view(client.authentication).starts_with("client_secret_");
}

Result<void> make_certificates(const Paths& paths) {
  const auto tls = paths.directory / "tls";
  if (std::filesystem::exists(tls / "server.key")) return {};
  std::error_code error;
  std::filesystem::create_directories(tls, error);
  SystemClock clock;
  SystemRandom random;
  const auto authority = crypto::make_authority("Ward demo CA (this machine only)", clock, random);
  if (!authority) return std::unexpected(authority.error());
  const auto server = crypto::make_server_certificate(
      *authority, {.common_name = "localhost", .dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}}, clock, random);
  if (!server) return std::unexpected(server.error());
  const auto client = crypto::make_client_certificate(*authority, {"backend-mtls", {}, {}}, clock, random);
  if (!client) return std::unexpected(client.error());
  if (auto written = app::write_file(tls / "client.key", client->key_pem.reveal()); !written) return written;
  for (const auto& [name, content] :
       {std::pair(tls / "ca.pem", authority->certificate_pem), std::pair(tls / "client.pem", client->certificate_pem),
        std::pair(tls / "server.pem", server->certificate_pem + authority->certificate_pem)})
    if (auto written = app::write_file(name, content, 0644); !written) return written;
  return app::write_file(tls / "server.key", server->key_pem.reveal());
}

constexpr std::uint16_t usual_mtls_port = 8444;

std::string ports_overlay(const DemoOptions& options) {
  return fmt::format(
      "# Written at each start, from the command line.\n[listen]\nhttps = \"127.0.0.1:{}\"\nhttp = "
      "\"127.0.0.1:{}\"\nadmin = \"127.0.0.1:{}\"\nmtls = \"127.0.0.1:{}\"\n",
      options.port, options.http_port, options.admin_port,
      options.mtls_port.value_or(options.port == 0 ? 0 : usual_mtls_port));
}

/// Passwords and client keys, made once and kept beside demo.json, which is written anew at each start.
Result<json_value::object> load_credentials(const Paths& paths) {
  const auto file = paths.directory / "demo-credentials.json";
  if (!std::filesystem::exists(file))
    return json_value::object{{"users", json_value::object()}, {"clients", json_value::object()}};
  const auto text = app::read_file(file);
  if (!text) return std::unexpected(text.error());
  boost::system::error_code bad;
  json_value::value parsed = json_value::parse(*text, bad);
  if (bad || !parsed.is_object())
    return fail("demo", fmt::format("{} is damaged; remove the directory to start anew", file.string()));
  return parsed.as_object();
}

Result<void> keep_credentials(const Paths& paths, const json_value::object& credentials) {
  return app::write_file(paths.directory / "demo-credentials.json", json_value::serialize(credentials) + "\n");
}

/// Secrets are kept before anybody is added with them: a start that was cut off in between is taken up by the next one.
Result<void> make_credentials(app::Server& server, const Clinic& clinic, json_value::object& credentials) {
  Random& random = server.installation().random;
  json_value::object& users = credentials["users"].as_object();
  for (const Member& member : clinic.members)
    if (!users.contains(member.username)) users[member.username] = random.token(12);
  if (!credentials.contains("totp")) credentials["totp"] = json_value::object();
  json_value::object& totp = credentials["totp"].as_object();
  for (const Member& member : clinic.members)
    if (!totp.contains(member.username)) totp[member.username] = identity::new_totp_secret(random).reveal();
  json_value::object& kept = credentials["clients"].as_object();
  for (const DemoClient& client : clients) {
    if (kept.contains(client.id)) continue;
    if (is_secret(client)) {
      kept[client.id] = json_value::object{{"client_secret", random.token(32)}};
    } else if (std::string_view(client.authentication) != "private_key_jwt") {
      kept[client.id] = json_value::object();
    } else if (std::string_view(client.id) == "app-fapi") {  // RFC 9101 algorithms of FAPI: ES256
      const crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p256);
      kept[client.id] =
          json_value::object{{"jwk", json_value::parse(crypto::private_jwk(key, random.token(8)).reveal())}};
    } else {
      const crypto::SigningKey key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p384);
      kept[client.id] =
          json_value::object{{"jwk", json_value::parse(crypto::private_jwk(key, random.token(8)).reveal())}};
    }
  }
  return keep_credentials(server.installation().paths, credentials);
}

Result<void> add_people(app::Server& server, const Clinic& clinic, const json_value::object& credentials) {
  static const std::map<std::string, const char*> purposes{
      {"physician", "TREAT"}, {"nurse", "TREAT"},     {"front-desk", "HOPERAT"},      {"billing", "HPAYMT"},
      {"patient", "PATRQT"},  {"delegate", "PATRQT"}, {"privacy-officer", "HOPERAT"}, {"administrator", "HOPERAT"}};
  for (const Member& member : clinic.members) {
    if (server.identity().person(member.username)) continue;
    const auto added = app::manage_user(server, {{"what", "add"},
                                                 {"name", member.username},
                                                 {"roles", json_value::array{member.role}},
                                                 {"fhir_user", member.fhir_user},
                                                 {"password", credentials.at("users").at(member.username)},
                                                 {"totp_secret", credentials.at("totp").at(member.username)},
                                                 {"purposes", json_value::array{purposes.at(member.role)}}});
    if (!added) return std::unexpected(added.error());
  }
  return {};
}

Result<void> add_clients(app::Server& server, const json_value::object& credentials) {
  for (const DemoClient& client : clients) {
    if (server.identity().client(client.id)) continue;
    json_value::object request = json_value::parse("{" + std::string(client.more) + "}").as_object();
    request["what"] = "add";
    request["client_id"] = client.id;
    request["client_name"] = client.name;
    request["token_endpoint_auth_method"] = client.authentication;
    request["scope"] = client.scope;
    const json_value::object& kept = credentials.at("clients").at(client.id).as_object();
    if (const auto* secret = kept.if_contains("client_secret")) request["client_secret"] = *secret;
    if (const auto* jwk = kept.if_contains("jwk")) {
      const auto key = crypto::signing_key_from_jwk(Secret<std::string>(json_value::serialize(*jwk)));
      if (!key) return std::unexpected(key.error());
      const std::string id(jwk->at("kid").as_string());
      request["jwks"] = json_value::parse(crypto::KeySet({crypto::PublicKey::of(*key, id)}).text());
    }
    const auto added = app::manage_client(server, request);
    if (!added) return std::unexpected(added.error());
  }
  return {};
}

Result<void> add_records(app::Server& server, Clinic& clinic) {
  Installation& in = server.installation();
  const bool terminal = ::isatty(2) != 0;
  auto reader = in.store->reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<Resource> missing;
  std::size_t done = 0;
  for (const Resource& resource : clinic.resources) {
    // A start that was cut off has left some of them.
    const auto there = (*reader)->read(resource.type, resource.id);
    if (!there) return std::unexpected(there.error());
    if (!*there) missing.push_back(resource);
    ++done;
    if (missing.empty() || (missing.size() < batch && done < clinic.resources.size())) continue;
    if (auto written = fill(in, std::exchange(missing, {}), {server.fhir_base()}); !written) return written;
    if (terminal) fmt::print(stderr, "\rfilling the clinic: {}/{} records", done, clinic.resources.size());
  }
  if (terminal) fmt::print(stderr, "\r\033[K");
  return in.store->put({{"demo", "filled", std::to_string(done)}});
}

json_value::object demo_json(app::Server& server, const Clinic& clinic, const json_value::object& credentials) {
  json_value::array users, apps;
  for (const Member& member : clinic.members)
    users.push_back(json_value::object{{"username", member.username},
                                       {"password", credentials.at("users").as_object().at(member.username)},
                                       {"totp_secret", credentials.at("totp").as_object().at(member.username)},
                                       {"role", member.role},
                                       {"fhir_user", member.fhir_user}});
  for (const DemoClient& client : clients) {
    json_value::object one{{"client_id", client.id}, {"auth", client.authentication}, {"scopes", client.scope}};
    for (const auto& [name, value] : credentials.at("clients").as_object().at(client.id).as_object()) one[name] = value;
    apps.push_back(std::move(one));
  }
  return {{"base", server.base()},
          {"fhir", server.fhir_base()},
          {"mtls_base", server.mtls_base()},
          {"admin", fmt::format("http://127.0.0.1:{}", server.admin_port())},
          {"ca_file", (server.installation().paths.directory / "tls" / "ca.pem").string()},
          {"pid", ::getpid()},
          {"users", std::move(users)},
          {"clients", std::move(apps)},
          {"patients", json_value::array(clinic.patients.begin(), clinic.patients.end())}};
}

/// Where the sample app begins a standalone launch, if somebody serves it.
std::string app_link(const app::Server& server, std::string_view app_url) {
  if (app_url.empty()) return {};
  return fmt::format(
      "Or let an app open a record (sign in as dr.adams and choose a patient): {}/launch.html?iss={}\n\n",
      app_url.substr(0, app_url.find_last_not_of('/') + 1), server.fhir_base());
}

void print_tour(app::Server& server, const Clinic& clinic, std::string_view app_url) {
  const std::string directory = server.installation().paths.directory.string(),
                    program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string& patient = clinic.patients.front();
  fmt::print(R"tour(
The demo clinic is open: {0}
All people and records are synthetic. Passwords, clients and ids: {1}/demo.json

Paste these into another terminal:

1. One patient, four desks. Look at which elements each of them sees (and that billing gets a year and three digits):
   for who in dr.adams desk.diaz billing.evans patient.one; do echo "== $who"; curl -s --cacert {1}/tls/ca.pem -H "Authorization: Bearer $({2} token --data {1} --user $who)" {3}/Patient/{4}; echo; done

2. A stranger's record and one that does not exist. Look at how they answer the same:
   for id in {5} nobody; do curl -s --cacert {1}/tls/ca.pem -H "Authorization: Bearer $({2} token --data {1} --user dr.adams)" {3}/Patient/$id; echo; done; {2} explain --data {1} --user dr.adams GET /fhir/Patient/{5}

3. Each of these answers in the log, and the proof that nobody changed it:
   {2} audit tail --data {1} -n 12 && {2} audit verify --data {1}

Or sign in as a person: {0}/login (dr.adams; password and TOTP secret are in demo.json)

{6}Stop with Ctrl-C.
)tour",
             server.base(), directory, program, server.fhir_base(), patient, clinic.patients[2],
             app_link(server, app_url));
  std::fflush(stdout);
}

}  // namespace

Result<std::vector<std::filesystem::path>> prepare_files(const Paths& paths, const DemoOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(paths.directory, error);
  if (error) return fail("directory", fmt::format("{} cannot be made: {}", paths.directory.string(), error.message()));
  if (auto made = make_certificates(paths); !made) return std::unexpected(std::move(made.error()));
  if (!std::filesystem::exists(paths.configuration()))
    if (auto written = app::write_file(paths.configuration(), app::demo_template()); !written)
      return std::unexpected(std::move(written.error()));
  const auto ports = paths.directory / "demo-ports.toml";
  if (auto written = app::write_file(ports, ports_overlay(options)); !written)
    return std::unexpected(std::move(written.error()));
  std::vector<std::filesystem::path> overlays{ports};
  if (!options.extra.empty()) overlays.push_back(std::filesystem::absolute(options.extra));
  return overlays;
}

Result<void> prepare_clinic(app::Server& server, const DemoOptions& options) {
  Installation& in = server.installation();
  const Paths& paths = in.paths;
  auto reader = in.store->reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  // The day on which the clinic was made is part of it: the second start shows the same records.
  auto made_on = (*reader)->get("demo", "made_on");
  if (!made_on) return std::unexpected(std::move(made_on.error()));
  const WallTime today = *made_on ? *parse_rfc3339(**made_on) : in.clock.wall();
  if (!*made_on)
    if (auto kept = in.store->put({{"demo", "made_on", rfc3339(today)}}); !kept) return kept;
  Clinic clinic = make_clinic(seed, today);
  auto credentials = load_credentials(paths);
  if (!credentials) return std::unexpected(std::move(credentials.error()));
  const auto filled = (*reader)->get("demo", "filled");
  if (filled && !*filled)
    if (auto added = add_records(server, clinic); !added) return added;
  if (auto made = make_credentials(server, clinic, *credentials); !made) return made;
  if (auto added = add_people(server, clinic, *credentials); !added) return added;
  if (auto added = add_clients(server, *credentials); !added) return added;
  if (auto written =
          app::write_file(paths.demo(), json_value::serialize(demo_json(server, clinic, *credentials)) + "\n");
      !written)
    return written;
  print_tour(server, clinic, options.app_url);
  return {};
}

}  // namespace ward::demo
