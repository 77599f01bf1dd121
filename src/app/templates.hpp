// The configuration files that `ward init` and `ward demo` write.
#pragma once

#include <string>
#include <string_view>

namespace ward::app {

/// A commented ward.toml for a new installation.
std::string_view init_template();
/// The demo clinic's ward.toml: everything on, roles of a small clinic.
std::string_view demo_template();

}  // namespace ward::app
