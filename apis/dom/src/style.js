// CSSStyleDeclaration of the attribute `style`. Declarations are kept as they are written: values are closed at their end, but not
// interpreted.
(() => (kit) => {
  const { idl, native, classes, cached, illegal } = kit;
  const css = native.style;
  const { expose, need } = idl;

  const PROPERTIES =
    "accent-color align-content align-items align-self alignment-baseline all animation animation-composition animation-delay animation-direction animation-duration animation-fill-mode animation-iteration-count animation-name animation-play-state animation-timeline animation-timing-function appearance aspect-ratio backdrop-filter backface-visibility background background-attachment background-blend-mode background-clip background-color background-image background-origin background-position background-position-x background-position-y background-repeat background-size baseline-shift block-size border border-block border-block-color border-block-end border-block-end-color border-block-end-style border-block-end-width border-block-start border-block-start-color border-block-start-style border-block-start-width border-block-style border-block-width border-bottom border-bottom-color border-bottom-left-radius border-bottom-right-radius border-bottom-style border-bottom-width border-collapse border-color border-end-end-radius border-end-start-radius border-image border-image-outset border-image-repeat border-image-slice border-image-source border-image-width border-inline border-inline-color border-inline-end border-inline-end-color border-inline-end-style border-inline-end-width border-inline-start border-inline-start-color border-inline-start-style border-inline-start-width border-inline-style border-inline-width border-left border-left-color border-left-style border-left-width border-radius border-right border-right-color border-right-style border-right-width border-spacing border-start-end-radius border-start-start-radius border-style border-top border-top-color border-top-left-radius border-top-right-radius border-top-style border-top-width border-width bottom box-decoration-break box-shadow box-sizing break-after break-before break-inside caption-side caret-color clear clip clip-path clip-rule color color-interpolation color-scheme column-count column-fill column-gap column-rule column-rule-color column-rule-style column-rule-width column-span column-width columns contain contain-intrinsic-block-size contain-intrinsic-height contain-intrinsic-inline-size contain-intrinsic-size contain-intrinsic-width container container-name container-type content content-visibility counter-increment counter-reset counter-set cursor cx cy d direction display dominant-baseline empty-cells field-sizing fill fill-opacity fill-rule filter flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-wrap float flood-color flood-opacity font font-family font-feature-settings font-kerning font-language-override font-optical-sizing font-palette font-size font-size-adjust font-stretch font-style font-synthesis font-variant font-variant-alternates font-variant-caps font-variant-east-asian font-variant-ligatures font-variant-numeric font-variant-position font-variation-settings font-weight forced-color-adjust gap grid grid-area grid-auto-columns grid-auto-flow grid-auto-rows grid-column grid-column-end grid-column-gap grid-column-start grid-gap grid-row grid-row-end grid-row-gap grid-row-start grid-template grid-template-areas grid-template-columns grid-template-rows hanging-punctuation height hyphenate-character hyphens image-orientation image-rendering inline-size inset inset-block inset-block-end inset-block-start inset-inline inset-inline-end inset-inline-start isolation justify-content justify-items justify-self left letter-spacing lighting-color line-break line-height list-style list-style-image list-style-position list-style-type margin margin-block margin-block-end margin-block-start margin-bottom margin-inline margin-inline-end margin-inline-start margin-left margin-right margin-top marker marker-end marker-mid marker-start mask mask-border mask-clip mask-composite mask-image mask-mode mask-origin mask-position mask-repeat mask-size mask-type math-depth math-style max-block-size max-height max-inline-size max-width min-block-size min-height min-inline-size min-width mix-blend-mode object-fit object-position offset offset-anchor offset-distance offset-path offset-position offset-rotate opacity order orphans outline outline-color outline-offset outline-style outline-width overflow overflow-anchor overflow-block overflow-clip-margin overflow-inline overflow-wrap overflow-x overflow-y overscroll-behavior overscroll-behavior-block overscroll-behavior-inline overscroll-behavior-x overscroll-behavior-y padding padding-block padding-block-end padding-block-start padding-bottom padding-inline padding-inline-end padding-inline-start padding-left padding-right padding-top page page-break-after page-break-before page-break-inside paint-order perspective perspective-origin place-content place-items place-self pointer-events position print-color-adjust quotes r resize right rotate row-gap ruby-align ruby-position rx ry scale scroll-behavior scroll-margin scroll-margin-bottom scroll-margin-left scroll-margin-right scroll-margin-top scroll-padding scroll-padding-bottom scroll-padding-left scroll-padding-right scroll-padding-top scroll-snap-align scroll-snap-stop scroll-snap-type scrollbar-color scrollbar-gutter scrollbar-width shape-image-threshold shape-margin shape-outside shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width tab-size table-layout text-align text-align-last text-anchor text-combine-upright text-decoration text-decoration-color text-decoration-line text-decoration-skip-ink text-decoration-style text-decoration-thickness text-emphasis text-emphasis-color text-emphasis-position text-emphasis-style text-indent text-justify text-orientation text-overflow text-rendering text-shadow text-size-adjust text-transform text-underline-offset text-underline-position text-wrap top touch-action transform transform-box transform-origin transform-style transition transition-behavior transition-delay transition-duration transition-property transition-timing-function translate unicode-bidi user-select vector-effect vertical-align view-transition-name visibility white-space white-space-collapse widows width will-change word-break word-spacing word-wrap writing-mode x y z-index zoom -webkit-appearance -webkit-box-orient -webkit-font-smoothing -webkit-line-clamp -webkit-tap-highlight-color -webkit-text-fill-color -webkit-text-stroke -webkit-user-select".split(
      " ",
    );
  const known = new Set(PROPERTIES);

  const parse = (text) => {
    const declarations = new Map();
    const parts = css.declarations(text);
    for (let index = 0; index < parts.length; index += 3) {
      const name = nameOf(parts[index]);
      const value = parts[index + 1];
      if (!isSupported(name) || (value === "" && !name.startsWith("--"))) continue;
      declarations.delete(name);
      declarations.set(name, { value, isImportant: parts[index + 2] });
    }
    return declarations;
  };

  const nameOf = (name) => (name.startsWith("--") ? name : name.toLowerCase());
  const isSupported = (name) => known.has(name) || (name.startsWith("--") && name.length > 2);

  const serialize = (declarations) =>
    [...declarations]
      .map(([name, { value, isImportant }]) => `${name.startsWith("--") ? css.identifier(name) : name}: ${value}${isImportant ? " !important" : ""};`)
      .join(" ");

  /** Of each object: its element, the attribute's text, what that declares, and the names of those once they were asked for. */
  const states = new WeakMap();
  const stateOf = (style) => {
    const state = states.get(style);
    if (state === undefined) throw new TypeError("Illegal invocation");
    const text = state.element.getAttribute("style") ?? "";
    if (text !== state.text) {
      state.text = text;
      state.declarations = parse(text);
      state.names = undefined;
    }
    return state;
  };
  /** The declarations of the attribute as it is now. */
  const read = (style) => stateOf(style).declarations;
  const write = (style, declarations) => {
    const state = states.get(style);
    state.declarations = declarations;
    state.names = undefined;
    state.text = serialize(declarations);
    state.element.setAttribute("style", state.text);
  };
  const namesOf = (style) => {
    const state = stateOf(style);
    return (state.names ??= [...state.declarations.keys()]);
  };

  class CSSStyleDeclaration {
    constructor() {
      illegal();
    }
    get cssText() {
      return serialize(read(this));
    }
    set cssText(text) {
      stateOf(this);
      write(this, parse(`${text}`));
    }
    get length() {
      return read(this).size;
    }
    item(index) {
      need(arguments, 1, "item");
      return namesOf(this)[index >>> 0] ?? "";
    }
    getPropertyValue(name) {
      need(arguments, 1, "getPropertyValue");
      return read(this).get(nameOf(`${name}`))?.value ?? "";
    }
    getPropertyPriority(name) {
      need(arguments, 1, "getPropertyPriority");
      return read(this).get(nameOf(`${name}`))?.isImportant ? "important" : "";
    }
    setProperty(name, value, priority = "") {
      need(arguments, 2, "setProperty");
      name = nameOf(`${name}`);
      value = value === null ? "" : `${value}`;
      priority = priority === null ? "" : `${priority}`.toLowerCase();
      if (!isSupported(name)) return;
      if (value.trim() === "") {
        this.removeProperty(name);
        return;
      }
      value = css.value(value);
      if (value === null || (value === "" && !name.startsWith("--"))) return;
      if (priority !== "" && priority !== "important") return;
      const declarations = read(this);
      declarations.set(name, { value, isImportant: priority === "important" });
      write(this, declarations);
    }
    removeProperty(name) {
      need(arguments, 1, "removeProperty");
      const declarations = read(this);
      name = nameOf(`${name}`);
      const old = declarations.get(name)?.value ?? "";
      if (declarations.delete(name)) write(this, declarations);
      return old;
    }
    get parentRule() {
      stateOf(this);
      return null;
    }
    get cssFloat() {
      return this.getPropertyValue("float");
    }
    set cssFloat(value) {
      this.setProperty("float", value);
    }
  }
  Object.defineProperty(CSSStyleDeclaration.prototype.setProperty, "length", { value: 2, configurable: true });
  const { prototype } = CSSStyleDeclaration;
  const accessor = (name) => ({
    get() {
      return this.getPropertyValue(name);
    },
    set(value) {
      this.setProperty(name, value);
    },
    enumerable: true,
    configurable: true,
  });
  for (const name of PROPERTIES) {
    const camel = name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
    const descriptor = accessor(name);
    Object.defineProperty(prototype, name, descriptor);
    if (camel !== name) Object.defineProperty(prototype, camel, descriptor);
    if (name.startsWith("-webkit-")) Object.defineProperty(prototype, `w${camel.slice(1)}`, descriptor);
  }
  Object.defineProperty(prototype, Symbol.iterator, { value: Array.prototype.values, writable: true, configurable: true });
  expose(CSSStyleDeclaration);

  Object.assign(classes, { CSSStyleDeclaration });
  const declarations = cached((element) => {
    const style = css.declaration(prototype);
    states.set(style, { element, text: "", declarations: new Map(), names: undefined });
    return style;
  });
  return { styleOf: (element) => declarations(element, "style"), styleNames: namesOf };
})();
