#include "record.hpp"

#include <utility>

namespace ward::deidentify::planted {
namespace {

using Pair = std::pair<std::string, std::string>;
const std::vector<Pair>& words() {
  static const std::vector<Pair> all = {{"@GIVEN@", "Quintella"},
                                        {"@MIDDLE@", "Ximena"},
                                        {"@FAMILY@", "Zabrowski-Oduya"},
                                        {"@STREET@", "4471 Larkspur Hollow Road"},
                                        {"@CITY@", "Tamworthia"},
                                        {"@COUNTY@", "Ossipeeland"},
                                        {"@ZIP@", "03658-2213"},
                                        {"@BIRTH@", "1934-05-17"},
                                        {"@VISIT@", "2021-08-23"},
                                        {"@ADMITTED@", "2022-11-09T14:25:36Z"},
                                        {"@PHONE@", "+1 (603) 555-0187"},
                                        {"@FAX@", "603-555-0188"},
                                        {"@EMAIL@", "qzab.88@larkmail.example"},
                                        {"@SSN@", "987-65-4329"},
                                        {"@MRN@", "MRN-55-201-778"},
                                        {"@PLAN@", "HPN-7781-2290-X"},
                                        {"@ACCOUNT@", "ACC-8820-1177-45"},
                                        {"@LICENCE@", "NHL-98-ZBW-4471"},
                                        {"@VEHICLE@", "1ZVBP8AM7D5234571"},
                                        {"@DEVICE@", "SN-PX-66120-8"},
                                        {"@URL@", "https://qzab.example/people/4711"},
                                        {"@IP@", "203.0.113.77"},
                                        {"@IP6@", "2001:db8:77::4711"},
                                        {"@BIOMETRIC@", "FP-TPL-90A7731"},
                                        {"@PHOTO@", "zab_portrait.jpg"},
                                        {"@STUDY@", "STUDY-ZQ-1187"},
                                        {"@ID@", "pt-zab-90817"},
                                        {"@UUID@", "6f9619ff-8b86-4d11-b42d-00c04fc964ff"}};
  return all;
}

std::string filled(std::string text) {
  for (const auto& [mark, value] : words())
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
      text.replace(at, mark.size(), value);
  return text;
}

constexpr const char* note =
    "@GIVEN@ @MIDDLE@ @FAMILY@ (b. @BIRTH@, @STREET@, @CITY@, @COUNTY@ county, NH @ZIP@) seen @VISIT@. Phone @PHONE@, "
    "fax @FAX@, mail @EMAIL@, SSN @SSN@, MRN: @MRN@, member ID: @PLAN@, account number @ACCOUNT@, license @LICENCE@, "
    "VIN @VEHICLE@, device serial number @DEVICE@, page @URL@, from @IP@ and @IP6@, fingerprint template @BIOMETRIC@, "
    "picture @PHOTO@, study ID @STUDY@, record @ID@, @UUID@, admitted @ADMITTED@. BP 120/80 mmHg.";

constexpr const char* person = R"json({"resourceType":"Patient","id":"@ID@",
"meta":{"versionId":"3","lastUpdated":"@ADMITTED@","source":"@URL@","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient","@URL@"],"tag":[{"system":"@URL@","code":"@MRN@"}]},
"implicitRules":"@URL@","language":"en",
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"@GIVEN@\">@GIVEN@ <b>@FAMILY@</b></p><!-- @SSN@ --><a href=\"@URL@\">@PHONE@</a><table><tr><td>@MRN@</td><td>@BIRTH@</td></tr></table></div>"},
"contained":[{"resourceType":"Organization","id":"@MRN@","name":"@FAMILY@ Holdings","alias":["@GIVEN@"],"telecom":[{"system":"fax","value":"@FAX@"}],"address":[{"line":["@STREET@"],"city":"@CITY@","state":"NH","postalCode":"@ZIP@"}]},
 {"resourceType":"Practitioner","id":"doc","name":[{"family":"@FAMILY@"}],"qualification":[{"identifier":[{"value":"@LICENCE@"}],"code":{"text":"@GIVEN@"},"period":{"start":"@VISIT@"}}]}],
