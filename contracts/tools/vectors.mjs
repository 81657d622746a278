#!/usr/bin/env node
// Writes test/vectors/heads.json: entries, batch data, heads, sealed heads, rules hashes and ids, computed
// here a third time, from neither the Solidity nor the Rust code that both must agree with it.
// Amounts are decimal strings, bytes are 0x hex, accounts are 0x hex in lower case.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sha3 from "js-sha3";

const hex = (big, bytes) => BigInt(big).toString(16).padStart(bytes * 2, "0");
const word = (value) => hex(value, 32);
const keccak = (digits) => "0x" + sha3.keccak256(Buffer.from(digits, "hex"));
const encoded = (...values) => keccak(values.map(word).join(""));
const named = (text) => "0x" + sha3.keccak256(text);
const account = (text) => "0x" + named(text).slice(26);

const ZERO = "0x" + "00".repeat(20);
const LAST = "0x" + "ff".repeat(20);
const SIZES = {
  CHAIN_READ: ([a]) => hex(a, 20),
  DECLARED: ([a, amount]) => hex(a, 20) + hex(amount, 12),
  DECLARED_WIDE: ([a, amount]) => word(a) + word(amount),
};

function heads(name, format, lane, generation, batches) {
  const id = named(`id of ${name}`);
  const head0 = encoded(id, lane, generation);
  let head = head0;
  const done = batches.map((entries, index) => {
    const data = entries.map(SIZES[format]).join("");
    const sum = entries.reduce((total, [, amount]) => total + BigInt(amount), 0n);
    head = encoded(head, id, lane, index, entries.length, sum, keccak(data));
    return {
      entries: entries.map(([a, amount]) => ({ account: a, amount: BigInt(amount).toString() })),
      data: "0x" + data, count: entries.length, sum: sum.toString(), dataHash: keccak(data), head,
    };
  });
  return { name, id, lane, generation, format, batches: done, head0, final: head };
}

function seal(name, frozenBlock, lanes) {
  const id = named(`id of ${name}`);
  let head = encoded(id, frozenBlock);
  lanes.forEach((l, i) => {
    head = encoded(head, i, l.generation, l.count, l.sum, l.head, l.supply, l.legacyCodeHash);
  });
  return { name, id, frozenBlock, lanes, sealedHead: head };
}

function identity(name, chainId, migration, nonce, rules) {
  const lanes = rules.lanes.map((l) => [
    l.legacy, ["READ_THROUGH", "CHAIN_READ", "DECLARED", "DECLARED_WIDE"].indexOf(l.source), l.guard, l.ledger,
    l.legacyCodeHash, l.guardCodeHash, l.ledgerCodeHash,
  ]);
  const rulesHash = encoded(
    32, rules.deadline, rules.maxFreezeSecs, rules.operator, rules.guardian, rules.preauthorised ? 1 : 0, 192,
    lanes.length, ...lanes.flat(),
  );
  return { name, chainId, migration, nonce, rules, rulesHash, id: encoded(chainId, migration, rulesHash, nonce) };
}

const lane = (i, source) => ({
  legacy: account(`legacy ${i}`), source, guard: account(`guard ${i}`), ledger: account(`ledger ${i}`),
  legacyCodeHash: named(`legacy code ${i}`), guardCodeHash: named(`guard code ${i}`),
  ledgerCodeHash: named(`ledger code ${i}`),
});
const holders = (n, seed) =>
  Array.from({ length: n }, (_, i) => [account(`${seed} ${i}`), BigInt(named(`${seed} amount ${i}`)) >> 170n])
    .sort(([a], [b]) => (a < b ? -1 : 1));
const MAX96 = (1n << 96n) - 1n;
const MAX208 = (1n << 208n) - 1n;
const many = holders(23, "many");

const vectors = {
  heads: [
    heads("one holder", "DECLARED", 0, 1, [[[account("holder"), 1n]]]),
    heads("no batch", "DECLARED", 2, 3, []),
    heads("edges of the account space", "DECLARED", 1, 2, [[[ZERO, 1n], ["0x" + hex(1, 20), 2n]], [[LAST, MAX96]]]),
    heads("three batches", "DECLARED", 15, 4294967295, [many.slice(0, 8), many.slice(8, 16), many.slice(16)]),
    heads("wide amounts", "DECLARED_WIDE", 3, 1, [[[ZERO, 1n << 96n], [account("whale"), MAX208 >> 1n]], [[LAST, MAX96]]]),
    heads("chain read", "CHAIN_READ", 0, 7, [many.slice(0, 12), many.slice(12)]),
    heads("chain read at the edges", "CHAIN_READ", 0, 1, [[[ZERO, 5n]], [[LAST, 6n]]]),
  ],
  seals: [
    seal("one read-through lane", 19000000, [
      { generation: 0, count: 0, sum: "0", head: word(0).replace(/^/, "0x"), supply: "1000000000000000000000000000",
        legacyCodeHash: named("code") },
    ]),
    seal("three lanes", 1, [
      { generation: 1, count: 23, sum: "12345", head: named("head 0"), supply: "12345", legacyCodeHash: named("code 0") },
      { generation: 0, count: 0, sum: "0", head: "0x" + word(0), supply: "99", legacyCodeHash: named("code 1") },
      { generation: 4294967295, count: 1000000, sum: MAX208.toString(), head: named("head 2"),
        supply: MAX208.toString(), legacyCodeHash: named("code 2") },
    ]),
  ],
  ids: [
    identity("one lane", 1, account("migration"), named("nonce"), {
      deadline: 1800000000, maxFreezeSecs: 86400, operator: account("operator"), guardian: account("guardian"),
      preauthorised: false, lanes: [lane(0, "DECLARED")],
    }),
    identity("three lanes, no guardian, pre-authorised", 31337, account("other migration"), "0x" + word(0), {
      deadline: 1900000000, maxFreezeSecs: 3600, operator: account("operator"), guardian: ZERO,
      preauthorised: true, lanes: [lane(0, "READ_THROUGH"), lane(1, "CHAIN_READ"), lane(2, "READ_THROUGH")],
    }),
  ],
};
const path = join(dirname(fileURLToPath(import.meta.url)), "../test/vectors/heads.json");
writeFileSync(path, JSON.stringify(vectors, null, 1) + "\n");
