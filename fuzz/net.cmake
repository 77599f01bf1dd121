ward_fuzz(http1 LINKS net INSIDE net)
ward_fuzz(http2 LINKS net PkgConfig::libnghttp2 INSIDE net)
