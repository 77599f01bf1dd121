// Figures, not judgements: run with --gtest_also_run_disabled_tests --gtest_filter='Speed.*'.
#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace ward::store {
namespace {

namespace asio = boost::asio;
constexpr std::int64_t day = 24LL * 3600 * 1000;
constexpr int patients = 5000;

Change observation(int i) {
  const std::string patient = fmt::format("p{}", i % patients);
  Change change = create("Observation", fmt::format("o{}", i),
                         {.tokens = {{"code", "http://loinc.org", fmt::format("{}-1", i * 7 % 400)}, {"status", "status", "final"},
                                     {"category", "category", i % 3 ? "vital-signs" : "laboratory"}, {"_tag", "", "t"}},
                          .dates = {{"date", i % 2000 * day, i % 2000 * day + 1}},
                          .quantities = {{"value-quantity", "ucum", "kg", "kg", i % 100 - .5, i % 100 + .5}},
                          .references = {{"subject", "Patient", patient, ""}, {"patient", "Patient", patient, ""},
                                         {"encounter", "Encounter", fmt::format("e{}", i / 10), ""},
                                         {"performer", "Practitioner", fmt::format("d{}", i % 50), ""}},
                          .uris = {{"_profile", "http://hl7.org/fhir/StructureDefinition/vitalsigns"}},
                          .patients = {patient}});
  change.body = Buffer(fmt::format(R"({{"resourceType":"Observation","id":"o{}","note":"{}"}})", i, std::string(950, 'x')));
  return change;
}

asio::awaitable<void> write_many(Store& store, std::atomic<int>& next, int end) {
  for (int i; (i = next++) < end;) {
    const auto done = co_await store.write(set_of(observation(i)), permit(std::uint64_t(i)));
    if (!done) ADD_FAILURE() << done.error().text();
  }
}

template <class Work>
void measure(const char* name, int times, Work work) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work(i);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  fmt::print("{:<60} {:10.1f} us\n", name, took.count() / times);
}

TEST(Speed, DISABLED_of_writing_and_searching) {
  const Folder folder;
  SystemClock clock;
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  std::atomic<int> next = 0;
  const int concurrent = 20'000, loaded = 200'000;
  asio::io_context io;
  for (int i = 0; i < 64; ++i) asio::co_spawn(io, write_many(*store, next, concurrent), asio::detached);
  const auto start = std::chrono::steady_clock::now();
  io.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("64 waiting: {:.0f} writes/s\n", concurrent / took.count());

  measure("one change at a time", 300, [&](int i) { (void)store->write_blocking(set_of(observation(concurrent + i)), permit()); });
  measure("load, in sets of 500 (each set)", (loaded - concurrent) / 500, [&](int i) {
    std::vector<Change> changes;
    for (int k = 0; k < 500; ++k) changes.push_back(observation(concurrent + 300 + i * 500 + k));
    (void)store->write_blocking(std::move(changes), permit());
  });
  fmt::print("{:.0f} bytes each\n", double(std::filesystem::file_size(folder.file())) / loaded);

  const auto reader = *store->reader();
  const auto search = [&](Query query) { ASSERT_TRUE(reader->search(query)); };
  const auto token = [](const char* param, std::string code) {
    return Condition{.param = param, .any_of = {TokenIs{"http://loinc.org", std::move(code)}}};
  };
  const auto subject = [](int i) { return Condition{.param = "subject", .any_of = {ReferenceIs{"Patient", fmt::format("p{}", i), ""}}}; };
  VisibleBranch panel{.patients = {}};
  for (int i = 0; i < 200; ++i) panel.patients.push_back(fmt::format("p{}", i * 3));
  const Visible all = {{.all = true}};
  measure("read by id", 100'000, [&](int i) { (void)reader->read("Observation", fmt::format("o{}", i * 7919LL % loaded)); });
  measure("patient and code", 5'000, [&](int i) {
    search({.type = "Observation", .all_of = {subject(i % patients), token("code", fmt::format("{}-1", i % 400))}, .visible = all});
  });
  measure("everything of a patient (40 rows)", 2'000, [&](int i) {
    search({.type = "Observation", .all_of = {subject(i % patients)}, .visible = all, .count = 1000});
  });
  measure("code, 50 rows", 2'000, [&](int i) {
    search({.type = "Observation", .all_of = {token("code", fmt::format("{}-1", i % 400))}, .visible = all});
  });
  measure("panel of 200 and code", 200, [&](int i) {
    search({.type = "Observation", .all_of = {token("code", fmt::format("{}-1", i % 400))}, .visible = {panel}});
  });
  measure("panel of 200, newest first", 50, [&](int) {
    search({.type = "Observation", .visible = {panel}, .sort = {{"date", true}}});
  });
  measure("a day, 50 rows", 500, [&](int i) {
    search({.type = "Observation", .all_of = {{.param = "date", .any_of = {DateIs{Compare::eq, i % 2000 * day, (i % 2000 + 1) * day}}}}, .visible = all});
  });
  measure("all, newest first, 50 rows", 200, [&](int) { search({.type = "Observation", .visible = all, .sort = {{"date", true}}}); });
  measure("category, accurate total", 3, [&](int) {
    search({.type = "Observation", .all_of = {{.param = "category", .any_of = {TokenIs{"category", "laboratory"}}}}, .visible = all,
            .total = Total::accurate});
  });
}

}  // namespace
}  // namespace ward::store
