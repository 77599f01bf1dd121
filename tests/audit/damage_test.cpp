#include "harness.hpp"

#include "checkpoint.hpp"
#include "crc32c.hpp"

namespace ward::audit {
namespace {

using DamagedLog = LogTest;

TEST_F(DamagedLog, verify_names_the_exact_entry_of_any_flipped_bit) {
  fill(20);
  const auto all = places();
  ASSERT_EQ(all.size(), 21u);
  // One bit of each class of bytes in a frame, of the first, a middle and the last entry.
  for (const std::size_t entry : {std::size_t{0}, std::size_t{10}, all.size() - 1}) {
    const auto& place = all[entry];
    struct {
      const char* name;
      std::uint64_t at;
    } const classes[] = {{"length, low byte", 0},
                         {"length, high byte", 1},
                         {"position", 2},
                         {"checksum", 5},
                         {"index", 8},
                         {"index, high byte", 15},
                         {"chain", 16},
                         {"chain, last byte", 47},
                         {"record, first byte", 48},
                         {"record, middle", place.bytes / 2},
                         {"record, last byte", place.bytes - 1}};
    for (const auto& one : classes) {
      for (const int bit : {0, 3, 7}) {
        flip(place.file, place.offset + one.at, bit);
        const Report report = proof();
        EXPECT_FALSE(report.ok) << one.name << " bit " << bit;
        ASSERT_FALSE(report.findings.empty());
        EXPECT_EQ(report.findings[0].index, place.index) << one.name << " bit " << bit << "\n" << report.text();
        EXPECT_EQ(report.findings[0].offset, place.offset) << one.name;
        EXPECT_EQ(report.findings.size(), 1u) << report.text();
        flip(place.file, place.offset + one.at, bit);
      }
    }
  }
  EXPECT_TRUE(proof().ok);
}

TEST_F(DamagedLog, verify_names_every_bad_entry_and_goes_on_behind_it) {
  fill(20);
  const auto all = places();
  for (const std::size_t entry : {3, 4, 9}) flip(all[entry].file, all[entry].offset + 60, 1);
  const Report report = proof();
  std::vector<std::uint64_t> named;
  for (const auto& one : report.findings) named.push_back(one.index);
  // 3 and 4 lie side by side: 4 is found as missing between good ones.
  EXPECT_EQ(named, (std::vector<std::uint64_t>{3, 4, 9})) << report.text();
}

TEST_F(DamagedLog, verify_finds_damaged_headers) {
  fill(600);
  auto segments = list_segments(directory);
  for (int at : {0, 1}) {
    flip((*segments)[at].path, 41, 2);
    const Report report = proof();
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.findings.at(0).index, (*segments)[at].header->first_index);
    flip((*segments)[at].path, 41, 2);
  }
}

TEST_F(DamagedLog, entries_missing_below_the_checkpoint_are_named) {
  fill(20);
  const auto all = places();
  std::filesystem::resize_file(all[15].file, all[15].offset);
  const Report report = proof();
  ASSERT_EQ(report.findings.size(), 1u) << report.text();
  EXPECT_EQ(report.findings[0].index, 15u);
  EXPECT_NE(report.findings[0].what.find("15 to 20 are missing"), std::string::npos) << report.text();
  EXPECT_EQ(report.checkpoint, 21u);
  auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "log_damaged");
  EXPECT_NE(opened.error().message().find("entry 15"), std::string::npos) << opened.error().message();
  EXPECT_NE(opened.error().message().find("ward audit epoch --reason"), std::string::npos);
}

TEST_F(DamagedLog, an_entry_that_was_cut_out_is_named_as_missing) {
  fill(20);
  const auto all = places();
  std::fstream file(all[5].file, std::ios::in | std::ios::out | std::ios::binary);
  std::string rest(all.back().offset + all.back().bytes - all[6].offset, '\0');
  file.seekg(static_cast<std::streamoff>(all[6].offset)).read(rest.data(), static_cast<std::streamsize>(rest.size()));
  rest.append(all[5].bytes, '\0');
  file.seekp(static_cast<std::streamoff>(all[5].offset)).write(rest.data(), static_cast<std::streamsize>(rest.size()));
  file.close();
  const Report report = proof();
  ASSERT_EQ(report.findings.size(), 1u) << report.text();
  EXPECT_EQ(report.findings[0].index, 5u);
  EXPECT_EQ(report.findings[0].what, "entry 5 is missing");
  EXPECT_EQ(report.entries, 20u);
}

TEST_F(DamagedLog, a_missing_segment_is_damage) {
  fill(1200);
  auto segments = list_segments(directory);
  ASSERT_GT(segments->size(), 3u);
  std::filesystem::remove((*segments)[1].path);
  const Report report = proof();
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.findings.at(0).index, (*segments)[1].header->first_index) << report.text();
  EXPECT_EQ(try_open().error().code(), "log_damaged");
}

