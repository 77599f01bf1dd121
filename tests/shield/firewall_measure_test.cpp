// What the firewall costs, and how it fares on the regression tests of a newer Core Rule Set. Figures are printed.
#include "data_files.hpp"
#include "firewall.hpp"
#include "request_line.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <boost/json/src.hpp>

#include <ctime>

namespace ward::shield {
namespace {

namespace json = boost::json;

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// What the door would hand over: decoded values; nothing of what has a type.
struct Extracted {
  std::vector<std::pair<Where, std::pair<std::string, std::string>>> values;
  bool refused_before = false;  // by the strict reading of path or query
};

void add_json(const json::value& value, const std::string& name, Extracted& out) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.get_object()) {
      out.values.push_back({Where::body, {"name", std::string(key)}});
      add_json(inner, std::string(key), out);
    }
  } else if (value.is_array()) {
    for (const auto& inner : value.get_array()) add_json(inner, name, out);
  } else if (value.is_string()) {
    out.values.push_back({Where::body, {name, std::string(value.get_string())}});
  }
}

void add_pairs(std::string_view raw, Where where, Extracted& out) {
  const auto pairs = parse_query(raw);
  if (!pairs) {
    out.refused_before = true;
    return;
  }
  for (const auto& [name, value] : *pairs) {
    out.values.push_back({where, {"name", name}});
    out.values.push_back({where, {name, value}});
  }
}

Extracted extract(const json::object& request) {
  Extracted out;
  std::string uri(request.at("uri").as_string());
  const auto question = uri.find('?');
  if (const auto segments = path_segments(uri.substr(0, question))) {
    for (const auto& segment : *segments) out.values.push_back({Where::path, {"", segment}});
  } else {
    out.refused_before = true;
  }
  if (question != std::string::npos) add_pairs(uri.substr(question + 1), Where::query, out);
  std::string type;
  for (const auto& header : request.at("headers").as_array()) {
    const std::string name = ascii_lower(std::string_view(header.at(0).as_string()));
    const std::string value(header.at(1).as_string());
    if (name == "content-type") type = value;
    if (name == "host" || name == "accept" || name == "content-length" || name == "content-type" ||
        name == "accept-encoding" || name == "accept-language")
      continue;
    if (!is_header_value(value)) out.refused_before = true;
    out.values.push_back({Where::header, {name, value}});
  }
  if (const auto* body = request.if_contains("body"); body && body->is_string()) {
    const std::string text(body->as_string());
    boost::system::error_code error;
    if (type.find("json") != std::string::npos) {
      const auto parsed = json::parse(text, error);
      if (error)
        out.refused_before = true;
      else
        add_json(parsed, "", out);
    } else if (type.find("urlencoded") != std::string::npos) {
      add_pairs(text, Where::body, out);
    } else {
      out.values.push_back({Where::body, {"body", text}});
    }
  }
  return out;
}

Verdict scan(const Firewall& firewall, const Extracted& extracted) {
  std::vector<FreeValue> values;
  for (const auto& [where, pair] : extracted.values) values.push_back({where, pair.first, pair.second});
  return firewall.scan(values, {});
}

TEST(FirewallMeasure, attacks_of_a_newer_rule_set_are_blocked_by_their_values) {
  const char* given = std::getenv("WARD_SHARED_DATA");
  const std::filesystem::path file =
      std::filesystem::path(given ? given : SHIELD_SOURCE_DIR "/../shared/data") / "waf/crs4-dev.jsonl";
  std::ifstream in(file);
  if (!in) GTEST_SKIP() << "no shared data at " << file;
  const auto firewall = Firewall::open({});
  ASSERT_TRUE(firewall);
  std::map<std::string, std::array<int, 4>> by_class;  // attacks, blocked, benign, blocked
  std::array<int, 4> all{};
  for (std::string line; std::getline(in, line);) {
    const auto parsed = json::parse(line).as_object();
    const std::string of(parsed.contains("cls") ? std::string(parsed.at("cls").as_string()) : "");
    if (!parsed.contains("req") || of < "crs-930" || of > "crs-944") continue;
    const bool attack = !parsed.at("rules").as_array().empty();
    const Extracted extracted = extract(parsed.at("req").as_object());
    const bool blocked = extracted.refused_before || scan(**firewall, extracted).blocked;
    auto& counts = by_class[of];
    for (auto* count : {&counts, &all}) ++(*count)[attack ? 0 : 2], (*count)[attack ? 1 : 3] += blocked ? 1 : 0;
    if (attack && !blocked && std::getenv("WARD_SHOW_MISSED"))
      fmt::print("missed {} {}\n", std::string(parsed.at("id").as_string()),
                 json::serialize(parsed.at("req").as_object().contains("body") ? parsed.at("req").at("body")
                                                                               : parsed.at("req").at("uri")));
  }
  for (const auto& [of, counts] : by_class)
    fmt::print("{}: {} of {} attacks blocked; {} of {} cases that one rule must not match are blocked by another\n", of,
               counts[1], counts[0], counts[3], counts[2]);
  fmt::print("all: {} of {} ({:.1f} %)\n", all[1], all[0], 100.0 * all[1] / all[0]);
  EXPECT_GE(all[1] * 100, all[0] * 60) << "CRS 4 tests of all paranoia levels against CRS 3.3 at level 1 and our rules";
}

TEST(FirewallMeasure, cost) {
  FirewallSettings settings;
  settings.remembered_max = 0;
  const double load_begin = cpu_us();
  const auto forgetful = Firewall::open(settings);
  fmt::print("loading: {:.0f} ms\n", (cpu_us() - load_begin) / 1e3);
  const auto remembering = Firewall::open({});
  ASSERT_TRUE(forgetful && remembering);
  fmt::print("{}\n", (*forgetful)->description());
  const std::string short_text = "Anne-Marie O'Brien Jr",
                    note =
                        "The patient was seen today with complaints of chest pain and mild shortness of breath; was "
                        "given aspirin and sent for further tests on the ward. OK";
  std::string long_note;
  while (long_note.size() < 3000) long_note += note + " ";
  const FreeValue agent{Where::header, "user-agent",
                        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"};
  const std::pair<const char*, std::vector<FreeValue>> cases[] = {
      {"a user agent", {agent}},
      {"one value of 20 bytes", {{Where::query, "name", short_text}}},
      {"one value of 150 bytes", {{Where::body, "note", note, true}}},
      {"six values of 150 bytes", std::vector<FreeValue>(6, {Where::body, "note", note, true})},
      {"twenty values of 20 bytes", std::vector<FreeValue>(20, {Where::body, "name", short_text})},
      {"one value of 3,000 bytes", {{Where::body, "note", long_note, true}}},
  };
  for (const auto& [name, values] : cases) {
    constexpr int rounds = 50;
    const double begin = cpu_us();
    for (int i = 0; i < rounds; ++i) (*forgetful)->scan(values, {});
    const double middle = cpu_us();
    for (int i = 0; i < rounds; ++i) (*remembering)->scan(values, {});
    fmt::print("{}: {:.0f} us, remembered {:.1f} us on average of {}\n", name, (middle - begin) / rounds,
               (cpu_us() - middle) / rounds, rounds);
  }
}

}  // namespace
}  // namespace ward::shield
