// Writes terminology.cpp: HL7's code systems, value sets (expanded) and extension definitions. Rows hold offsets into
// one pool of texts, so that they cost the loader nothing.
'use strict';

const fs = require('fs');
const path = require('path');

const base = 'http://hl7.org/fhir/StructureDefinition/';

function resources(folder, type) {
  return fs.readdirSync(folder)
    .filter((file) => file.startsWith(type + '-') && file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));
}

const compareBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

// Texts one after another, each ended by a NUL.
class Pool {
  constructor() {
    this.offsets = new Map();
    this.bytes = 0;
    this.of('');
  }

  of(text) {
    const plain = (text || '').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ' ');
    if (!this.offsets.has(plain)) {
      this.offsets.set(plain, this.bytes);
      this.bytes += Buffer.byteLength(plain) + 1;
    }
    return this.offsets.get(plain);
  }

  emit() {
    return [...this.offsets.keys()]
      .map((text) => JSON.stringify(text).slice(0, -1).replace(/\?\?/g, '?\\?') + '\\0"').join('\n');
  }
}

// ---- Code systems

function flatten(concepts, parent, out) {
  for (const concept of concepts || []) {
    const index = out.length;
    out.push({ code: concept.code, display: concept.display, definition: concept.definition, parent });
    flatten(concept.concept, index, out);
  }
  return out;
}

function readCodeSystems(examples) {
  const systems = new Map();
  for (const system of resources(examples, 'CodeSystem')) {
    if (!system.url || !['complete', 'fragment'].includes(system.content)) continue;
    if (system.url.startsWith('http://hl7.org/fhir/CodeSystem/example') || system.experimental === 'example') continue;
    const concepts = flatten(system.concept, -1, []);
    const seen = new Set();
    systems.set(system.url, { ...system, concepts: concepts.filter((c) => !seen.has(c.code) && seen.add(c.code)) });
    // Parents are counted before duplicates go; there are none in what HL7 published with a hierarchy.
    if (seen.size !== concepts.length) systems.get(system.url).concepts.forEach((c) => { c.parent = -1; });
  }
  return [...systems.values()].sort((a, b) => compareBytes(a.url, b.url));
}

// ---- Value sets

function expanded(contains, out) {
  for (const entry of contains || []) {
    if (entry.code && !entry.abstract) out.push({ system: entry.system || '', code: entry.code, display: entry.display });
    expanded(entry.contains, out);
  }
  return out;
}

// Of a compose with whole systems and lists of codes alone; null of any other.
function composed(set, systems) {
  if (!set.compose || set.compose.exclude) return null;
  const out = [];
  for (const include of set.compose.include) {
    const system = systems.get(include.system);
    if (!include.system || include.filter || include.valueSet) return null;
    if (include.concept) {
      const known = new Map((system ? system.concepts : []).map((c) => [c.code, c.display]));
      out.push(...include.concept.map((c) => ({ system: include.system, code: c.code, display: c.display || known.get(c.code) })));
    } else {
      if (!system || system.content !== 'complete') return null;
      out.push(...system.concepts.map((c) => ({ system: include.system, code: c.code, display: c.display })));
    }
  }
  return out;
}

function readValueSets(folder, codeSystems) {
  const systems = new Map(codeSystems.map((system) => [system.url, system]));
  const sets = new Map();
  for (const set of resources(path.join(folder, 'hl7.fhir.r4.examples'), 'ValueSet')) {
    const entries = set.url && composed(set, systems);
    if (entries) sets.set(set.url, { ...set, entries });
  }
  for (const set of resources(path.join(folder, 'hl7.fhir.r4.expansions'), 'ValueSet')) {
    const expansion = set.expansion;
    if (!expansion || !expansion.contains) continue;
    const marked = (expansion.extension || []).some((e) => e.valueBoolean &&
      [base + 'valueset-toocostly', base + 'valueset-unclosed'].includes(e.url));
    if (marked) continue;
    sets.set(set.url, { ...set, entries: expanded(expansion.contains, []) });
  }
  return [...sets.values()].sort((a, b) => compareBytes(a.url, b.url));
}

// ---- Extensions

function readExtensions(examples) {
  const all = new Map();
  for (const structure of resources(examples, 'StructureDefinition')) {
    if (structure.type !== 'Extension' || structure.derivation !== 'constraint' || !structure.context) continue;
    const value = structure.snapshot.element.find((e) => e.path === 'Extension.value[x]');
    // What a FHIRPath allows cannot be said here: such a definition fits everywhere.
    const open = structure.context.some((c) => c.type === 'fhirpath');
    all.set(structure.url, {
      url: structure.url,
      contexts: open ? [] : structure.context.map((c) => c.expression),
      types: value && value.max !== '0' ? (value.type || []).map((t) => t.code) : [],
    });
  }
  return [...all.values()].sort((a, b) => compareBytes(a.url, b.url));
}

// ---- The file

function writeTerminology(folder, file) {
  const examples = path.join(folder, 'hl7.fhir.r4.examples');
  const systems = readCodeSystems(examples);
  const sets = readValueSets(folder, systems);
  const extensions = readExtensions(examples);
  const pool = new Pool();
  const concepts = [], order = [], entries = [], names = [];
  const head = (thing) => [thing.url, thing.version, thing.name, thing.title].map((text) => pool.of(text)).join(',');
  const systemRows = systems.map((system) => {
    const first = concepts.length;
    system.concepts.forEach((c) => concepts.push(`{${pool.of(c.code)},${pool.of(c.display)},${pool.of(c.definition)},${c.parent}}`));
    const sorted = system.concepts.map((c, index) => [c.code, index]).sort((a, b) => compareBytes(a[0], b[0]));
    order.push(...sorted.map(([, index]) => index));
    return `{${head(system)},${first},${system.concepts.length},${system.content === 'complete'},${system.caseSensitive === true}}`;
  });
  const setRows = sets.map((set) => {
    const first = entries.length;
    set.entries.forEach((e) => entries.push(`{${pool.of(e.system)},${pool.of(e.code)},${pool.of(e.display)}}`));
    return `{${head(set)},${first},${set.entries.length}}`;
  });
  const listed = (texts) => {
    names.push(...texts.map((text) => pool.of(text)));
    return `${names.length - texts.length},${texts.length}`;
  };
  const extensionRows = extensions.map((e) => `{${pool.of(e.url)},${listed(e.contexts)},${listed(e.types)}}`);
  const array = (type, name, rows) => `constinit const ${type} ${name}[] = {\n${rows.join(',\n')}\n};\n`;
  const text = `// Generated from HL7's FHIR R4 packages by src/r4/generate; do not edit.
#include "terminology_tables.hpp"

namespace ward::r4 {

${array('TermConcept', 'term_concepts', concepts)}${array('std::uint32_t', 'term_order', order)}
${array('CodeSystem', 'term_systems', systemRows)}const std::size_t term_system_count = ${systems.length};
${array('TermEntry', 'term_entries', entries)}
${array('Expansion', 'term_sets', setRows)}const std::size_t term_set_count = ${sets.length};
${array('std::uint32_t', 'term_names', names)}
${array('ExtensionDefinition', 'term_extensions', extensionRows)}const std::size_t term_extension_count = ${extensions.length};
constinit const char term_texts[] =\n${pool.emit()};

}  // namespace ward::r4
`;
  fs.writeFileSync(file + '.part', text);
  fs.renameSync(file + '.part', file);
}

module.exports = { writeTerminology };