"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"@FAMILY@"},
 {"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"@CITY@","state":"NH","country":"US","postalCode":"@ZIP@"}},
 {"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"@ADMITTED@"},
 {"url":"@URL@","valueIdentifier":{"value":"@STUDY@"}},
 {"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"@GIVEN@"}},{"url":"text","valueString":"@FAMILY@"},{"url":"@GIVEN@","valueString":"@SSN@"}]},
 {"url":"http://hl7.org/fhir/StructureDefinition/geolocation","extension":[{"url":"latitude","valueDecimal":43.85871},{"url":"longitude","valueDecimal":-71.26551}]},
 {"url":"https://house.example/nested","extension":[{"url":"a","extension":[{"url":"b","valueContactPoint":{"system":"email","value":"@EMAIL@"}}]}]}],
"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"@SSN@","period":{"start":"@VISIT@"}},
 {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"@GIVEN@"},"system":"@URL@","value":"@MRN@","assigner":{"display":"@FAMILY@"}},
 {"system":"urn:member","value":"@PLAN@"},{"system":"urn:account","value":"@ACCOUNT@"},{"system":"urn:driver","value":"@LICENCE@"},
 {"system":"urn:vehicle","value":"@VEHICLE@"},{"system":"urn:device","value":"@DEVICE@"},{"system":"urn:biometric","value":"@BIOMETRIC@"},
 {"system":"urn:study","value":"@STUDY@"},{"system":"urn:ietf:rfc:3986","value":"urn:uuid:@UUID@"}],
"active":true,
"name":[{"use":"official","text":"@GIVEN@ @FAMILY@","family":"@FAMILY@","_family":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/humanname-own-name","valueString":"@FAMILY@"}]},"given":["@GIVEN@","@MIDDLE@"],"prefix":["Dr."],"period":{"start":"@VISIT@"}}],
"telecom":[{"system":"phone","value":"@PHONE@"},{"system":"fax","value":"@FAX@"},{"system":"email","value":"@EMAIL@"},{"system":"url","value":"@URL@"}],
"gender":"female","birthDate":"@BIRTH@","_birthDate":{"id":"@MRN@","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"@BIRTH@T03:00:00Z"}]},
"deceasedDateTime":"@ADMITTED@",
"address":[{"use":"home","text":"@STREET@, @CITY@","line":["@STREET@"],"city":"@CITY@","district":"@COUNTY@","state":"NH","postalCode":"@ZIP@","country":"US","period":{"start":"@VISIT@"}},{"state":"@CITY@","country":"@FAMILY@"}],
"maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"@GIVEN@"}],"text":"@GIVEN@"},
"photo":[{"contentType":"image/jpeg","data":"QUJD","title":"@PHOTO@","url":"@URL@","creation":"@VISIT@"}],
"contact":[{"relationship":[{"text":"@FAMILY@"}],"name":{"text":"@GIVEN@"},"telecom":[{"value":"@PHONE@"}],"address":{"line":["@STREET@"],"city":"@CITY@"},"period":{"start":"@VISIT@"}}],
"generalPractitioner":[{"reference":"#doc","display":"@FAMILY@"},{"reference":"Practitioner/@MRN@"},{"reference":"https://qzab.example/fhir/Practitioner/@STUDY@"},{"reference":"urn:uuid:@UUID@"},{"reference":"Practitioner?identifier=@SSN@"}],
"managingOrganization":{"reference":"#@MRN@","identifier":{"value":"@ACCOUNT@"},"display":"@GIVEN@"},
"unknownElement":"@SSN@","@GIVEN@":"@SSN@"})json";

constexpr const char*
    others[] =
        {
            R"json({"resourceType":"Observation","id":"@UUID@","status":"final","category":[{"text":"@GIVEN@"}],
"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"@GIVEN@"},{"system":"http://loinc.org","code":"@MRN@"},{"system":"urn:local","code":"@SSN@"}],"text":"@FAMILY@"},
"subject":{"reference":"Patient/@ID@","display":"@GIVEN@ @FAMILY@","identifier":{"value":"@MRN@"}},"encounter":{"reference":"Encounter/@STUDY@/_history/3"},
"effectiveDateTime":"@VISIT@T10:11:12+02:00","issued":"@ADMITTED@","performer":[{"display":"@FAMILY@"}],
"valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]","extension":[{"url":"@URL@","valueString":"@GIVEN@"}]},
"note":[{"authorString":"@GIVEN@ @FAMILY@","time":"@ADMITTED@","text":"@NOTE@"}],
"referenceRange":[{"text":"@FAMILY@","age":{"high":{"value":97,"unit":"years"}}}],
"component":[{"code":{"text":"@GIVEN@"},"valueString":"@SSN@"},{"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueQuantity":{"value":91,"unit":"@GIVEN@","system":"http://unitsofmeasure.org","code":"a"}}]})json",
            R"json({"resourceType":"DocumentReference","id":"doc-@MRN@","status":"current","identifier":[{"value":"@ACCOUNT@"}],"masterIdentifier":{"value":"@STUDY@"},
