// A whole Ward with a policy of the operator's and synthetic records, asked in memory.
#pragma once

#include "demo/clinic.hpp"
#include "prove/memory_stream.hpp"
#include "server.hpp"

#include <filesystem>
#include <memory>
#include <span>

namespace ward::prove {

/// Who asks: a person of the clinic in one role, or a client if the role acts for the system.
struct Seat {
  std::string role;
  std::string fhir_user;  // empty: a client
};

struct WorldOptions {
  std::filesystem::path directory;  // made; the World removes it
  std::shared_ptr<const access::Policy> policy;
  Seat seat;
  bool proxied = false;  // records are asked for in front of a second Ward that holds the same
};

/// One running Ward, listening on loopback for nobody. One thread at a time; `ask` goes through the corridor from the
/// request line to the durable record.
class World {
 public:
  /// Errors: what Server::create says, or a record that cannot be indexed.
  static Result<std::unique_ptr<World>> open(const WorldOptions& options, std::span<const demo::Resource> resources);
  ~World();

  /// Adds records, each written by itself at a millisecond of its own: whatever else is there, their order is the same.
  Result<void> fill(std::span<const demo::Resource> resources);
  /// Another version of a record that is there.
  Result<void> replace(const demo::Resource& resource);
  /// Puts somebody else into the seat; whoever sat there before is not let in any more.
  Result<void> take_seat(const Seat& seat);
  /// All at once; the answers are in the order of the requests.
  std::vector<Reply> ask(std::span<const Asked> requests);
  /// "/fhir", or the path of the route that stands in front of the second Ward.
  const std::string& path() const { return path_; }

 private:
  World() = default;
  Result<void> start(const WorldOptions& options);
  Result<app::RouteSettings> route_to_behind() const;

  boost::asio::awaitable<Reply> ask_one(Asked request);

  std::filesystem::path directory_;
  std::unique_ptr<World> behind_;
  std::unique_ptr<app::Server> server_;
  std::string path_ = "/fhir", token_;
};

/// The address that every World gives as its own, so that links in answers can be compared.
inline constexpr std::string_view base = "https://prove.invalid";

}  // namespace ward::prove
