// A migration as a team writes it by hand: deploy the successor, mint batch after batch, then read every
// balance back. No freeze, no completeness, no recovery. The last line is a summary as that of
// `sealift demo --json`.
//
//   node ethers.mjs run URL HOLDERS.csv ARTIFACT.json BATCH WINDOW
//   node ethers.mjs verify URL HOLDERS.csv ARTIFACT.json TOKEN
import { readFileSync } from "node:fs";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager } from "ethers";

const [mode, url, holdersFile, artifactFile, last, window = "1"] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifactFile, "utf8"));
const holders = readFileSync(holdersFile, "utf8")
  .trim().split("\n").slice(1).map((line) => line.split(",")).map(([account, amount]) => [account, BigInt(amount)]);

const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1 });
provider.pollingInterval = 50; // ethers waits 4 s by default, which would measure the default
const signer = new NonceManager(await provider.getSigner(0));
const summary = { type: "summary", phase: "COMMITTED", holders: holders.length, transactions: 0 };

async function verify(token) {
  let mismatches = 0;
  const together = 1_000; // calls under way at once; ethers puts up to 100 into one request
  for (let at = 0; at < holders.length; at += together) {
    const found = await Promise.all(holders.slice(at, at + together).map(([account]) => token.balanceOf(account)));
    found.forEach((balance, i) => { if (balance !== holders[at + i][1]) mismatches += 1; });
  }
  return mismatches;
}

const start = performance.now();
if (mode === "run") {
  const batch = Number(last);
  let gas = 0n;
  const token = await new ContractFactory(abi, bytecode, signer).deploy();
  gas += (await token.deploymentTransaction().wait()).gasUsed;
  summary.transactions += 1;
  const underWay = [];
  const settle = async () => {
    gas += (await underWay.shift().wait()).gasUsed;
    summary.transactions += 1;
  };
  for (let at = 0; at < holders.length; at += batch) {
    const part = holders.slice(at, at + batch);
    underWay.push(await token.mint(part.map(([account]) => account), part.map(([, amount]) => amount)));
    if (underWay.length >= Number(window)) await settle();
  }
  while (underWay.length > 0) await settle();
  summary.mismatches = await verify(token);
  summary.gas_per_holder = Math.round(Number(gas) / holders.length);
} else {
  summary.mismatches = await verify(new Contract(last, abi, provider));
}
summary.seconds = Math.round(performance.now() - start) / 1_000;
console.log(JSON.stringify(summary));
provider.destroy();
