// A request that came by no socket, and its answer.
#pragma once

#include "net/http.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ward::prove {

/// A request as it is asked of a World: target ("/fhir/Patient?name=x"), headers (names in lower case) and body.
struct Asked {
  std::string method = "GET";
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct Reply {
  int status = 0;  // 0: no answer came
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// net::Stream over memory. Used by one coroutine; `asked` outlives it.
class MemoryStream final : public net::Stream {
 public:
  MemoryStream(const Asked& asked, std::string_view authority);

  const net::RequestHead& head() const override { return head_; }
  const net::Peer& peer() const override { return peer_; }
  boost::asio::awaitable<Result<Buffer>> read_some() override;
  boost::asio::awaitable<Result<Buffer>> read_all(std::size_t bytes_max) override;
  boost::asio::awaitable<Result<void>> send(net::ResponseHead head, Buffer body, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_start(net::ResponseHead head, SendPermit permit) override;
  boost::asio::awaitable<Result<void>> send_more(Buffer piece) override;
  boost::asio::awaitable<Result<void>> send_end() override;
  bool begun() const override { return reply_.status != 0; }
  std::uint64_t bytes_sent() const override { return reply_.body.size(); }

  Reply take() { return std::move(reply_); }

 private:
  void begin(net::ResponseHead head);
  const Asked& asked_;
  net::RequestHead head_;
  net::Peer peer_;
  bool read_ = false;
  Reply reply_;
};

}  // namespace ward::prove
