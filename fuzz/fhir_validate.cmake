ward_fuzz(fhir_json LINKS fhir json INSIDE fhir)
