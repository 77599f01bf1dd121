#include "policy_of.hpp"

namespace ward::access {
namespace {

TEST(PolicyFile, names_line_and_remedy) {
  struct Case {
    const char* name;
    const char* toml;
    const char* expected;
  };
  constexpr const char* good = "may = [\"user/Patient.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\n";
  const Case cases[] = {
      {"scope", "[role.a]\nmay = [\"user/Patient.sr\"]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:2: role.a.may: scope \"user/Patient.sr\" is malformed"},
      {"word", "[role.a]\nmay = [\"openid\"]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:2: role.a.may: \"openid\" is not a resource scope"},
      {"type in scope", "[role.a]\nmay = [\"user/Patent.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:2: role.a.may: \"Patent\" is not an R4 resource type; did you mean \"Patient\"?"},
      {"parameter in scope",
       "[role.a]\nmay = [\"user/Patient.rs?colour=red\"]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:2: role.a.may: Patient has no search parameter \"colour\""},
      {"no may", "[role.a]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:1: role.a.may: says what the role may do"},
      {"patients", "[role.a]\nmay = [\"user/Patient.rs\"]\npatients = \"everyone\"\npurpose = \"TREAT\"\n",
       "ward.toml:3: role.a.patients: \"everyone\" is not one of"},
      {"no patients", "[role.a]\nmay = [\"user/Patient.rs\"]\npurpose = \"TREAT\"\n",
       "ward.toml:1: role.a.patients: says whose records"},
      {"purpose", "[role.a]\nmay = [\"user/Patient.rs\"]\npatients = \"all\"\npurpose = \"FUN\"\n",
       "ward.toml:4: role.a.purpose: \"FUN\" is not one of"},
      {"wildcard", "[role.a]\nmay = [\"user/*.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\n",
       "ward.toml:2: role.a.may: \"*\" shows every type whole"},
      {"view type", "view.Patiant = { hide = [\"name\"] }",
       "ward.toml:5: role.a.view.Patiant: \"Patiant\" is not an R4 resource type; did you mean \"Patient\"?"},
      {"view of what is not allowed", "view.Coverage = { hide = [\"payor\"] }",
       "ward.toml:5: role.a.view.Coverage: role a may do nothing with Coverage"},
      {"element", "view.Patient = { hide = [\"birthdate\"] }",
       "ward.toml:5: role.a.view.Patient.hide: Patient has no element \"birthdate\"; did you mean \"birthDate\"?"},
      {"nested element", "view.Patient = { show = [\"name.famly\"] }",
       "ward.toml:5: role.a.view.Patient.show: HumanName has no element \"famly\"; did you mean \"family\"?"},
      {"below a primitive", "view.Patient = { show = [\"gender.code\"] }",
       "ward.toml:5: role.a.view.Patient.show: \"gender.code\": nothing can be named below \"gender\""},
      {"condition", "view.Patient = { show = [\"identifier.where(system=urn)\"] }",
       "ward.toml:5: role.a.view.Patient.show: \"identifier.where(system=urn)\": a condition is written "
       ".where(name='literal')"},
      {"both", "view.Patient = { show = [\"name\"], hide = [\"gender\"] }",
       "ward.toml:5: role.a.view.Patient.hide: a view has `show`"},
      {"hide of nothing", "view.Patient = { hide = [] }", "ward.toml:5: role.a.view.Patient.hide: names no element"},
      {"neither", "view.Patient = { }", "ward.toml:5: role.a.view.Patient.show: the view says nothing"},
      {"unknown treatment", "view.Patient = { hide = [\"name\"], yaer = [\"birthDate\"] }",
       "ward.toml:5: role.a.view.Patient.yaer: unknown key; did you mean \"year\"?"},
      {"year of a string", "view.Patient = { year = [\"gender\"] }",
       "ward.toml:5: role.a.view.Patient.year: \"gender\" is not a date or dateTime"},
      {"zip3 of a date", "view.Patient = { zip3 = [\"birthDate\"] }",
       "ward.toml:5: role.a.view.Patient.zip3: \"birthDate\" is not a string"},
      {"mask with a condition", "view.Patient = { mask = [\"identifier.where(system='a')\"] }",
       "ward.toml:5: role.a.view.Patient.mask: \"identifier.where(system='a')\" has a condition"},
      {"id", "view.Patient = { hide = [\"id\"] }", "ward.toml:5: role.a.view.Patient.hide: \"id\" is always shown"},
      {"narrative", "view.Patient = { show = [\"text\"] }",
       "ward.toml:5: role.a.view.Patient.show: \"text\" cannot be shown through a view"},
      {"later treatment", "view.Patient = { hide = [\"name\"], shift = [\"birthDate\"] }",
       "ward.toml:5: role.a.view.Patient.shift: is not supported yet"},
      {"whole-role view", "view = \"safe-harbor\"", "ward.toml:5: role.a.view: only views by type are supported yet"},
      {"writes", "writes = \"maybe\"", "ward.toml:5: role.a.writes: "},
      {"unknown key", "purpse = \"TREAT\"", "ward.toml:5: role.a.purpse: unknown key; did you mean \"purpose\"?"},
  };
  for (const Case& c : cases) {
    const std::string text = c.toml;
    const Loaded loaded = load(text.starts_with("[") ? text : std::string("[role.a]\n") + good + text + "\n");
    ASSERT_FALSE(loaded.problems.empty()) << c.name;
    EXPECT_TRUE(loaded.problems[0].starts_with(c.expected))
        << c.name << ": " << ::testing::PrintToString(loaded.problems);
  }
}

TEST(PolicyFile, a_role_with_a_problem_allows_nothing) {
  const Loaded loaded = load(
      "[role.a]\nmay = [\"user/Patient.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\nview.Patient = { hide = "
      "[\"nmae\"] }\n");
  const auto grant = decide(loaded.policy, person({"a"}), Interaction::read, "Patient", related, WallTime{});
  ASSERT_FALSE(grant);
  EXPECT_EQ(grant.error().code, "role_missing");
}

TEST(PolicyFile, reasons_of_wildcards_are_noted) {
  const auto policy =
      policy_of("[role.a]\nmay = [\"user/*.rs\"]\npatients = \"all\"\npurpose = \"TREAT\"\nreason = \"treats\"\n");
  ASSERT_EQ(policy->notes().size(), 1u);
  EXPECT_EQ(policy->notes()[0].where, "ward.toml:2");
  EXPECT_EQ(policy->roles(), std::vector<std::string>{"a"});
  EXPECT_TRUE(policy->has_role("a"));
}

TEST(PolicyFile, without_roles_nothing_is_allowed) {
  const auto policy = policy_of("");
  EXPECT_FALSE(decide(policy, person({"a"}), Interaction::read, "Patient", related, WallTime{}));
}

}  // namespace
}  // namespace ward::access
