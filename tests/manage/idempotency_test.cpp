// draft-ietf-httpapi-idempotency-key-header section 2.
#include "idempotency.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <thread>
#include <vector>

namespace ward::manage {
namespace {

using State = Idempotency::State;

std::shared_ptr<const KeptAnswer> answer(std::string text) {
  auto kept = std::make_shared<KeptAnswer>();
  kept->status = 201;
  kept->body = Secret<std::string>(std::move(text));
  return kept;
}

TEST(Idempotency, a_repeated_request_gets_the_first_answer) {
  Idempotency keys;
  EXPECT_EQ(keys.begin("ann", "k", "f", 0).state, State::fresh);
  EXPECT_EQ(keys.begin("ann", "k", "f", 0).state, State::running);
  EXPECT_EQ(keys.begin("ann", "k", "other", 0).state, State::other_request);
  keys.finish("ann", "k", answer("made"));
  const auto again = keys.begin("ann", "k", "f", Idempotency::lifetime - 1);
  ASSERT_EQ(again.state, State::done);
  EXPECT_EQ(again.answer->body.reveal(), "made");
  EXPECT_EQ(keys.begin("ann", "k", "other", 5).state, State::other_request);
  EXPECT_EQ(keys.begin("bob", "k", "f", 5).state, State::fresh) << "a key is its caller's alone";
}

TEST(Idempotency, a_key_is_free_again_after_a_failure_and_after_a_day) {
  Idempotency keys;
  EXPECT_EQ(keys.begin("ann", "k", "f", 0).state, State::fresh);
  keys.finish("ann", "k", nullptr);
  EXPECT_EQ(keys.begin("ann", "k", "other", 0).state, State::fresh);
  keys.finish("ann", "k", answer("made"));
  EXPECT_EQ(keys.begin("ann", "k", "third", Idempotency::lifetime).state, State::fresh);
}

TEST(Idempotency, who_has_as_many_as_they_may_loses_their_own_oldest_answer) {
  Idempotency keys;
  ASSERT_EQ(keys.begin("bob", "first", "f", 0).state, State::fresh);
  keys.finish("bob", "first", answer("x"));
  ASSERT_EQ(keys.begin("ann", "running", "f", 0).state, State::fresh);
  for (std::size_t i = 1; i < Idempotency::per_caller_max; ++i) {
    ASSERT_EQ(keys.begin("ann", std::to_string(i), "f", 0).state, State::fresh);
    keys.finish("ann", std::to_string(i), answer("x"));
  }
  EXPECT_EQ(keys.begin("ann", "more", "f", 0).state, State::fresh);
  EXPECT_EQ(keys.begin("ann", "running", "f", 0).state, State::running);
  EXPECT_EQ(keys.begin("ann", "2", "f", 0).state, State::done);
  EXPECT_EQ(keys.begin("bob", "first", "f", 0).state, State::done);
  EXPECT_EQ(keys.begin("ann", "1", "other", 0).state, State::fresh) << "this was the oldest";
}

TEST(Idempotency, what_runs_is_never_dropped) {
  Idempotency keys;
  for (std::size_t i = 0; i < Idempotency::per_caller_max; ++i)
    ASSERT_EQ(keys.begin("ann", std::to_string(i), "f", 0).state, State::fresh);
  EXPECT_EQ(keys.begin("ann", "more", "f", 0).state, State::full);
  EXPECT_EQ(keys.begin("bob", "more", "f", 0).state, State::fresh);
}

TEST(Idempotency, answers_are_bounded_in_bytes) {
  Idempotency keys;
  std::size_t taken = 0;
  for (; taken < 1000; ++taken) {
    const std::string caller = "c" + std::to_string(taken);
    if (keys.begin(caller, "k", "f", 0).state == State::full) break;
    keys.finish(caller, "k", answer(std::string(100'000, 'x')));
  }
  EXPECT_LT(taken, Idempotency::bytes_max / 100'000 + 2);
}

TEST(Idempotency, of_many_at_once_one_is_fresh) {
  Idempotency keys;
  std::atomic<int> fresh{0};
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] {
      for (int k = 0; k < 100; ++k)
        if (keys.begin("ann", std::to_string(k), "f", 0).state == State::fresh) ++fresh;
    });
  for (std::thread& one : all) one.join();
  EXPECT_EQ(fresh, 100);
}

}  // namespace
}  // namespace ward::manage
