#include "templates.hpp"

namespace ward::app {

std::string_view init_template() {
  return R"toml(# Ward's configuration. Every value below is the default; what is commented out is off or follows from the rest.
# `ward check` says what is wrong, by line; `ward reload` applies changes without dropping a request.

[server]
host = "localhost"                 # the public name; requests for other names are refused
# hosts = ["localhost"]            # all names that are served
# public_url = "https://door.example.org"   # where clients reach it, if not https://HOST:PORT
# cores = 0                        # threads; 0: one per core

[listen]
https = "127.0.0.1:8443"           # everything; TLS 1.3 and 1.2
http = "127.0.0.1:8080"            # nothing but redirects to https; "off" to have none
admin = "127.0.0.1:9443"           # /metrics, /livez, /readyz; plain HTTP, so loopback only
mtls = "off"                       # the same as https for clients with certificates, as in "127.0.0.1:8444"

[tls]
nist = true                        # SP 800-52 r2: only NIST's curves
# client_ca = "tls/clients.pem"    # authorities whose clients are known by name at the mtls listener

[[tls.certificate]]                # ECDSA P-256 or RSA of at least 2048 bits, with its chain; the first is the default
chain = "tls/server.pem"
key = "tls/server.key"             # mode 0600
# ocsp = "tls/server.ocsp"         # a response to staple, in DER

[keys]
master_file = "master.key"         # mode 0600; wraps all other keys. Keep a copy apart: without it nothing opens
# master_command = "/usr/local/bin/print-master-key"   # instead: a command that prints it

[fhir]
embedded = true                    # serve FHIR from the embedded store
path = "/fhir"
# references = "checked"           # "unchecked" takes references to what is not there
# update_create = false            # true: PUT of an unknown id creates, for callers who see all of its type
# conditional_delete = "single"    # "multiple": DELETE Type?... takes up to 100 matches away, in one commit

[limits]                           # per caller; over it answers are slowed, then refused with 429
# subject = "50/s"
# client = "500/s"
# address = "1000/s"

[firewall]                         # OWASP CRS over what validation could not prove harmless
mode = "block"                     # off | detect | block

[control]
tokens = false                     # `ward token` prints access tokens without a sign-in: for tests only

# Who may do what, with whose records, and what they see of them. No rule means no.
[role.physician]
may = ["user/*.cruds"]
reason = "treating physicians need the whole chart of their patients"
patients = ["care-team", "panel"]
purpose = ["TREAT", "ETREAT"]      # ETREAT: may break the glass, for one patient and half an hour

[role.front-desk]
may = ["user/Patient.rs", "user/Appointment.cruds", "user/Coverage.rs"]
patients = "department"
purpose = ["HOPERAT", "HPAYMT"]
view.Patient = { show = ["name", "birthDate", "telecom", "address", "identifier.where(system='urn:mrn')"] }

[role.patient]
may = ["patient/*.rs"]
reason = "patients may read their own record"
patients = "self"
purpose = ["PATRQT"]

# Ward in front of another server; the same limits, views and records apply.
# [route.ehr]
# path = "/ehr/fhir"
# upstream = "https://ehr.internal:8443/fhir"
# fhir = true
# ca = "tls/ehr-ca.pem"
)toml";
}

std::string_view demo_template() {
  return R"toml(# The demo clinic. All people and records are synthetic. Change it, run `ward check` and `ward reload`, and look again.

[server]
host = "localhost"
hosts = ["localhost", "127.0.0.1", "[::1]", "::1"]

[tls]
nist = true
client_ca = "tls/ca.pem"           # the demo's own authority: apps may prove themselves by its certificates

[[tls.certificate]]
chain = "tls/server.pem"
key = "tls/server.key"

[keys]
master_file = "master.key"

[control]
tokens = true                      # so that the tour can be pasted; never on a real server

[fhir]
embedded = true

[limits]
subject = "200/s"
client = "600/s"
address = "2000/s"

[firewall]
mode = "block"

[role.physician]
may = ["user/*.cruds"]
reason = "treating physicians need the whole chart of their patients"
patients = ["care-team", "panel"]
purpose = ["TREAT", "ETREAT"]      # ETREAT: may break the glass, for one patient and half an hour

[role.nurse]
may = ["user/*.rs", "user/Observation.cruds"]
reason = "nurses read the chart of their patients and record observations"
patients = "care-team"
purpose = ["TREAT"]
view.Patient = { hide = ["identifier.where(system='http://hl7.org/fhir/sid/us-ssn')"] }

[role.front-desk]
may = ["user/Patient.rus", "user/Appointment.cruds", "user/Coverage.rs", "user/Practitioner.rs", "user/Location.rs", "user/Organization.rs"]
patients = "department"
purpose = ["HOPERAT", "HPAYMT"]
writes = "merge"
view.Patient = { show = ["active", "name", "birthDate", "telecom", "address", "identifier.where(system='urn:mrn')"] }
view.Coverage = { hide = ["extension"] }

[role.billing]
may = ["user/Patient.rs", "user/Coverage.rs", "user/Encounter.rs", "user/Organization.rs"]
patients = "all"
purpose = ["HPAYMT"]
view.Patient = { show = ["name", "address.state", "address.postalCode", "birthDate", "identifier.where(system='urn:mrn')"], year = ["birthDate"], zip3 = ["address.postalCode"] }
view.Encounter = { show = ["status", "class", "type", "subject", "period", "serviceProvider"] }

[role.patient]
may = ["patient/*.rs", "patient/Consent.cruds", "user/Practitioner.rs", "user/Organization.rs", "user/Location.rs"]
reason = "patients may read their own record"
patients = "self"
purpose = ["PATRQT"]

[role.delegate]
may = ["patient/*.rs", "user/*.rs"]
reason = "parents and carers may read the record of whom they act for"
patients = "delegate"
purpose = ["PATRQT"]

[role.privacy-officer]
may = ["user/AuditEvent.rs", "user/Provenance.rs", "user/Consent.rs"]
patients = "all"
purpose = ["HOPERAT"]

[role.administrator]
may = ["user/Organization.cruds", "user/Location.cruds", "user/Practitioner.cruds", "user/PractitionerRole.cruds"]
patients = "all"
purpose = ["HOPERAT"]

[role.backend]
may = ["system/*.cruds"]
reason = "the clinic's own integration service"
patients = "all"
purpose = ["TREAT"]
)toml";
}

}  // namespace ward::app
