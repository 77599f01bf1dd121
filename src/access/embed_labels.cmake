# Writes the code lists as C++ string literals.
#   cmake "-DINPUTS=files" -DOUT=label_files.cpp -P embed_labels.cmake
cmake_minimum_required(VERSION 3.25)

list(SORT INPUTS)
file(WRITE ${OUT}.new "#include \"label_files.hpp\"\n\nnamespace ward::access::detail {\nnamespace {\nconstexpr std::string_view files[] = {\n")
foreach(input IN LISTS INPUTS)
  file(READ "${input}" content)
  string(LENGTH "${content}" length)
  if(length GREATER 60000)
    message(FATAL_ERROR "${input} is too long for one literal")
  endif()
  file(APPEND ${OUT}.new "    R\"labels(${content})labels\",\n")
endforeach()
file(APPEND ${OUT}.new "};\n}  // namespace\n\nstd::span<const std::string_view> label_files() { return files; }\n\n}  // namespace ward::access::detail\n")
file(RENAME ${OUT}.new ${OUT})
