ward_fuzz(scope LINKS scope)
