# A room is one folder under src/: one library, one purpose, a narrow face.
#
#   ward_room(audit FLOOR 2 FACE audit.hpp USES base crypto [LINKS libs...])
#
# FACE lists the headers that other rooms may include, as "audit/audit.hpp". They are linked into a folder of
# their own, and a room sees only the faces of the rooms that it names in USES: including another room's inside,
# or a room that was not named, does not compile. Naming a room on the same or a higher floor stops the configure.

function(ward_room NAME)
  cmake_parse_arguments(ROOM "" "FLOOR" "FACE;USES;LINKS" ${ARGN})
  set_property(GLOBAL PROPERTY ward_floor_${NAME} ${ROOM_FLOOR})

  foreach(used IN LISTS ROOM_USES)
    get_property(used_floor GLOBAL PROPERTY ward_floor_${used})
    if(NOT DEFINED used_floor OR used_floor STREQUAL "")
      message(FATAL_ERROR "room ${NAME} uses ${used}, which is not on a lower floor (or does not exist)")
    endif()
    if(used_floor GREATER_EQUAL ROOM_FLOOR)
      message(FATAL_ERROR "room ${NAME} (floor ${ROOM_FLOOR}) uses ${used} (floor ${used_floor}): only lower floors may be used")
    endif()
  endforeach()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  ward_forbid_parent_includes(${NAME})

  set(faces ${CMAKE_BINARY_DIR}/faces/${NAME})
  file(REMOVE_RECURSE ${faces})
  foreach(header IN LISTS ROOM_FACE)
    get_filename_component(folder ${faces}/${NAME}/${header} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${faces}/${NAME}/${header} SYMBOLIC)
  endforeach()

  add_library(${NAME} STATIC ${sources})
  target_include_directories(${NAME} PUBLIC ${faces} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${NAME} PUBLIC ward_options ${ROOM_USES} ${ROOM_LINKS})
  target_precompile_headers(${NAME} REUSE_FROM ward_prelude)
  ward_warnings(${NAME})
endfunction()

# "../" in an include would walk around the faces.
function(ward_forbid_parent_includes NAME)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  foreach(file IN LISTS files)
    file(STRINGS ${file} found REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"](.*/)?\\.\\./")
    if(found)
      message(FATAL_ERROR "room ${NAME}: ${file} includes through '..'; include the other room's face instead: ${found}")
    endif()
  endforeach()
endfunction()

# Tests of a room may look inside it, and only inside it.
#   ward_room_test(audit [SOURCES ...] [LINKS ...])
function(ward_room_test NAME)
  cmake_parse_arguments(TEST "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(${NAME}_test ${sources})
  target_include_directories(${NAME}_test PRIVATE ${CMAKE_SOURCE_DIR}/src/${NAME} ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${NAME}_test PRIVATE ${NAME} GTest::gtest_main GTest::gmock ${TEST_LINKS})
  target_precompile_headers(${NAME}_test REUSE_FROM ward_prelude)
  ward_warnings(${NAME}_test)
  add_test(NAME ${NAME} COMMAND ${NAME}_test --gtest_brief=1)
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 300)
endfunction()

# A fuzz target beside a parser: fuzz/NAME.cpp, seeds in fuzz/corpus/NAME/.
#   ward_fuzz(jwt LINKS crypto INSIDE crypto)     INSIDE: the room whose inside headers it may see
# Built with libFuzzer in the asan preset (Clang).
function(ward_fuzz NAME)
  cmake_parse_arguments(FUZZ "" "INSIDE" "LINKS" ${ARGN})
  if(NOT WARD_FUZZ)
    return()
  endif()
  add_executable(fuzz_${NAME} ${CMAKE_SOURCE_DIR}/fuzz/${NAME}.cpp)
  if(FUZZ_INSIDE)
    target_include_directories(fuzz_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src/${FUZZ_INSIDE})
  endif()
  target_link_libraries(fuzz_${NAME} PRIVATE ${FUZZ_LINKS})
  target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
  target_precompile_headers(fuzz_${NAME} REUSE_FROM ward_prelude)
  ward_warnings(fuzz_${NAME})
  set_property(GLOBAL APPEND PROPERTY ward_fuzz_targets ${NAME})
endfunction()
