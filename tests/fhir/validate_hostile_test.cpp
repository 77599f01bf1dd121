// Bodies made to cost time: each would take minutes if the walk did quadratic work anywhere.
#include "fhir/validate.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <string>

namespace ward::fhir {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    std::string one(text);
    for (std::size_t at; (at = one.find('$')) != std::string::npos;) one.replace(at, 1, std::to_string(i));
    out += (i == 0 ? "" : ",") + one;
  }
  return out;
}

TEST(ValidateHostile, the_work_grows_with_the_size_of_the_body_only) {
  struct Case {
    const char* name;
    std::string source;
  };
  const std::string spaces(2'000'000, ' ');
  std::string namespaces;
  for (int i = 0; i < 300'000; ++i) namespaces += "xmlns ";
  const std::string narrative = "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\",\"div\":\"<div ";
  const Case cases[] = {
      {"unknown members", "{\"resourceType\":\"Patient\"," + repeated("\"m$\":1", 99'000) + "}"},
      {"unknown siblings", "{\"resourceType\":\"Patient\"," + repeated("\"_m$\":1", 99'000) + "}"},
      {"missing members",
       "{\"resourceType\":\"Patient\",\"communication\":[" + repeated("{\"preferred\":true}", 49'000) + "]}"},
      {"many references to many contained resources",
       "{\"resourceType\":\"Patient\",\"contained\":[" +
           repeated("{\"resourceType\":\"Practitioner\",\"id\":\"p$\"}", 24'000) + "],\"generalPractitioner\":[" +
           repeated("{\"reference\":\"#p$\"}", 12'000) + "]}"},
      {"issues on one long line", "{\"resourceType\":\"Patient\",\"gender\":\"x\"," + spaces + spaces + "\"name\":[" +
                                      repeated("{\"use\":\"x\"}", 200) + "]}"},
      {"namespaces and white space", narrative + namespaces + spaces + ">x</div>\"}}"},
      {"comments", narrative + "xmlns='http://www.w3.org/1999/xhtml'>" + std::string(2'000'000, '<') + "</div>\"}}"},
  };
  for (const Case& c : cases) {
    const std::clock_t begin = std::clock();  // of this process: other work on the machine does not count
    const auto document = json::Document::parse(c.source);
    ASSERT_TRUE(document) << c.name << document.error().text();
    const Reading reading = read_resource(*document);
    const double took_ms = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(took_ms, 5000) << c.name;
    EXPECT_LE(reading.issues.size(), 100u) << c.name;
    std::printf("%-45s %8zu bytes %7.1f ms\n", c.name, c.source.size(), took_ms);
  }
}

}  // namespace
}  // namespace ward::fhir
