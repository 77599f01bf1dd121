ward_fuzz(scope LINKS scope)
ward_fuzz(policy LINKS access)
ward_fuzz(minimise LINKS access)
