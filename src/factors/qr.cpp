#include "qr.hpp"

#include <fmt/format.h>
#include <qrencode.h>
#include <memory>

namespace ward::factors {
namespace {

constexpr int quiet_zone = 4;  // modules; ISO/IEC 18004 section 6.3.8

struct FreeCode {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, FreeCode>;

bool dark(const QRcode& code, int x, int y) { return (code.data[y * code.width + x] & 1) != 0; }

// Each run of dark modules in a row is one rectangle of the path.
std::string path_of(const QRcode& code) {
  std::string path;
  for (int y = 0; y < code.width; ++y) {
    for (int x = 0; x < code.width; ++x) {
      if (!dark(code, x, y)) continue;
      const int begin = x;
      while (x < code.width && dark(code, x, y)) ++x;
      fmt::format_to(std::back_inserter(path), "M{} {}h{}v1h-{}z", begin + quiet_zone, y + quiet_zone, x - begin,
                     x - begin);
    }
  }
  return path;
}

std::string attribute(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::string qr_svg(std::string_view text, std::string_view label) {
  if (text.empty() || text.size() > qr_text_bytes_max) return {};
  const Code code(QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()),
                                    0, QR_ECLEVEL_M));
  if (!code) return {};
  const int side = code->width + 2 * quiet_zone;
  // A page that names the place around it has the picture itself passed over.
  const std::string name = label.empty() ? std::string("aria-hidden=\"true\"")
                                         : fmt::format("role=\"img\" aria-label=\"{}\"", attribute(label));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qr\" viewBox=\"0 0 {0} {0}\" {1} "
      "shape-rendering=\"crispEdges\"><rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/><path fill=\"#000\" "
      "d=\"{2}\"/></svg>",
      side, name, path_of(*code));
}

}  // namespace ward::factors
