// Constant arrays in which equal runs are stored once, and a pool of all texts.
'use strict';

// Each text once; C++ sees one array of characters, so that a text costs no relocation of its own to compile.
class Texts {
  constructor() {
    this.offsets = new Map();
    this.bytes = 0;
  }

  // A C++ expression of type std::string_view.
  view(text) {
    if (text === '') return '{}';
    if (!this.offsets.has(text)) {
      this.offsets.set(text, this.bytes);
      this.bytes += Buffer.byteLength(text);
    }
    return `{texts+${this.offsets.get(text)},${Buffer.byteLength(text)}}`;
  }

  // With its bound, which Clang wants to know before an offset into it is constant.
  declare() { return `extern const char texts[${this.bytes + 1}];\n`; }

  emit() {
    const lines = [...this.offsets.keys()].map((text) => JSON.stringify(text).replace(/\?\?/g, '?\\?'));
    return `constinit const char texts[] =\n${lines.join('\n')};\n`;
  }
}

// Rows of one C++ type. `span` stores a run of rows, or finds an equal one, and gives the std::span of it.
class Rows {
  constructor(type, name) {
    this.type = type;
    this.name = name;
    this.rows = [];
    this.runs = new Map();
  }

  span(rows) {
    if (rows.length === 0) return '{}';
    const key = rows.join('\n');
    if (!this.runs.has(key)) {
      this.runs.set(key, this.rows.length);
      this.rows.push(...rows);
    }
    return `{${this.name}+${this.runs.get(key)},${rows.length}}`;
  }

  declare() { return `extern const ${this.type} ${this.name}[${this.rows.length}];\n`; }

  emit() { return `constinit const ${this.type} ${this.name}[] = {\n${this.rows.join(',\n')}\n};\n`; }
}

module.exports = { Texts, Rows };
