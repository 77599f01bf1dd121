// nghttp2's callbacks of a Session.
#pragma once

#include "http2/session.hpp"

namespace ward::net::http2 {

struct Session::Callbacks {
  static const nghttp2_session_callbacks* table();

  static int begin_headers(nghttp2_session*, const nghttp2_frame*, void* session);
  static int header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_bytes,
                    const std::uint8_t* value, std::size_t value_bytes, std::uint8_t flags, void* session);
  static int frame(nghttp2_session*, const nghttp2_frame*, void* session);
  static int invalid_frame(nghttp2_session*, const nghttp2_frame*, int error, void* session);
  static int data(nghttp2_session*, std::uint8_t flags, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                  void* session);
  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* session);
  static ssize_t read_answer(nghttp2_session*, std::int32_t id, std::uint8_t* memory, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source*, void* session);

 private:
  static StreamState* find(nghttp2_session*, std::int32_t id);
};

}  // namespace ward::net::http2
