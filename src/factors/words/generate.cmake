# Generates the blocklist unless SHARED holds it already for this generator and these packages.
#   cmake -DINPUTS=files -DWORDS=src/factors/words -DSHARED=build/words -DNPMRC=file -DOUT=file [-DPACKAGES=folder] -P generate.cmake
cmake_minimum_required(VERSION 3.25)

set(key "${PACKAGES}")
foreach(input IN LISTS INPUTS)
  file(SHA256 ${input} hash)
  string(APPEND key ${hash})
endforeach()
string(SHA256 key "${key}")
string(SUBSTRING ${key} 0 16 key)
set(cached ${SHARED}/common_passwords-${key}.cpp)

file(MAKE_DIRECTORY ${SHARED})
file(LOCK ${SHARED}/lock TIMEOUT 600)  # two presets may build at once

if(NOT EXISTS ${cached})
  find_program(NODE NAMES node nodejs REQUIRED)
  if(NOT PACKAGES)
    set(PACKAGES ${SHARED}/node_modules)
    find_program(NPM npm REQUIRED)
    file(COPY ${WORDS}/package.json ${WORDS}/package-lock.json ${NPMRC} DESTINATION ${SHARED})
    message(STATUS "Fetching lists of common passwords and words (11 MB)")
    execute_process(COMMAND ${NPM} ci --ignore-scripts --no-progress WORKING_DIRECTORY ${SHARED} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "npm ci failed in ${SHARED}. Without a network, set WARD_WORD_PACKAGES to a folder with the "
        "packages that src/factors/words/package.json names.")
    endif()
  endif()
  execute_process(COMMAND ${NODE} ${WORDS}/generate.js ${PACKAGES} ${cached}.part RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "src/factors/words/generate.js failed on ${PACKAGES}")
  endif()
  file(RENAME ${cached}.part ${cached})
endif()

configure_file(${cached} ${OUT} COPYONLY)
file(TOUCH ${OUT})
