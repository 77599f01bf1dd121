#include "sinks.hpp"

#include "utf8.hpp"

#include "base/encoding.hpp"

namespace ward::shield {
namespace {

constexpr std::string_view visible_in_header = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Appends the character at `at`, escaped where a reader or a terminal could be misled; returns its bytes.
std::size_t append_shown(std::string& out, std::string_view text, std::size_t at, bool keep_lines) {
  const CodePoint c = code_point_at(text, at);
  if (c.bytes == 0) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    return 1;
  }
  if (keep_lines && (c.value == '\n' || c.value == '\t')) {
    out += static_cast<char>(c.value);
  } else if (c.value == '\\') {
    out += "\\\\";  // or text that holds "\x1b" could not be told from an escape
  } else if (is_control(c.value)) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(c.value));
  } else if (is_deceptive(c.value)) {
    out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(c.value));
  } else {
    out += text.substr(at, c.bytes);
  }
  return c.bytes;
}

/// CON, COM1.txt ...: Windows opens the device, whatever the extension.
bool is_device(std::string_view name) {
  const std::string stem = ascii_lower(name.substr(0, name.find('.')));
  if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

std::string trimmed(std::string name) {
  const auto begin = name.find_first_not_of(" .");
  if (begin == name.npos) return {};
  const auto end = name.find_last_not_of(" .");
  return name.substr(begin, end - begin + 1);
}

/// Media types that a browser shows without running anything of them. SVG, HTML, XML and PDF are not among them.
bool is_inert(std::string_view media_type) {
  constexpr std::string_view inert[] = {"image/png",
                                        "image/jpeg",
                                        "image/gif",
                                        "image/webp",
                                        "image/bmp",
                                        "image/tiff",
                                        "application/dicom",
                                        "application/pdf",
                                        "text/plain",
                                        "text/csv",
                                        "audio/mpeg",
                                        "audio/wav",
                                        "audio/ogg",
                                        "video/mp4",
                                        "video/webm",
                                        "application/json",
                                        "application/fhir+json",
                                        "application/zip",
                                        "application/octet-stream"};
  return std::ranges::find(inert, media_type) != std::end(inert);
}

}  // namespace

std::string log_field(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t before = out.size();
    at += append_shown(out, text, at, false);
    if (out.size() > bytes_max) {
      out.resize(before);
      return out + "...";
    }
  }
  return out;
}

std::string terminal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) at += append_shown(out, text, at, true);
  return out;
}

std::string header_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        is_alphanumeric(c) || c == ' ' || c == '\t' || visible_in_header.find(c) != visible_in_header.npos;
    if (plain && c != '%') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string file_name(std::string_view text) {
  constexpr std::string_view forbidden = "/\\:*?\"<>|";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const std::size_t bytes = std::max<std::size_t>(c.bytes, 1);
    if (out.size() + bytes > 200) break;
    if (c.bytes == 0 || (c.value < 0x80 && forbidden.find(static_cast<char>(c.value)) != forbidden.npos)) {
      out += '_';
    } else if (!is_control(c.value) && !is_deceptive(c.value)) {
      out += text.substr(at, bytes);
    }
    at += bytes;
  }
  out = trimmed(std::move(out));
  if (out.empty()) return "file";
  return is_device(out) ? "_" + out : out;
}

std::string content_disposition(std::string_view name) {
  const std::string safe = file_name(name);
  std::string ascii;
  bool same = true;
  for (std::size_t at = 0; at < safe.size();) {
    const CodePoint c = code_point_at(safe, at);
    // RFC 6266 appendix D: no % and no backslash in filename=, for recipients that decode where they should not.
    const bool plain = c.value < 0x80 && c.value != '%';
    ascii += plain ? static_cast<char>(c.value) : '_';
    same = same && plain;
    at += std::max<std::size_t>(c.bytes, 1);
  }
  std::string out = fmt::format("attachment; filename=\"{}\"", ascii);
  if (!same) out += "; filename*=UTF-8''" + percent_encode(safe);
  return out;
}

std::string csv_cell(std::string_view text) {
  // OWASP, CSV injection: a cell that begins like this is a formula to spreadsheets.
  constexpr std::string_view starts = "=+-@\t\r\n";
  // Full-width forms are folded to ASCII by East Asian spreadsheets.
  constexpr std::string_view wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
  const auto visible = text.find_first_not_of(' ');
  const std::string_view seen = visible == text.npos ? std::string_view() : text.substr(visible);
  const bool formula =
      !seen.empty() && (starts.find(seen.front()) != starts.npos ||
                        std::ranges::any_of(wide, [&](std::string_view w) { return seen.starts_with(w); }));
  std::string out = formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    if (c != '\0') out += c;
  }
  return out + '"';
}

std::vector<std::pair<std::string, std::string>> binary_headers(std::string_view media_type, std::string_view name) {
  const std::string type = ascii_lower(media_type.substr(0, media_type.find_first_of("; ")));
  return {
      {"content-type", is_inert(type) ? type : "application/octet-stream"},
      {"content-disposition", content_disposition(name)},
      {"x-content-type-options", "nosniff"},
      {"content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"},
      {"cross-origin-resource-policy", "same-origin"},
  };
}

}  // namespace ward::shield
