// People: list, make, show, change, remove.
#include "administrators.hpp"
#include "change.hpp"
#include "operations.hpp"
#include "resets.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;
using identity::Person;

namespace {

std::expected<Person, Problem> known(Administration& all, const Call& call) {
  auto person = all.parts.identity.person(call.id);
  if (!person) return not_found("person");
  return std::move(*person);
}

std::unexpected<Problem> refuse_password(std::string problem) {
  return refuse(422, "password_refused", "the password is not taken", {{"#/password", std::move(problem)}});
}

std::expected<void, Problem> set_password(Administration& all, Person& person, const json::object& body) {
  const Secret<std::string> password(text_of(body, "password"));
  if (password.reveal().empty()) return {};
  if (std::string problem = identity::password_problem(password, {person.username, person.name}); !problem.empty())
    return refuse_password(std::move(problem));
  auto hash = identity::hash_password(password, all.parts.random);
  if (!hash) return of_error(hash.error());
  person.password_hash = std::move(*hash);
  return {};
}

/// What a body names is put in place; null takes away.
void apply(Person& person, const json::object& body) {
  if (body.contains("roles")) person.roles = texts_of(body, "roles");
  if (body.contains("purposes")) person.purposes = texts_of(body, "purposes");
  if (body.contains("fhir_user")) person.fhir_user = text_of(body, "fhir_user");
  if (body.contains("name")) person.name = text_of(body, "name");
  if (body.contains("disabled")) person.disabled = flag_of(body, "disabled");
}

/// The room's own reading of a person says whether it would be taken, before anything is on record.
std::expected<void, Problem> check(const Person& person) {
  if (auto read = identity::parse_person(identity::to_json(person)); !read) return of_error(read.error());
  return {};
}

/// Also of somebody disabled.
bool has_role(const Person& person) { return std::ranges::find(person.roles, "administrator") != person.roles.end(); }

/// A machine that could make an administrator would be one, and two.
std::expected<void, Problem> keep_machines_out(const Actor& actor, bool administrator) {
  if (actor.root || !actor.username.empty() || !administrator) return {};
  return refuse(403, "administrator_needed", "a machine makes, changes and removes no administrators");
}

/// A house without an administrator could only be opened from its machine.
std::expected<void, Problem> keep_one_administrator(Administration& all, const Actor& actor, const Person& before,
                                                    bool stays) {
  if (actor.root || stays || !is_administrator(before)) return {};
  const auto people = all.parts.identity.people();
  const bool another = std::ranges::any_of(
      people, [&](const Person& one) { return one.username != before.username && is_administrator(one); });
  if (another) return {};
  return refuse(409, "last_administrator", "this is the last administrator; make another one first");
}

/// The answer's secrets: shown once.
std::expected<void, Problem> add_totp(Administration& all, const std::string& username, const json::object& body,
                                      json::object& answer) {
  const Secret<std::string> totp(text_of(body, "totp_secret"));
  if (totp.reveal().empty()) return {};
  if (auto set = all.parts.identity.set_totp(username, totp); !set) return of_error(set.error());
  auto codes = all.parts.identity.make_recovery_codes(username);
  if (!codes) return of_error(codes.error());
  json::array list;
  for (const Secret<std::string>& code : *codes) list.emplace_back(code.reveal());
  answer["recovery_codes"] = std::move(list);
  answer["second_factor"] = true;
  return {};
}

}  // namespace

json::object shown(const Administration& all, const Person& person) {
  return {{"username", person.username},
          {"name", person.name},
          {"roles", array_of(person.roles)},
          {"fhir_user", person.fhir_user},
          {"purposes", array_of(person.purposes)},
          {"disabled", person.disabled},
          {"password", !person.password_hash.empty()},
          {"second_factor", all.parts.identity.has_second_factor(person.username)}};
}

Outcome list_users(Administration& all, const Call& call) {
  const auto people = all.parts.identity.people_after(call.after, call.limit + 1);
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < people.size() && i < call.limit; ++i)
    reply.body.as_array().push_back(shown(all, people[i]));
  if (people.size() > call.limit) reply.next = people[call.limit - 1].username;
  return reply;
}

Outcome get_user(Administration& all, const Call& call) {
  const auto person = known(all, call);
  if (!person) return std::unexpected(person.error());
  return Reply{200, shown(all, *person)};
}

