#include "terminology.hpp"

#include <algorithm>

namespace ward::deidentify {
namespace {

constexpr std::string_view roots[] = {"http://hl7.org/",
                                      "https://hl7.org/",
                                      "http://www.hl7.org/",
                                      "http://terminology.hl7.org/",
                                      "https://terminology.hl7.org/",
                                      "http://loinc.org",
                                      "http://snomed.info/",
                                      "http://unitsofmeasure.org",
                                      "http://www.nlm.nih.gov/research/umls/",
                                      "http://www.ama-assn.org/go/cpt",
                                      "http://www.whocc.no/atc",
                                      "http://dicom.nema.org/resources/ontology/",
                                      "http://varnomen.hgvs.org",
                                      "http://www.genenames.org",
                                      "http://human-phenotype-ontology.org",
                                      "http://fdasis.nlm.nih.gov",
                                      "http://ncimeta.nci.nih.gov",
                                      "http://ncithesaurus.nci.nih.gov",
                                      "http://www.cms.gov/Medicare/",
                                      "https://www.cms.gov/Medicare/",
                                      "http://www.ada.org/cdt",
                                      "http://nucc.org/provider-taxonomy",
                                      "https://www.nubc.org/",
                                      "http://id.who.int/icd/",
                                      "urn:iso:std:iso:",
                                      "urn:ietf:bcp:",
                                      "urn:ietf:rfc:",
                                      "urn:oid:2.16.840.1.113883.5.",
                                      "urn:oid:2.16.840.1.113883.6.",
                                      "urn:oid:2.16.840.1.113883.12.",
                                      "urn:oid:1.2.840.10065."};

constexpr std::string_view hl7 = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view us_core = "http://hl7.org/fhir/us/core/StructureDefinition/";
constexpr std::string_view of_hl7[] = {"data-absent-reason",
                                       "iso21090-nullFlavor",
                                       "ordinalValue",
                                       "quantity-precision",
                                       "patient-interpreterRequired",
                                       "patient-genderIdentity",
                                       "individual-genderIdentity",
                                       "individual-pronouns",
                                       "patient-sexParameterForClinicalUse",
                                       "patient-birthPlace",
                                       "patient-birthTime",
                                       "patient-religion",
                                       "patient-citizenship",
                                       "patient-nationality",
                                       "patient-disability",
                                       "patient-cadavericDonor",
                                       "condition-dueTo",
                                       "condition-related",
                                       "condition-ruledOut",
                                       "observation-bodyPosition",
                                       "observation-delta",
                                       "observation-method",
                                       "timing-daysOfCycle",
                                       "rendered-precision",
                                       "event-partOf",
                                       "workflow-episodeOfCare",
                                       "encounter-associatedEncounter",
                                       "familymemberhistory-severity",
                                       "goal-reasonRejected"};
constexpr std::string_view of_us_core[] = {"us-core-race", "us-core-ethnicity", "us-core-birthsex", "us-core-sex",
                                           "us-core-genderIdentity"};

template <class List>
bool is_one_of(std::string_view url, std::string_view root, const List& names) {
  return url.starts_with(root) && std::ranges::find(names, url.substr(root.size())) != std::end(names);
}

bool is_plain(std::string_view uri) {
  return std::ranges::all_of(uri, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(":/._-|").find(c) != std::string_view::npos;
  });
}

/// No host may only begin like one of ours: "http://loinc.org.example".
bool has_root(std::string_view uri, std::string_view root) {
  if (!uri.starts_with(root)) return false;
  const char last = root.back();
  return uri.size() == root.size() || last == '/' || last == ':' || last == '.' || uri[root.size()] == '/' ||
         uri[root.size()] == '|';
}

}  // namespace

bool is_terminology(std::string_view uri) {
  return uri.size() <= 200 && is_plain(uri) &&
         std::ranges::any_of(roots, [&](std::string_view root) { return has_root(uri, root); });
}

bool is_kept_extension(std::string_view url) {
  return is_one_of(url, hl7, of_hl7) || is_one_of(url, us_core, of_us_core);
}

}  // namespace ward::deidentify
