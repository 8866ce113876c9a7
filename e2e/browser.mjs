// One Chromium for the tests of a file, and what every page is held to.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { root } from "./server.mjs";

const artifacts = join(root, "e2e", "artifacts");
mkdirSync(artifacts, { recursive: true });

// artifact is where a picture is kept.
export const artifact = (name) => join(artifacts, `${name}.png`);

export const looks = [
  { width: 1440, colorScheme: "light" },
  { width: 1440, colorScheme: "dark" },
  { width: 360, colorScheme: "light" },
  { width: 360, colorScheme: "dark" },
];

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});
after(() => browser?.close());

// open makes a page that fails the test on whatever the browser complains about.
export async function open(look, options = {}) {
  const context = await browser.newContext({ viewport: { width: look.width, height: 900 }, colorScheme: look.colorScheme, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("dialog", (d) => { complaints.push(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", (r) => { if (options.origin && !r.url().startsWith(options.origin)) complaints.push(`request to ${r.url()}`); });
  return { page, complaints, close: () => context.close() };
}

export async function inspect(page, name) {
  const picture = { path: artifact(name), fullPage: true };
  await page.screenshot(picture).catch(() => page.screenshot(picture)); // the browser declines now and then on a busy machine
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} is ${wide} px wider than the window`);
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), [], `axe on ${name}`);
}
