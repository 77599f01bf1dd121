// What would happen to a request, and why: the same reading, routing and deciding as the corridor does, without a
// request.
#pragma once

#include "door/services.hpp"

namespace ward::door {

struct ExplainStep {
  std::string stage;  // "route", "shield", "identify", "limits", "scope", "role", "relationship", "view", "record" ...
  bool passed = true;
  std::string detail;
  std::string where;  // "ward.toml:41", if a line decided it
};

struct ExplainRequest {
  std::string method = "GET";
  std::string path, query;  // as in the URL, encoded
  std::string host = "localhost";
  std::string purpose;
  identity::CallerRef caller;  // nothing: an anonymous request
};

/// What is asked beside the request itself.
struct ExplainSources {
  store::Reader& reader;
  const manage::Relationships& relationships;
  const access::Consents& consents;  // of the embedded store
  Clock& clock;
};

/// Ends with the step that would refuse, or with what would be shown. Reads one record if the request names one.
std::vector<ExplainStep> explain(const ExplainRequest& request, const Live& live, const ExplainSources& sources);

}  // namespace ward::door
