// What every request to an upstream has in common.
#pragma once

#include "door/upstream.hpp"
#include "exchange.hpp"

namespace ward::door {

/// Who is served first when not all can be.
shield::Class class_of(const Exchange& x);

/// A request to another FHIR server; `path` behind its base, with the query.
net::ClientRequest fhir_request_to(const Exchange& x, std::string method, std::string path);

/// "/a/b%2Fc" of decoded segments.
std::string encoded_path(const std::vector<std::string>& segments);
/// "a=b&c=d" of decoded pairs.
std::string encoded_query(const std::vector<std::pair<std::string, std::string>>& pairs);

/// The part of a URL of the upstream that lies behind its path, with the query: "/Patient/1", "?page=2". Nothing for
/// what is not of its origin and path.
std::optional<std::string> behind(const UpstreamSettings& upstream, std::string_view url);

/// A refusal with words of our own: what the upstream said is for the record alone.
Refusal upstream_refusal(const Exchange& x, int status, std::string_view said, std::string_view cause);

}  // namespace ward::door