"subject":{"reference":"https://ehr.example/fhir/Patient/@ID@"},"date":"@ADMITTED@","description":"@NOTE@","author":[{"reference":"Patient/@ID@","display":"@GIVEN@"}],
"content":[{"attachment":{"contentType":"text/plain","data":"@BASE64@","title":"Letter of @GIVEN@ @FAMILY@ @SSN@","url":"@URL@","creation":"@VISIT@"}},{"attachment":{"contentType":"application/pdf","data":"QUJD","title":"@PHOTO@","hash":"QUJD"}}],
"context":{"period":{"start":"@VISIT@","end":"@ADMITTED@"},"sourcePatientInfo":{"reference":"Patient/@ID@","display":"@FAMILY@"},"related":[{"identifier":{"value":"@BIOMETRIC@"}}]}})json",
            R"json({"resourceType":"AuditEvent","id":"a1","type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest","display":"@GIVEN@"},"recorded":"@ADMITTED@","outcomeDesc":"@IP@",
"agent":[{"who":{"reference":"Patient/@ID@"},"altId":"@EMAIL@","name":"@GIVEN@ @FAMILY@","requestor":true,"network":{"address":"@IP@","type":"2"},"policy":["@URL@"]},{"name":"@IP6@","requestor":false}],
"source":{"site":"@CITY@","observer":{"display":"@FAMILY@"}},"entity":[{"name":"@PHONE@","description":"@IP6@","query":"QUJD","detail":[{"type":"@MRN@","valueString":"@IP@"}]}]})json",
            R"json({"resourceType":"Device","id":"d1","identifier":[{"value":"@DEVICE@"}],"udiCarrier":[{"deviceIdentifier":"@DEVICE@","carrierHRF":"(01)00643169007222(21)@DEVICE@"}],"serialNumber":"@DEVICE@","lotNumber":"@DEVICE@","distinctIdentifier":"@DEVICE@",
