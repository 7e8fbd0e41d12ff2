#!/usr/bin/env node
// Asks a Traffic Center who it takes us for: the shortest program that speaks OSO over mutual TLS.
//
//     node ping.mjs ADDRESS CERTIFICATE KEY AUTHORITY
//
// ADDRESS is `host:port`, the others are PEM files as the LAS kit makes them. Prints the answer as
// JSON. Exit code 0: we are admitted, 1: refused, with the reason, or nobody answers.

import { readFileSync } from "node:fs";
import { checkServerIdentity } from "node:tls";
import { toJsonString } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  PingResponseSchema,
  TrafficCenterService,
} from "./generated/oso/trafficcenter/v1/traffic_center_service_pb.js";

const TRAFFIC_CENTER = "trafficcenter"; // id of the system that must answer
const MOST_MILLISECONDS = 10_000;

const [address, certificate, key, authority] = process.argv.slice(2);
if (authority === undefined) {
  process.stderr.write("usage: node ping.mjs ADDRESS CERTIFICATE KEY AUTHORITY\n");
  process.exit(1);
}

// A system is known by its name, not by the address it is reached at: `<id>.system.oso.internal`.
const name = `${TRAFFIC_CENTER}.system.oso.internal`;
const transport = createGrpcTransport({
  baseUrl: `https://${address}`,
  nodeOptions: {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ca: readFileSync(authority),
    minVersion: "TLSv1.3",
    servername: name,
    checkServerIdentity: (_, shown) => checkServerIdentity(name, shown),
  },
});

try {
  const answer = await createClient(TrafficCenterService, transport).ping(
    { sendTime: timestampNow() },
    { timeoutMs: MOST_MILLISECONDS },
  );
  process.stdout.write(`${toJsonString(PingResponseSchema, answer)}\n`);
} catch (error) {
  const refused = ConnectError.from(error);
  process.stderr.write(`${Code[refused.code]}: ${refused.rawMessage}\n`);
  process.exitCode = 1;
}
