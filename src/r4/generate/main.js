// Writes the tables of r4.hpp as C++: node main.js PACKAGES OUT
'use strict';

const fs = require('fs');
const path = require('path');
const { readPackages, membersOf } = require('./read');
const { Texts, Rows } = require('./pools');

const [packages, out] = process.argv.slice(2);
const published = readPackages(packages);
const texts = new Texts();
const tables = {
  views: new Rows('std::string_view', 'views'),
  types: new Rows('ElementType', 'element_types'),
  elements: new Rows('Element', 'elements'),
  slots: new Rows('MemberSlot', 'member_slots'),
  codes: new Rows('Coded', 'codes'),
  params: new Rows('SearchParam', 'params'),
  parts: new Rows('CompositePart', 'composite_parts'),
  composites: new Rows('Composite', 'composite_rows'),
};
const views = (list) => tables.views.span(list.map((text) => texts.view(text)));

// ---- Definitions

const definitionIndex = new Map(published.definitions.map((definition, index) => [definition.name, index]));

const required = new Set(published.definitions.flatMap((d) => d.elements)
  .filter((e) => e.binding === 'required' && published.valueSets.has(e.valueSet)).map((e) => e.valueSet));
const valueSets = [...required].sort();
const valueSetIndex = new Map(valueSets.map((url, index) => [url, index]));

function typeRow(type) {
  const index = definitionIndex.get(type.definition);
  const definition = index === undefined ? 'nullptr' : `definitions+${index}`;
  return `{${texts.view(type.code)},${definition},${views(type.targets)}}`;
}

function elementRow(element) {
  const index = element.binding === 'required' ? valueSetIndex.get(element.valueSet) : undefined;
  return `{${[
    texts.view(element.name), texts.view(element.path), element.choice, element.summary, element.modifier,
    element.min, element.max, tables.types.span(element.types.map(typeRow)), `BindingStrength::${element.binding}`,
    index === undefined ? 'nullptr' : `value_sets+${index}`, texts.view(element.valueSet),
  ].join(',')}}`;
}

// The same as member_hash in tables.hpp.
function memberHash(seed, name) {
  let hash = seed;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash ^= hash >>> 15;
  return hash >>> 0;
}

// A table without collisions, so that a look-up is one hash and one comparison.
function perfectHash(members) {
  let size = 1;
  while (size < members.length * 2) size *= 2;
  for (let seed = 1; ; seed += 1) {
    if (seed % 2000 === 0) size *= 2;
    const slots = new Array(size).fill(null);
    const placed = members.every((member) => {
      const slot = memberHash(seed, member.name) & (size - 1);
      if (slots[slot]) return false;
      slots[slot] = member;
      return true;
    });
    if (placed) return { seed, slots };
  }
}

function definitionRow(definition) {
  const { seed, slots } = perfectHash(membersOf(definition));
  const slotRows = slots.map((m) => (m ? `{${texts.view(m.name)},${m.index},${m.typeIndex}}` : '{}'));
  return `{${[
    texts.view(definition.name), `Kind::${definition.kind}`, tables.elements.span(definition.elements.map(elementRow)),
    texts.view(definition.pattern), tables.slots.span(slotRows), seed,
  ].join(',')}}`;
}

// ---- Value sets, search parameters

function valueSetRow(url) {
  const codes = published.valueSets.get(url).codes.map((c) => `{${texts.view(c.system)},${texts.view(c.code)}}`);
  return `{${texts.view(url)},${tables.codes.span(codes)}}`;
}

function paramRow(param) {
  return `{${[
    texts.view(param.code), texts.view(param.url), `ParamType::${param.type}`, texts.view(param.expression),
    views(param.target || []), texts.view(param.base),
  ].join(',')}}`;
}

function typeIndexRow(type) {
  const params = tables.params.span(published.searchParams.get(type).map(paramRow));
  const composites = tables.composites.span(published.composites.get(type).map(compositeRow));
  const others = published.compartments.map((compartment) => views(compartment.get(type) || []));
  return `{${params},${views(published.patientCompartment.get(type) || [])},${composites},{${others}}}`;
}

function compositeRow(composite) {
  const parts = composite.parts.map((part) => `{${texts.view(part.code)},${part.anywhere}}`);
  return `{${texts.view(composite.code)},${tables.parts.span(parts)},${views(composite.members)}}`;
}

// ---- Files

const definitionRows = published.definitions.map(definitionRow);
const valueSetRows = valueSets.map(valueSetRow);
const typeRows = published.types.map(typeIndexRow);
const typeNames = published.types.map((type) => texts.view(type));

const bounds = [
  texts.declare(), ...Object.values(tables).map((rows) => rows.declare()),
  `extern const Definition definitions[${definitionRows.length}];\n`,
  `extern const ValueSet value_sets[${valueSetRows.length}];\n`,
];
const head = `// Generated from HL7's FHIR R4 packages by src/r4/generate; do not edit.
#include "tables.hpp"\n\nnamespace ward::r4 {\n\n${bounds.join('')}\n`;
const foot = '\n}  // namespace ward::r4\n';

function write(name, body) {
  const file = path.join(out, name);
  fs.writeFileSync(file + '.part', head + body + foot);
  fs.renameSync(file + '.part', file);
}

write('definitions.cpp', `${tables.types.emit()}
${tables.slots.emit()}
constinit const Definition definitions[] = {\n${definitionRows.join(',\n')}\n};
const std::size_t definition_count = ${definitionRows.length};\n`);
write('elements.cpp', tables.elements.emit());
write('value_sets.cpp', `${tables.codes.emit()}
constinit const ValueSet value_sets[] = {\n${valueSetRows.join(',\n')}\n};
const std::size_t value_set_count = ${valueSetRows.length};\n`);
write('search_params.cpp', `${tables.params.emit()}
${tables.parts.emit()}
${tables.composites.emit()}
constinit const TypeTables type_tables[] = {\n${typeRows.join(',\n')}\n};
constinit const std::string_view type_names[] = {\n${typeNames.join(',\n')}\n};
const std::size_t type_count = ${published.types.length};\n`);
write('texts.cpp', `${tables.views.emit()}\n${texts.emit()}`);
require('./terminology').writeTerminology(packages, path.join(out, 'terminology_data.cpp'));
