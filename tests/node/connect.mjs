// Calls a host by Connect's own client for ECMAScript, made from our .proto as protoc read it.
//
//     node connect.mjs http://127.0.0.1:8000 set.pb
//
// and prints what that client understood, as JSON; integers of 64 bits as text.

import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";

const [baseUrl, file] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
const service = registry.getService("till.v1.Till");
const common = { baseUrl, httpVersion: "1.1", useBinaryFormat: false };
const client = (more) => createClient(service, createConnectTransport({ ...common, ...more }));

const plain = client({});
const getting = client({ useHttpGet: true });

const failed = (call) =>
  call.then(
    () => "answered",
    (error) => {
      const { code, rawMessage, details } = ConnectError.from(error);
      return { code: Code[code], rawMessage, details: details.map((one) => [one.type, one.debug?.code]) };
    },
  );

const sale = {
  amount: 9007199254740993n,
  balance: -9223372036854775808n,
  few: 3,
  rate: 0.5,
  paid: true,
  blob: new Uint8Array([251, 255]),
  at: timestampFromDate(new Date("2030-01-31T12:00:00.123Z")),
  colour: "deep blue",
  numbers: [1n, 9007199254740993n],
  named: { a: 9007199254740993n },
  way: { type: "card", number: "12", digits: 4n },
};

async function withVerb(call) {
  let tagged = false;
  const answer = await call({ onHeader: (headers) => (tagged = headers.has("etag")) });
  return { ...answer, tagged };
}

const echoed = (await plain.book({ sale })).sale;
const answers = {
  booked: await plain.book({ sale }),
  instant: timestampDate(echoed.at).toISOString(),
  bytes: [...echoed.blob],
  empty: await plain.book({ sale: { amount: 0n } }),
  posted: await withVerb((options) => plain.find({ number: 9007199254740993n }, options)),
  got: await withVerb((options) =>
    getting.find({ number: 9007199254740993n, word: "a+b &=%é/?#" }, options),
  ),
  largeByGet: (await getting.large({ kilobytes: 40 })).text.length,
  sideEffectByGet: await withVerb((options) => getting.count({}, options)),
  declared: await failed(plain.book({ sale: { amount: 0n, few: 99 } })),
  broken: await failed(plain.book({ sale: { amount: 1n, few: 101 } })),
  brokenByGet: await failed(getting.find({ number: 1n, word: "x".repeat(200) })),
  notSignedIn: await failed(getting.mine({})),
  tooLate: await failed(plain.wait({}, { timeoutMs: 100 })),
  compressed: await failed(
    client({ sendCompression: compressionGzip, compressMinBytes: 0 }).count({}),
  ),
  binary: await failed(client({ useBinaryFormat: true }).count({})),
  binaryByGet: await failed(client({ useBinaryFormat: true, useHttpGet: true }).find({})),
};

const text = (_, value) => (typeof value === "bigint" ? `${value}` : value);
console.log(JSON.stringify(answers, text));
