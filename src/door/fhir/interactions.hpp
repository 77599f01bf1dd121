// One handler per interaction. All work on either backend.
#pragma once

#include "fhir/backend.hpp"

namespace ward::door {

boost::asio::awaitable<Allowed<void>> read(Exchange& x);
boost::asio::awaitable<Allowed<void>> vread(Exchange& x);
boost::asio::awaitable<Allowed<void>> history(Exchange& x);
boost::asio::awaitable<Allowed<void>> histories(Exchange& x);  // of a type, or of the system
boost::asio::awaitable<Allowed<void>> search(Exchange& x);
boost::asio::awaitable<Allowed<void>> search_all(Exchange& x);  // of several types
boost::asio::awaitable<Allowed<void>> write(Exchange& x);   // create, update, patch, delete, conditional or not
boost::asio::awaitable<Allowed<void>> bundle(Exchange& x);  // batch, transaction
Allowed<void> capabilities(Exchange& x);

/// What the record says of versions that leave or change.
void note_subjects(audit::Record& record, const store::Version& version);

/// Counts one more resource of a type in the record.
void count_type(audit::Record& record, std::string_view type);

/// The current version of what the path names, also if it was deleted; absent and unseen are one refusal.
boost::asio::awaitable<Allowed<store::Version>> current_of(Exchange& x, const access::Grant& grant);
/// 410, for who saw it while it was there.
Refusal gone(std::string_view type, std::string_view id);

std::string etag(std::uint64_t version);
/// Whether a list of entity tags, or "*", names this version (RFC 9110 13.1.1).
bool etag_matches(std::string_view header, std::uint64_t version);
/// W/"3" -> 3. Nothing for what is no version of ours; "*" is the caller's to look for.
std::optional<std::uint64_t> parse_etag(std::string_view text);

}  // namespace ward::door