Outcome create_user(Administration& all, const Call& call) {
  Person person{.username = text_of(call.body, "username"),
                .password_hash = {},
                .roles = {},
                .fhir_user = {},
                .purposes = {},
                .name = {}};
  if (all.parts.identity.person(person.username))
    return refuse(409, "exists", "there is already a person with this name", {{"#/username", "is taken"}});
  apply(person, call.body);
  if (auto checked = check(person); !checked) return std::unexpected(checked.error());
  if (auto may = keep_machines_out(call.actor, has_role(person)); !may) return std::unexpected(may.error());
  const std::string totp = text_of(call.body, "totp_secret");
  if (!totp.empty() && !identity::is_totp_secret(Secret<std::string>(totp)))
    return refuse(422, "totp_invalid", "the secret is not taken",
                  {{"#/totp_secret", "must be base32 of at least 16 bytes (26 characters)"}});
  if (auto set = set_password(all, person, call.body); !set) return std::unexpected(set.error());
  json::object after = shown(all, person);
  after["second_factor"] = !totp.empty();
  if (auto kept = all.record(call.actor, {audit::event::user_changed, 'C', person.username, {}, after}); !kept)
    return std::unexpected(kept.error());
  if (is_administrator(person))
    if (auto noted = note_let_in(all, call.actor, person.username); !noted) return std::unexpected(noted.error());
  if (auto put = all.parts.identity.put_person(person); !put) return of_error(put.error());
  if (auto added = add_totp(all, person.username, call.body, after); !added) return std::unexpected(added.error());
  return Reply{201, std::move(after)};
}

namespace {

Outcome try_change_user(Administration& all, const Call& call) {
  const auto before = known(all, call);
  if (!before) return std::unexpected(before.error());
  Person person = *before;
  apply(person, call.body);
  if (auto checked = check(person); !checked) return std::unexpected(checked.error());
  if (auto may = keep_machines_out(call.actor, has_role(*before) || has_role(person)); !may)
    return std::unexpected(may.error());
  if (auto kept = keep_one_administrator(all, call.actor, *before, is_administrator(person)); !kept)
    return std::unexpected(kept.error());
  if (auto set = set_password(all, person, call.body); !set) return std::unexpected(set.error());
  const json::object was = shown(all, *before);
  json::object is = shown(all, person);
  json::object recorded = is;
  const bool fresh_password = person.password_hash != before->password_hash;
  if (fresh_password) recorded["password"] = "changed";
  if (auto kept = all.record(call.actor, {audit::event::user_changed, 'U', person.username, was, recorded}); !kept)
    return std::unexpected(kept.error());
  if (is_administrator(person) && (fresh_password || !is_administrator(*before)))
    if (auto noted = note_let_in(all, call.actor, person.username); !noted) return std::unexpected(noted.error());
  // With other rights the generation grows: every token and session of the person is over. Meanwhile the person may
  // have set another password, which must not be undone.
  if (auto put = all.parts.identity.change_person(*before, person); !put)
    return put.error().is("changed_meanwhile")
               ? refuse(409, "changed_meanwhile", "this person was changed at the same moment; read it and try again")
               : of_error(put.error());
  return Reply{200, std::move(is)};
}

}  // namespace

Outcome change_user(Administration& all, const Call& call) {
  // Who disables an account must not be told to try again because its owner was just then changing a password.
  constexpr int more_tries = 4;
  Outcome outcome = try_change_user(all, call);
  for (int i = 0; i < more_tries && !outcome && outcome.error().code == "changed_meanwhile"; ++i)
    outcome = try_change_user(all, call);
  return outcome;
}

Outcome remove_user(Administration& all, const Call& call) {
  const auto before = known(all, call);
  if (!before) return std::unexpected(before.error());
  if (auto may = keep_machines_out(call.actor, has_role(*before)); !may) return std::unexpected(may.error());
  if (auto kept = keep_one_administrator(all, call.actor, *before, false); !kept) return std::unexpected(kept.error());
  if (auto kept = all.record(call.actor, {audit::event::user_changed, 'D', call.id, shown(all, *before), {}}); !kept)
    return std::unexpected(kept.error());
  // Or it could be confirmed against whoever has the name next.
  if (auto dropped = drop_reset(all, call.id); !dropped) return std::unexpected(dropped.error());
  if (auto removed = all.parts.identity.remove_person(call.id); !removed) return of_error(removed.error());
  if (has_role(*before)) forget_let_in(all, call.id);
  return Reply{204, nullptr};
}

}  // namespace ward::manage
