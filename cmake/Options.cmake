# What every target of the house is compiled with: the language, the hardening, the sanitisers, the warnings.

add_library(ward_options INTERFACE)
target_link_libraries(ward_options INTERFACE Boost::headers fmt::fmt)
target_compile_features(ward_options INTERFACE cxx_std_23)
target_compile_options(ward_options INTERFACE
  -pthread -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-omit-frame-pointer)
target_compile_definitions(ward_options INTERFACE
  _GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT SPDLOG_FMT_EXTERNAL)
target_link_options(ward_options INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WARD_SANITIZE)
  target_compile_options(ward_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

if(WARD_SANITIZE)
  target_compile_options(ward_options INTERFACE -fsanitize=${WARD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(ward_options INTERFACE -fsanitize=${WARD_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # A precompiled header made again is the same one, so that ccache finds what was compiled with it.
  target_compile_options(ward_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(WARD_FUZZ)
  target_compile_options(ward_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(ward_warnings TARGET)
  target_compile_options(${TARGET} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Wunused -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 sees dangling and uninitialised storage in coroutine frames and std::expected where there is none.
    target_compile_options(${TARGET} PRIVATE -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-array-bounds
      -Wno-mismatched-new-delete -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict -Wno-missing-field-initializers -Wno-subobject-linkage)
  else()
    # libstdc++ 12's stable_sort uses what it deprecates itself.
    target_compile_options(${TARGET} PRIVATE -Wno-deprecated-declarations -Wno-missing-field-initializers -Wno-missing-designated-field-initializers)
  endif()
endfunction()

# One precompiled header for the whole house.
add_library(ward_prelude OBJECT ${CMAKE_SOURCE_DIR}/cmake/prelude.cpp)
target_link_libraries(ward_prelude PUBLIC ward_options)
ward_warnings(ward_prelude)  # the same flags as its users, or the compiler refuses it
target_precompile_headers(ward_prelude PRIVATE ${CMAKE_SOURCE_DIR}/cmake/prelude.hpp)
