#include "control/control.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <atomic>
#include <thread>
#include <vector>

namespace ward::app {
namespace {

namespace json = boost::json;

constexpr std::size_t line_bytes_max = 16u << 20;
constexpr std::size_t peers_max = 16;

struct Descriptor {
  int fd = -1;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Result<sockaddr_un> address_of(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket.string();
  if (path.size() >= sizeof address.sun_path)
    return fail("control", fmt::format("{} is too long for a socket (at most {} bytes); use a shorter --data", path,
                                       sizeof address.sun_path - 1));
  path.copy(address.sun_path, path.size());
  return address;
}

bool send_line(int fd, const json::object& object) {
  const std::string line = json::serialize(object) + "\n";
  std::size_t at = 0;
  while (at < line.size()) {
    const ssize_t sent = ::send(fd, line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

/// Reads up to one line; what follows stays in `rest`.
bool receive_line(int fd, std::string& rest, std::string& line) {
  while (true) {
    const std::size_t end = rest.find('\n');
    if (end != std::string::npos) {
      line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return true;
    }
    if (rest.size() > line_bytes_max) return false;
    char buffer[65536];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    rest.append(buffer, static_cast<std::size_t>(got));
  }
}

bool is_trusted(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == ::geteuid());
}

class Listening final : public ControlServer {
 public:
  Listening(Descriptor listener, std::filesystem::path socket, ControlHandler handler)
      : listener_(std::move(listener)),
        socket_(std::move(socket)),
        handler_(std::move(handler)),
        thread_([this] { accept_peers(); }) {}

  ~Listening() override {
    stopping_ = true;
    thread_.join();
    for (std::thread& peer : peers_) peer.join();
    std::error_code ignored;
    std::filesystem::remove(socket_, ignored);
  }

 private:
  void accept_peers() {
    while (!stopping_) {
      pollfd waiting{.fd = listener_.fd, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 100) <= 0) continue;
      Descriptor peer(::accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.fd < 0) continue;
      if (!is_trusted(peer.fd)) {
        log::warning("control_refused", {{"why", "peer is neither root nor the server's user"}});
        continue;
      }
      if (peers_.size() >= peers_max) {
        for (std::thread& one : peers_) one.join();
        peers_.clear();
      }
      peers_.emplace_back([this, fd = std::make_shared<Descriptor>(std::move(peer))] { serve(fd->fd); });
    }
  }

  void serve(int fd) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string rest, line;
    if (!receive_line(fd, rest, line)) return;
    boost::system::error_code bad;
    const json::value request = json::parse(line, bad);
    if (bad || !request.is_object()) return;
    const auto answer =
        handler_(request.as_object(), [fd](const json::object& progress) { send_line(fd, {{"progress", progress}}); });
    if (answer)
      send_line(fd, {{"answer", *answer}});
    else
      send_line(fd, {{"error", {{"code", answer.error().code()}, {"message", answer.error().text()}}}});
  }

  Descriptor listener_;
  std::filesystem::path socket_;
  ControlHandler handler_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> peers_;
  std::thread thread_;
};

Result<Descriptor> connect(const std::filesystem::path& socket) {
  const auto address = address_of(socket);
  if (!address) return std::unexpected(address.error());
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return fail("not_running", fmt::format("no server answers at {}; start it, or check --data", socket.string()));
  return fd;
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::filesystem::path& socket,
                                                           ControlHandler handler) {
  const auto address = address_of(socket);
  if (!address) return std::unexpected(address.error());
  std::error_code ignored;
  std::filesystem::remove(socket, ignored);  // of a server that was killed; the directory's lock says that none runs
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(0177);
  const bool bound =
      ::bind(fd.fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 && ::listen(fd.fd, 8) == 0;
  ::umask(before);
  if (!bound) return fail_errno("control", socket.string());
  return std::unique_ptr<ControlServer>(new Listening(std::move(fd), socket, std::move(handler)));
}

Result<json::object> ask_server(const std::filesystem::path& socket, const json::object& request,
                                const Progress& progress) {
  auto fd = connect(socket);
  if (!fd) return std::unexpected(std::move(fd.error()));
  if (!send_line(fd->fd, request)) return fail("control", "the server closed the control socket");
  std::string rest, line;
  while (receive_line(fd->fd, rest, line)) {
    boost::system::error_code bad;
    json::value parsed = json::parse(line, bad);
    if (bad || !parsed.is_object()) break;
    json::object& object = parsed.as_object();
    if (object.contains("answer")) return object["answer"].as_object();
    if (object.contains("error")) {
      const json::object& error = object["error"].as_object();
      return fail(std::string(error.at("code").as_string()), std::string(error.at("message").as_string()));
    }
    if (progress && object.contains("progress")) progress(object["progress"].as_object());
  }
  return fail("control", "the server ended before it answered; see its log");
}

bool server_runs(const std::filesystem::path& socket) { return connect(socket).has_value(); }

}  // namespace ward::app
