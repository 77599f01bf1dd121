// A growing byte buffer for bodies: wiped when freed, padded so that a JSON parser may read past its end.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace ward {

/// Bytes that may be PHI. Moves, does not copy by accident (`clone` says so). `padding` zero bytes may always be read
/// past the end, which simdjson needs. Not thread-safe.
class Buffer {
 public:
  static constexpr std::size_t padding = 64;

  Buffer() = default;
  explicit Buffer(std::string_view bytes) { append(bytes); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  Buffer clone() const { return Buffer(view()); }

  void append(std::string_view bytes);
  void push_back(char byte) { append({&byte, 1}); }
  /// Makes room for `bytes` in all, so that appends up to there do not move the content.
  void reserve(std::size_t bytes);
  /// Shortens (or lengthens with zero bytes).
  void resize(std::size_t bytes);
  /// `bytes` writable bytes at the end; what was written is kept by `commit`.
  char* prepare(std::size_t bytes);
  void commit(std::size_t bytes);
  /// Wipes and forgets the content, keeps the room.
  void clear();

  const char* data() const { return data_ ? data_ : ""; }
  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data(), size_}; }

 private:
  void swap(Buffer& other) noexcept;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ward
