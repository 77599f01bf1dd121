// Output of a walk: spans of the source, joined while they are next to each other, and short texts of our own.
#pragma once

#include "base/buffer.hpp"

#include <cstring>
#include <string_view>

namespace ward::access::detail {

class Writer {
 public:
  struct Mark {
    std::size_t size;
    std::uint32_t begin, end;
  };

  Writer(Buffer& out, const char* source) : out_(out), source_(source) {}

  void copy(std::uint32_t begin, std::uint32_t end) {
    if (begin != end_) {
      flush();
      begin_ = begin;
    }
    end_ = end;
  }
  void text(std::string_view bytes) {
    flush();
    out_.append(bytes);
  }
  void flush() {
    if (end_ != begin_) out_.append({source_ + begin_, static_cast<std::size_t>(end_ - begin_)});
    begin_ = end_ = 0xFFFFFFFF;
  }
  Mark mark() const { return {out_.size(), begin_, end_}; }
  void back_to(const Mark& mark) {
    out_.resize(mark.size);
    begin_ = mark.begin;
    end_ = mark.end;
  }

 private:
  Buffer& out_;
  const char* source_;
  std::uint32_t begin_ = 0xFFFFFFFF, end_ = 0xFFFFFFFF;
};

}  // namespace ward::access::detail
