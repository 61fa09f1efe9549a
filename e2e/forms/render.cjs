// Renders JSON Schemas as a front end would, with @rjsf/core.
// Argument: the folder that has node_modules. Standard input: a JSON list of {name, schema, data}.
// Standard output: for each {name, html, said, errors}: the markup, what the libraries wrote to the console, and what
// the validator says of `data` (nothing where there is none).
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const load = createRequire(join(process.argv[2], "package.json"));
const { createElement } = load("react");
const { renderToStaticMarkup } = load("react-dom/server");
const Form = load("@rjsf/core").default;
const { customizeValidator } = load("@rjsf/validator-ajv8");
const Ajv2020 = load("ajv/dist/2020").default;

let said = [];
for (const level of ["log", "info", "warn", "error"]) {
  console[level] = (...parts) => said.push(parts.map(String).join(" "));
}

const validator = customizeValidator({ AjvClass: Ajv2020 });
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ name, schema, data }) => {
  said = [];
  const html = renderToStaticMarkup(createElement(Form, { schema, validator, formData: data }));
  const errors = data === undefined ? [] : validator.validateFormData(data, schema).errors.map((error) => error.stack);
  return { name, html, said, errors };
});
process.stdout.write(JSON.stringify(answers));
