#include "base/encoding.hpp"
#include "evp.hpp"
#include "peer_certificate.hpp"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <algorithm>

namespace ward::crypto {
namespace {

using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using Entry = std::unique_ptr<X509_NAME_ENTRY, Freed<X509_NAME_ENTRY_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;

constexpr std::size_t attributes_max = 32;

std::unexpected<Error> invalid(std::string_view what) {
  return fail("dn_invalid",
              "distinguished name: " + std::string(what) + "; write it as RFC 4514 does, as in CN=lab,O=Clinic,C=US");
}

struct Type {
  std::string_view name;  // in lower case
  int nid;
};
constexpr Type types[] = {
    // RFC 4514 section 3
    {"cn", NID_commonName},
    {"l", NID_localityName},
    {"st", NID_stateOrProvinceName},
    {"o", NID_organizationName},
    {"ou", NID_organizationalUnitName},
    {"c", NID_countryName},
    {"street", NID_streetAddress},
    {"dc", NID_domainComponent},
    {"uid", NID_userId},
    // by the names that tools print
    {"emailaddress", NID_pkcs9_emailAddress},
    {"serialnumber", NID_serialNumber},
    {"businesscategory", NID_businessCategory},
    {"organizationidentifier", NID_organizationIdentifier},
    {"postalcode", NID_postalCode},
    {"gn", NID_givenName},
    {"sn", NID_surname},
    {"title", NID_title},
    {"jurisdictionc", NID_jurisdictionCountryName},
};

struct Attribute {
  Object type;
  int value_type = V_ASN1_UTF8STRING;
  std::string value;
  bool joins_next = false;  // "+": one relative name of several attributes
};

/// Reads from the front.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<Attribute>> attributes() {
    std::vector<Attribute> all;
    while (true) {
      if (all.size() == attributes_max) return invalid("more than 32 attributes");
      auto one = attribute();
      if (!one) return std::unexpected(one.error());
      all.push_back(std::move(*one));
      if (rest_.empty()) return all;
      all.back().joins_next = rest_.front() == '+';
      rest_.remove_prefix(1);
    }
  }

 private:
  Result<Attribute> attribute() {
    const auto equals = rest_.find('=');
    if (equals == rest_.npos) return invalid("an attribute has no value");
    std::string_view name = rest_.substr(0, equals);
    rest_.remove_prefix(equals + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    Attribute made;
    made.type = type_of(name);
    if (!made.type) return invalid("an attribute type is not known; its number may be written instead");
    Result<void> read = rest_.starts_with('#') ? encoded_value(made) : text_value(made);
    if (!read) return std::unexpected(std::move(read.error()));
    return made;
  }

  static Object type_of(std::string_view name) {
    const std::string lower = ascii_lower(name);
    for (const Type& known : types)
      if (known.name == lower) return Object(OBJ_nid2obj(known.nid));
    const bool is_number = !lower.empty() && lower.find_first_not_of("0123456789.") == lower.npos;
    return Object(is_number ? OBJ_txt2obj(lower.c_str(), 1) : nullptr);
  }

  // "#" and the BER of the value in hex.
  Result<void> encoded_value(Attribute& made) {
    std::string_view hex = rest_.substr(1, rest_.find_first_of(",+ ", 1) - 1);
    rest_.remove_prefix(hex.size() + 1);
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    if (!rest_.empty() && rest_.front() != ',' && rest_.front() != '+') return invalid("a value is not hex");
    const auto der = hex_decode(ascii_lower(hex));
    if (!der || der->empty()) return invalid("a value is not hex");
    const unsigned char* at = bytes(*der);
    const std::unique_ptr<ASN1_TYPE, Freed<ASN1_TYPE_free>> value(
        d2i_ASN1_TYPE(nullptr, &at, static_cast<long>(der->size())));
    ERR_clear_error();
    constexpr int strings[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING,    V_ASN1_IA5STRING,
                               V_ASN1_BMPSTRING,  V_ASN1_UNIVERSALSTRING, V_ASN1_NUMERICSTRING};
    if (!value || at != bytes(*der) + der->size() ||
        std::ranges::find(strings, ASN1_TYPE_get(value.get())) == std::end(strings))
      return invalid("a value in hex is not the encoding of a string");
    const ASN1_STRING* string = value->value.asn1_string;
    made.value_type = ASN1_STRING_type(string);
    made.value.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                      static_cast<std::size_t>(ASN1_STRING_length(string)));
    return {};
  }

  Result<void> text_value(Attribute& made) {
    std::size_t kept = 0;  // up to here no space is to be trimmed
    while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '+') {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (!escaped(made.value)) return invalid("a backslash must come before a special character or two hex digits");
        kept = made.value.size();
        continue;
      }
      if (c == '\0' || std::string_view("\";<>").find(c) != std::string_view::npos)
        return invalid("one of the characters \" ; < > needs a backslash before it");
      made.value += c;
      if (c != ' ') kept = made.value.size();
    }
    made.value.resize(kept);
    if (!is_utf8(made.value)) return invalid("a value is not UTF-8");
    return {};
  }

  bool escaped(std::string& value) {
    if (rest_.empty()) return false;
    if (std::string_view("\"+,;<>\\ #=").find(rest_.front()) != std::string_view::npos) {
      value += rest_.front();
      rest_.remove_prefix(1);
      return true;
    }
    const auto byte = hex_decode(ascii_lower(rest_.substr(0, 2)));
    if (!byte || byte->size() != 1) return false;
    value += *byte;
    rest_.remove_prefix(2);
    return true;
  }

  std::string_view rest_;
};

// The text form begins with the last relative name. `joins_next` is then read as "joins the one before".
Name name_of(const std::vector<Attribute>& attributes) {
  Name name(X509_NAME_new());
  bool good = name != nullptr;
  for (auto one = attributes.rbegin(); good && one != attributes.rend(); ++one) {
    const Entry entry(X509_NAME_ENTRY_create_by_OBJ(nullptr, one->type.get(), one->value_type, bytes(one->value),
                                                    static_cast<int>(one->value.size())));
    good = entry && X509_NAME_add_entry(name.get(), entry.get(), -1, one->joins_next ? -1 : 0) == 1;
  }
  ERR_clear_error();
  return good ? std::move(name) : nullptr;
}

}  // namespace

Result<DistinguishedName> DistinguishedName::parse(std::string_view text) {
  if (text.empty() || text.size() > bytes_max) return invalid("must have 1 to 1024 bytes");
  auto attributes = Parser(text).attributes();
  if (!attributes) return std::unexpected(attributes.error());
  auto name = adopt(name_of(*attributes).release());
  if (!name) return invalid("a value does not fit its attribute type");
  return *name;
}

std::optional<DistinguishedName> DistinguishedName::adopt(X509_NAME* taken) {
  std::shared_ptr<X509_NAME> name(taken, X509_NAME_free);
  if (taken == nullptr || X509_NAME_entry_count(taken) == 0) return std::nullopt;
  const bool encoded = i2d_X509_NAME(taken, nullptr) > 0;  // now: comparing changes nothing later
  ERR_clear_error();
  return encoded ? std::optional(DistinguishedName(std::move(name))) : std::nullopt;
}

bool DistinguishedName::operator==(const DistinguishedName& other) const {
  return X509_NAME_cmp(name_.get(), other.name_.get()) == 0;
}

}  // namespace ward::crypto
