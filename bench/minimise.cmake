add_executable(bench_minimise ${CMAKE_CURRENT_LIST_DIR}/minimise.cpp)
target_link_libraries(bench_minimise PRIVATE access benchmark::benchmark)
target_precompile_headers(bench_minimise REUSE_FROM ward_prelude)
ward_warnings(bench_minimise)
