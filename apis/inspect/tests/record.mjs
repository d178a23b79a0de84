// Records what Node makes of the expressions in corpus.js and formats.js. Run with Node 20: node record.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { format, inspect } from "node:util";

const here = new URL(".", import.meta.url);
// Indirect, so that the expressions are sloppy code outside this module.
const evaluate = (source) => (0, eval)(`(${source})`);

const record = (from, to, textOf) => {
  const source = readFileSync(new URL(from, here), "utf8");
  const expressions = evaluate(source.slice(source.indexOf("[\n")));
  const lines = expressions.map((expression) => JSON.stringify([expression, textOf(evaluate(expression))]));
  writeFileSync(new URL(to, here), `[\n  ${lines.join(",\n  ")}\n]\n`);
};

record("corpus.js", "node20.json", (value) => inspect(value));
record("formats.js", "node20_formats.json", (args) => format(...args));
