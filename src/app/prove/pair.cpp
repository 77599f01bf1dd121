#include "prove/pair.hpp"

#include "fhir/index.hpp"
#include "fhir/validate.hpp"
#include "json/json.hpp"
#include "prove/leaves.hpp"
#include "prove/told.hpp"

#include <re2/re2.h>
#include <algorithm>
#include <map>
#include <set>

namespace ward::prove {
namespace {

namespace json = boost::json;
namespace json_reader = ward::json;
using demo::Resource;

constexpr std::size_t looked_at_per_type = 6;  // records of a type in which hidden elements are looked for
constexpr int rounds_max = 4;

/// Types from which relationships are derived: without them a person would see less, or more.
bool relates(std::string_view type) {
  static const std::set<std::string_view> types{"Patient",       "CareTeam",         "Encounter", "Appointment",
                                                "RelatedPerson", "PractitionerRole", "Group",     "EpisodeOfCare"};
  return types.contains(type);
}

std::vector<Reply> read_all(World& world, std::span<const Resource> resources) {
  std::vector<Asked> requests;
  for (const Resource& one : resources) {
    requests.emplace_back();
    requests.back().target = world.path() + "/" + one.type + "/" + one.id;
  }
  return world.ask(requests);
}

/// A number that follows from what is decided about, for choices that are the same in every run.
std::uint64_t draw(std::uint64_t seed, std::string_view about) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : about) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash ^ (hash >> 29);
}

json::value parsed(const Resource& resource) { return json::parse(resource.json); }

/// Whether a changed record can still be kept: a period that ends before it begins cannot.
bool storable(const Resource& resource) {
  const auto document = json_reader::Document::parse(resource.json);
  if (!document) return false;
  const auto index = fhir::index(*document, resource.type, resource.id, {});
  return index && std::ranges::all_of(index->dates, [](const store::DateEntry& date) { return date.low < date.high; });
}

bool valid(const Resource& resource) {
  const Buffer body(resource.json);
  const auto document = json_reader::Document::parse(body.view());
  return document && fhir::read_resource(*document, {.expected_type = resource.type}).ok();
}

class Surveyor {
 public:
  Surveyor(World& world, std::span<const Resource> resources) : world_(world), resources_(resources) {}

  std::size_t look() {
    seen_ = read_all(world_, resources_);
    return static_cast<std::size_t>(
        std::ranges::count_if(seen_, [](const Reply& reply) { return reply.status == 200; }));
  }
  bool sees(std::size_t index) const { return seen_[index].status == 200; }

  /// Which elements may change without the reader's noticing.
  Result<std::set<std::string>> hidden_places() {
    std::map<std::string, std::size_t> looked;
    std::set<std::string> hidden, shown;
    for (std::size_t i = 0; i < resources_.size(); ++i) {
      if (!sees(i) || looked[resources_[i].type]++ >= looked_at_per_type) continue;
      for (const std::string& place : places_of(resources_[i])) {
        if (hidden.contains(place) || shown.contains(place)) continue;
        const auto noticed = notices(i, place);
        if (!noticed) return std::unexpected(noticed.error());
        if (*noticed) (**noticed ? shown : hidden).insert(place);
      }
    }
    return hidden;
  }

 private:
  static std::set<std::string> places_of(const Resource& resource) {
    std::set<std::string> places;
    json::value body = parsed(resource);
    edit_leaves(body, [&](const std::string& place) {
      places.insert(place);
      return Leaf::keep;
    });
    return places;
  }

  /// Whether the reader sees that one element changed; nullopt if it cannot.
  Result<std::optional<bool>> notices(std::size_t index, const std::string& wanted) {
    const Resource& original = resources_[index];
    json::value body = parsed(original);
    edit_leaves(body, [&](const std::string& place) { return place == wanted ? Leaf::change : Leaf::keep; });
    const Resource variant{original.type, original.id, json::serialize(body)};
    if (variant.json == original.json || !storable(variant)) return std::optional<bool>();
    if (auto replaced = world_.replace(variant); !replaced) return std::unexpected(std::move(replaced.error()));
    const bool noticed = of_any_version(read_all(world_, {&original, 1}).front()) != of_any_version(seen_[index]);
    if (auto replaced = world_.replace(original); !replaced) return std::unexpected(std::move(replaced.error()));
    return noticed;
  }

  static std::string of_any_version(const Reply& reply) {
    static const re2::RE2 version(R"re((W/"|"versionId":")\d+)re");
    std::string text = told(reply);
    re2::RE2::GlobalReplace(&text, version, R"(\1N)");
    return text;
  }

  World& world_;
  std::span<const Resource> resources_;
  std::vector<Reply> seen_;
};

/// Everybody who might sit in the role's seat, likeliest first; a client last.
std::vector<Seat> seats_for(const std::string& role, const demo::Clinic& clinic) {
  std::vector<Seat> seats;
  for (const bool own : {true, false})
    for (const demo::Member& member : clinic.members)
      if ((member.role == role) == own) seats.push_back({role, member.fhir_user});
  seats.push_back({role, ""});
  return seats;
}

/// How the other set is made from the first.
class Other {
 public:
  Other(const Pair& pair, const Surveyor& survey, std::uint64_t seed) : pair_(pair), survey_(survey), seed_(seed) {
    for (std::size_t i = 0; i < pair.one.size(); ++i)
      if (survey.sees(i) && pair.one[i].type == "Patient") own_.push_back("Patient/" + pair.one[i].id + "\"");
  }

