// The documentation page: reads the OpenAPI document and that of events, lists what is in them, and
// shows one method or event at a time.
// Everything from the document is put in as text nodes and attributes of ours, never as HTML.

import { el, field, inside, prose, resolve, rules, typeName, fields } from "./schema.js";
import { eventMark, eventPage, events } from "./events.js";
import { tryIt } from "./try.js";

const $ = (id) => document.getElementById(id);
const VERBS = ["get", "post", "put", "patch", "delete"];

/** All operations in the order of the document: `{id, verb, path, operation}`. */
function methods(doc) {
  return Object.entries(doc.paths ?? {}).flatMap(([path, item]) =>
    VERBS.filter((verb) => item[verb]).map((verb) => ({
      id: item[verb].operationId, verb: verb.toUpperCase(), path, operation: item[verb],
    })));
}

const shortName = ({ id, operation, message }) => message?.title ?? (id.slice((operation.tags?.[0] ?? "").length).replace(/^_/, "") || id);
/** The first line of the documentation, unless there is none but the name. */
const lead = (method) => method.message?.summary ?? (method.operation.summary === shortName(method) ? "" : method.operation.summary ?? "");
const summary = (method) => method.message?.summary ?? method.operation.summary ?? "";
const link = (method) => `#${encodeURIComponent(method.id)}`;
const verbMark = (verb) => el("span", { class: `verb ${verb.toLowerCase()}` }, verb);

/** Methods by their services, then the events. */
function grouped(doc, some) {
  const services = (doc.tags ?? []).map((tag) => ({ name: tag.name, text: tag.description,
    own: some.filter((one) => one.operation?.tags?.includes(tag.name)) }));
  const told = some.filter((one) => one.message);
  return told.length ? [...services, { name: "Events", text: "", own: told }] : services;
}

function drawList(doc, all) {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (m) => `${m.id} ${m.path ?? ""} ${m.verb ?? "event"} ${summary(m)}`.toLowerCase();
  const found = all.filter((method) => words.every((word) => text(method).includes(word)));
  const groups = grouped(doc, found).map(({ name, own }) => own.length && el("section", {},
    el("h2", {}, name),
    el("ul", {}, own.map((method) => el("li", {}, el("a", { href: link(method), "aria-current": isShown(method) && "page" },
      method.message ? eventMark() : verbMark(method.verb), el("span", {}, shortName(method)))))))).filter(Boolean);
  $("list").replaceChildren(...(groups.length ? groups : [el("p", { class: "quiet" }, "Nothing of that name.")]));
  $("count").textContent = words.length ? `${found.length} found` : "";
}

const shownId = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};
const isShown = (method) => method.id === shownId();

function overview(doc, all) {
  const services = grouped(doc, all).map(({ name, text, own }) => el("section", { class: "service" },
    el("h2", {}, name), prose(text),
    el("ul", { class: "index" }, own.map((method) => el("li", {},
      el("a", { href: link(method) }, shortName(method)), el("span", {}, lead(method)))))));
  return [el("h1", {}, doc.info?.title ?? "API"), prose(doc.info?.description), services];
}

function facts(operation) {
  const permission = operation["x-hanse-permission"];
  const seconds = operation["x-hanse-timeout-seconds"];
  return el("p", { class: "facts" }, [
    permission === "public" || !permission ? "open to everybody" : ["needs ", el("code", {}, permission)],
    operation["x-hanse-idempotent"] ? "safe to repeat" : "",
    seconds ? `${seconds} s at most` : "",
  ].filter(Boolean).map((fact) => el("span", {}, fact)));
}

function argumentList(doc, operation) {
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const rows = (operation.parameters ?? []).map((parameter) => {
    return field(doc, parameter.name, { ...parameter.schema, description: parameter.description }, parameter.required, parameter.in);
  });
  const required = body?.required ?? [];
  const rest = Object.entries(body?.properties ?? {}).map(([name, schema]) =>
    field(doc, name, schema, required.includes(name), "body"));
  if (!rows.length && !rest.length) return "";
  return el("section", {}, el("h2", {}, "Arguments"), el("ul", { class: "fields" }, rows, rest));
}

function answer(doc, operation) {
  const response = operation.responses?.["200"];
  const stream = response?.content?.["text/event-stream"];
  const schema = stream ? stream.schema?.oneOf?.[0]?.properties?.data?.contentSchema : response?.content?.["application/json"]?.schema;
  const type = schema && el("p", {}, stream ? "A stream, each item: " : "", el("span", { class: "type" }, typeName(schema)));
  const direct = schema?.$ref ? resolve(doc, schema) : undefined;
  return el("section", {}, el("h2", {}, "Answer"),
    type || el("p", { class: "quiet" }, "Nothing; status 204."),
    schema && rules(schema).length ? el("p", { class: "rules" }, rules(schema).join(" · ")) : "",
    direct?.properties ? [prose(direct.description, "note"), fields(doc, direct)] : inside(doc, schema));
}

