#include "harness.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

#include <set>

namespace ward::audit {
namespace {

using LogFile = LogTest;

TEST_F(LogFile, a_receipt_names_the_record_that_is_on_disk) {
  std::uint64_t index = 0;
  std::string leaf;
  {
    auto log = open();
    auto receipt = log->append_blocking(record());
    ASSERT_TRUE(receipt);
    index = receipt->index();
    leaf = hex_encode(crypto::view(receipt->leaf_hash()));
    EXPECT_EQ(receipt->text(), std::to_string(index) + ":" + leaf);
  }
  for (const auto& place : places()) {
    if (place.index != index) continue;
    auto bytes = SegmentBytes::load(place.file);
    const auto stored = bytes->view().substr(place.offset + frame_head_bytes, place.bytes - frame_head_bytes);
    EXPECT_EQ(hex_encode(crypto::view(crypto::sha256({{"\0", 1}, stored}))), leaf);
  }
}

TEST_F(LogFile, a_record_comes_back_as_it_was_and_its_subjects_only_with_the_key) {
  Record made = record();
  made.detail = {{"before", "a\nb"}, {"after", "\"c\""}};
  made.complete = false;
  made.subjects.inside().query = "name=Muster";
  {
    ASSERT_TRUE(open()->append_blocking(made));
  }
  const auto check = [&](crypto::KeyRing* ring) {
    auto reader = LogReader::open(directory, ring);
    auto found = reader->query({.event = "phi.read"});
    EXPECT_TRUE(found && found->size() == 1);
    return found->front();
  };
  const Entry closed = check(nullptr);
  EXPECT_TRUE(closed.sealed);
  EXPECT_FALSE(closed.opened);
  EXPECT_TRUE(closed.record.subjects.inside().empty());
  EXPECT_EQ(closed.record.actor, made.actor);
  EXPECT_EQ(closed.record.detail, made.detail);
  EXPECT_EQ(closed.record.types, made.types);
  EXPECT_EQ(closed.record.roles, made.roles);
  EXPECT_EQ(closed.record.complete, false);
  EXPECT_EQ(closed.record.duration_us, 812u);
  const Entry opened = check(keys.get());
  ASSERT_TRUE(opened.opened);
  const Subjects& subjects = opened.record.subjects.inside();
  EXPECT_EQ(subjects.query, "name=Muster");
  ASSERT_EQ(subjects.of.size(), 1u);
  EXPECT_EQ(subjects.of[0].patient, "Patient/12");
  EXPECT_EQ(subjects.of[0].resources, std::vector<std::string>{"Observation/7/_history/2"});
  EXPECT_EQ(clear_json(opened).find("Patient/12"), std::string::npos);
  EXPECT_NE(full_json(opened).inside().find("Patient/12"), std::string::npos);
  EXPECT_EQ(text_line(opened).find('\n'), std::string::npos);
}

TEST_F(LogFile, no_subject_is_readable_in_the_files) {
  Record made = record();
  made.subjects = Phi(Subjects{.of = {{"Patient/visible-needle", {}}}, .query = "query-needle", .text = "text-needle"});
  {
    ASSERT_TRUE(open()->append_blocking(made));
  }
  auto bytes = SegmentBytes::load(segment_path(directory, 0));
  EXPECT_EQ(bytes->view().find("needle"), std::string_view::npos);
}

TEST_F(LogFile, a_search_over_many_patients_is_split_into_parts) {
  Record made = record(event::phi_search);
  for (int i = 0; i < 5000; ++i)
    made.subjects.inside().of.push_back(
        {"Patient/" + std::to_string(i), {"Observation/" + std::to_string(i) + "/_history/1"}});
  made.subjects.inside().query = std::string(20'000, '\x01');
  {
    ASSERT_TRUE(open()->append_blocking(made));
  }
  auto reader = LogReader::open(directory, keys.get());
  auto found = reader->query({.event = "phi.search"});
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_GT(found->size(), 1u);
  std::set<std::string> patients;
  std::string query;
  unsigned part = 0;
  for (const auto& entry : *found) {
    EXPECT_EQ(entry.part, ++part);
    EXPECT_EQ(entry.parts, found->size());
    EXPECT_TRUE(entry.opened);
    for (const auto& subject : entry.record.subjects.inside().of) patients.insert(subject.patient);
    query += entry.record.subjects.inside().query;
  }
  EXPECT_EQ(patients.size(), 5000u);
  EXPECT_EQ(query, made.subjects.inside().query);
  EXPECT_TRUE(proof().ok);
}

TEST_F(LogFile, hostile_clear_texts_are_cut_and_still_fit) {
  Record made = record();
  for (std::string* text : {&made.method, &made.route, &made.actor, &made.client, &made.ip, &made.session, &made.jti,
                            &made.request_id, &made.traceparent, &made.purpose, &made.cause, &made.event})
    *text = std::string(100'000, '\x01');
  made.roles.assign(1000, std::string(1000, '"'));
  made.types.assign(1000, {std::string(1000, '\\'), UINT64_MAX});
  made.detail.assign(1000, {std::string(1000, '\x02'), std::string(10'000, '\xff')});
  for (int i = 0; i < 300; ++i)
    made.subjects.inside().of.push_back({std::string(2000, '"'), {std::string(2000, '\x01')}});
  {
    ASSERT_TRUE(open()->append_blocking(made));
  }
  auto reader = LogReader::open(directory, keys.get());
  std::size_t entries = 0;
  EXPECT_TRUE(reader->each(0, [&](const Entry& entry) {
    if (entry.record.event.starts_with('\x01')) {
      EXPECT_TRUE(entry.cut);
      const std::string told = clear_json(entry);
      EXPECT_NE(told.find("\"cut\":true"), told.npos);
      EXPECT_EQ(told.find("\"cut\":true"), told.rfind("\"cut\":true"));
      EXPECT_NE(text_line(entry).find("cut=true"), std::string::npos);
    }
    return ++entries > 0;
  }));
  EXPECT_GT(entries, 1u);
}

TEST_F(LogFile, subjects_beyond_the_bound_are_an_error_and_leave_no_record) {
  auto log = open();
  Record made = record();
  made.subjects.inside().text = std::string((8u << 20) + 1, 'x');
  auto receipt = log->append_blocking(made);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), "record_too_large");
  EXPECT_TRUE(log->append_blocking(record()));
}

TEST_F(LogFile, it_goes_on_over_segments_and_restarts) {
  for (int round = 0; round < 3; ++round) fill(600);
  const Report report = proof();
  EXPECT_TRUE(report.ok) << report.text();
  EXPECT_EQ(report.count, report.checkpoint);
  EXPECT_EQ(report.entries, 3u * 601);
  auto segments = list_segments(directory);
  EXPECT_GT(segments->size(), 3u);
}

TEST_F(LogFile, queries_filter_and_limit) {
  {
    auto log = open();
    for (int i = 0; i < 50; ++i) {
      Record made = record(i % 2 ? event::phi_read : event::refusal);
      made.actor = "Practitioner/" + std::to_string(i % 5);
      made.outcome = i % 2 ? Outcome::success : Outcome::refused;
      made.request_id = "request-" + std::to_string(i);
      made.subjects = Phi(
          Subjects{.of = {{"Patient/" + std::to_string(i % 3), {"Condition/9/_history/1"}}}, .query = "", .text = ""});
      ASSERT_TRUE(log->append_blocking(made));
    }
    // While the server runs.
    auto reader = LogReader::open(directory, keys.get());
    const auto count = [&](const Filter& filter) { return reader->query(filter)->size(); };
    EXPECT_EQ(count({.actor = "Practitioner/2"}), 10u);
    EXPECT_EQ(count({.event = "refusal"}), 25u);
    EXPECT_EQ(count({.event = "refusal", .outcome = Outcome::success}), 0u);
    EXPECT_EQ(count({.patient = "Patient/1"}), 17u);
    EXPECT_EQ(count({.patient = "1"}), 17u);
    EXPECT_EQ(count({.patient = "Condition/9"}), 50u);
    EXPECT_EQ(count({.patient = "Patient/4"}), 0u);
    EXPECT_EQ(count({.request_id = "request-7"}), 1u);
    EXPECT_EQ(count({.limit = 4}), 4u);
    EXPECT_EQ(count({.until = WallTime{}}), 0u);
    EXPECT_EQ(reader->query({.limit = 2, .newest_first = true})->front().record.request_id, "request-49");
    EXPECT_EQ(reader->tail(3)->back().record.request_id, "request-49");
    EXPECT_EQ(reader->tail(3)->size(), 3u);
  }
}

TEST_F(LogFile, a_second_process_cannot_open_it) {
  auto log = open();
  auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "log_locked");
}

TEST_F(LogFile, intents_without_outcome_are_found_at_the_next_start_and_settled_once) {
  std::uint64_t open_index = 0;
  {
    auto log = open();
    auto settled = log->intend_blocking(record(event::phi_create));
    ASSERT_TRUE(settled);
    EXPECT_EQ(settled->permit().intent(), settled->index());
    ASSERT_TRUE(log->outcome_blocking(*settled, record(event::phi_create)));
    Record made = record(event::phi_update);
    for (int i = 0; i < 3000; ++i)
      made.subjects.inside().of.push_back({"Patient/" + std::to_string(i), {"Observation/" + std::to_string(i)}});
    auto left = log->intend_blocking(made);  // in several parts: still one INTENT
    ASSERT_TRUE(left);
    open_index = left->index();
    EXPECT_EQ(log->stats().open_intents, 1u);
  }
  for (const bool clean : {true, false}) {
    if (!clean) std::filesystem::remove(directory / "checkpoint");  // from the records alone
    auto log = open();
    auto found = log->take_open_intents();
    ASSERT_EQ(found.size(), 1u) << clean;
    EXPECT_EQ(found[0].intent.index(), open_index);
    EXPECT_EQ(found[0].record.detail.front().second, "phi.update");
    EXPECT_TRUE(log->take_open_intents().empty());
    if (clean) continue;
    ASSERT_TRUE(log->outcome_blocking(found[0].intent, record(event::phi_update)));
  }
  EXPECT_TRUE(open()->take_open_intents().empty());
}

TEST_F(LogFile, a_wall_clock_that_jumps_is_recorded) {
  SimulatedClock moved(clock.wall());
  auto log = Log::open(directory, options, *keys, moved, random);
  ASSERT_TRUE(log);
  const auto jumps = [&] { return LogReader::open(directory)->query({.event = "clock.jump"})->size(); };
  moved.advance(std::chrono::seconds(5));  // both clocks: no jump
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(jumps(), 0u);
  moved.jump(std::chrono::milliseconds(-1500));
  for (int i = 0; i < 200 && jumps() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(jumps(), 1u);
}

boost::asio::awaitable<void> append_some(Log& log, Record made, int count, std::set<std::uint64_t>& receipts,
                                         std::mutex& mutex) {
  for (int i = 0; i < count; ++i) {
    auto receipt = co_await log.append(made);
    if (!receipt) co_return;
    const std::lock_guard lock(mutex);
    receipts.insert(receipt->index());
  }
}

TEST_F(LogFile, waiting_coroutines_on_two_threads_share_syncs_and_all_get_their_own_record) {
  std::set<std::uint64_t> receipts;
  std::mutex mutex;
  auto log = open();
  const auto syncs_before = log->stats().syncs;
  boost::asio::io_context first(1), second(1);
  for (int i = 0; i < 64; ++i)
    co_spawn(i % 2 ? first : second, append_some(*log, record(), 50, receipts, mutex), boost::asio::detached);
  std::thread other([&] { second.run(); });
  first.run();
  other.join();
  EXPECT_EQ(receipts.size(), 64u * 50);
  EXPECT_LT(log->stats().syncs - syncs_before, 64u * 50 / 2);
  log.reset();
  const auto all = places();
  for (const std::uint64_t index : receipts) ASSERT_EQ(all.at(index).index, index);
  EXPECT_TRUE(proof().ok);
}

}  // namespace
}  // namespace ward::audit
