#include "openapi.hpp"

#include "operations.hpp"
#include "schemas.hpp"

#include <boost/json.hpp>

namespace ward::manage {

namespace json = boost::json;

namespace {

json::object reference(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

json::object content(std::string_view type, json::object schema) {
  return {{type, json::object{{"schema", std::move(schema)}}}};
}

json::object parameter(std::string_view name, std::string_view in, json::object schema, std::string_view said) {
  return {{"name", name}, {"in", in}, {"required", in == "path"}, {"schema", std::move(schema)}, {"description", said}};
}

std::string_view parameter_name(std::string_view path) {
  const std::size_t open = path.find('{');
  return open == path.npos ? std::string_view() : path.substr(open + 1, path.find('}') - open - 1);
}

json::array parameters_of(const Operation& one) {
  json::array all;
  if (const std::string_view name = parameter_name(one.path); !name.empty())
    all.push_back(
        parameter(name, "path",
                  {{"type", "string"}, {"pattern", "^[A-Za-z0-9" + std::string(characters_of(one.path)) + "]{1,64}$"}},
                  "whom or what"));
  if (one.list) {
    all.push_back(parameter("limit", "query", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"default", 50}},
                            "how many on a page"));
    all.push_back(parameter("cursor", "query", {{"type", "string"}, {"maxLength", 512}},
                            "`next_cursor` of the page before; good for an hour, for who got it"));
  }
  if (one.method == "POST")
    all.push_back(parameter("Idempotency-Key", "header", {{"type", "string"}, {"maxLength", 257}},
                            "the same key gives the same answer for 24 hours"));
  return all;
}

json::object answer_of(const Operation& one) {
  if (one.answer == nullptr) return {{"description", "Done"}};
  json::object schema = reference(one.list ? std::string(one.answer->name) + "Page" : std::string(one.answer->name));
  return {{"description", one.answer->description}, {"content", content("application/json", std::move(schema))}};
}

json::object problem(std::string_view said) {
  return {{"description", said}, {"content", content("application/problem+json", reference("Problem"))}};
}

json::object responses_of(const Operation& one) {
  json::object all{{std::to_string(one.status), answer_of(one)},
                   {"400", problem("The request cannot be read so")},
                   {"401", problem("No token, or a second factor within 15 minutes is needed (RFC 9470)")},
                   {"403", problem("Not for this caller")},
                   {"429", problem("Too often")},
                   {"503", problem("It could not be kept; nothing changed")}};
  if (one.also != 0) all[std::to_string(one.also)] = answer_of(one);
  if (one.path.contains('{')) all["404"] = problem("There is none");
  if (one.method != "GET") all["409"] = problem("It stands against what is there");
  if (one.body != nullptr) {
    all["415"] = problem("Another media type is needed");
    all["422"] = problem("The body does not hold; `errors` points at what");
  }
  return all;
}

json::object described(const Operation& one) {
  json::object all{{"operationId", one.id},
                   {"summary", one.summary},
                   {"parameters", parameters_of(one)},
                   {"responses", responses_of(one)}};
  if (one.body != nullptr) {
    json::object types = content("application/json", reference(one.body->name));
    if (one.body->change) types["application/merge-patch+json"] = types["application/json"];
    all["requestBody"] = json::object{{"required", true}, {"content", std::move(types)}};
  }
  return all;
}

json::object page_schema(std::string_view name) {
  return {
      {"type", "object"},
      {"properties", json::object{{"items", json::object{{"type", "array"}, {"items", reference(name)}}},
                                  {"next_cursor", json::object{{"type", "string"}, {"description", "more follow"}}}}},
      {"required", json::array{"items"}},
      {"additionalProperties", false}};
}

json::object problem_schema() {  // RFC 9457
  const json::object text{{"type", "string"}};
  const json::object error{{"type", "object"},
                           {"properties", json::object{{"pointer", text}, {"detail", text}}},
                           {"required", json::array{"pointer", "detail"}}};
  return {{"type", "object"},
          {"properties", json::object{{"type", text},
                                      {"title", json::object{{"type", "string"}, {"description", "a stable slug"}}},
                                      {"status", json::object{{"type", "integer"}}},
                                      {"detail", text},
                                      {"errors", json::object{{"type", "array"}, {"items", error}}}}},
          {"required", json::array{"type", "title", "status", "detail"}}};
}

/// Served by the door itself, so it stands in no table of operations.
json::object emergency_access() {
  const json::object asked{
      {"type", "object"},
      {"properties",
       json::object{{"patient", json::object{{"type", "string"}, {"description", "id"}}},
                    {"reason", json::object{{"type", "string"}, {"minLength", 10}, {"maxLength", 1000}}}}},
      {"required", json::array{"patient", "reason"}},
      {"additionalProperties", false}};
  json::object post{
      {"operationId", "declareEmergency"},
      {"summary", "Opens one patient's record for half an hour, under the purpose ETREAT"},
      {"parameters", json::array{}},
      {"requestBody", json::object{{"required", true}, {"content", content("application/json", asked)}}},
      {"responses",
       json::object{{"201", json::object{{"description", "Open; also for an id that nobody has"}}},
                    {"401", json::object{{"description", "A second factor within 5 minutes is needed (RFC 9470)"}}},
                    {"403", json::object{{"description", "No role of the caller has the purpose ETREAT"}}},
                    {"422", json::object{{"description", "The body does not hold"}}},
                    {"429", json::object{{"description", "Too many at once"}}}}}};
  return {{"post", std::move(post)}};
}

json::object schemas() {
  json::object all;
  for (const Operation& one : operations())
    for (const Schema* schema : {one.body, one.answer}) {
      if (schema == nullptr) continue;
      all[schema->name] = json_schema(*schema);
      if (one.list && schema == one.answer) all[std::string(schema->name) + "Page"] = page_schema(schema->name);
    }
  all["Problem"] = problem_schema();
  return all;
}

}  // namespace

std::string openapi() {
  json::object paths;
  for (const Operation& one : operations()) {
    json::object& path = paths[one.path].is_null() ? paths[one.path].emplace_object() : paths[one.path].as_object();
    std::string method(one.method);
    for (char& c : method) c = static_cast<char>(c | 0x20);
    path[method] = described(one);
  }
  paths["/emergency-access"] = emergency_access();
  const json::object description{
      {"openapi", "3.1.0"},
      {"info",
       json::object{{"title", "Ward administration"},
                    {"version", "1"},
                    {"description",
                     "People, clients, sessions and keys. For the role administrator with the scope ward/admin and "
                     "a second factor within 15 minutes, and for machines that are registered for ward/admin."}}},
      {"servers", json::array{json::object{{"url", "/api/v1"}}}},
      {"security", json::array{json::object{{"token", json::array{}}}}},
      {"paths", std::move(paths)},
      {"components",
       json::object{
           {"securitySchemes",
            json::object{{"token", json::object{{"type", "http"},
                                                {"scheme", "bearer"},
                                                {"bearerFormat", "at+jwt (RFC 9068), with the scope ward/admin"}}}}},
           {"schemas", schemas()}}}};
  return json::serialize(description);
}

}  // namespace ward::manage
