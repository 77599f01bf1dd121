// Finds people for the pages: whose record an app is to open, and who acts for whom. By the person's own Grant, like
// any search.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// `query`: a name, a birth date (1970-01-31), a record number, or "_id=12"; empty: the first ones. What comes back was
/// minimised. Notes the patients in the record. Error: "not_allowed", "store_failed".
boost::asio::awaitable<Result<identity::PatientChoices>> find_patients(Exchange& x, const identity::Caller& caller,
                                                                       std::string query);

/// Who may act today for the patient that `caller` is. Errors as above.
boost::asio::awaitable<Result<std::vector<identity::Delegate>>> find_delegates(Exchange& x,
                                                                               const identity::Caller& caller);

}  // namespace ward::door
