// libmodsecurity behind plain types. Its headers do not compile as C++23 (they make a std::string from NULL), so the
// one file that includes them is compiled as C++20, without the house's std::expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::shield {

/// One match of one rule. `variable` is what the engine's message says ("ARGS:x"): for readers, as a value may forge
/// it.
struct EngineMatch {
  std::uint32_t rule = 0;
  int severity = 0;  // CRS: critical 2, error 3, warning 4, notice 5
  std::string message;
  std::string variable;
  /// The argument that matched, by the offset that it was given, which no value can forge; -1 if it was none.
  std::ptrdiff_t argument = -1;
};

struct EngineArgument {
  bool in_body = false;
  std::string_view value;
};

/// What one transaction looks at.
struct EngineRequest {
  std::string method = "POST";
  std::string uri = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<EngineArgument> arguments;  // decoded; beside those of the uri
  std::string_view body;
};

/// A set of rules. Loading is for one thread, `run` for any number: it reads only.
class RuleEngine {
 public:
  RuleEngine();
  ~RuleEngine();

  /// The parser's complaint, or empty.
  std::string load_text(const std::string& rules, const std::string& name);
  std::string load_file(const std::string& file);

  std::vector<EngineMatch> run(const EngineRequest& request) const;
  std::string signature() const;  // "OWASP_CRS/3.3.4"
  std::size_t size() const;       // rules and markers

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace ward::shield
