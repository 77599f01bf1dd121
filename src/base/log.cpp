#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/encoding.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <atomic>
#include <memory>

namespace ward::log {
namespace {

std::atomic<Level> least_level{Level::info};

std::shared_ptr<spdlog::logger>& sink() {
  static auto logger = [] {
    auto fresh = std::make_shared<spdlog::logger>("ward", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    fresh->set_pattern("%v");
    return fresh;
  }();
  return logger;
}

constexpr std::string_view names[] = {"debug", "info", "warning", "error"};

void append_value(std::string& line, const Field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value))
    append_json_string(line, *text);
  else if (const auto* number = std::get_if<std::int64_t>(&field.value))
    line += fmt::to_string(*number);
  else if (const auto* real = std::get_if<double>(&field.value))
    line += fmt::format("{:.6g}", *real);
  else
    line += std::get<bool>(field.value) ? "true" : "false";
}

}  // namespace

void open(const std::string& file, Level least) {
  least_level = least;
  if (file.empty()) return;
  if (const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); fd >= 0) ::close(fd);
  auto fresh = std::make_shared<spdlog::logger>("ward", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
  fresh->set_pattern("%v");
  fresh->flush_on(spdlog::level::info);
  sink() = fresh;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  std::string line = "{\"time\":\"" + rfc3339(SystemClock().wall()) + "\",\"level\":\"";
  line.append(names[static_cast<int>(level)]).append("\",\"event\":");
  append_json_string(line, event);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    append_value(line, field);
  }
  line += '}';
  sink()->info(line);
}

}  // namespace ward::log
