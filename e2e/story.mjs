// What the chapters of the browser story share: a person at the console, who finds
// things by their roles and names, and what that person sees in the vendors.
import assert from "node:assert/strict";
import { token } from "./server.mjs";

export const patience = 30000; // ms

// until asks again and again until the answer is what was waited for.
export async function until(what, ask, wanted = Boolean) {
  let last;
  for (const end = Date.now() + patience; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    last = await ask();
    if (wanted(last)) return last;
  }
  assert.fail(`${what}: waited in vain, last seen ${JSON.stringify(last)?.slice(0, 600)}`);
}

// quiet waits until every run of the bridge has ended.
export async function quiet(site) {
  const ended = new Set(["succeeded", "partial", "failed", "stopped", "cancelled"]);
  await until("the syncs end", () => runs(site), (answer) => answer.items.length > 0 && answer.items.every((run) => ended.has(run.state)));
}

// runs are the newest syncs.
const runs = async (site) => (await fetch(`${site.url}/api/v1/runs?limit=100`, { headers: { Authorization: `Bearer ${token}` } })).json();

// sync starts a manual sync by the button that every page has, and waits for its end.
export async function sync(page, site) {
  const before = new Set((await runs(site)).items.map((run) => run.id));
  await page.goto(site.url);
  await page.getByRole("button", { name: "Start Manual Sync" }).click();
  const mine = (answer) => answer.items.find((run) => run.scope === "all" && !before.has(run.id));
  const { id } = mine(await until("the sync is there", () => runs(site), mine));
  await quiet(site);
  return (await runs(site)).items.find((run) => run.id === id);
}

// told is what the page says about what was just done.
export const told = (page, text) => page.getByRole("status").filter({ hasText: text }).first().waitFor({ timeout: patience });

// confirm opens a button that says first what it will do, and goes on with it.
export async function confirm(scope, opener, button) {
  const block = scope.locator("details.confirm").filter({ hasText: opener });
  await block.locator("summary").click();
  await block.getByRole("button", { name: button }).click();
}

// row is the row of a table, or what stands for one on a small screen.
export const row = (page, name) => page.getByRole("row").filter({ hasText: name });

// one is the only element of a list that fits.
export function one(list, fits, what) {
  const found = list.filter(fits);
  assert.equal(found.length, 1, `${what}: ${JSON.stringify(found).slice(0, 500)}`);
  return found[0];
}
