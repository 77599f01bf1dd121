ward_fuzz(fhirpath LINKS fhir INSIDE fhir)
ward_fuzz(search_query LINKS fhir INSIDE fhir)
ward_fuzz(bundle LINKS fhir INSIDE fhir)
ward_fuzz(patch LINKS fhir INSIDE fhir)
