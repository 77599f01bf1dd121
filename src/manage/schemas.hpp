// What goes in and what comes out, by name.
#pragma once

#include "schema.hpp"

namespace ward::manage {

inline constexpr std::string_view user_characters = "._@-", client_characters = "._-", role_characters = "._:-";

extern const Schema new_user, user_change, new_client, client_change, rotation, new_relationship, review;
extern const Schema user, client, session, ended, key, reset, relationship, emergency;

}  // namespace ward::manage
