#include "base/buffer.hpp"

#include "base/guarded.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace ward {

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  wipe(data_, size_);
  std::free(data_);
}

void Buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
  size_ += bytes.size();
  std::memset(data_ + size_, 0, padding);
}

void Buffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_ && data_ != nullptr) return;
  char* fresh = static_cast<char*>(std::malloc(bytes + padding));
  if (fresh == nullptr) throw std::bad_alloc();
  if (size_ > 0) std::memcpy(fresh, data_, size_);
  std::memset(fresh + size_, 0, padding);
  if (data_ != nullptr) {
    wipe(data_, size_);
    std::free(data_);
  }
  data_ = fresh;
  capacity_ = bytes;
}

void Buffer::resize(std::size_t bytes) {
  if (bytes > size_) {
    std::memset(prepare(bytes - size_), 0, bytes - size_);
  } else if (data_ != nullptr) {
    wipe(data_ + bytes, size_ - bytes);
  }
  size_ = bytes;
  if (data_ != nullptr) std::memset(data_ + size_, 0, padding);
}

char* Buffer::prepare(std::size_t bytes) {
  if (size_ + bytes > capacity_ || data_ == nullptr) {
    const std::size_t doubled = capacity_ * 2;
    reserve(size_ + bytes > doubled ? size_ + bytes : doubled);
  }
  return data_ + size_;
}

void Buffer::commit(std::size_t bytes) {
  size_ += bytes;
  std::memset(data_ + size_, 0, padding);
}

void Buffer::clear() {
  if (data_ == nullptr) return;
  wipe(data_, size_);
  size_ = 0;
  std::memset(data_, 0, padding);
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
}

}  // namespace ward
