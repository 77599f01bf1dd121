#include "path/functions.hpp"
#include "path/temporal.hpp"
#include "path/types.hpp"

namespace ward::fhir::path {
namespace {

using Items = PathItems;

Items negation(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  const auto value = in.truth(focus);
  return value && !in.failed() ? Items{make(!*value)} : Items();
}

Items now(Evaluator& in, const Items&, const Node&, const Scope&) {
  return {make(from_ms(in.context().now.time_since_epoch().count()))};
}

Items today(Evaluator& in, const Items&, const Node&, const Scope&) {
  Temporal day = from_ms(in.context().now.time_since_epoch().count());
  day.kind = Temporal::date;
  day.precision = Temporal::day;
  day.offset_minutes.reset();
  return {make(day)};
}

Items time_of_day(Evaluator& in, const Items&, const Node&, const Scope&) {
  Temporal time = from_ms(in.context().now.time_since_epoch().count());
  time.kind = Temporal::time;
  time.offset_minutes.reset();
  return {make(time)};
}

/// Nothing is written anywhere: a trace of a resource is PHI.
Items trace(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  // The projection is evaluated all the same, for the errors that it may have.
  for (std::size_t i = 0; call.children.size() > 1 && i < focus.size() && !in.failed(); ++i)
    in.for_item(call.children[1], focus[i], static_cast<std::int64_t>(i));
  single_text(in, in.argument(call, 0, scope), "trace()");
  return focus;
}

/// The parts of a date or time (the continuous build, "Extract Date/DateTime/Time components"); empty where the value
/// is less precise.
template <Temporal::Precision part, int Temporal::* member>
Items component(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return {};
  const Computed value = value_of(*item);
  const auto* temporal = std::get_if<Temporal>(&value);
  if (!temporal) return in.type_error("a date or time is needed");
  const bool has = temporal->precision >= part && (part >= Temporal::hour || temporal->kind != Temporal::time);
  return has ? Items{make(std::int64_t{temporal->*member})} : Items();
}

Items offset_of(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return {};
  const Computed value = value_of(*item);
  const auto* temporal = std::get_if<Temporal>(&value);
  if (!temporal) return in.type_error("a date or time is needed");
  if (!temporal->offset_minutes) return {};
  return {make(Decimal{Int128{*temporal->offset_minutes} * 100 / 60, 2})};
}

template <bool of_date>
Items half_of(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return {};
  const Computed value = value_of(*item);
  const auto* temporal = std::get_if<Temporal>(&value);
  if (!temporal) return in.type_error("a date or time is needed");
  Temporal half = *temporal;
  half.offset_minutes.reset();
  if (of_date ? half.kind == Temporal::time : half.precision < Temporal::hour) return {};
  half.kind = of_date ? Temporal::date : Temporal::time;
  if (of_date) half.precision = std::min(half.precision, Temporal::day);
  return {make(half)};
}

Items is_type(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const PathItem* item = in.single(focus, "is()");
  return item && !in.failed() ? Items{make(is_a(*item, call.type_space, call.text, true))} : Items();
}

Items as_type(Evaluator&, const Items& focus, const Node& call, const Scope&) {
  return filter_type(focus, call.type_space, call.text);
}

Items type(Evaluator&, const Items& focus, const Node&, const Scope&) {
  Items out;
  for (const PathItem& item : focus) out.push_back(make(type_of(item)));
  return out;
}

Items has_value(Evaluator&, const Items& focus, const Node&, const Scope&) {
  return {make(focus.size() == 1 && !std::holds_alternative<std::monostate>(value_of(focus[0])) &&
               !focus[0].value.is_object())};
}

Items get_value(Evaluator&, const Items& focus, const Node&, const Scope&) {
  if (focus.size() != 1 || focus[0].value.is_object()) return {};
  Computed value = value_of(focus[0]);
  return std::holds_alternative<std::monostate>(value) ? Items() : Items{make(std::move(value))};
}

Items extensions(Evaluator& in, const Items& focus, const std::string& url) {
  Items all, out;
  for (const PathItem& item : focus) append_children(item, "extension", all);
  in.within(all);
  for (PathItem& extension : all) {
    if (extension.value.string("url") == url) out.push_back(std::move(extension));
  }
  return out;
}

Items extension(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto url = single_text(in, in.argument(call, 0, scope), "extension()");
  return url ? extensions(in, focus, *url) : Items();
}

Items has_extension(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto url = single_text(in, in.argument(call, 0, scope), "hasExtension()");
  return url ? Items{make(!extensions(in, focus, *url).empty())} : Items();
}

/// A contained resource as itself; any other as an item that has the type its reference names, and nothing else: what a
/// search parameter asks of it (`resolve() is Patient`).
Items resolve(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  Items out;
  std::string scratch;
  for (const PathItem& item : focus) {
    const std::string reference = item.value.is_object()   ? item.value.string("reference")
                                  : item.value.is_string() ? item.value.text()
                                                           : std::string();
    if (reference.starts_with('#')) {
      for (json::Value contained = in.context().resource["contained"].first(); contained && in.within({});
           contained = contained.next()) {
        if (contained.string("id") == std::string_view(reference).substr(1))
          out.push_back(resource_item(contained, {}));
      }
      continue;
    }
    const r4::Definition* definition = r4::find_definition(referenced_type(item, scratch));
    if (!definition || definition->kind != r4::Kind::resource) continue;
    PathItem target;
    target.type = definition->name;
    target.definition = definition;
    out.push_back(std::move(target));
  }
  return out;
}

/// Only of R4's own definitions, which are its types; profiles are for validation.
Items conforms_to(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto url = single_text(in, in.argument(call, 0, scope), "conformsTo()");
  const PathItem* item = in.single(focus, "conformsTo()");
  if (!url || !item || in.failed()) return {};
  constexpr std::string_view base = "http://hl7.org/fhir/StructureDefinition/";
  const std::string_view name = std::string_view(*url).substr(std::min(base.size(), url->size()));
  if (!url->starts_with(base) || !is_known_type("FHIR", name))
    return in.type_error("conformsTo() of an unknown profile");
  return {make(is_a(*item, "FHIR", name, true))};
}

constexpr Function table[] = {
    {"not", 0, 0, negation},
    {"now", 0, 0, now},
    {"today", 0, 0, today},
    {"timeOfDay", 0, 0, time_of_day},
    {"trace", 1, 2, trace},
    {"is", 1, 1, is_type, true},
    {"as", 1, 1, as_type, true},
    {"type", 0, 0, type},
    {"hasValue", 0, 0, has_value},
    {"getValue", 0, 0, get_value},
    {"extension", 1, 1, extension},
    {"hasExtension", 1, 1, has_extension},
    {"resolve", 0, 0, resolve},
    {"conformsTo", 1, 1, conforms_to},
    {"yearOf", 0, 0, component<Temporal::year, &Temporal::years>},
    {"monthOf", 0, 0, component<Temporal::month, &Temporal::months>},
    {"dayOf", 0, 0, component<Temporal::day, &Temporal::days>},
    {"hourOf", 0, 0, component<Temporal::hour, &Temporal::hours>},
    {"minuteOf", 0, 0, component<Temporal::minute, &Temporal::minutes>},
    {"secondOf", 0, 0, component<Temporal::second, &Temporal::seconds>},
    {"millisecondOf", 0, 0, component<Temporal::millisecond, &Temporal::milliseconds>},
    {"timezoneOffsetOf", 0, 0, offset_of},
    {"dateOf", 0, 0, half_of<true>},
    {"timeOf", 0, 0, half_of<false>},
};

}  // namespace

std::span<const Function> utility_functions() { return table; }

}  // namespace ward::fhir::path