TEST_F(DamagedLog, the_first_segments_missing_is_damage) {
  fill(1200);
  auto segments = list_segments(directory);
  std::filesystem::remove((*segments)[0].path);
  EXPECT_FALSE(proof().ok);
}

TEST_F(DamagedLog, a_rewritten_log_with_good_checksums_and_chain_differs_from_its_checkpoint) {
  fill(5);
  const auto all = places();
  auto segments = list_segments(directory);
  auto bytes = SegmentBytes::load(all[0].file);
  const Header header = *segments->front().header;
  // Every record again, one of them changed: what somebody with the disk, but not the signing key, can do.
  std::string forged = encode_header(header);
  Walk walk(bytes->view(), header);
  Chain chain = header.chain_before;
  while (const auto frame = walk.next()) {
    std::string stored(frame->record);
    if (frame->index == 2) stored[stored.find("Practitioner/3") + 13] = '4';
    chain = next_chain(chain, stored);
    append_frame(forged, frame_seed(header.log, 0), frame->index, frame->position, chain, stored);
  }
  std::fstream(all[0].file, std::ios::in | std::ios::out | std::ios::binary)
      .write(forged.data(), static_cast<std::streamsize>(forged.size()));
  const Report report = proof();
  ASSERT_FALSE(report.ok);
  EXPECT_NE(report.findings[0].what.find("rewritten"), std::string::npos);
  EXPECT_EQ(try_open().error().code(), "log_damaged");
}

TEST_F(DamagedLog, a_checkpoint_that_was_changed_is_not_believed) {
  fill(5);
  flip(checkpoint_path(directory), 20, 0);
  EXPECT_FALSE(proof().ok);
  EXPECT_EQ(try_open().error().code(), "log_damaged");
}

TEST_F(DamagedLog, a_checkpoint_verifies_by_its_published_key_and_by_no_other) {
  fill(5);
  const auto line = *read_file(verifier_path(directory), 4096);
  const auto key = parse_verifier(line.substr(0, line.find('\n')));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "localhost/audit/1");
  const auto note = *read_file(checkpoint_path(directory), 4096);
  auto checkpoint = open_checkpoint(note, {*key});
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->count, 6u);
  VerifierKey other{key->name, crypto::SigningKey::generate(crypto::SigningKey::Kind::ed25519).public_raw_ed25519()};
  EXPECT_FALSE(open_checkpoint(note, {other}));
  VerifyOptions by_other{.verifier_key = verifier_line(other), .progress = {}};
  EXPECT_FALSE(verify(directory, by_other)->ok);
  VerifyOptions by_key{.verifier_key = verifier_line(*key), .progress = {}};
  EXPECT_TRUE(verify(directory, by_key)->ok);
}

/// A log whose last records are above its checkpoint, as after a crash: an older checkpoint put back.
class TornLog : public DamagedLog {
 protected:
  void SetUp() override {
    fill(5);
    const auto kept = *read_file(checkpoint_path(directory), 4096);
    fill(5);
    std::ofstream(checkpoint_path(directory)) << kept;
  }
};

TEST_F(TornLog, a_bad_last_frame_above_the_checkpoint_is_a_torn_tail) {
  const auto last = places().back();
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{60}, last.bytes - 1}) {
    flip(last.file, last.offset + at, 1);
    const Report report = proof();
    EXPECT_TRUE(report.ok) << report.text();
    ASSERT_TRUE(report.torn_tail);
    EXPECT_EQ(report.torn_tail->index, last.index);
    flip(last.file, last.offset + at, 1);
  }
  flip(last.file, last.offset + 60, 1);
  {
    auto log = open();
    ASSERT_TRUE(log);
    ASSERT_TRUE(log->append_blocking(record()));
  }
  const Report after = proof();
  EXPECT_TRUE(after.ok) << after.text();
  EXPECT_FALSE(after.torn_tail);
  auto reader = LogReader::open(directory);
  auto opened = reader->query({.event = "log.opened", .newest_first = true});
  EXPECT_EQ(opened->front().record.detail.front().first, "torn_tail");
  EXPECT_EQ(opened->front().index, last.index);
}

TEST_F(TornLog, a_bad_frame_above_the_checkpoint_that_a_later_write_follows_is_damage) {
  const auto all = places();
  const auto& before_last = all[all.size() - 2];
  flip(before_last.file, before_last.offset + 60, 1);
  EXPECT_FALSE(proof().ok);
  auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("entry " + std::to_string(before_last.index)), std::string::npos);
}

