# Proves that code which breaks a promise does not compile, and for the right reason.
#
#   ward_must_not_compile(send_without_receipt FILE.cc "regex of the compiler's message" ROOM audit)
#
# FILE ends in .cc, which keeps it out of the test programs. It is compiled twice, each as a test: as it is, which must succeed (the positive twin), and with
# -DWARD_MUST_NOT_COMPILE, which must fail with a message that the regex matches. Only the compiler's front end runs.

function(ward_must_not_compile NAME FILE REASON)
  cmake_parse_arguments(CASE "" "ROOM" "" ${ARGN})
  set(includes "$<TARGET_PROPERTY:${CASE_ROOM},INTERFACE_INCLUDE_DIRECTORIES>")
  set(definitions "$<TARGET_PROPERTY:${CASE_ROOM},INTERFACE_COMPILE_DEFINITIONS>")
  set(compile ${CMAKE_CXX_COMPILER} -std=c++23 -fsyntax-only
    "$<$<BOOL:${includes}>:-I$<JOIN:${includes},$<SEMICOLON>-I>>" "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},$<SEMICOLON>-D>>" ${FILE})
  foreach(expected compiles fails)
    add_test(NAME must_not_compile.${NAME}.${expected}
      COMMAND ${CMAKE_COMMAND} -DEXPECTED=${expected} "-DREASON=${REASON}" -P ${CMAKE_SOURCE_DIR}/cmake/must_not_compile_run.cmake
              -- ${compile} $<$<STREQUAL:${expected},fails>:-DWARD_MUST_NOT_COMPILE>
      COMMAND_EXPAND_LISTS)
    set_tests_properties(must_not_compile.${NAME}.${expected} PROPERTIES LABELS must_not_compile TIMEOUT 120)
  endforeach()
endfunction()
