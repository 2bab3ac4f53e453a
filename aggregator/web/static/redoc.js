// ReDoc shows its maker's logo from another server; pages of ours ask no server but their own.
const images = HTMLImageElement.prototype;
const source = Object.getOwnPropertyDescriptor(images, "src");
const isElsewhere = (url) => /^https?:/.test(url) && new URL(url).origin !== location.origin;

images.setAttribute = function (name, value) {
  if (name !== "src" || !isElsewhere(value)) {
    Element.prototype.setAttribute.call(this, name, value);
  }
};
Object.defineProperty(images, "src", {
  ...source,
  set(url) {
    if (!isElsewhere(url)) {
      source.set.call(this, url);
    }
  },
});

const place = document.getElementById("docs");
const theme = { colors: { primary: { main: "#0e6257" } } };

Redoc.init(place.dataset.document, { hideSchemaPattern: true, theme }, place);
