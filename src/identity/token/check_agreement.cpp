#include "token/attempt.hpp"

namespace ward::identity {

Refused check_agreement(Attempt& attempt) {
  const Agreement& agreement = *attempt.agreement;
  const Person* person = attempt.directory.person(agreement.username);
  if (person == nullptr || person->disabled || person->generation != agreement.person_generation)
    return invalid_grant("the person's rights have changed since, or are gone: they must sign in again",
                         "person_changed");
  if (attempt.client->client.generation != agreement.client_generation)
    return invalid_grant("the client's registration has changed since: the person must sign in again",
                         "client_changed");
  return {};
}

}  // namespace ward::identity
