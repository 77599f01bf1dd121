ward_fuzz(jwt LINKS crypto)
ward_fuzz(jwk LINKS crypto)
ward_fuzz(peer_certificate LINKS crypto)
