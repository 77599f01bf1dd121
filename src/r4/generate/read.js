// Reads HL7's two R4 packages into plain objects that mirror r4.hpp.
'use strict';

const fs = require('fs');
const path = require('path');

const definitionBase = 'http://hl7.org/fhir/StructureDefinition/';
const extensionOf = (thing, name) => ((thing.extension || []).find((e) => e.url === definitionBase + name) || {});

// Every resource file of one type in a package, in a stable order. The expansions package has each file twice.
function resources(folder, type) {
  return fs.readdirSync(folder)
    .filter((file) => file.startsWith(type + '-') && file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')));
}

const withoutVersion = (url) => (url || '').split('|')[0];
const capitalised = (text) => text[0].toUpperCase() + text.slice(1);

// ---- Types and elements

function readDefinitions(examples) {
  const definitions = new Map();
  for (const structure of resources(examples, 'StructureDefinition')) {
    if (structure.derivation === 'constraint' || structure.kind === 'logical') continue;
    if (structure.kind === 'resource' && structure.abstract) continue;
    for (const definition of definitionsOf(structure)) definitions.set(definition.name, definition);
  }
  return [...definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

// One for the type itself, and one for each backbone element inside it ("Patient.contact").
function definitionsOf(structure) {
  const kinds = { resource: 'resource', 'complex-type': 'datatype', 'primitive-type': 'primitive' };
  const kind = kinds[structure.kind];
  const all = structure.snapshot.element.slice(1);
  const own = new Map([[structure.id, { name: structure.id, kind, elements: [], pattern: '' }]]);
  for (const element of all) {
    const parent = element.path.slice(0, element.path.lastIndexOf('.'));
    if (all.some((other) => other.path.startsWith(element.path + '.'))) {
      own.set(element.path, { name: element.path, kind: 'backbone', elements: [], pattern: '' });
    }
    const last = element.path.slice(parent.length + 1);
    if (kind === 'primitive' && last === 'value') {
      own.get(structure.id).pattern = extensionOf(element.type[0], 'regex').valueString || '';
    } else {
      own.get(parent).elements.push(elementOf(structure, element, last, own));
    }
  }
  return own.values();
}

function elementOf(structure, element, last, own) {
  const binding = element.binding || { strength: 'none' };
  return {
    name: last.replace('[x]', ''),
    path: element.path,
    choice: last.endsWith('[x]'),
    summary: element.isSummary === true,
    modifier: element.isModifier === true,
    min: element.min,
    max: element.max === '*' ? 0xffff : Number(element.max),
    types: typesOf(structure, element, own),
    binding: binding.strength,
    valueSet: withoutVersion(binding.valueSet),
  };
}

// A code may be listed more than once with different profiles; targets are put together.
function typesOf(structure, element, own) {
  if (element.contentReference) {
    return [{ code: 'BackboneElement', definition: element.contentReference.slice(1), targets: [] }];
  }
  const types = new Map();
  for (const type of element.type) {
    let code = type.code;
    if (code.startsWith('http://hl7.org/fhirpath/')) {
      code = extensionOf(type, 'structuredefinition-fhir-type').valueUrl || 'string';
    }
    if (structure.kind === 'resource' && element.path === structure.id + '.id') code = 'id';
    const definition = own.has(element.path) ? element.path : code;
    if (!types.has(code)) types.set(code, { code, definition, targets: [] });
    const targets = (type.targetProfile || []).map((url) => url.slice(definitionBase.length));
    if (!targets.includes('Resource')) types.get(code).targets.push(...targets);
  }
  return [...types.values()];
}

// What a JSON object of this definition may call its members.
function membersOf(definition) {
  const members = [];
  definition.elements.forEach((element, index) => {
    element.types.forEach((type, typeIndex) => {
      if (element.choice) members.push({ name: element.name + capitalised(type.code), index, typeIndex });
      else if (typeIndex === 0) members.push({ name: element.name, index, typeIndex });
    });
  });
  return members;
}

// ---- Value sets

// Only those that a closed list describes wholly; the others cannot refuse a code.
function readValueSets(expansions) {
  const sets = new Map();
  for (const set of resources(expansions, 'ValueSet')) {
    const expansion = set.expansion;
    if (!expansion || !expansion.contains) continue;
    const marks = ['valueset-toocostly', 'valueset-unclosed'];
    if (marks.some((name) => extensionOf(expansion, name).valueBoolean)) continue;
    sets.set(set.url, { url: set.url, codes: codesOf(expansion.contains) });
  }
  return sets;
}

function codesOf(contains) {
  const codes = [];
  for (const entry of contains) {
    if (entry.code && !entry.abstract) codes.push({ system: entry.system || '', code: entry.code });
    if (entry.contains) codes.push(...codesOf(entry.contains));
  }
  const order = (a, b) => compareBytes(a.code, b.code) || compareBytes(a.system, b.system);
  return codes.sort(order);
}

const compareBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

// ---- Search parameters and compartments

function readSearchParams(examples, types) {
  const published = resources(examples, 'SearchParameter')
    .filter((p) => p.expression && p.base && p.version === '4.0.1');
  const byType = new Map();
  for (const type of types) {
    const params = new Map();
    for (const base of ['Resource', 'DomainResource', type]) {
      for (const param of published.filter((p) => p.base.includes(base))) {
        const expression = base === type ? alternativesFor(type, param.expression, types) : param.expression;
        if (expression) params.set(param.code, { ...param, expression, base: type });
      }
    }
    byType.set(type, [...params.values()].sort((a, b) => compareBytes(a.code, b.code)));
  }
  return byType;
}

// "Patient.name | Person.name" for Patient is "Patient.name"; what names no resource type is for all.
function alternativesFor(type, expression, types) {
  return alternatives(expression).filter((alternative) => {
    const first = (/^[(\s]*([A-Za-z]+)/.exec(alternative) || [])[1];
    return first === type || !types.includes(first);
  }).join(' | ');
}

function alternatives(expression) {
  const parts = [''];
  let depth = 0;
  let quoted = false;
  for (const character of expression) {
    if (character === "'") quoted = !quoted;
    if (!quoted && character === '(') depth += 1;
    if (!quoted && character === ')') depth -= 1;
    if (!quoted && depth === 0 && character === '|') parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

// The parts of a composite parameter are parameters of their own, whose values must come from the same element. A part
// is known by its expression: R4 names the two parts of DocumentReference's `relationship` the wrong way round.
function readComposites(searchParams) {
  const byType = new Map();
  for (const [type, params] of searchParams) {
    const composites = params.filter((p) => p.type === 'composite' && p.component).map((composite) => {
      const bases = alternatives(composite.expression);
      return {
        code: composite.code,
        parts: composite.component.map((component) => partOf(component, bases, params)),
        members: bases.map((base) => base.split('.')[1] || ''),
      };
    });
    byType.set(type, composites);
  }
  return byType;
}

function partOf(component, bases, params) {
  const anywhere = component.expression.startsWith('%resource.');
  const plain = bases.map((base) => base + '.' + component.expression);
  const sameText = (expression) => alternatives(expression).sort().join() === plain.sort().join();
  const same = params.find((p) => p.type !== 'composite' && sameText(p.expression));
  const named = params.find((p) => p.url === component.definition);
  const part = same || named;
  if (!part) throw new Error('no parameter for the part ' + component.definition);
  return { code: part.code, anywhere };
}

function readCompartment(examples, name) {
  const file = path.join(examples, `CompartmentDefinition-${name}.json`);
  const compartment = JSON.parse(fs.readFileSync(file, 'utf8'));
  return new Map(compartment.resource.map((entry) => [entry.code, entry.param || []]));
}

// "{def}" stands for the owner itself, and a name that R4 has for no parameter for nothing.
function withKnownParams(compartment, searchParams) {
  const isReference = (type, code) => (searchParams.get(type) || []).some((p) => p.code === code && p.type === 'reference');
  return new Map([...compartment].map(([type, codes]) => [type, codes.filter((code) => isReference(type, code))]));
}

function readPackages(folder) {
  const examples = path.join(folder, 'hl7.fhir.r4.examples');
  const definitions = readDefinitions(examples);
  const types = definitions.filter((d) => d.kind === 'resource').map((d) => d.name);
  const searchParams = readSearchParams(examples, types);
  return {
    definitions,
    types,
    valueSets: readValueSets(path.join(folder, 'hl7.fhir.r4.expansions')),
    searchParams,
    composites: readComposites(searchParams),
    patientCompartment: readCompartment(examples, 'patient'),
    // In the order of r4::Compartment.
    compartments: ['device', 'encounter', 'practitioner', 'relatedPerson']
      .map((name) => withKnownParams(readCompartment(examples, name), searchParams)),
  };
}

module.exports = { readPackages, membersOf };
