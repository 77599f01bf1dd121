ward_fuzz(webauthn_registration LINKS factors INSIDE factors)
ward_fuzz(webauthn_assertion LINKS factors INSIDE factors)
