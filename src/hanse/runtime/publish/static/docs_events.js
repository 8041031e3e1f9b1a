// Events of the AsyncAPI document: what each tells, who tells it, and who takes it.

import { el, fields, prose, resolve } from "./schema.js";

/** All events in the order of the document: `{id, message, tellers, takers}`. */
export function events(api) {
  const operations = Object.values(api?.operations ?? {});
  const through = (name, action) => operations.filter((one) => one.action === action && one.channel.$ref === `#/channels/${name}`);
  return Object.entries(api?.components?.messages ?? {}).map(([id, message]) => ({
    id, message, tellers: through(id, "send"), takers: through(id, "receive"),
  }));
}

export const eventMark = () => el("span", { class: "verb" }, "EVENT");

function facts(message) {
  const key = message["x-hanse-key"];
  return el("p", { class: "facts" },
    el("span", {}, key ? ["in the order of its ", el("code", {}, key)] : "all of a site in one order"),
    message["x-hanse-personal"]?.length ? el("span", {}, "what is personal leaves sealed") : "");
}

function tellers(event) {
  return el("section", {}, el("h2", {}, "Told by"), event.tellers.length
    ? el("ul", { class: "fields" }, event.tellers.map((one) => el("li", { class: "field" }, el("code", { class: "name" }, one["x-hanse-service"]))))
    : el("p", { class: "quiet" }, "Nobody here: services of another host tell it."));
}

function takers(event) {
  return el("section", {}, el("h2", {}, "Taken by"), event.takers.length
    ? el("ul", { class: "fields" }, event.takers.map((one) => el("li", { class: "field" },
      el("div", { class: "signature" }, el("code", { class: "name" }, one["x-hanse-subscription"]), " ",
        one["x-hanse-batch"] ? el("span", { class: "place" }, `up to ${one["x-hanse-batch"]} at once`) : ""),
      prose(one.description, "note"))))
    : el("p", { class: "quiet" }, "Nobody here."));
}

/** The page of one event. */
export function eventPage(api, event) {
  const { message } = event;
  const data = resolve(api, message.payload?.properties?.data);
  const summary = message.summary ?? "";
  const rest = (message.description ?? "").trim().slice(summary.length);
  return el("article", {},
    el("a", { class: "back", href: "#" }, "← All methods and events"),
    el("p", { class: "eyebrow" }, message.name.slice(0, -message.title.length - 1)),
    el("h1", {}, message.title),
    el("p", { class: "route" }, eventMark(), " ", el("code", {}, message.name.split(/(?=[.])/).flatMap((part) => [el("wbr"), part]))),
    prose(summary, "lead"), prose(rest), facts(message),
    el("div", { class: "columns" },
      el("div", {}, el("section", {}, el("h2", {}, "Fields"), Object.keys(data.properties ?? {}).length
        ? fields(api, data) : el("p", { class: "quiet" }, "None: that it happened is all."))),
      el("div", { class: "aside" }, tellers(event), takers(event))));
}
