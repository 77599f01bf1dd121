// JSON Patch: RFC 6902's own examples, what the RFCs leave to strictness, and that nothing untouched changes.
#include "patch.hpp"
#include "examples.hpp"
#include "patch/equal.hpp"
#include "patch/pointer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The text after the patch, or the code of the refusal.
std::string patched(std::string_view target, std::string_view patch, const PatchLimits& limits = {}) {
  const auto read = read_json_patch(patch, limits);
  if (!read) return read.error().code;
  const auto done = (*read)->apply(target, limits);
  return done ? std::string(done->view()) : done.error().code;
}

struct Case {
  const char* name;
  const char* target;
  const char* patch;
  const char* result;  // the text, or the code of the refusal
};

constexpr Case rfc_6902[] = {
    {"A.1 adding an object member", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
     R"({"foo":"bar","baz":"qux"})"},
    {"A.2 adding an array element", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
     R"({"foo":["bar","qux","baz"]})"},
    {"A.3 removing an object member", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])",
     R"({"foo":"bar"})"},
    {"A.4 removing an array element", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
     R"({"foo":["bar","baz"]})"},
    {"A.5 replacing a value", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
     R"({"baz":"boo","foo":"bar"})"},
    {"A.6 moving a value", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
     R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
     R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
    {"A.7 moving an array element", R"({"foo":["all","grass","cows","eat"]})",
     R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])", R"({"foo":["all","cows","eat","grass"]})"},
    {"A.8 testing a value: success", R"({"baz":"qux","foo":["a",2,"c"]})",
     R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
     R"({"baz":"qux","foo":["a",2,"c"]})"},
    {"A.9 testing a value: error", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])",
     "patch_test_failed"},
    {"A.10 adding a nested member object", R"({"foo":"bar"})",
     R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])", R"({"foo":"bar","child":{"grandchild":{}}})"},
    {"A.11 ignoring unrecognized elements", R"({"foo":"bar"})",
     R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])", R"({"foo":"bar","baz":"qux"})"},
    {"A.12 adding to a nonexistent target", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])",
     "patch_failed"},
    {"A.13 invalid JSON Patch document", R"({"foo":"bar"})",
     R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])", "patch_malformed"},
    {"A.14 escape ordering", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
    {"A.15 comparing strings and numbers", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])",
     "patch_test_failed"},
    {"A.16 adding an array value", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
     R"({"foo":["bar",["abc","def"]]})"},
};

