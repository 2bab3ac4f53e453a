const place = document.getElementById("docs");
const dark = matchMedia("(prefers-color-scheme: dark)");

const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// By default examples that are text are quoted wherever the media type speaks of JSON: NDJSON is
// text as it stands.
const showTextAsItIs = {
  afterLoad: ({ fn: { jsonSchema202012: samples } }) => {
    const usual = samples.getJsonSampleSchema;
    samples.getJsonSampleSchema = (schema, config, mediaType, example) =>
      mediaType === "application/x-ndjson" && typeof example === "string"
        ? example
        : usual(schema, config, mediaType, example);
  },
};

// By default it looks for an input for UUIDs in lists, and complains that there is none.
const enterUuidsAsText = ({ React }) => ({
  components: {
    JsonSchema_string_uuid: (props) =>
      React.createElement(props.getComponent("JsonSchema_string"), props),
  },
});

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  // By default it asks an outside service whether the document is valid.
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  plugins: [showTextAsItIs, enterUuidsAsText],
});
