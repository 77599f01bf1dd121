// pages_preview FOLDER: writes every sample page in both languages, the assets, and the policy that belongs to them.
#include "models.hpp"

#include <fstream>
#include <iostream>

namespace {

using namespace ward::pages;

void write(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

/// The assets that a document names.
void write_assets(const std::filesystem::path& folder, const std::string& html) {
  for (std::size_t at = html.find("\"/assets/"); at != html.npos; at = html.find("\"/assets/", at + 1)) {
    const std::string path = html.substr(at + 1, html.find('"', at + 1) - at - 1);
    if (const auto found = asset(path)) write(folder / path.substr(1), found->content);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "pages_preview FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  write(folder / "policy.txt", content_security_policy());
  write(folder / "policy-form-post.txt", content_security_policy("https://cardia.example/callback"));
  for (const Language language : {Language::en, Language::es})
    for (const auto& sample : samples()) {
      Model model;
      sample.fill(model, language);
      const bool branded = sample.name == "login-problem";
      const Brand brand{branded ? "St. Elmo Clinic" : "Ward", branded ? "#8a2be2" : "", ""};
      const std::string html = render(sample.page, language, brand, model);
      write(folder / std::string(tag(language)) / (sample.name + ".html"), html);
      write_assets(folder, html);
    }
  return 0;
}
