// The form that sends a real request and shows what comes back, streams as they come.

import { el, example, resolve, typeName } from "./schema.js";

const TOKEN = "hanse-docs-token";

/** The form of one operation, with the same request written for curl above it. */
export function tryIt(doc, base, verb, path, operation) {
  const inputs = (operation.parameters ?? []).map((parameter) => ({ parameter, ...input(doc, parameter) }));
  const media = operation.requestBody?.content?.["application/json"];
  const body = media && el("textarea", { id: "body", rows: "8", spellcheck: "false" });
  if (body) body.value = JSON.stringify(example(doc, media.schema), null, 2);
  const guarded = (operation.security ?? []).length > 0;
  const token = guarded && el("input", { id: "token", type: "password", autocomplete: "off", placeholder: "Bearer token" });
  if (token) token.value = sessionStorage.getItem(TOKEN) ?? "";
  const curl = el("code");
  const result = el("div", { id: "result", role: "status", "aria-live": "polite" });
  const send = el("button", { type: "submit" }, "Send");
  const stop = el("button", { type: "button", class: "plain", hidden: true }, "Stop");

  const request = () => ({ verb, url: address(base, path, inputs), body: body?.value, guarded });
  const redraw = () => { curl.textContent = curlText(request()); };
  const submit = async (event) => {
    event.preventDefault();
    if (token) sessionStorage.setItem(TOKEN, token.value);
    const given = request();
    const stopper = new AbortController();
    stop.onclick = () => stopper.abort();
    send.disabled = true;
    stop.hidden = false;
    await exchange(given, token?.value, stopper.signal, result);
    result.scrollIntoView({ block: "nearest" });
    send.disabled = false;
    stop.hidden = true;
  };
  const form = el("form", { id: "try", onsubmit: submit, oninput: redraw, onkeydown: (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !send.disabled) form.requestSubmit();
  } },
    inputs.map(({ parameter, control, hint }) => el("label", {},
      el("span", {}, el("code", {}, parameter.name), " ", el("small", {}, hint)), control)),
    body && el("label", {}, el("span", {}, el("code", {}, "body"), " ", el("small", {}, "JSON")), body),
    token && el("label", {}, el("span", {}, "Token ", el("small", {}, "kept until this tab closes")), token),
    el("div", { class: "buttons" }, send, stop, el("kbd", {}, "Ctrl Enter")));
  redraw();
  return [
    el("section", { class: "example" }, el("h2", {}, "Example"), copied(curl)),
    el("section", { class: "try" }, el("h2", {}, "Try it"), form, result),
  ];
}

/** A block of code with a button that copies it. */
function copied(code) {
  const button = el("button", { type: "button", class: "plain copy", onclick: async () => {
    await navigator.clipboard?.writeText(code.textContent).catch(() => undefined);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } }, "Copy");
  return el("div", { class: "block" }, el("pre", { tabindex: "0" }, code), button);
}

/** The control for one parameter, and what to tell about it. */
function input(doc, parameter) {
  const schema = resolve(doc, parameter.schema);
  const required = parameter.required === true;
  const hint = `${typeName(schema)}${required ? ", required" : ""}`;
  const properties = { name: parameter.name, required, autocomplete: "off", spellcheck: "false" };
  const choices = schema.enum ?? (schema.type === "boolean" ? [true, false] : undefined);
  if (choices) {
    const empty = required ? [] : [el("option", { value: "" }, "")];
    return { hint, control: el("select", properties, empty, choices.map((value) => el("option", {}, String(value)))) };
  }
  if (schema.type === "array") {
    return { hint: `${hint}, one a line`, control: el("textarea", { ...properties, rows: "2" }) };
  }
  const control = el("input", { ...properties, type: "text" });
  if (required) control.value = String(example(doc, schema) ?? "");
  else if (schema.default !== undefined) control.placeholder = String(schema.default);
  return { hint, control };
}

/** The whole address: path arguments encoded, empty query arguments left out. */
function address(base, path, inputs) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, control } of inputs) {
    const { value } = control;
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, () => encodeURIComponent(value));
    else if (value === "") continue;
    else if (control.tagName === "TEXTAREA") value.split("\n").filter(Boolean).forEach((line) => query.append(parameter.name, line));
    else query.append(parameter.name, value);
  }
  const search = query.toString();
  return base + filled + (search ? `?${search}` : "");
}

function curlText({ verb, url, body, guarded }) {
  const quoted = (value) => `'${value.replaceAll("'", "'\\''")}'`;
  const parts = [`curl${verb === "GET" ? "" : ` -X ${verb}`} ${quoted(url)}`];
  if (guarded) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(compact(body))}`);
  return parts.join(" \\\n  ");
}

function compact(text) {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Sends the request and draws the answer into `result`. */
async function exchange({ verb, url, body }, token, signal, result) {
  const headers = { accept: "application/json, text/event-stream" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  result.replaceChildren(el("p", { class: "quiet" }, "Sending…"));
  const start = performance.now();
  const took = () => `${Math.round(performance.now() - start)} ms`;
  try {
    const response = await fetch(url, { method: verb, headers, body, signal });
    const time = el("span", { class: "time" }, took());
    const output = el("pre", { tabindex: "0" });
    result.replaceChildren(
      el("p", { class: "status" }, el("strong", { class: response.ok ? "good" : "bad" }, String(response.status)), ` ${response.statusText} `, time),
      el("details", {}, el("summary", {}, "Headers"), el("pre", {}, [...response.headers].map(([k, v]) => `${k}: ${v}`).join("\n"))),
      output);
    await show(response, output);
    time.textContent = took();
  } catch (error) {
    const text = signal.aborted ? "Stopped." : `No answer: ${error.message}`;
    if (signal.aborted && result.querySelector(".status")) result.append(el("p", { class: "quiet" }, text));
    else result.replaceChildren(el("p", { class: "bad" }, text));
  }
}

const LONGEST_OUTPUT = 200_000;

/** The body: JSON with indentation, a stream piece by piece, anything else as text. */
async function show(response, output) {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream")) {
    const text = await response.text();
    let shown = text;
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch { /* Not JSON, so it is shown as it came. */ }
    output.textContent = shown.slice(0, LONGEST_OUTPUT) || "(empty)";
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    output.append(part.value);
    if (output.textContent.length > LONGEST_OUTPUT) output.textContent = output.textContent.slice(-LONGEST_OUTPUT / 2);
    output.scrollTop = output.scrollHeight;
  }
}
