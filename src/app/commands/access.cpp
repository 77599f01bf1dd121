// ward access prove: what the policy hides stays hidden, shown by asking.
#include "commands/bar.hpp"
#include "commands/commands.hpp"
#include "configuration.hpp"
#include "prove/prover.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

struct Asked {
  std::vector<std::string> roles;
  double seconds = 0;
  std::uint64_t requests = 0, seed = 1;
  std::string scratch;
  bool proxied = false;
};
constexpr double usual_seconds = 20;  // for each role, if neither time nor number is said

/// In memory where the machine has it: the log of each World is made durable for each request.
std::filesystem::path scratch_folder(const std::string& asked) {
  std::error_code ignored;
  const std::filesystem::path memory = "/dev/shm";
  std::filesystem::path parent = !asked.empty() ? std::filesystem::path(asked)
                                 : std::filesystem::is_directory(memory, ignored)
                                     ? memory
                                     : std::filesystem::temp_directory_path();
  return parent / fmt::format("ward-prove-{}", ::getpid());
}

std::string first_lines(const std::string& text) { return text.substr(0, 1200); }

void print_proof(const prove::Proof& proof, bool proxied) {
  fmt::print("{} as {}{}: {} of {} records seen", proof.role, proof.seat, proxied ? ", in front of another server" : "",
             proof.seen, proof.records);
  if (proof.nothing_hidden) return fmt::print("; nothing is hidden from this role, so there is nothing to prove\n");
  fmt::print("; the other set lacks {} and has {} otherwise ({} kinds of hidden elements)\n", proof.removed,
             proof.changed, proof.elements.size());
  fmt::print("  {} requests, {} answered with records: {}\n", proof.requests, proof.found,
             proof.differences.empty() ? "no difference" : "THE ANSWERS DIFFER");
  for (const prove::Difference& one : proof.differences)
    fmt::print("\n  {}\n  --- one set\n{}\n  --- the other\n{}\n", one.smallest.text(), first_lines(one.one),
               first_lines(one.other));
}

json::object json_of(const prove::Proof& proof) {
  json::array differences;
  for (const prove::Difference& one : proof.differences)
    differences.push_back(json::object{{"request", one.smallest.text()}, {"one", one.one}, {"other", one.other}});
  return {{"role", proof.role},
          {"seat", proof.seat},
          {"records", proof.records},
          {"seen", proof.seen},
          {"removed", proof.removed},
          {"changed", proof.changed},
          {"elements", json::array(proof.elements.begin(), proof.elements.end())},
          {"requests", proof.requests},
          {"found", proof.found},
          {"nothing_hidden", proof.nothing_hidden},
          {"differences", std::move(differences)}};
}

/// 0: no difference; 1: a difference, or a World that could not be made.
int run(const CommonOptions& options, const Asked& asked) {
  const Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  if (!configuration.problems.empty())
    return complain(Error("configuration", configuration.problems.front().text()), options.json);
  std::vector<std::string> roles = asked.roles.empty() ? configuration.policy->roles() : asked.roles;
  json::array proofs;
  int status = 0;
  for (const std::string& role : roles) {
    if (!configuration.policy->has_role(role))
      return complain(Error("role", fmt::format("the policy has no role {}", role)), options.json);
    Bar bar;
    prove::ProofOptions proof_options{.policy = configuration.policy,
                                      .role = role,
                                      .directory = scratch_folder(asked.scratch),
                                      .seed = asked.seed,
                                      .requests_max = asked.requests,
                                      .proxied = asked.proxied};
    const double seconds = asked.seconds == 0 && asked.requests == 0 ? usual_seconds : asked.seconds;
    proof_options.time = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    auto proof = prove::prove(proof_options, [&](const prove::ProofProgress& now) {
      if (now.of > 0) bar.show(now.done, now.of, "requests");
    });
    std::error_code ignored;
    std::filesystem::remove_all(proof_options.directory, ignored);
    if (!proof) return complain(proof.error(), options.json);
    if (!proof->differences.empty()) status = 1;
    if (options.json)
      proofs.push_back(json_of(*proof));
    else
      print_proof(*proof, asked.proxied);
    std::fflush(stdout);
  }
  if (options.json) print_json(json::object{{"proofs", std::move(proofs)}});
  return status;
}

}  // namespace

void add_access(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("access", "what the policy lets people see");
  command->require_subcommand(1);
  auto* proof = command->add_subcommand(
      "prove",
      "ask everything that FHIR lets a role ask, of two sets of records that differ only in what it may not see");
  proof->footer(
      "Makes both sets of synthetic records in memory, with the roles of ward.toml; the server's own records are not\n"
      "touched. Prints each request whose answers differ in a byte, cut down to the smallest. Exit status 0: none.\n\n"
      "Examples:\n  ward access prove\n  ward access prove --role front-desk --seconds 60\n"
      "  ward access prove --role nurse --requests 100000 --seed 7 --proxied");
  auto options = std::make_shared<CommonOptions>();
  auto asked = std::make_shared<Asked>();
  add_common(*proof, *options);
  proof->add_option("--role", asked->roles, "of these roles (default: all)")->delimiter(',')->allow_extra_args(false);
  proof->add_option("--seconds", asked->seconds, "for each role (default: 20, if no number of requests is said)");
  proof->add_option("--requests", asked->requests, "of each set, for each role");
  proof->add_option("--seed", asked->seed, "of the choices; the same seed asks the same")->capture_default_str();
  proof->add_flag("--proxied", asked->proxied, "in front of a second server that holds the records");
  proof->add_option("--scratch", asked->scratch, "a folder for what is made meanwhile (default: memory)");
  proof->callback([=, &status] { status = run(*options, *asked); });
}

}  // namespace ward::app
