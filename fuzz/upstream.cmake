ward_fuzz(http_response LINKS net INSIDE net)
