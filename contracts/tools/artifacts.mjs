#!/usr/bin/env node
// Turns forge's out/ into artifacts/<Name>.json, which the Rust side compiles in, and writes
// artifacts/sources.json, by which `cargo xtask tidy` sees that they are fresh.
//
//   node tools/artifacts.mjs           writes (after `forge build`)
//   node tools/artifacts.mjs --check   fails when what is committed differs from out/
//
// The hash rule of sources.json, to be recomputed by others: sha256 over every regular file below src/,
// and foundry.toml, and package-lock.json, in ascending order of the UTF-8 bytes of the path relative to
// contracts/ with `/` between its parts. For each file: update(path), update(one zero byte),
// update(content), update(one zero byte). Lower-case hex, without 0x.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAMES = [
  "BitingToken", "Disperse", "LegacyRoleToken", "LegacyToken", "LegacyTwoStepToken", "Lens", "Migration", "MintLoop",
  "PausableGuard", "Probe", "ReadThroughERC20", "StagedERC20",
];
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (path) => readFileSync(join(root, path));

function artifact(name) {
  const out = JSON.parse(read(`out/${name}.sol/${name}.json`));
  const artifact = {
    contractName: name,
    abi: out.abi,
    bytecode: out.bytecode.object,
    deployedBytecode: out.deployedBytecode.object,
  };
  return JSON.stringify(artifact, null, 1) + "\n";
}

function sources() {
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1).replaceAll("\\", "/"));
  files.push("foundry.toml", "package-lock.json");
  files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const hash = createHash("sha256");
  for (const path of files) hash.update(path).update("\0").update(read(path)).update("\0");
  const solc = JSON.parse(read("package.json")).devDependencies.solc;
  return JSON.stringify({ solc, sha256: hash.digest("hex") }) + "\n";
}

const wanted = new Map(NAMES.map((name) => [`artifacts/${name}.json`, artifact(name)]));
wanted.set("artifacts/sources.json", sources());
const check = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of wanted) {
  if (!check) writeFileSync(join(root, path), text);
  else if (read(path).toString() !== text) {
    stale += 1;
    console.error(`stale: ${path}`);
  }
}
process.exit(stale === 0 ? 0 : 1);
