// UCUM codes: what is one, and what they come to in base units.
#include "ucum.hpp"

#include "path/decimal.hpp"

#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

TEST(Ucum, takes_units_and_nothing_else) {
  for (const char* const code : {"1",
                                 "m",
                                 "mg",
                                 "mg/dL",
                                 "mm[Hg]",
                                 "10*3/uL",
                                 "10^9/L",
                                 "/min",
                                 "{score}",
                                 "{beats}/min",
                                 "mmol/L{fasting}",
                                 "%",
                                 "[in_i]",
                                 "[iU]/mL",
                                 "m[IU]/L",
                                 "ug/kg/h",
                                 "mL/min/{1.73_m2}",
                                 "kg/m2",
                                 "kg.m-2",
                                 "kg.m+2",
                                 "cm[H2O]",
                                 "Cel",
                                 "[degF]",
                                 "meq/L",
                                 "g%",
                                 "d",
                                 "wk",
                                 "a",
                                 "mo",
                                 "(m.s)/(kg.A)",
                                 "dag",
                                 "dam",
                                 "10*",
                                 "10*-3",
                                 "[Amb'a'1'U]",
                                 "''",
                                 "B[10.nV]",
                                 "cal_[15]",
                                 "[m/s2/Hz^0.5]",
                                 "KiBy",
                                 "100{a}.m"})
    EXPECT_TRUE(is_ucum(code)) << code;
  for (const char* const code : {"",           " ",       "mgs",
                                 "milligrams", "mm Hg",   "m/",
                                 "m//s",       ".m",      "m.",
                                 "(m",         "m)",      "{a",
                                 "a}",         "{a{b}}",  "m2-",
                                 "m^2",        "k[in_i]", "hd",
                                 "sec",        "cc",      "l/min ",
                                 "0",          "m99",     "\xc2\xb5g",
                                 "mmHg",       "ug/mL)",  "((((((((((((((((((m))))))))))))))))))"})
    EXPECT_FALSE(is_ucum(code)) << code;
  EXPECT_FALSE(is_ucum(std::string(ucum_bytes_max + 1, 'm')));
}

TEST(Ucum, every_atom_comes_to_base_units) {
  const auto newton = parse_ucum("N"), plain = parse_ucum("kg.m/s2");
  ASSERT_TRUE(newton && plain);
  EXPECT_TRUE(commensurable(*newton, *plain));
  EXPECT_EQ(path::compare(newton->up, plain->up), 0);
  const std::pair<const char*, const char*> alike[] = {{"J", "[Btu_IT]"},  {"mm[Hg]", "[psi]"}, {"L", "[gal_us]"},
                                                       {"kat", "U"},       {"deg", "rad"},      {"eV", "erg"},
                                                       {"[acr_us]", "m2"}, {"mol", "osm"},      {"Cel", "K"}};
  for (const auto& [a, b] : alike) {
    const auto x = parse_ucum(a), y = parse_ucum(b);
    ASSERT_TRUE(x && y) << a << " " << b;
    EXPECT_TRUE(commensurable(*x, *y)) << a << " " << b;
  }
  EXPECT_FALSE(commensurable(*parse_ucum("[iU]"), *parse_ucum("[arb'U]")));
  EXPECT_FALSE(commensurable(*parse_ucum("g"), *parse_ucum("L")));
  EXPECT_FALSE(commensurable(*parse_ucum("[pH]"), *parse_ucum("[pH]")));
}

}  // namespace
}  // namespace ward::fhir
