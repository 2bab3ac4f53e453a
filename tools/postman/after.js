// Every answer is compared with the OpenAPI document that the server itself serves.
const FORMATS = { unknownFormats: ["int64"] };
const openapi = JSON.parse(pm.variables.get("openapi"));
const follow = (node) => node && node.$ref
  ? node.$ref.split("/").slice(1).reduce((parent, key) => parent[key], openapi)
  : node;

const operation = openapi.paths[pm.variables.get("path")][pm.request.method.toLowerCase()];
const documented = follow(operation.responses[pm.response.code]);
pm.test("The status is documented", () => pm.expect(documented).to.be.an("object"));

if (documented && documented.content) {
  const type = pm.response.headers.get("Content-Type").split(";")[0];
  const content = documented.content[type];
  pm.test("The Content-Type is documented", () => pm.expect(content).to.be.an("object"));
  if (content && /[/+]json$/.test(type)) {
    const schema = { allOf: [content.schema], components: openapi.components };
    pm.test("The body fits its schema", () => pm.response.to.have.jsonSchema(schema, FORMATS));
  }
}
