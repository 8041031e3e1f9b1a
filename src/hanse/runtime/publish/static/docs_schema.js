// Schemas for people: elements, the name of a type, its rules, a tree of its fields, an example.

/** An element; properties are attributes, `on…` listeners; children are nodes or plain text. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false && child !== ""));
  return node;
}

/** Documentation text: paragraphs at empty lines, `code` between backticks. */
export function prose(text, className = "prose") {
  const paragraphs = (text ?? "").trim().split(/\n\s*\n/).filter(Boolean);
  return paragraphs.map((paragraph) => el("p", { class: className }, inline(paragraph)));
}

function inline(text) {
  return text.split(/`([^`]+)`/).map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

/** Follows a `$ref` of the document. */
export function resolve(doc, schema) {
  let found = schema ?? {};
  for (let hops = 0; found.$ref && hops < 10; hops += 1) {
    const path = found.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    found = path.reduce((at, key) => at?.[key], doc) ?? {};
  }
  return found;
}

/** The choices of a union, null aside. */
function options(schema) {
  return (schema.anyOf ?? schema.oneOf ?? []).flatMap((option) =>
    option.anyOf || option.oneOf ? options(option) : [option]).filter((option) => option.type !== "null");
}

const isNullable = (schema) => (schema.anyOf ?? []).some((option) => option.type === "null");

/** A short name, such as `list of Contact` or `date-time or null`. */
export function typeName(schema) {
  if (!schema || schema === true) return "any";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf || schema.oneOf) {
    const names = options(schema).map(typeName);
    return [...names, ...(isNullable(schema) ? ["null"] : [])].join(" or ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.title ?? "one of";
  if (schema.type === "array") {
    const row = schema.prefixItems ?? (Array.isArray(schema.items) && schema.items);
    if (row) return `(${row.map(typeName).join(", ")})`;
    return `${schema.uniqueItems ? "set" : "list"} of ${typeName(schema.items)}`;
  }
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `map of ${typeName(schema.additionalProperties)}`;
  }
  if (schema.contentEncoding) return schema.contentEncoding;
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  return schema.type === "string" ? schema.format ?? "string" : schema.type ?? "any";
}

const INT64 = 9223372036854775000;

/** The rules of a value as short texts. */
export function rules(schema) {
  if (isNullable(schema)) return options(schema).length === 1 ? rules(options(schema)[0]) : [];
  const found = [];
  const range = (least, most, unit) => {
    const counted = (count) => `${count}${unit && ` ${unit}${count === 1 ? "" : "s"}`}`;
    if (least !== undefined && most !== undefined) found.push(`${least} to ${counted(most)}`);
    else if (least !== undefined) found.push(`at least ${counted(least)}`);
    else if (most !== undefined) found.push(`at most ${counted(most)}`);
  };
  const inside = (bound) => (bound === undefined || Math.abs(bound) >= INT64 ? undefined : bound);
  range(inside(schema.minimum), inside(schema.maximum), "");
  if (schema.exclusiveMinimum !== undefined) found.push(`more than ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined) found.push(`less than ${schema.exclusiveMaximum}`);
  if (schema.multipleOf !== undefined) found.push(`multiple of ${schema.multipleOf}`);
  range(schema.minLength, schema.maxLength, "character");
  if (!schema.prefixItems && !Array.isArray(schema.items)) range(schema.minItems, schema.maxItems, "item");
  if (schema.pattern && !schema.contentEncoding && !schema.description) found.push(`matches ${schema.pattern}`);
  if (schema.enum) found.push(schema.enum.map((value) => JSON.stringify(value)).join(", "));
  if (!["undefined", "[]", "{}", '""'].includes(String(JSON.stringify(schema.default)))) found.push(`default ${JSON.stringify(schema.default)}`);
  return found;
}

/** One argument or field: name, type, rules, documentation, and its own fields to unfold. */
export function field(doc, name, schema, required, place) {
  return el("li", { class: "field" },
    el("div", { class: "signature" },
      el("code", { class: "name" }, name), " ",
      el("span", { class: "type" }, typeName(schema)), " ",
      required ? el("span", { class: "mark" }, "required") : "", " ",
      place ? el("span", { class: "place" }, place) : ""),
    rules(schema).length ? el("p", { class: "rules" }, rules(schema).join(" · ")) : "",
    prose(schema.description, "note"),
    inside(doc, schema));
}

/** The fields of an object. */
export function fields(doc, schema) {
  const required = schema.required ?? [];
  return el("ul", { class: "fields" }, Object.entries(schema.properties ?? {}).map(([name, property]) =>
    field(doc, name, property, required.includes(name))));
}

/** Structs inside a type, each drawn when it is unfolded, as types may contain themselves. */
export function inside(doc, schema) {
  return structs(schema).map((part) => {
    const found = resolve(doc, part);
    if (!found.properties) return "";
    const details = el("details", {}, el("summary", {}, part.$ref ? typeName(part) : "Fields"));
    details.addEventListener("toggle", () => {
      if (details.childElementCount === 1) details.append(...prose(found.description, "note"), fields(doc, found));
    });
    return details;
  });
}

function structs(schema) {
  if (!schema || schema === true) return [];
  if (schema.$ref || schema.properties) return [schema];
  const parts = [...options(schema), ...[schema.items].flat(), ...(schema.prefixItems ?? []), schema.additionalProperties];
  return parts.filter((part) => typeof part === "object").flatMap(structs);
}

const EXAMPLES = {
  "date-time": "2030-01-31T12:00:00Z", date: "2030-01-31", uuid: "123e4567-e89b-42d3-a456-426614174000",
};

/** A value the schema accepts, as far as can be told: required fields only, nothing deep. */
export function example(doc, schema, depth = 0) {
  const found = resolve(doc, schema === true ? {} : schema);
  if (found.default !== undefined) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  if (found.anyOf || found.oneOf) return options(found).length ? example(doc, options(found)[0], depth) : null;
  if (found.type === "object") {
    if (depth > 4) return {};
    const needed = Object.entries(found.properties ?? {}).filter(([name]) => found.required?.includes(name));
    return Object.fromEntries(needed.map(([name, property]) => [name, example(doc, property, depth + 1)]));
  }
  if (found.type === "array") {
    if (found.prefixItems) return found.prefixItems.map((item) => example(doc, item, depth + 1));
    return found.minItems ? [example(doc, found.items, depth + 1)] : [];
  }
  if (found.type === "integer" || found.type === "number") return number(found);
  if (found.type === "boolean") return false;
  return [found.type].flat().includes("string") ? text(found) : null;
}

function number(schema) {
  const least = schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1;
  const start = Math.abs(least) >= INT64 ? 1 : Math.max(least, Math.min(1, schema.maximum ?? 1));
  return schema.exclusiveMaximum !== undefined && start >= schema.exclusiveMaximum ? schema.exclusiveMaximum / 2 : start;
}

function text(schema) {
  if (schema.contentEncoding) return "aGVsbG8=";
  if (EXAMPLES[schema.format]) return EXAMPLES[schema.format];
  const tries = ["text", "1", "PT1H", "12:00:00", "A", "a"].map((word) => word.padEnd(schema.minLength ?? 0, word));
  const fits = (word) => word.length <= (schema.maxLength ?? Infinity) && matches(schema.pattern, word);
  return tries.find(fits) ?? "";
}

function matches(pattern, word) {
  try {
    return !pattern || new RegExp(pattern, "u").test(word);
  } catch {
    return true;
  }
}
