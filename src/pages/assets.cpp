#include "address.hpp"
#include "base/error.hpp"
#include "brand.hpp"
#include "embedded.hpp"

namespace ward::pages {
namespace {

constexpr std::string_view folder = "/assets/";

/// What may be asked for; templates and texts may not.
std::string_view content_type(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return {};
}

std::string path_of(const EmbeddedFile& file) {
  const auto dot = file.name.rfind('.');
  return fmt::format("{}{}.{}{}", folder, file.name.substr(0, dot), file.hash, file.name.substr(dot));
}

}  // namespace

const EmbeddedFile* embedded_file(std::string_view name) {
  const auto files = embedded_files();
  const auto found = std::ranges::lower_bound(files, name, {}, &EmbeddedFile::name);
  return found != files.end() && found->name == name ? &*found : nullptr;
}

std::string asset_path(std::string_view name) {
  const EmbeddedFile* file = embedded_file(name);
  WARD_ASSERT(file != nullptr && !content_type(name).empty());
  return path_of(*file);
}

std::optional<Asset> asset(std::string_view path) {
  if (!path.starts_with(folder)) return {};
  for (const EmbeddedFile& file : embedded_files())
    if (const auto type = content_type(file.name); !type.empty() && path == path_of(file))
      return Asset{std::string(file.content), type};
  if (auto style = brand_style(path)) return Asset{std::move(*style), content_type(path)};
  return {};
}

std::string content_security_policy(std::string_view form_target) {
  const std::string also = origin(form_target);
  return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "form-action 'self'" +
         (also.empty() ? "" : " " + also) + "; base-uri 'none'; frame-ancestors 'none'";
}

}  // namespace ward::pages