/** The errors: declared ones with documentation and fields, then in one line those of every method. */
function errors(doc, operation) {
  const all = Object.entries(operation.responses ?? {}).filter(([status]) => status >= "400").flatMap(([status, given]) => {
    const schema = resolve(doc, given).content?.["application/problem+json"]?.schema ?? {};
    return (schema.anyOf ?? [schema]).map((option) => ({ status, problem: resolve(doc, option), text: resolve(doc, given).description }));
  });
  const code = ({ problem }) => problem.properties?.code?.const;
  const rows = all.filter(code).map((error) => el("li", { class: "field" },
    el("div", { class: "signature" }, el("code", { class: "name" }, code(error)), " ",
      el("span", { class: "type" }, error.problem.title ?? error.text), " ", el("span", { class: "place" }, error.status)),
    prose(error.problem.description, "note"),
    error.problem.properties.fields?.properties ? fields(doc, error.problem.properties.fields) : ""));
  const general = all.filter((error) => !code(error) && error.status !== "default");
  return el("section", {}, el("h2", {}, "Errors"), el("ul", { class: "fields" }, rows),
    el("p", { class: "rules" }, "As any method: ", general.map(({ status, text }) => `${status} ${text}`).join(" · ")));
}

function page(doc, base, { id, verb, path, operation }) {
  const description = (operation.description ?? "").trim();
  const summary = operation.summary ?? id;
  const rest = description.startsWith(summary) ? description.slice(summary.length) : description;
  return el("article", {},
    el("a", { class: "back", href: "#" }, "← All methods and events"),
    el("p", { class: "eyebrow" }, operation.tags?.[0] ?? ""),
    el("h1", {}, shortName({ id, operation })),
    el("p", { class: "route" }, verbMark(verb), " ", el("code", {}, path.split(/(?=[/:{])/).flatMap((part) => [el("wbr"), part]))),
    prose(lead({ id, operation }), "lead"), prose(rest), facts(operation),
    el("div", { class: "columns" },
      el("div", {}, argumentList(doc, operation)),
      el("div", { class: "aside" }, tryIt(doc, base, verb, path, operation)),
      el("div", {}, answer(doc, operation), errors(doc, operation))));
}

function show({ doc, api, base, all }, { focus }) {
  const method = all.find(isShown);
  document.body.classList.toggle("reading", Boolean(method));
  $("main").replaceChildren(...(method ? [method.message ? eventPage(api, method) : page(doc, base, method)] : overview(doc, all).flat(Infinity).filter((node) => node)));
  const title = doc.info?.title ?? "API";
  document.title = method ? `${shortName(method)} · ${title}` : title;
  drawList(doc, all);
  if (focus) {
    $("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function keys(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    // On a phone the list, and the search in it, are the start page.
    if ($("search").offsetParent === null) location.hash = "";
    requestAnimationFrame(() => $("search").focus());
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...$("list").querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0 && event.target !== $("search")) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (links[next] ?? (next < 0 ? $("search") : links[at]))?.focus();
}

/** What is said of events; nothing where the page was given no address of it. */
async function readEvents() {
  const { asyncapi } = document.body.dataset;
  if (!asyncapi) return {};
  const response = await fetch(new URL(asyncapi, location.href));
  if (!response.ok) throw new Error(`${asyncapi} answered ${response.status}`);
  return response.json();
}

async function start() {
  const source = new URL(document.body.dataset.openapi, location.href);
  // Calls go to where the document lies, so the page works under any prefix.
  const base = new URL(".", source).href.replace(/\/$/, "");
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${source.pathname} answered ${response.status}`);
  const doc = await response.json();
  const api = await readEvents();
  const all = [...methods(doc), ...events(api)];
  const shown = { doc, api, base, all };
  $("title").textContent = doc.info?.title ?? "API";
  $("version").textContent = doc.info?.version ?? "";
  $("search").addEventListener("input", () => drawList(doc, all));
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("main").focus(); });
  addEventListener("hashchange", () => show(shown, { focus: true }));
  document.addEventListener("keydown", keys);
  show(shown, { focus: false });
}

start().catch((error) => {
  $("main").replaceChildren(el("p", { class: "bad" }, `The description could not be read: ${error.message}`));
});
