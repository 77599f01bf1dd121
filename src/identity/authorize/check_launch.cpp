#include "authorize/attempt.hpp"

namespace ward::identity::authorize {

Refused check_launch(Attempt& attempt) {
  const auto id = attempt.parameters.get("launch");
  const bool wanted = (" " + attempt.flow.scope + " ").find(" launch ") != std::string::npos;
  if (!id)
    return wanted ? Refused(AuthorizeError{"invalid_request", "the scope launch needs the launch parameter of the EHR",
                                           "launch_missing"})
                  : Refused();
  const auto launch = attempt.launches.find(*id, unix_seconds(attempt.now));
  if (!launch || (!launch->client_id.empty() && launch->client_id != attempt.flow.client_id))
    return AuthorizeError{"invalid_request", "launch is unknown, was used, or is older than five minutes",
                          launch ? "launch_of_another_client" : "launch_unknown"};
  if (!wanted) return {};
  attempt.flow.launch = *id;
  attempt.flow.patient = launch->patient;
  attempt.flow.encounter = launch->encounter;
  attempt.flow.context = launch->context;
  return {};
}

}  // namespace ward::identity::authorize