"deviceName":[{"name":"Pacemaker of @GIVEN@","type":"user-friendly-name"}],"patient":{"reference":"Patient/@ID@"},"url":"@URL@","manufactureDate":"@VISIT@","expirationDate":"@ADMITTED@","contact":[{"system":"phone","value":"@PHONE@"}],"note":[{"text":"@NOTE@"}],"property":[{"type":{"text":"@BIOMETRIC@"},"valueQuantity":[{"value":1,"unit":"@VEHICLE@"}]}]})json",
            R"json({"resourceType":"Coverage","id":"c1","status":"active","subscriberId":"@PLAN@","policyHolder":{"reference":"#x","display":"@GIVEN@"},"beneficiary":{"reference":"Patient/@ID@"},"dependent":"@PLAN@","payor":[{"display":"@FAMILY@"}],"period":{"start":"@VISIT@"},"class":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/coverage-class","code":"group"}]},"value":"@PLAN@","name":"@GIVEN@"}],"network":"@ACCOUNT@"})json",
            R"json({"resourceType":"Location","id":"l1","status":"active","name":"Home of @GIVEN@","alias":["@FAMILY@"],"description":"@STREET@","telecom":[{"system":"phone","value":"@PHONE@"}],"address":{"line":["@STREET@"],"city":"@CITY@","state":"NH","postalCode":"@ZIP@"},"position":{"longitude":-71.26551,"latitude":43.85871}})json",
            R"json({"resourceType":"Bundle","id":"b-@MRN@","type":"collection","timestamp":"@ADMITTED@","identifier":{"value":"@STUDY@"},"link":[{"relation":"self","url":"@URL@?name=@GIVEN@"}],
"entry":[{"fullUrl":"https://other.example/r4/Patient/@ID@","link":[{"relation":"x","url":"@URL@"}],"resource":{"resourceType":"Patient","id":"@ID@","name":[{"family":"@FAMILY@"}],"birthDate":"@BIRTH@"},"request":{"method":"PUT","url":"Patient/@ID@"}},
 {"fullUrl":"urn:uuid:@UUID@","resource":{"resourceType":"Condition","id":"k","subject":{"reference":"https://other.example/r4/Patient/@ID@"},"onsetAge":{"value":94,"unit":"years","system":"http://unitsofmeasure.org","code":"a"},"abatementString":"@NOTE@","recordedDate":"@VISIT@"}},
 {"resource":{"resourceType":"Teapot","name":"@GIVEN@"}}],
"signature":{"type":[{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}],"when":"@ADMITTED@","who":{"display":"@FAMILY@"},"data":"QUJD"}})json",
            R"json({"resourceType":"QuestionnaireResponse","id":"q1","status":"completed","identifier":{"value":"@STUDY@"},"questionnaire":"@URL@","subject":{"reference":"Patient/@ID@"},"authored":"@ADMITTED@","item":[{"linkId":"@MRN@","text":"@GIVEN@","answer":[{"valueString":"@NOTE@"},{"valueUri":"@URL@"},{"valueDate":"@VISIT@"},{"valueAttachment":{"title":"@PHOTO@"}},{"valueReference":{"display":"@FAMILY@"}}]}]})json",
            R"json({"resourceType":"ImagingStudy","id":"i1","status":"available","identifier":[{"system":"urn:dicom:uid","value":"urn:oid:2.25.@SSN@"}],"subject":{"reference":"Patient/@ID@"},"started":"@ADMITTED@","description":"@NOTE@","series":[{"uid":"2.25.9817","modality":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"CT"},"description":"@GIVEN@","started":"@VISIT@","instance":[{"uid":"2.25.9818","sopClass":{"system":"urn:ietf:rfc:3986","code":"@MRN@"},"title":"@FAMILY@"}]}]})json"};

constexpr const char* note_mark = "@NOTE@";
constexpr const char* base64_mark = "@BASE64@";

}  // namespace

std::string plain_note() { return filled(note); }

std::vector<std::string> values() {
  std::vector<std::string> all;
  for (const auto& [mark, value] : words()) all.push_back(value);
  return all;
}

std::string patient() { return filled(person); }

std::vector<std::string> resources(const std::string& base64_of_note) {
  std::vector<std::string> all = {patient()};
  for (const char* const one : others) {
    std::string text = one;
    for (const auto& [mark, with] : {Pair(note_mark, note), Pair(base64_mark, base64_of_note)})
      for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += with.size())
        text.replace(at, mark.size(), with);
    all.push_back(filled(text));
  }
  return all;
}

}  // namespace ward::deidentify::planted