TEST_F(TornLog, garbage_behind_the_last_frame_is_a_torn_tail) {
  const auto last = places().back();
  std::fstream stream(last.file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(last.offset + last.bytes));
  stream << std::string(3000, 'g');
  stream.close();
  EXPECT_TRUE(proof().torn_tail);
  auto log = open();
  ASSERT_TRUE(log);
  log.reset();
  EXPECT_FALSE(proof().torn_tail);
}

TEST_F(DamagedLog, frames_of_one_write_may_reach_the_disk_in_any_order) {
  // One write of four frames of which the disk kept all but the second page's.
  fill(0);
  const auto last = places().back();
  auto segments = list_segments(directory);
  const Header header = *segments->front().header;
  auto bytes = SegmentBytes::load(last.file);
  Walk walk(bytes->view(), header);
  while (walk.next()) {
  }
  const auto write = [&](std::uint32_t position) {
    std::string frames;
    Chain chain = walk.chain();
    std::size_t second = 0, third = 0;
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::string stored(100, 'r');
      if (i == 1) second = frames.size();
      if (i == 2) third = frames.size();
      chain = next_chain(chain, stored);
      append_frame(frames, frame_seed(header.log, 0), walk.index() + i, i < 2 ? i : position + i - 2, chain, stored);
    }
    std::fill(frames.begin() + static_cast<long>(second), frames.begin() + static_cast<long>(third), '\0');
    std::fstream stream(last.file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(walk.offset()));
    stream << frames;
  };
  write(0);  // the last two frames say that they began a write of their own: the one before was synced
  EXPECT_EQ(try_open().error().code(), "log_damaged");
  write(2);
  EXPECT_TRUE(proof().torn_tail);
  EXPECT_TRUE(try_open());
}

TEST_F(DamagedLog, a_new_epoch_keeps_the_damaged_log_and_goes_on_counting) {
  fill(20);
  const auto all = places();
  flip(all[10].file, all[10].offset + 60, 1);
  ASSERT_FALSE(try_open());
  ASSERT_TRUE(new_epoch(directory, "disk 2 replaced", options, *keys, clock, random));
  EXPECT_TRUE(std::filesystem::exists(directory / "damaged-1" / "0000000000.seg"));
  EXPECT_TRUE(std::filesystem::exists(directory / "damaged-1" / "checkpoint"));
  {
    auto log = open();
    ASSERT_TRUE(log);
    auto receipt = log->append_blocking(record());
    EXPECT_EQ(receipt->index(), 23u);  // 21 is log.epoch, 22 is log.opened
  }
  auto reader = LogReader::open(directory);
  std::optional<Entry> first;
  ASSERT_TRUE(reader->each(0, [&](const Entry& entry) { return !first.emplace(entry).record.event.empty() && false; }));
  EXPECT_EQ(first->index, 21u);
  EXPECT_EQ(first->record.event, "log.epoch");
  EXPECT_EQ(first->record.detail.front().second, "disk 2 replaced");
  const Report report = proof();
  EXPECT_TRUE(report.ok) << report.text();
  EXPECT_EQ(report.first, 21u);
}

TEST_F(DamagedLog, an_epoch_that_was_cut_short_keeps_the_log_closed_until_it_is_repeated) {
  fill(3);
  std::filesystem::create_directory(directory / "epoch.begun");
  EXPECT_EQ(try_open().error().code(), "log_damaged");
  ASSERT_TRUE(new_epoch(directory, "again", options, *keys, clock, random));
  EXPECT_TRUE(try_open());
}

TEST(Crc32c, agrees_with_published_vectors_both_ways) {
  const std::string zeros(32, '\0'), ones(32, '\xff');
  struct {
    std::string_view bytes;
    std::uint32_t crc;
  } const cases[] = {
      {"", 0}, {"123456789", 0xE3069283}, {zeros, 0x8A9136AA}, {ones, 0x62A8AB43}};  // RFC 3720 appendix B.4
  for (const auto& one : cases) {
    EXPECT_EQ(crc32c(0, one.bytes), one.crc);
    EXPECT_EQ(crc32c_portable(0, one.bytes), one.crc);
  }
}

TEST(SignedNote, a_verifier_key_is_read_as_it_is_written_and_refused_when_changed) {
  const VerifierKey key{"example.org/audit/1", std::string(32, 'k')};
  const std::string line = verifier_line(key);
  ASSERT_TRUE(parse_verifier(line));
  EXPECT_EQ(parse_verifier(line)->public_raw, key.public_raw);
  for (std::size_t at = 0; at < line.size(); ++at) {
    std::string changed = line;
    changed[at] = static_cast<char>(changed[at] == 'A' ? 'B' : 'A');
    const auto parsed = parse_verifier(changed);
    EXPECT_FALSE(parsed && parsed->name == key.name && parsed->public_raw == key.public_raw) << at;
  }
}

}  // namespace
}  // namespace ward::audit
