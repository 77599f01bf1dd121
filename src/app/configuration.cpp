#include "configuration.hpp"

#include "data_directory.hpp"

#include <algorithm>
#include <charconv>

namespace ward::app {
namespace {

using config::Section;

void read_listen(const Section& section, std::string_view key, net::Listen& listen, bool* on,
                 std::string_view otherwise) {
  const std::string text = section.text(key, otherwise);
  if (text == "off" && on != nullptr) {
    *on = false;
    return;
  }
  const std::size_t colon = text.rfind(':');
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto parsed = colon == std::string::npos ? std::from_chars_result{text.data(), std::errc::invalid_argument}
                                                 : std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port > 65535) {
    section.problem(key,
                    fmt::format("needs ADDRESS:PORT, as in \"127.0.0.1:8443\"{}", on != nullptr ? ", or \"off\"" : ""));
    return;
  }
  listen.address = text.substr(0, colon);
  if (listen.address.starts_with('[') && listen.address.ends_with(']'))
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  boost::system::error_code bad;
  boost::asio::ip::make_address(listen.address, bad);
  if (bad) section.problem(key, "the address must be an IP address, as in 0.0.0.0, 127.0.0.1 or [::1]");
  listen.port = static_cast<std::uint16_t>(port);
}

std::filesystem::path resolved(const std::string& text, const std::filesystem::path& directory) {
  return text.empty() || std::filesystem::path(text).is_absolute() ? std::filesystem::path(text) : directory / text;
}

void need_file(const Section& section, std::string_view key, const std::filesystem::path& file) {
  std::error_code error;
  if (!file.empty() && !std::filesystem::is_regular_file(file, error))
    section.problem(key, fmt::format("{} is not there", file.string()));
}

void read_tls(const Section& tls, Configuration& all, const std::filesystem::path& directory) {
  all.tls.nist = tls.flag("nist", true);
  all.client_ca = resolved(tls.text("client_ca"), directory);
  need_file(tls, "client_ca", all.client_ca);
  for (const Section& one : tls.sections("certificate")) {
    net::CertificateFiles files{.chain = resolved(one.text("chain"), directory),
                                .key = resolved(one.text("key"), directory),
                                .ocsp = resolved(one.text("ocsp"), directory)};
    if (files.chain.empty()) one.problem("chain", "name the PEM file of the certificate and its chain");
    if (files.key.empty()) one.problem("key", "name the PEM file of the private key (mode 0600)");
    need_file(one, "chain", files.chain);
    need_file(one, "key", files.key);
    need_file(one, "ocsp", files.ocsp);
    SystemClock clock;
    std::error_code error;
    if (std::filesystem::is_regular_file(files.chain, error) && std::filesystem::is_regular_file(files.key, error))
      for (const net::CertificateFinding& finding : net::check_certificate(files, clock))
        if (finding.fatal) one.problem("chain", finding.message);
    all.tls.certificates.push_back(std::move(files));
  }
  if (all.tls.certificates.empty())
    tls.problem("certificate",
                "at least one [[tls.certificate]] with chain and key is needed: everything is served over TLS");
}

void read_protocol(const Section& protocol, net::Limits& limits) {
  limits.uri_bytes_max = protocol.bytes("uri_max", limits.uri_bytes_max);
  limits.header_bytes_max = protocol.bytes("headers_max", limits.header_bytes_max);
  limits.header_fields_max = static_cast<std::size_t>(protocol.integer("header_fields_max", 100, 10, 1000));
  limits.body_bytes_max = protocol.bytes("body_max", limits.body_bytes_max);
  limits.header_timeout = protocol.duration("header_timeout", limits.header_timeout);
  limits.idle_timeout = protocol.duration("idle_timeout", limits.idle_timeout);
  limits.write_timeout = protocol.duration("write_timeout", limits.write_timeout);
  limits.connections_max = static_cast<std::size_t>(protocol.integer("connections_max", 100'000, 1, 10'000'000));
  limits.connections_per_address_max =
      static_cast<std::size_t>(protocol.integer("connections_per_address_max", 2'000, 1, 1'000'000));
  limits.h2_streams_max = static_cast<std::size_t>(protocol.integer("h2_streams_max", 100, 1, 10'000));
  limits.drain_timeout = protocol.duration("drain_timeout", limits.drain_timeout);
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> segments;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t slash = path.find('/', at);
    const std::size_t end = slash == std::string::npos ? path.size() : slash;
    if (end > at) segments.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

/// Which fields of an API without a FHIR contract leave: stated, or the whole body with a reason.
void read_contract(const Section& section, door::Route& route) {
  const Section fields = section.section("fields");
  const bool whole = section.flag("whole", false);
  const std::string reason = section.text("reason");
  if (fields.exists() == whole) {
    section.problem("fields",
                    "state what leaves: fields = { show = [...] } or { hide = [...] }, or whole = true with a reason");
    return;
  }
  if (whole) {
    if (reason.empty())
      section.problem("whole", "needs reason = \"...\": `ward check` lists it for the privacy officer");
    route.contract = access::Grant::whole(reason, section.where("whole"), "");
    return;
  }
  const auto show = fields.texts("show"), hide = fields.texts("hide");
  if (show.empty() == hide.empty()) fields.problem("show", "give either show or hide, with at least one path");
  route.contract = access::Grant::for_fields({.show = !show.empty(), .paths = show.empty() ? hide : show},
                                             {.where = fields.where("show")}, "");
}

RouteSettings read_route(const Section& section, const std::string& name, const Configuration& all) {
  RouteSettings settings;
  door::Route& route = settings.route;
  route.name = name;
  route.where = section.where("upstream");
  route.host = section.text("host");
  const std::string path = section.text("path");
  if (!path.starts_with('/')) section.problem("path", "needs a path that starts with a slash, as in \"/ehr/fhir\"");
  route.path = split_path(path);
  route.kind = section.flag("fhir", false) ? door::RouteKind::fhir : door::RouteKind::upstream;
  route.body_bytes_max = section.bytes("body_max", all.fhir_body_bytes_max);
  route.unchecked_references = section.choice("references", {"checked", "unchecked"}, "checked") == "unchecked";
  route.update_creates = section.flag("update_create", false);
  route.deletes_several = section.choice("conditional_delete", {"single", "multiple"}, "single") == "multiple";
  route.firewall = shield::read_firewall_route(section.section("firewall"), all.firewall);
  route.methods = section.texts("methods", {"GET", "HEAD"});
  route.scope = section.text("scope");
  if (section.has("upstream"))
    settings.upstream = door::read_upstream(section);
  else
    section.problem("upstream", "a route needs an upstream, as in upstream = \"https://ehr.example:8443/fhir\"");
  if (route.kind == door::RouteKind::upstream) read_contract(section, route);
  return settings;
}

void read_routes(const Section& root, Configuration& all) {
  const Section routes = root.section("route");
  std::map<std::string, std::string> taken{
      {all.fhir_path, "the embedded store"}, {"/oauth", "the authorization server"}, {"/.well-known", "discovery"}};
  for (const std::string& name : routes.names()) {
    const Section section = routes.section(name);
    if (!section.exists()) continue;
    RouteSettings settings = read_route(section, name, all);
    const std::string key = settings.route.host + settings.route.path_template();
    if (const auto [other, fresh] = taken.emplace(key, "route." + name);
        !fresh && (all.fhir_on || key != all.fhir_path))
      section.problem("path", "is taken already by " + other->second);
    all.routes.push_back(std::move(settings));
  }
}

/// Names of files in routes are relative to the data directory, as they are in [tls].
void resolve_route_files(Configuration& all, const std::filesystem::path& directory) {
  for (RouteSettings& route : all.routes) {
    if (!route.upstream) continue;
    net::UpstreamTls& tls = route.upstream->client.tls;
    for (std::filesystem::path* file : {&tls.ca, &tls.certificate, &tls.key, &route.upstream->bearer_file})
      *file = resolved(file->string(), directory);
  }
}

/// Who vouches for the servers at which clients publish their keys.
void resolve_key_server_ca(const Section& identity, Configuration& all, const std::filesystem::path& directory) {
  std::filesystem::path& ca = all.identity.jwks_uri_ca;
  ca = resolved(ca.string(), directory);
  need_file(identity, "jwks_uri_ca", ca);
  std::error_code error;
  if (!std::filesystem::is_regular_file(ca, error)) return;
  if (read_file(ca).value_or("").find("-----BEGIN CERTIFICATE-----") == std::string::npos)
    identity.problem("jwks_uri_ca", fmt::format("{} has no certificate in PEM", ca.string()));
}

void read_server(const Section& root, Configuration& all) {
  const Section server = root.section("server");
  all.host = server.text("host", "localhost");
  all.hosts = server.texts("hosts", {all.host});
  if (std::find(all.hosts.begin(), all.hosts.end(), all.host) == all.hosts.end()) all.hosts.push_back(all.host);
  all.public_url = server.text("public_url");
  if (!all.public_url.empty() && !all.public_url.starts_with("https://"))
    server.problem("public_url", "must start with https://");
  all.cores = static_cast<unsigned>(server.integer("cores", 0, 0, 256));
  all.requests_max = static_cast<std::size_t>(server.integer("requests_max", 2048, 1, 100'000));
  all.trusted_proxies = server.texts("trusted_proxies");
  all.mtls_public_url = server.text("mtls_public_url");
  if (!all.mtls_public_url.empty() && !all.mtls_public_url.starts_with("https://"))
    server.problem("mtls_public_url", "must start with https://");
  const Section listen = root.section("listen");
  read_listen(listen, "https", all.https, nullptr, "127.0.0.1:8443");
  read_listen(listen, "http", all.http, &all.http_on, "127.0.0.1:8080");
  read_listen(listen, "admin", all.admin, &all.admin_on, "127.0.0.1:9443");
  all.mtls_on = true;
  read_listen(listen, "mtls", all.mtls, &all.mtls_on, "off");
  boost::system::error_code ignored;
  if (all.admin_on && !boost::asio::ip::make_address(all.admin.address, ignored).is_loopback())
    listen.problem("admin",
                   "is plain HTTP and so must stay on a loopback address; put a TLS listener in front of it to reach "
                   "it from elsewhere");
}

void read_keys(const Section& keys, Configuration& all, const std::filesystem::path& directory) {
  all.master.command = keys.text("master_command");
  const std::string file = keys.text("master_file");
  if (!file.empty() && !all.master.command.empty())
    keys.problem("master_command", "give master_file or master_command, not both");
  if (all.master.command.empty()) all.master.file = file.empty() ? directory / "master.key" : resolved(file, directory);
}

void read_rest(const Section& root, Configuration& all) {
  const Section log_section = root.section("log");
  all.log_file = log_section.text("file");
  const std::string level = log_section.choice("level", {"debug", "info", "warning", "error"}, "info");
  all.log_level = level == "debug"     ? log::Level::debug
                  : level == "warning" ? log::Level::warning
                  : level == "error"   ? log::Level::error
                                       : log::Level::info;
  read_protocol(root.section("protocol"), all.protocol);
  const Section audit_section = root.section("audit");
  all.audit.host = audit_section.text("origin", all.host);
  all.audit.node = audit_section.text("node", "1");
  all.audit.segment_bytes = audit_section.bytes("segment", all.audit.segment_bytes);
  if (all.audit.segment_bytes < (256u << 10)) audit_section.problem("segment", "must be at least 256 KiB");
  const Section fhir = root.section("fhir");
  all.fhir_on = fhir.flag("embedded", true);
  all.fhir_path = fhir.text("path", "/fhir");
  if (!all.fhir_path.starts_with('/')) fhir.problem("path", "needs a path that starts with a slash");
  all.fhir_unchecked_references = fhir.choice("references", {"checked", "unchecked"}, "checked") == "unchecked";
  all.fhir_update_creates = fhir.flag("update_create", false);
  all.fhir_deletes_several = fhir.choice("conditional_delete", {"single", "multiple"}, "single") == "multiple";
  all.fhir_body_bytes_max = fhir.bytes("body_max", all.protocol.body_bytes_max);
  const Section limits = root.section("limits");
  all.limits = shield::read_limits(limits);
  all.quota = shield::read_quota(limits);
  all.abuse = shield::read_abuse(limits.section("abuse"));
  all.firewall = shield::read_firewall(root.section("firewall"));
  all.tokens_by_command = root.section("control").flag("tokens", false);
  const Section identity = root.section("identity");
  all.identity = identity::configure(identity, root.sections("issuer"),
                                     all.public_url.empty() ? "https://" + all.host : all.public_url);
  if (!identity.has("issuer") && all.public_url.empty())
    all.identity.issuer.clear();  // follows from the port that is bound
  all.policy = access::Policy::load(root);
}

}  // namespace

net::TlsOptions Configuration::mtls_tls() const {
  net::TlsOptions options = tls;
  options.client_certificates = true;
  options.client_ca = client_ca;
  return options;
}

Configuration read_configuration(const std::filesystem::path& file, const std::vector<std::filesystem::path>& overlays,
                                 const std::filesystem::path& data_directory) {
  Configuration all;
  all.file = file;
  auto document = config::Document::read(file, overlays);
  if (!document) {
    all.problems = std::move(document.error());
    return all;
  }
  all = read_configuration(*document, file, data_directory);
  for (const auto& one : overlays) all.text += read_file(one).value_or("");
  all.text += read_file(file).value_or("");
  return all;
}

Configuration read_configuration(const config::Document& document, const std::filesystem::path& file,
                                 const std::filesystem::path& data_directory) {
  Configuration all;
  all.file = file;
  const Section root = document.root();
  read_server(root, all);
  read_keys(root.section("keys"), all, data_directory);
  read_rest(root, all);
  read_tls(root.section("tls"), all, data_directory);
  read_routes(root, all);
  resolve_route_files(all, data_directory);
  resolve_key_server_ca(root.section("identity"), all, data_directory);
  all.problems = document.finish();
  for (const access::Shape& shape : access::token_shapes(all.policy))
    if (shape.finding)
      all.problems.push_back(
          {file.filename().string(), 0,
           fmt::format("a token with {} would get {}: no rule gives that", shape.shape, shape.result)});
  return all;
}

Result<std::shared_ptr<door::Live>> make_live(const Configuration& all, const std::string& base,
                                              std::span<boost::asio::io_context* const> cores, Clock& clock,
                                              std::uint64_t generation,
                                              std::vector<std::shared_ptr<door::Upstream>>& upstreams) {
  auto live = std::make_shared<door::Live>();
  live->generation = generation;
  live->policy = all.policy;
  live->limits = std::make_shared<shield::Limits>(all.limits);
  live->quota = all.quota;
  live->protocol = all.protocol;
  live->requests_max = all.requests_max;
  live->fhir_base = base + all.fhir_path;
  live->own_bases = {live->fhir_base};
  auto firewall = shield::Firewall::open(all.firewall);
  if (!firewall) return std::unexpected(std::move(firewall.error()));
  live->firewall = std::move(*firewall);
  const shield::FirewallRoute usual{.mode = all.firewall.mode,
                                    .threshold = all.firewall.threshold,
                                    .clinical_threshold = all.firewall.clinical_threshold};
  live->unrouted = usual;

  live->routes.add(
      {.name = "well-known", .path = {".well-known"}, .kind = door::RouteKind::documents, .firewall = usual});
  live->routes.add({.name = "assets", .path = {"assets"}, .kind = door::RouteKind::documents, .firewall = usual});
  for (const char* path : {"oauth", "login", "logout", "account"})
    live->routes.add(
        {.name = path, .path = {path}, .kind = door::RouteKind::oauth, .body_bytes_max = 96u << 10, .firewall = usual});
  live->routes.add({.name = "launches",
                    .path = {"api", "v1", "launches"},
                    .kind = door::RouteKind::oauth,
                    .body_bytes_max = 16u << 10,
                    .firewall = usual});
  live->routes.add({.name = "emergency",
                    .path = {"api", "v1", "emergency-access"},
                    .kind = door::RouteKind::emergency,
                    .body_bytes_max = 8u << 10,
                    .firewall = usual});
  for (const char* path : {"users", "clients", "sessions", "keys", "relationships", "emergencies"})
    live->routes.add({.name = path,
                      .path = {"api", "v1", path},
                      .kind = door::RouteKind::manage,
                      .body_bytes_max = 64u << 10,
                      .firewall = usual});
  live->routes.add({.name = std::string(door::manage_description),
                    .path = {"api", "openapi.json"},
                    .kind = door::RouteKind::manage,
                    .firewall = usual});
  if (all.fhir_on)
    live->routes.add({.name = "fhir",
                      .path = split_path(all.fhir_path),
                      .kind = door::RouteKind::fhir,
                      .base = live->fhir_base,
                      .unchecked_references = all.fhir_unchecked_references,
                      .update_creates = all.fhir_update_creates,
                      .deletes_several = all.fhir_deletes_several,
                      .body_bytes_max = all.fhir_body_bytes_max,
                      .firewall = usual});
  for (const RouteSettings& settings : all.routes) {
    door::Route route = settings.route;
    route.base = base + route.path_template();
    if (route.kind == door::RouteKind::fhir) live->own_bases.push_back(route.base);
    auto upstream = door::Upstream::create(*settings.upstream, cores, clock);
    if (!upstream) return std::unexpected(std::move(upstream.error()));
    upstreams.push_back(*upstream);
    route.upstream = std::move(*upstream);
    live->routes.add(std::move(route));
  }
  return live;
}

}  // namespace ward::app
