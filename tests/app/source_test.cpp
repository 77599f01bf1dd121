#include "import/source.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <fstream>

namespace ward::app {
namespace {

/// A folder that goes with the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ward-source-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }

  std::filesystem::path put(const std::string& name, std::string_view content) const {
    const auto file = path / name;
    std::filesystem::create_directories(file.parent_path());
    if (name.ends_with(".gz")) {
      const gzFile out = ::gzopen(file.c_str(), "wb");
      ::gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
      ::gzclose(out);
    } else {
      std::ofstream(file, std::ios::binary) << content;
    }
    return file;
  }
};

struct Seen {
  std::string where, text;
  bool operator==(const Seen&) const = default;
};
void PrintTo(const Seen& seen, std::ostream* out) { *out << seen.where << " " << seen.text; }

std::vector<Seen> documents_of(const std::filesystem::path& file) {
  std::vector<Seen> seen;
  const auto done = each_document(file, [&](SourceDocument document) -> Result<void> {
    seen.push_back({document.where(), std::string(document.bytes.view())});
    return {};
  });
  EXPECT_TRUE(done) << done.error().text();
  return seen;
}

TEST(Source, lines_of_ndjson_are_documents_with_their_numbers) {
  const Folder folder;
  for (const char* name : {"a.ndjson", "a.jsonl", "a.ndjson.gz"})
    EXPECT_EQ(documents_of(folder.put(name, "{\"a\":1}\n\n  \r\n{\"b\":2}\r\n{\"c\":3}")),
              (std::vector<Seen>{{std::string(name) + ":1", "{\"a\":1}"},
                                 {std::string(name) + ":4", "{\"b\":2}\r"},
                                 {std::string(name) + ":5", "{\"c\":3}"}}))
        << name;
}

TEST(Source, any_other_file_is_one_document) {
  const Folder folder;
  for (const char* name : {"a.json", "a.json.gz"})
    EXPECT_EQ(documents_of(folder.put(name, "{\n \"a\": 1\n}\n")),
              (std::vector<Seen>{{std::string(name) + ":1", "{\n \"a\": 1\n}\n"}}))
        << name;
  EXPECT_TRUE(documents_of(folder.put("empty.json", " \n")).empty());
}

TEST(Source, a_place_inside_a_document_is_its_line) {
  const SourceDocument document{.file = "a.json", .line = 3, .bytes = Buffer("{\n\"a\":\n1}")};
  EXPECT_EQ(document.where(0), "a.json:3");
  EXPECT_EQ(document.where(1), "a.json:3");
  EXPECT_EQ(document.where(2), "a.json:4");
  EXPECT_EQ(document.where(7), "a.json:5");
}

TEST(Source, lines_longer_than_the_read_buffer_stay_whole) {
  const Folder folder;
  const std::string line = "{\"a\":\"" + std::string(3u << 20, 'x') + "\"}";
  const auto seen = documents_of(folder.put("long.ndjson.gz", line + "\n" + line));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].text == line && seen[1].text == line);
  EXPECT_EQ(seen[1].where, "long.ndjson.gz:2");
}

TEST(Source, a_folder_gives_what_can_be_imported_by_name) {
  const Folder folder;
  folder.put("b/two.ndjson.gz", "{}");
  folder.put("a.json", "{}");
  folder.put("c.jsonl", "{}");
  folder.put("notes.txt", "no");
  folder.put("image.gz", "no");
  const auto files = find_sources({folder.path});
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (std::vector<std::filesystem::path>{folder.path / "a.json", folder.path / "b/two.ndjson.gz",
                                                        folder.path / "c.jsonl"}));
  const auto named = find_sources({folder.path / "notes.txt"});
  ASSERT_TRUE(named) << "what is named is taken, whatever it is called";
  EXPECT_EQ(named->size(), 1U);
}

TEST(Source, what_is_not_there_or_damaged_is_named) {
  const Folder folder;
  const auto absent = find_sources({folder.path / "absent.json"});
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().text().find("absent.json is not there"), std::string::npos) << absent.error().text();
  EXPECT_FALSE(find_sources({folder.path})) << "an empty folder is no import";

  const auto file = folder.put("cut.ndjson.gz", std::string(100'000, 'x') + "\n{}");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 12);
  const auto done = each_document(file, [](SourceDocument) -> Result<void> { return {}; });
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text().find("cut.ndjson.gz is damaged"), std::string::npos) << done.error().text();
}

TEST(Source, what_fails_ends_the_reading) {
  const Folder folder;
  int seen = 0;
  const auto done = each_document(folder.put("a.ndjson", "{}\n{}\n{}"), [&](SourceDocument) -> Result<void> {
    ++seen;
    return seen == 2 ? fail("disk", "full") : Result<void>{};
  });
  EXPECT_FALSE(done);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace ward::app
