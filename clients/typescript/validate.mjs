#!/usr/bin/env node
// Checks dossier messages by the contract alone: the same rules the Python side reads.
//
//     node validate.mjs < messages
//
// In: oso.dossier.v1.Dossier messages, each after its size as a varint (the usual
// size-delimited form; `parseDelimitedFrom` in Java, `sizeDelimitedEncode` in Node).
// Out: a line of JSON for each message, in order:
//
//     {"violations": [{"rule": "CL.29", "path": "overdrachtsoort"}]}   what is wrong; empty: nothing
//     {"unreadable": true}                                             no Dossier message at all
//
// A line holds rule ids and places, never a value. Exit code 0: nothing wrong, 1: something is,
// 2: the input ends in the middle of a message or announces one that is too large.

import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { sizeDelimitedPeek } from "@bufbuild/protobuf/wire";
import { createValidator } from "@bufbuild/protovalidate";
import { DossierSchema } from "./generated/oso/dossier/v1/dossier_pb.js";

const MOST_BYTES = 64 * 2 ** 20; // of one message, as the reader of XML has it

const validator = createValidator();

/**
 * Says what the contract finds wrong with the bytes of one message.
 *
 * @param {Uint8Array} bytes
 * @returns {{ violations: { rule: string, path: string }[] } | { unreadable: true }}
 */
function verdict(bytes) {
  let dossier;
  try {
    dossier = fromBinary(DossierSchema, bytes);
  } catch {
    return { unreadable: true };
  }
  const result = validator.validate(DossierSchema, dossier);
  if (result.kind === "error") throw result.error; // the contract itself does not compile
  const violations = result.kind === "valid" ? [] : result.violations;
  return { violations: violations.map((one) => ({ rule: one.ruleId, path: pathToString(one.field) })) };
}

/** The input is no row of size-delimited messages. */
class BrokenInput extends Error {}

/** @param {Uint8Array} buffer */
function size(buffer) {
  try {
    return sizeDelimitedPeek(buffer);
  } catch {
    throw new BrokenInput("no size where a message should begin");
  }
}

/**
 * Cuts a stream into messages; holds no more than one and a block.
 *
 * @param {AsyncIterable<Uint8Array>} stream
 */
async function* messages(stream) {
  let blocks = [];
  let held = 0;
  let wanted = 1; // bytes that must be there before it is worth another look
  for await (const block of stream) {
    blocks.push(block);
    held += block.length;
    if (held < wanted) continue;
    let buffer = Buffer.concat(blocks, held);
    for (;;) {
      const peek = size(buffer);
      if (peek.eof) {
        wanted = buffer.length + 1;
        break;
      }
      if (peek.size > MOST_BYTES) throw new BrokenInput("message too large");
      wanted = peek.offset + peek.size;
      if (buffer.length < wanted) break;
      yield buffer.subarray(peek.offset, wanted);
      buffer = buffer.subarray(wanted);
    }
    blocks = [buffer];
    held = buffer.length;
  }
  if (held > 0) throw new BrokenInput("ends in the middle of a message");
}

let wrong = 0;
try {
  for await (const bytes of messages(process.stdin)) {
    const told = verdict(bytes);
    if ("unreadable" in told || told.violations.length > 0) wrong = 1;
    if (!process.stdout.write(`${JSON.stringify(told)}\n`)) await once(process.stdout, "drain");
  }
} catch (error) {
  if (!(error instanceof BrokenInput)) throw error;
  process.stderr.write(`oso-validate-messages: ${error.message}\n`);
  wrong = 2;
}
process.exitCode = wrong;
