// How the services below are reached: requests, problems and streams, on nothing but `fetch`.

/** RFC 3339 date and time, e.g. `2030-01-31T12:00:00Z`. */
export type DateTime = string;
/** `2030-01-31`. */
export type DateOnly = string;
/** Time of day, `12:00:00`. */
export type TimeOfDay = string;
/** ISO 8601 duration of days, hours, minutes and seconds, e.g. `PT1H30M`. */
export type Duration = string;
/** `123e4567-e89b-12d3-a456-426614174000`. */
export type Uuid = string;
/** A decimal number as text, so that no digit is lost. */
export type Decimal = string;
/** Bytes in base64 with padding. */
export type Base64 = string;

/** Where the server is and who calls. */
export interface ClientOptions {
  /** Address of the server, e.g. `https://api.example.com`. */
  readonly baseUrl: string;
  /** Gives the bearer token of each call; nothing means to call without one. */
  readonly token?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What can be said about one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The same key on a repeated call makes the server do the work once. */
  readonly idempotencyKey?: string | undefined;
}

/** One rule that an argument broke. */
export interface Violation {
  /** Path of the value, e.g. `items[2].name`; empty for the whole. */
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

/** A call that failed; decide on `code`, or with the `is…` function of a declared error. */
export class HanseError<Code extends string = string, Fields = unknown> extends Error {
  override readonly name = "HanseError";

  constructor(
    /** Stable name of the failure; `unknown` when the answer was no problem document. */
    readonly code: Code,
    /** HTTP status; 0 when there was none, as in the middle of a stream. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly violations: readonly Violation[],
    /** The declared fields of the error. */
    readonly fields: Fields,
    readonly traceId: string | undefined,
    /** Seconds after which another try makes sense. */
    readonly retryAfter: number | undefined,
  ) {
    super(detail || title);
  }
}

type Json = Readonly<Record<string, unknown>>;

/** One call, taken apart by the methods below. */
interface Call {
  readonly verb: string;
  readonly path: string;
  readonly query?: Json;
  readonly body?: object;
  readonly file?: globalThis.Blob;
}

/** The longest event taken from a stream, in characters. */
const LONGEST_EVENT = 16 * 1024 * 1024;

class Transport {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async value<T>(call: Call, options: CallOptions): Promise<T> {
    const response = await this.#send(call, options, "application/json");
    if (response.status === 204) return undefined as T;
    return parse(await response.text(), response.status) as T;
  }

  async *stream<T>(call: Call, options: CallOptions): AsyncGenerator<T, void, undefined> {
    const response = await this.#send(call, options, "text/event-stream");
    for await (const event of events(response)) {
      if (event.name === "end") return;
      const data = parse(event.data, response.status);
      if (event.name === "error") throw problem(data, 0, "The stream broke off", undefined);
      yield data as T;
    }
    throw failure("unavailable", response.status, "The stream broke off before its end.");
  }

  async #send(call: Call, options: CallOptions, accept: string): Promise<globalThis.Response> {
    const headers = new globalThis.Headers(options.headers);
    headers.set("accept", accept);
    const token = await this.#options.token?.();
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (options.idempotencyKey !== undefined) headers.set("idempotency-key", options.idempotencyKey);
    const request: RequestInit = { method: call.verb, headers };
    if (options.signal !== undefined) request.signal = options.signal;
    if (call.body !== undefined) {
      headers.set("content-type", "application/json");
      request.body = JSON.stringify(call.body);
    }
    if (call.file !== undefined) {
      headers.set("content-type", call.file.type || "application/octet-stream");
      if ("name" in call.file) headers.set("content-disposition", attachment(String(call.file.name)));
      request.body = call.file;
    }
    const address = this.#options.baseUrl.replace(/\/+$/, "") + call.path + search(call);
    const response = await (this.#options.fetch ?? globalThis.fetch)(address, request);
    if (!response.ok) throw await failed(response);
    return response;
  }
}

/** The query: nothing for null and undefined, one pair for each item of a list. */
function search(call: Call): string {
  const query = new globalThis.URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) for (const item of value) query.append(name, String(item));
    else query.append(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

/** How a file is called (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const quoted = encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `attachment; filename*=UTF-8''${quoted}`;
}

async function failed(response: globalThis.Response): Promise<HanseError> {
  const retry = Number(response.headers.get("retry-after") ?? Number.NaN);
  const text = await response.text();
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  return problem(data, response.status, response.statusText, Number.isFinite(retry) ? retry : undefined);
}

/** The error that a problem document (RFC 9457) tells of, whatever is missing in it. */
function problem(data: unknown, status: number, title: string, retry: number | undefined): HanseError {
  const given = (typeof data === "object" && data !== null ? data : {}) as Json;
  const text = (name: string, otherwise: string): string =>
    typeof given[name] === "string" ? given[name] : otherwise;
  return new HanseError(
    text("code", "unknown"),
    typeof given["status"] === "number" ? given["status"] : status,
    text("title", title || `HTTP ${status}`),
    text("detail", ""),
    Array.isArray(given["violations"]) ? given["violations"] : [],
    given["fields"] ?? {},
    typeof given["trace_id"] === "string" ? given["trace_id"] : undefined,
    retry,
  );
}

function failure(code: string, status: number, detail: string): HanseError {
  return new HanseError(code, status, "The answer is broken", detail, [], {}, undefined, undefined);
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failure("unknown", status, "The answer is no JSON.");
  }
}

interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** Server-sent events (html.spec.whatwg.org, "Parsing an event stream"); leaving early closes it. */
async function* events(response: globalThis.Response): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new globalThis.TextDecoder();
  let rest = "";
  let name = "";
  let data: string[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // A carriage return at the end may be half of a line break, so it waits for the next part.
      if (!done) rest += decoder.decode(value, { stream: true });
      else if (rest.endsWith("\r")) rest += "\n";
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield { name: name || "message", data: data.join("\n") };
          else if (name) yield { name, data: "null" };
          name = "";
          data = [];
          length = 0;
        } else if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) {
          data.push(line.slice(line[5] === " " ? 6 : 5));
          length += line.length;
        }
      }
      if (done) return;
      if (rest.length + length > LONGEST_EVENT) {
        throw failure("unknown", response.status, `An event is longer than ${LONGEST_EVENT} characters.`);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
