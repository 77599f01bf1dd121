// Whatever is hidden never leaves: over generated resources, and over the Synthea patients where they are at hand.
#include "policy_of.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"
#include "r4/r4.hpp"

#include <zlib.h>
#include <cstdlib>
#include <random>

namespace ward::access {
namespace {

constexpr std::string_view policy_text = R"toml(
[role.r]
may = ["user/*.cruds"]
reason = "test"
patients = "all"
purpose = "TREAT"
view.Patient = { hide = ["name", "telecom", "address.line", "identifier.where(system='urn:secret')", "extension", "contact.name"], year = ["birthDate"], zip3 = ["address.postalCode"] }
view.Observation = { show = ["status", "code", "effective[x]", "valueQuantity"] }
view.Condition = { hide = ["note", "code.text", "evidence", "onset[x]"] }
view.Encounter = { mask = ["participant", "reasonCode"], hide = ["location"] }
view.DocumentReference = { hide = ["description"] }
)toml";

constexpr std::string_view canary = "CANARY";

/// Random JSON of a type: every string that must not leave under the policy begins with the canary.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string resource(std::string_view type) {
    const r4::Definition* definition = r4::find_definition(type);
    std::string out = fmt::format(R"({{"resourceType":"{}")", type);
    for (const r4::Element& element : definition->elements) {
      if (element.name == "contained" || chance(40)) continue;
      append(out, element, std::string(type), 0);
    }
    return out + "}";
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  static bool hidden(const std::string& path) {
    static const std::vector<std::string> hidden_paths = {"Patient.name",
                                                          "Patient.telecom",
                                                          "Patient.address.line",
                                                          "Patient.extension",
                                                          "Patient.contact.name",
                                                          "Patient.text",
                                                          "Observation.note",
                                                          "Observation.text",
                                                          "Observation.subject",
                                                          "Observation.component",
                                                          "Observation.category",
                                                          "Observation.performer",
                                                          "Observation.valueString",
                                                          "Observation.extension",
                                                          "Observation.identifier",
                                                          "Condition.note",
                                                          "Condition.code.text",
                                                          "Condition.evidence",
                                                          "Condition.text",
                                                          "Condition.onsetString",
                                                          "Encounter.participant",
                                                          "Encounter.reasonCode",
                                                          "Encounter.location",
                                                          "Encounter.text",
                                                          "DocumentReference.description",
                                                          "DocumentReference.content.attachment.url",
                                                          "DocumentReference.content.attachment.data",
                                                          "DocumentReference.text"};
    return std::ranges::any_of(hidden_paths,
                               [&](const std::string& each) { return path == each || path.starts_with(each + "."); }) ||
           path == "Patient.photo.url" || path == "Patient.photo.data" || path.ends_with(".valueAttachment.url") ||
           path.ends_with(".valueAttachment.data");
  }

  void append(std::string& out, const r4::Element& element, const std::string& path, unsigned depth) {
    if (element.types.empty()) return;
    const r4::ElementType& type = element.types[random_() % element.types.size()];
    std::string name(element.name);
    if (element.choice) {
      std::string suffix(type.code);
      suffix[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(suffix[0])));
      name += suffix;
    }
    const std::string inner = path + "." + name;
    const std::string value = value_of(type, inner, depth + 1);
    if (value.empty()) return;
    out += (out.back() == '{' ? "" : ",") + space() + "\"" + name + "\"" + space() + ":" + space();
    out += element.max > 1 ? "[" + value + (chance(50) ? "," + space() + value : "") + "]" : value;
  }

  std::string value_of(const r4::ElementType& type, const std::string& path, unsigned depth) {
    if (type.definition == nullptr || depth > 5) return "";
    if (type.definition->kind != r4::Kind::primitive) {
      std::string out = "{";
      for (const r4::Element& element : type.definition->elements) {
        if (!chance(depth > 3 ? 20 : 50)) continue;
        append(out, element, path, depth);
      }
      return out + "}";
    }
    if (type.code == "boolean") return "true";
    if (type.code == "decimal") return "1.50";
    if (type.code == "integer" || type.code == "positiveInt" || type.code == "unsignedInt") return "12";
    return fmt::format(R"("{}{}")", hidden(path) ? canary : "open", chance(10) ? R"(\"\\}{][,:\u00e9)" : "");
  }

  std::string space() { return chance(3) ? " " : ""; }
  std::mt19937 random_;
};

