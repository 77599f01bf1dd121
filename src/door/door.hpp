// The door: every request on the https listener walks one corridor, in one direction, through the stages of
// pipeline.cpp.
#pragma once

#include "door/services.hpp"

namespace ward::door {

/// Handles requests. Thread rule: `handle` and `handle_admin` run on a core's thread; the others on any thread but a
/// core's.
class Door {
 public:
  /// `server` must be created and not yet started. Errors: "store_failed" where a reader cannot be opened.
  static Result<std::unique_ptr<Door>> create(Services services, net::Server& server, std::shared_ptr<const Live> live);
  ~Door();

  boost::asio::awaitable<void> handle(net::Stream& stream);        // https
  boost::asio::awaitable<void> handle_admin(net::Stream& stream);  // /metrics, /livez, /readyz

  /// Puts a new configuration in place on every core; requests that run keep theirs.
  void replace(std::shared_ptr<const Live> live);
  std::shared_ptr<const Live> live() const;

  /// Not ready any more: readiness red, before draining.
  void begin_drain();

 private:
  struct Inside;
  explicit Door(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

/// Where net's refusals (failed handshakes, malformed messages) become records and counts; sampled, so that a flood of
/// them cannot fill the log.
class ProtocolObserver final : public net::Observer {
 public:
  ProtocolObserver(audit::Log& log, Clock& clock) : log_(log), clock_(clock) {}
  void refused(const boost::asio::ip::address& address, std::string_view what, std::string_view detail) override;
  SendPermit fixed_answer(std::string_view what) override;

 private:
  struct Count {
    std::uint64_t since_last = 0;
    MonoTime last_record{};
  };
  audit::Log& log_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Count, std::less<>> counts_;  // by slug, of which net has a fixed number
};

}  // namespace ward::door