constexpr Case strict[] = {
    {"no operation", R"({"a": 1})", "[]", R"({"a": 1})"},
    {"add takes the place of a member", R"({"a":1,"b":2})", R"([{"op":"add","path":"/a","value":3}])",
     R"({"a":3,"b":2})"},
    {"add to the empty object", "{ }", R"([{"op":"add","path":"/a","value":3}])", R"({ "a":3})"},
    {"add to the empty array", "[ ]", R"([{"op":"add","path":"/0","value":3}])", "[ 3]"},
    {"add before the first", "[1]", R"([{"op":"add","path":"/0","value":3}])", "[3,1]"},
    {"add right behind the last", "[1]", R"([{"op":"add","path":"/1","value":3}])", "[1,3]"},
    {"add beyond the end", "[1]", R"([{"op":"add","path":"/2","value":3}])", "patch_failed"},
    {"an index with a leading zero", "[1,2]", R"([{"op":"add","path":"/01","value":3}])", "patch_failed"},
    {"an index with a sign", "[1,2]", R"([{"op":"remove","path":"/+1"}])", "patch_failed"},
    {"an index that is no number", "[1,2]", R"([{"op":"remove","path":"/1e0"}])", "patch_failed"},
    {"an index beyond any number", "[1]", R"([{"op":"remove","path":"/18446744073709551616"}])", "patch_failed"},
    {"the place behind the last has no value", "[1]", R"([{"op":"remove","path":"/-"}])", "patch_failed"},
    {"- is a name in an object", R"({"-":1})", R"([{"op":"replace","path":"/-","value":2}])", R"({"-":2})"},
    {"0 is a name in an object", R"({"0":1})", R"([{"op":"remove","path":"/0"}])", "{}"},
    {"into a string", R"({"a":"b"})", R"([{"op":"add","path":"/a/0","value":2}])", "patch_failed"},
    {"the empty name", R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
    {"a name with an escape in the source", R"({"\u0061":1})", R"([{"op":"replace","path":"/a","value":2}])",
     R"({"\u0061":2})"},
    {"a name that needs an escape", "{}", R"([{"op":"add","path":"/a\"~1~0","value":2}])", R"({"a\"/~":2})"},
    {"the whole document by replace", R"({"a":1})", R"([{"op":"replace","path":"","value":[2]}])", "[2]"},
    {"the whole document by add", R"({"a":1})", R"([{"op":"add","path":"","value":[2]}])", "[2]"},
    {"the whole document by test", R"({"a":1,"b":[2]})", R"([{"op":"test","path":"","value":{"b":[2],"a":1}}])",
     R"({"a":1,"b":[2]})"},
    {"the whole document cannot be removed", R"({"a":1})", R"([{"op":"remove","path":""}])", "patch_failed"},
    {"replace needs something to replace", R"({"a":1})", R"([{"op":"replace","path":"/b","value":2}])", "patch_failed"},
    {"a null is a value", R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])", R"({"a":null})"},
    {"a test of null against nothing", R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])",
     "patch_test_failed"},
    {"move onto itself", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
    {"move from nowhere", R"({"a":1})", R"([{"op":"move","from":"/b","path":"/a"}])", "patch_failed"},
    {"move into itself", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/c"}])", "patch_malformed"},
    {"move over another", R"({"a":1,"b":2})", R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":1})"},
    {"copy into itself", R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/a/c"}])",
     R"({"a":{"b":1,"c":{"b":1}}})"},
    {"copy of the whole", R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])", R"({"a":1,"b":{"a":1}})"},
    {"all or none", R"({"a":1})", R"([{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}])", "patch_failed"},
    {"remove the only item", R"({"a":[ 1 ]})", R"([{"op":"remove","path":"/a/0"}])", R"({"a":[  ]})"},
    {"remove the last of several", "[1, 2 ]", R"([{"op":"remove","path":"/1"}])", "[1 ]"},
    {"numbers by value", R"({"a":1.50})", R"([{"op":"test","path":"/a","value":15e-1}])", R"({"a":1.50})"},
    {"strings by characters", R"({"a":"\u00e9"})", R"([{"op":"test","path":"/a","value":"é"}])", R"({"a":"\u00e9"})"},
    {"not an array", "{}", R"({"op":"add"})", "patch_malformed"},
    {"an operation that is no object", "{}", "[1]", "patch_malformed"},
    {"an unknown operation", "{}", R"([{"op":"Add","path":"/a","value":1}])", "patch_malformed"},
    {"no path", "{}", R"([{"op":"add","value":1}])", "patch_malformed"},
    {"no value", "{}", R"([{"op":"add","path":"/a"}])", "patch_malformed"},
    {"no from", "{}", R"([{"op":"copy","path":"/a"}])", "patch_malformed"},
    {"a path without its slash", "{}", R"([{"op":"add","path":"a","value":1}])", "patch_malformed"},
    {"a tilde before another letter", "{}", R"([{"op":"add","path":"/~2","value":1}])", "patch_malformed"},
    {"a tilde at the end", "{}", R"([{"op":"add","path":"/~","value":1}])", "patch_malformed"},
    {"no JSON", "{}", "[", "patch_malformed"},
};

TEST(JsonPatch, does_what_rfc_6902_shows) {
  for (const Case& one : rfc_6902) EXPECT_EQ(patched(one.target, one.patch), one.result) << one.name;
}

TEST(JsonPatch, is_strict_where_the_rfcs_are) {
  for (const Case& one : strict) EXPECT_EQ(patched(one.target, one.patch), one.result) << one.name;
}

TEST(JsonPatch, passes_every_case_of_hl7) {
  const std::filesystem::path file = shared_data() / "fhir" / "json-patch-hl7.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared data at " << file << "; set WARD_SHARED_DATA";
  const auto cases = parse(read_file(file));
  ASSERT_TRUE(cases);
  std::size_t count = 0;
  for (json::Value one = cases->document.root().first(); one; one = one.next(), ++count) {
    const std::string name = one.string("comment");
    const auto patch = read_json_patch(one["patch"].raw());
    ASSERT_TRUE(patch) << name;
    const auto done = (*patch)->apply(one["doc"].raw());
    ASSERT_NE(done.has_value(), bool(one["error"])) << name;
    if (!done) continue;
    const auto result = json::Document::parse(done->view());
    ASSERT_TRUE(result) << name;
    EXPECT_TRUE(patch::equal(result->root(), one["expected"])) << name << ": " << done->view();
  }
  EXPECT_GT(count, 10u);
}

TEST(JsonPatch, leaves_what_it_does_not_touch_byte_for_byte) {
  EXPECT_EQ(patched("{ \"v\" : 1.50e+02 ,\n \"n\" : \"\\u00e9\", \"w\":[ 0.10 , 2.00 ], \"x\": 1 }",
                    R"([{"op":"replace","path":"/x","value":3.00},{"op":"add","path":"/w/1","value":7.0}])"),
            "{ \"v\" : 1.50e+02 ,\n \"n\" : \"\\u00e9\", \"w\":[ 0.10 , 7.0,2.00 ], \"x\": 3.00 }");
  EXPECT_EQ(patched(R"({"a":{"v": 1.10},"b":[]})", R"([{"op":"move","from":"/a/v","path":"/b/-"}])"),
            R"({"a":{},"b":[1.10]})");
}

