ward_fuzz(json LINKS json PkgConfig::simdjson)
