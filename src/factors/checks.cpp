#include "checks.hpp"

#include "base/guarded.hpp"
#include "crypto/hash.hpp"

namespace ward::factors {

Result<void> check_authenticator_data(const AuthenticatorData& data, const Expected& expected) {
  const auto rp_id_hash = crypto::sha256(expected.rp_id);
  if (!constant_time_equal(data.rp_id_hash, crypto::view(rp_id_hash)))
    return fail("rp_id", "the authenticator signed for another relying party");
  if (!data.user_present()) return fail("user_present", "nobody touched the authenticator");
  if (expected.user_verification_required && !data.user_verified())
    return fail("user_verified", "the authenticator did not verify its user (PIN, finger, face)");
  if (data.backed_up() && !data.backup_eligible())
    return fail("backup_state", "the authenticator says that a credential is backed up that cannot be");
  return {};
}

}  // namespace ward::factors
