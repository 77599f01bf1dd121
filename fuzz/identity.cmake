ward_fuzz(token_request LINKS identity INSIDE identity)
