// Only the Log makes Receipts.
#include "audit/audit.hpp"

boost::asio::awaitable<void> answer(ward::audit::Log& log) {
#ifdef WARD_MUST_NOT_COMPILE
  ward::audit::Receipt forged(1, "record");
#endif
  ward::Result<ward::audit::Receipt> receipt = co_await log.append(ward::audit::Record());
  if (receipt) std::move(*receipt).permit();
}