TEST(JsonPatch, tells_every_problem_with_its_place_and_no_value) {
  const auto read = read_json_patch(R"([{"op":"add"},
 {"op":"secret","path":"/a"}, {"op":"test","path":"/a","value":1}])");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().status, 400);
  std::vector<std::string> said;
  for (const Issue& issue : read.error().issues)
    said.push_back(fmt::format("{}:{} {}", issue.line, issue.column, issue.diagnostics));
  EXPECT_THAT(said, ElementsAre("1:2 operation 0: path must be a JSON Pointer", "1:2 operation 0: add needs a value",
                                "2:2 operation 1: op must be add, remove, replace, move, copy or test"));
}

TEST(JsonPatch, names_the_operation_that_failed_and_not_what_is_there) {
  const auto read =
      read_json_patch(R"([{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":"guess"}])");
  const auto done = (*read)->apply(R"({"a":"stored"})");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, 422);
  EXPECT_EQ(done.error().issues.at(0).diagnostics, "operation 1: the test failed");
}

TEST(JsonPatch, is_bounded) {
  EXPECT_EQ(patched("{}", "[{\"op\":\"test\",\"path\":\"\",\"value\":{}},{\"op\":\"test\",\"path\":\"\",\"value\":{}}]",
                    {.operations_max = 1}),
            "patch_malformed");
  // Each copy doubles the document.
  std::string doubling = "[";
  for (int i = 0; i < 60; ++i)
    doubling += fmt::format("{}{{\"op\":\"copy\",\"from\":\"\",\"path\":\"/{}\"}}", i == 0 ? "" : ",", i);
  EXPECT_EQ(patched(R"({"a":1})", doubling + "]", {.bytes_max = 1 << 20, .json = {.depth_max = 64}}), "patch_limit");
  std::string deep = "[";
  for (int i = 0; i < 70; ++i)
    deep += fmt::format("{}{{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"}}", i == 0 ? "" : ",");
  EXPECT_EQ(patched(R"({"a":1})", deep + "]"), "patch_limit");
  EXPECT_EQ(
      patched(R"({"a":1,"b":"0123456789"})",
              R"([{"op":"replace","path":"/a","value":2},{"op":"replace","path":"/a","value":3}])", {.work_max = 60}),
      "patch_limit");
}

TEST(JsonPatch, charges_what_it_only_passes) {
  std::string list = "[0";
  for (int i = 1; i < 10'000; ++i) list += ",0";
  std::string looks = "[";
  for (int i = 0; i < 1'000; ++i)
    looks += fmt::format("{}{{\"op\":\"test\",\"path\":\"/a/9999\",\"value\":0}}", i == 0 ? "" : ",");
  EXPECT_EQ(patched("{\"a\":" + list + "]}", looks + "]"), "patch_limit");

  const auto read = read_json_patch(R"([{"op":"remove","path":"/a/0"},{"op":"test","path":"/a","value":1}])");
  ASSERT_TRUE(read);
  PatchUse use;
  EXPECT_FALSE((*read)->apply(R"({"a":[1,2]})", {}, &use)) << "and tells what it came to, also if it failed";
  EXPECT_TRUE(use.moved_items);
  EXPECT_GT(use.work, 0u);
}

TEST(JsonPointer, unescapes_in_the_order_of_rfc_6901) {
  EXPECT_THAT(*patch::parse_pointer("/a~1b/~01//é"), ElementsAre("a/b", "~1", "", "é"));
  EXPECT_TRUE(patch::parse_pointer("")->empty());
  EXPECT_FALSE(patch::parse_pointer("#/a"));
}

TEST(JsonEquality, of_numbers_is_exact_at_any_size) {
  for (const auto& [a, b] : {std::pair("0", "-0.00e5"),
                             {"1e2", "100"},
                             {"1.0", "1"},
                             {"0.1", "1E-1"},
                             {"12345678901234567890.10", "12345678901234567890.1"},
                             {"1e0000000000000000001", "10"}})
    EXPECT_TRUE(patch::equal_numbers(a, b)) << a << " " << b;
  for (const auto& [a, b] : {std::pair("1", "-1"),
                             {"1e2", "1000"},
                             {"0.1", "0.10000000000000000000001"},
                             {"9007199254740993", "9007199254740992"},
                             {"1e9999999999999999", "1e9999999999999998"}})
    EXPECT_FALSE(patch::equal_numbers(a, b)) << a << " " << b;
}

}  // namespace
}  // namespace ward::fhir
