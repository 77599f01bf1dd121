// Bytes to HTTP/2 frames to streams, answered by a small handler without sockets. The first byte chooses the pieces.
#include "base/error.hpp"
#include "http2/session.hpp"
#include "target.hpp"

namespace {

using namespace ward;
using namespace ward::net;

void check(const RequestHead& head) {
  WARD_ASSERT(is_token(head.method) && head.path.starts_with('/') && is_authority(head.authority));
  for (const Header& field : head.headers) WARD_ASSERT(!field.name.empty() && is_field_value(field.value));
}

struct Running {
  http2::StreamState* state;
  int left;  // pieces of the answer
};

/// One step of every stream's handler: read, answer in pieces, end, release.
void step(http2::Session& session, std::vector<Running>& running) {
  for (http2::StreamState* state : session.take_ready()) {
    if (state->refuse_status == 0) check(state->head);
    running.push_back({state, 2});
  }
  for (Running& stream : running) {
    while (session.take_body(*stream.state)) continue;
    if (stream.left == 2) session.answer(*stream.state, 200, {{"content-type", "text/plain"}}, true);
    if (stream.left-- > 0)
      session.add(*stream.state, Buffer("a piece of the answer"));
    else
      session.end(*stream.state);
  }
  std::erase_if(running, [&](const Running& stream) {
    const bool done = stream.state->closed || stream.state->out_complete || stream.left < -3;
    if (done) session.release(*stream.state);
    return done;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
  Limits limits;
  limits.h2_streams_max = 8;
  limits.body_bytes_max = 4'096;
  limits.header_bytes_max = 2'048;
  SimulatedClock clock{WallTime{}};
  http2::Session session(limits, clock);
  std::vector<Running> running;
  Buffer out;
  session.receive({preface.data(), 24 + 9});
  std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::size_t piece_bytes = std::size_t{bytes[0]} + 1;
  bool goes_on = true;
  while (goes_on && !text.empty()) {
    const std::string piece(text.substr(0, piece_bytes));
    text.remove_prefix(piece.size());
    goes_on = session.receive(piece);
    step(session, running);
    out.clear();
    session.produce(out, 64u << 10);
    WARD_ASSERT(session.streams() <= 2 * limits.h2_streams_max);
  }
  session.abandon();
  for (const Running& stream : running) session.release(*stream.state);
  return 0;
}
