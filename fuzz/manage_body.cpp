// A body of /api/v1: the first byte chooses what it is to be.
#include "schemas.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::manage;
  if (size == 0) return 0;
  static const Schema* const schemas[] = {&new_user, &user_change, &new_client, &client_change, &rotation};
  const Schema& schema = *schemas[data[0] % std::size(schemas)];
  const auto read = read_body({reinterpret_cast<const char*>(data) + 1, size - 1}, schema);
  if (!read) {
    if (read.error().empty()) __builtin_trap();
    for (const FieldProblem& one : read.error())
      if (!one.pointer.starts_with('#') || one.detail.empty()) __builtin_trap();
    return 0;
  }
  for (const auto& one : *read)  // what is taken is known, and what is required is there
    if (std::ranges::find(schema.fields, std::string_view(one.key()), &Field::name) == schema.fields.end())
      __builtin_trap();
  for (const Field& field : schema.fields)
    if (field.required && !schema.change && !read->contains(field.name)) __builtin_trap();
  return 0;
}
