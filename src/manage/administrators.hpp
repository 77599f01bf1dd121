// Who came in as an administrator of late, and by whom: so that nobody is both of the two who reset somebody's factors.
#pragma once

#include "administration.hpp"

namespace ward::manage {

/// How long somebody whom an administrator let in counts as that administrator.
inline constexpr std::int64_t let_in_lasts = 24 * 3600;  // seconds

/// To be called before somebody becomes an administrator, or gets a password as one: whoever did that may know how to
/// sign in as them. Durable when it returns. Errors: those of the store.
std::expected<void, Problem> note_let_in(Administration& all, const Actor& actor, const std::string& username);
void forget_let_in(Administration& all, const std::string& username);

/// Whether somebody has been an administrator, with the same password, since a time.
bool in_office_since(Administration& all, std::string_view username, std::int64_t seconds);
/// Whether one of the two let the other one in within a day, or both were let in by the same one.
bool let_in_by_one(Administration& all, const std::string& first, const std::string& second);

}  // namespace ward::manage
