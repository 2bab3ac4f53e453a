// For after.js: the path as the OpenAPI document has it, which is filled in once the request is sent.
const unresolved = pm.request.url.getPath({ unresolved: true });
pm.variables.set("path", unresolved.replace(/:(\w+)/g, "{$1}"));

// The document itself comes from the server, once a run.
if (!pm.variables.has("openapi")) {
  pm.sendRequest(pm.variables.replaceIn("{{base_url}}/openapi.json"), (error, response) => {
    pm.variables.set("openapi", response.text());
  });
}