TEST(Canary, never_leaves_generated_resources) {
  const auto policy = policy_of(policy_text);
  const Grant grant = grant_of(policy, person({"r"}), Interaction::read, "Patient");
  const Facts facts{.visible = true};
  std::size_t with_canary = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    constexpr std::string_view types[] = {"Patient", "Observation", "Condition", "Encounter", "DocumentReference"};
    const std::string_view type = types[seed % std::size(types)];
    const std::string body = Generator(seed).resource(type);
    ASSERT_TRUE(json::Document::parse(body)) << "seed " << seed;
    with_canary += body.find(canary) != std::string::npos;
    const std::string out = minimised(grant, body, facts);
    ASSERT_TRUE(json::Document::parse(out)) << "seed " << seed << "\n" << body << "\n" << out;
    ASSERT_EQ(out.find(canary), std::string::npos) << "seed " << seed << "\n" << body << "\n" << out;
    ASSERT_NE(out.find("http://terminology.hl7.org/CodeSystem/v3-ObservationValue"), std::string::npos)
        << "seed " << seed;
    ASSERT_EQ(minimised(grant, out, facts).find(canary), std::string::npos);
  }
  EXPECT_GT(with_canary, 2000u);
}

/// Every value under `path`, as its raw bytes.
void values(json::Value at, std::span<const std::string_view> path, std::vector<std::string>& out) {
  if (!at) return;
  if (at.is_array()) {
    for (json::Value one = at.first(); one; one = one.next()) values(one, path, out);
  } else if (path.empty()) {
    out.emplace_back(at.raw());
  } else if (at.is_object()) {
    values(at[path[0]], path.subspan(1), out);
  }
}

std::vector<std::string> values(json::Value root, std::initializer_list<std::string_view> path) {
  std::vector<std::string> out;
  values(root, std::span(path.begin(), path.size()), out);
  return out;
}

std::vector<std::string> lines(const std::filesystem::path& file) {
  std::vector<std::string> out(1);
  gzFile in = gzopen(file.c_str(), "rb");
  char block[65536];
  for (int got; (got = gzread(in, block, sizeof block)) > 0;) {
    for (const char c : std::string_view(block, static_cast<std::size_t>(got))) {
      if (c == '\n')
        out.emplace_back();
      else
        out.back() += c;
    }
  }
  gzclose(in);
  std::erase_if(out, [](const std::string& line) { return line.empty(); });
  return out;
}

TEST(Canary, synthea_patients_keep_what_is_shown_and_lose_what_is_hidden) {
  const char* set = std::getenv("WARD_SHARED_DATA");
  const std::filesystem::path folder =
      set != nullptr ? std::filesystem::path(set) : std::filesystem::path("../shared/data");
  const std::filesystem::path file = folder / "fhir/synthea-dev-25.bundles.ndjson.gz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared data at " << file << "; set WARD_SHARED_DATA";
  const auto policy = policy_of(policy_text);
  const Grant grant = grant_of(policy, person({"r"}), Interaction::read, "Patient");
  std::size_t resources = 0;
  for (const std::string& line : lines(file)) {
    const auto document = json::Document::parse(line, {.depth_max = 64, .members_max = 10'000'000});
    ASSERT_TRUE(document);
    for (json::Value entry = document->root()["entry"].first(); entry; entry = entry.next()) {
      const json::Value resource = entry["resource"];
      const std::string type = resource.string("resourceType");
      const std::string out = minimised(grant, resource.raw(), {.visible = true});
      const auto reduced = json::Document::parse(out);
      ASSERT_TRUE(reduced) << type << " " << resource.string("id") << " " << out.substr(0, 200);
      const json::Value root = reduced->root();
      EXPECT_EQ(root.string("id"), resource.string("id"));
      EXPECT_FALSE(root["text"] && !grant.whole_view(type)) << type;
      if (type == "Patient") {
        EXPECT_FALSE(root["name"] || root["telecom"] || root["extension"]);
        EXPECT_EQ(root.string("birthDate").size(), 4u);
        EXPECT_TRUE(values(root, {"address", "line"}).empty());
        EXPECT_EQ(values(root, {"address", "city"}), values(resource, {"address", "city"}));
        EXPECT_EQ(values(root, {"maritalStatus"}), values(resource, {"maritalStatus"}));
      } else if (type == "Observation") {
        EXPECT_FALSE(root["subject"] || root["component"] || root["category"]);
        EXPECT_EQ(values(root, {"valueQuantity"}), values(resource, {"valueQuantity"}));
        EXPECT_EQ(values(root, {"code"}), values(resource, {"code"}));
      }
      ++resources;
    }
  }
  EXPECT_GT(resources, 1000u);
}

}  // namespace
}  // namespace ward::access
