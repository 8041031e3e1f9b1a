// Uses the client as an application would; prints what it understood as one JSON object.

import { Contacts, HanseError, NameTakenError, isNameTakenError, isContactGoneError, type Card, type Transfer } from "./client.js";
declare const process: { argv: string[] };
declare const console: { log(text: string): void };

const baseUrl = process.argv[2] ?? "";
const contacts = new Contacts({ baseUrl: baseUrl + "/", token: async () => "secret" });
const told: Record<string, unknown> = {};
const failure = async (call: Promise<unknown>): Promise<HanseError> => {
  try { await call; } catch (error) { if (error instanceof HanseError) return error; throw error; }
  throw new Error("It did not fail");
};

told["merge"] = await contacts.mergeContacts(
  { contact_id: "a/b?c#ü", others: ["x"], note: null },
  { headers: { "x-own": "1" }, idempotencyKey: "k1" },
);
told["find"] = await contacts.find({ word: "a&b=ü", tags: ["x y", "z"], limit: 5, near: 2.5, deep: false });
told["deleted"] = (await contacts.delete({ contact_id: "gone" })) === undefined;
told["count"] = await contacts.count();
const paid: Card | Transfer = await contacts.pay({ payment: { way: { kind: "card", number: "1", holder: "A" }, class: "c" } });
told["paid"] = paid.kind === "card" ? paid.number : paid.iban;

const items: string[] = [];
for await (const item of contacts.watch({ word: "w" })) items.push(item.name);
told["items"] = items;

const taken = await failure(contacts.tally());
const fields = isNameTakenError(taken) ? taken.fields.name : "not recognised";
told["taken"] = [taken.code, taken.status, taken.title, taken.detail, taken.traceId, fields, isContactGoneError(taken), taken.message];
const invalid = await failure(contacts.constructor_({ then: "x" }));
told["invalid"] = [invalid.violations[0]?.field, invalid.retryAfter];
const page = await failure(contacts.delete({ contact_id: "html" }));
told["page"] = [page.code, page.status];

const broken = new Contacts({ baseUrl: baseUrl + "/broken" });
const seen: string[] = [];
try { for await (const item of broken.watch()) seen.push(item.name); } catch (error) { told["midstream"] = [(error as HanseError).code, [...seen]]; }
const cut = new Contacts({ baseUrl: baseUrl + "/cut" });
try { for await (const item of cut.watch()) seen.push(item.name); } catch (error) { told["cut"] = (error as HanseError).code; }
for await (const item of contacts.watch()) { told["left"] = item.name; break; }

// A stream that arrives one byte at a time, and one whose event never ends.
const streaming = (parts: Iterable<Uint8Array>): Contacts => new Contacts({
  baseUrl,
  fetch: async () => new Response(new ReadableStream({
    start(controller) { for (const part of parts) controller.enqueue(part); controller.close(); },
  })),
});
const bytes = new TextEncoder().encode('data: {"name":\r\ndata: "tw\u00f6"}\r\n\r\nevent: end\rdata: {}\r\r');
const dripped: string[] = [];
for await (const item of streaming([...bytes].map((byte) => Uint8Array.of(byte))).watch()) dripped.push(item.name);
told["dripped"] = dripped;
const endless = Array.from({ length: 17 }, () => new Uint8Array(1024 * 1024).fill(120));
try { for await (const item of streaming(endless).watch()) seen.push(item.name); } catch (error) { told["endless"] = (error as HanseError).detail; }

const stopper = new AbortController();
stopper.abort();
try { await contacts.count({ signal: stopper.signal }); } catch (error) { told["aborted"] = (error as Error).name; }
const kept: NameTakenError | undefined = isNameTakenError(taken) ? taken : undefined;
told["kept"] = kept?.fields.name;
console.log(JSON.stringify(told));
