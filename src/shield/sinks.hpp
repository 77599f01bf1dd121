// One encoder for each place that text ends up in. Content is never changed on the way in; it is escaped on the way
// out.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::shield {

/// One field of a log or audit line for people: control characters, bidirectional overrides, separators and bytes that
/// are not UTF-8 are written as \u{202e} and \x1b; at most `bytes_max`, then "...".
std::string log_field(std::string_view text, std::size_t bytes_max = 1024);
/// Text on a terminal: as log_field, but keeps line feeds and tabs.
std::string terminal(std::string_view text);
/// The value of a header that is made here: tab and visible ASCII; everything else is percent-encoded.
std::string header_value(std::string_view text);
/// A file name in a folder of ours: no separators, no leading dots, no control or bidirectional characters, no device
/// names of Windows, at most 200 bytes of whole characters; "file" if nothing is left.
std::string file_name(std::string_view text);
/// `attachment; filename="report.pdf"; filename*=UTF-8''...` (RFC 6266, RFC 8187).
std::string content_disposition(std::string_view name);
/// A cell of CSV (RFC 4180), always quoted; a leading = + - @ tab or CR gets an apostrophe, so that no spreadsheet runs
/// it.
std::string csv_cell(std::string_view text);

/// Headers with which stored bytes leave (a raw Binary, an attachment): content-type (application/octet-stream unless
/// it is one that no browser runs), content-disposition, x-content-type-options, and a sandbox content-security-policy.
std::vector<std::pair<std::string, std::string>> binary_headers(std::string_view media_type,
                                                                std::string_view name = "");

}  // namespace ward::shield
