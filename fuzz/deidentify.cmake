ward_fuzz(deidentify LINKS deidentify)
