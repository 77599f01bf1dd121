#include "firewall.hpp"

#include <gtest/gtest.h>
