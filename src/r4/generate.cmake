# Generates the tables unless build/r4 holds them already for this generator and these packages.
#   cmake -DINPUTS=files -DROOM=src/r4 -DSHARED=build/r4 -DNPMRC=file -DOUT=folder [-DPACKAGES=folder] -P generate.cmake
cmake_minimum_required(VERSION 3.25)

set(key "${PACKAGES}")
foreach(input IN LISTS INPUTS)
  file(SHA256 ${input} hash)
  string(APPEND key ${hash})
endforeach()
string(SHA256 key "${key}")
string(SUBSTRING ${key} 0 16 key)
set(cached ${SHARED}/tables-${key})

file(MAKE_DIRECTORY ${SHARED} ${OUT})
file(LOCK ${SHARED}/lock TIMEOUT 600)  # two presets may build at once

if(NOT EXISTS ${cached}/done)
  find_program(NODE NAMES node nodejs REQUIRED)
  if(NOT PACKAGES)
    set(PACKAGES ${SHARED}/node_modules)
    find_program(NPM npm REQUIRED)
    file(COPY ${ROOM}/package.json ${ROOM}/package-lock.json ${NPMRC} DESTINATION ${SHARED})
    message(STATUS "Fetching HL7's FHIR R4 packages (7 MB)")
    execute_process(COMMAND ${NPM} ci --ignore-scripts --no-progress WORKING_DIRECTORY ${SHARED} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "npm ci failed in ${SHARED}. Without a network, set WARD_R4_PACKAGES to a folder with "
        "hl7.fhir.r4.examples and hl7.fhir.r4.expansions (both 4.0.1).")
    endif()
  endif()
  file(REMOVE_RECURSE ${cached})
  file(MAKE_DIRECTORY ${cached})
  execute_process(COMMAND ${NODE} ${ROOM}/generate/main.js ${PACKAGES} ${cached} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "src/r4/generate/main.js failed on ${PACKAGES}")
  endif()
  file(TOUCH ${cached}/done)
endif()

file(GLOB tables ${cached}/*.cpp)
foreach(table IN LISTS tables)
  get_filename_component(name ${table} NAME)
  configure_file(${table} ${OUT}/${name} COPYONLY)
  file(TOUCH ${OUT}/${name})
endforeach()
