#include "sinks.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace ward::shield {
namespace {

TEST(Sinks, a_log_field_cannot_begin_a_new_line_or_mislead_its_reader) {
  EXPECT_EQ(log_field("Zo\xC3\xAB & co"), "Zo\xC3\xAB & co");
  EXPECT_EQ(log_field("a\r\nb\tc"), "a\\x0d\\x0ab\\x09c");
  EXPECT_EQ(log_field("\x1B[31mred"), "\\x1b[31mred");
  EXPECT_EQ(log_field("\xE2\x80\xAEtxt.exe"), "\\u{202e}txt.exe");
  EXPECT_EQ(log_field("a\xC2\x9Bz"), "a\\x9bz") << "C1 control sequence introducer";
  EXPECT_EQ(log_field("\xFF"), "\\xff");
  EXPECT_EQ(log_field("\\x1b"), "\\\\x1b") << "text that looks like an escape is told apart";
  EXPECT_EQ(log_field("abcdef", 4), "abcd...");
}

TEST(Sinks, a_terminal_gets_no_control_sequence) {
  EXPECT_EQ(terminal("a\n\tb"), "a\n\tb");
  EXPECT_EQ(terminal("\x1B]0;title\x07"), "\\x1b]0;title\\x07");
  EXPECT_EQ(terminal("a\rb"), "a\\x0db");
}

TEST(Sinks, a_header_value_cannot_hold_a_second_header) {
  EXPECT_EQ(header_value("plain value; q=1"), "plain value; q=1");
  EXPECT_EQ(header_value("a\r\nset-cookie: x"), "a%0D%0Aset-cookie: x");
  EXPECT_EQ(header_value("\xC3\xA9"), "%C3%A9");
}

TEST(Sinks, a_file_name_stays_in_its_folder) {
  const std::pair<const char*, const char*> cases[] = {{"report.pdf", "report.pdf"},
                                                       {"../../etc/passwd", "_.._etc_passwd"},
                                                       {"..", "file"},
                                                       {"", "file"},
                                                       {".hidden", "hidden"},
                                                       {"a/b\\c:d", "a_b_c_d"},
                                                       {"CON", "_CON"},
                                                       {"com1.txt", "_com1.txt"},
                                                       {"console.txt", "console.txt"},
                                                       {"a\r\nb.txt", "ab.txt"},
                                                       {"\xE2\x80\xAEgpj.exe", "gpj.exe"},
                                                       {"name. ", "name"},
                                                       {"Zo\xC3\xAB.txt", "Zo\xC3\xAB.txt"}};
  for (const auto& [given, kept] : cases) EXPECT_EQ(file_name(given), kept) << given;
  const std::string longest = file_name(std::string(199, 'a') + "\xC3\xA9");
  EXPECT_TRUE(is_utf8(longest));
  EXPECT_LE(longest.size(), 200U);
}

TEST(Sinks, content_disposition_follows_rfc_6266) {
  EXPECT_EQ(content_disposition("report.pdf"), "attachment; filename=\"report.pdf\"");
  EXPECT_EQ(content_disposition("Zo\xC3\xAB \"x\".pdf"),
            "attachment; filename=\"Zo_ _x_.pdf\"; filename*=UTF-8''Zo%C3%AB%20_x_.pdf");
  EXPECT_EQ(content_disposition("100%25.txt"), "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt");
}

TEST(Sinks, a_csv_cell_is_never_a_formula) {
  EXPECT_EQ(csv_cell("Smith, \"Jo\""), "\"Smith, \"\"Jo\"\"\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1",
                              "\xEF\xBC\x9D"
                              "1"})
    EXPECT_EQ(csv_cell(formula).substr(0, 2), "\"'") << formula;
  EXPECT_EQ(csv_cell("120/80"), "\"120/80\"");
}

TEST(Sinks, stored_bytes_leave_as_an_attachment_in_a_sandbox) {
  const auto headers = binary_headers("text/html; charset=utf-8", "x.html");
  EXPECT_EQ(headers.at(0).second, "application/octet-stream");
  EXPECT_TRUE(headers.at(1).second.starts_with("attachment; "));
  EXPECT_EQ(headers.at(2).second, "nosniff");
  EXPECT_NE(headers.at(3).second.find("sandbox"), std::string::npos);
  EXPECT_EQ(binary_headers("image/PNG").at(0).second, "image/png");
  EXPECT_EQ(binary_headers("image/svg+xml").at(0).second, "application/octet-stream");
}

}  // namespace
}  // namespace ward::shield