  /// The record as the other set has it; nullopt: not at all.
  std::optional<Resource> make(std::size_t index) const {
    const Resource& original = pair_.one[index];
    if (survey_.sees(index)) return edited(original, false);
    if (relates(original.type) && (of_own_patient(original) || original.type == "PractitionerRole")) return original;
    switch (draw(seed_, original.id) % 5) {
      case 0:
        return original;
      case 1:
      case 2:
        return std::nullopt;
      default:
        return edited(original, true);
    }
  }

 private:
  bool of_own_patient(const Resource& resource) const {
    return std::ranges::any_of(own_, [&](const std::string& name) { return resource.json.contains(name); });
  }
  Resource edited(const Resource& original, bool all) const {
    Resource made = original;
    for (const bool gently : {false, true}) {  // a changed code may be none; what is stored stays valid
      json::value body = parsed(original);
      edit_leaves(body, [&](const std::string& place) {
        if (!all && !pair_.places.contains(place)) return Leaf::keep;
        return gently || draw(seed_, original.id + place) % 3 == 0 ? Leaf::remove : Leaf::change;
      });
      made.json = json::serialize(body);
      if (storable(made) && (all || valid(made))) return made;
    }
    return original;
  }

  const Pair& pair_;
  const Surveyor& survey_;
  std::uint64_t seed_;
  std::vector<std::string> own_;
};

/// Puts back what the role can tell apart by reading. How many.
Result<std::size_t> put_back(const WorldOptions& options, Pair& pair, std::vector<std::optional<Resource>>& other) {
  pair.other.clear();
  for (const auto& one : other)
    if (one) pair.other.push_back(*one);
  auto worlds = open_worlds(options, pair);
  if (!worlds) return std::unexpected(std::move(worlds.error()));
  const auto left = read_all(*worlds->one, pair.one), right = read_all(*worlds->other, pair.one);
  std::size_t back = 0;
  bool lost = false;
  for (std::size_t i = 0; i < pair.one.size(); ++i) {
    if (told(left[i]) == told(right[i])) continue;
    ++back;
    lost = lost || left[i].status != right[i].status;
    other[i] = pair.one[i];
  }
  for (std::size_t i = 0; lost && i < pair.one.size(); ++i)
    if (relates(pair.one[i].type)) other[i] = pair.one[i];
  return back;
}

void count(Pair& pair, const std::vector<std::optional<Resource>>& other, const Surveyor& survey) {
  for (std::size_t i = 0; i < pair.one.size(); ++i) {
    const bool differs = !other[i] || other[i]->json != pair.one[i].json;
    if (!other[i]) ++pair.removed;
    if (other[i] && differs) {
      ++pair.changed;
      pair.hidden.push_back(*other[i]);
    }
    if (differs || !survey.sees(i)) pair.hidden.push_back(pair.one[i]);
  }
}

}  // namespace

Result<Worlds> open_worlds(const WorldOptions& options, const Pair& pair) {
  WorldOptions asked = options;
  asked.seat = pair.seat;
  Worlds worlds;
  for (const bool first : {true, false}) {
    asked.directory = options.directory.string() + (first ? "-one" : "-other");
    auto world = World::open(asked, first ? pair.one : pair.other);
    if (!world) return std::unexpected(std::move(world.error()));
    (first ? worlds.one : worlds.other) = std::move(*world);
  }
  return worlds;
}

Result<Pair> make_pair(const WorldOptions& options, const demo::Clinic& clinic, std::uint64_t seed,
                       const std::function<void(std::string_view)>& say) {
  Pair pair;
  for (const Resource& resource : clinic.resources)  // through one printer, so that both sets are spelled alike
    pair.one.push_back({resource.type, resource.id, json::serialize(json::parse(resource.json))});
  WorldOptions surveyed = options;
  surveyed.proxied = false;
  const std::vector<Seat> seats = seats_for(options.seat.role, clinic);
  surveyed.seat = seats.front();
  surveyed.directory += "-survey";
  say("looking at what the role may see");
  auto world = World::open(surveyed, pair.one);
  if (!world) return std::unexpected(std::move(world.error()));
  Surveyor survey(**world, pair.one);
  for (const Seat& seat : seats) {
    if (auto seated = (*world)->take_seat(seat); !seated) return std::unexpected(std::move(seated.error()));
    const std::size_t seen = survey.look();
    if (seen <= pair.seen) continue;
    const bool better = pair.seen == 0 || seen < pair.one.size();
    if (better && pair.seen == 0) pair.seat = seat, pair.seen = seen;
    if (pair.seen > 0 && pair.seen < pair.one.size()) break;
  }
  if (pair.seen == 0) pair.seat = seats.front();
  if (auto seated = (*world)->take_seat(pair.seat); !seated) return std::unexpected(std::move(seated.error()));
  pair.seen = survey.look();
  auto places = survey.hidden_places();
  if (!places) return std::unexpected(std::move(places.error()));
  pair.places = std::move(*places);
  world->reset();
  say("making a second set of records that it may not tell from the first");
  std::vector<std::optional<Resource>> other;
  const Other maker(pair, survey, seed);
  for (std::size_t i = 0; i < pair.one.size(); ++i) other.push_back(maker.make(i));
  for (int round = 0;; ++round) {
    WorldOptions embedded = options;
    embedded.proxied = false;
    auto back = put_back(embedded, pair, other);
    if (!back) return std::unexpected(std::move(back.error()));
    if (*back == 0) break;
    if (round == rounds_max)
      return fail("prove", "no two sets of records could be made that this role cannot tell apart by reading them");
  }
  count(pair, other, survey);
  return pair;
}

}  // namespace ward::prove
