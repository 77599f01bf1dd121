ward_fuzz(jwt LINKS crypto)
ward_fuzz(jwk LINKS crypto)
