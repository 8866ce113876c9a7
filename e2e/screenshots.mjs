// Pictures of the main pages for docs/images, over the sandbox vendors. A page that
// is not there yet is an error: the pictures are part of the documentation.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { product, root, token } from "./server.mjs";

const folder = join(root, "docs", "images");
mkdirSync(folder, { recursive: true });
const heaviest = 250 * 1024; // bytes of one picture

const light = { width: 1440, height: 900, colorScheme: "light" };
const dark = { width: 1440, height: 900, colorScheme: "dark" };
const small = { width: 360, height: 740, colorScheme: "light" };

const site = await product();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const api = async (path) => (await fetch(`${site.url}/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` } })).json();
  const until = async (what, check) => {
    for (const end = Date.now() + 300000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 1000))) {
      const found = await check();
      if (found) return found;
    }
    throw new Error(`${what}: waited five minutes in vain`);
  };
  // The first sync has published and ticketed enough to show.
  await until("tickets", async () => (await api("/tickets?limit=40")).items?.length >= 40);
  const run = await until("a run at work", async () => (await api("/runs")).items?.[0]?.id);
  const machine = await until("a machine with a ticket", async () => {
    const { items } = await api("/alerts?limit=200");
    return items?.find((a) => a.assetId || a.asset)?.assetId ?? items?.find((a) => a.assetKey)?.assetKey;
  });
  const customer = (await api("/customers?state=matched&limit=5")).items[0].id;
  const id = encodeURIComponent;
  const pictures = [
    ["overview", "/", light], ["overview-dark", "/", dark], ["overview-small", "/", small],
    ["matching", "/customers?state=suggested", light], ["matching-dark", "/customers?state=attention", dark],
    ["customer", `/customers/${id(customer)}`, light], ["machine", `/assets/${id(machine)}`, light],
    ["machines", "/machines", light], ["alerts", "/alerts", light], ["rules", "/rules", light],
    ["ticket-settings", "/ticketing/settings", light], ["run", `/runs/${id(run)}`, light], ["connections", "/connections", light],
  ];
  for (const [name, path, look] of pictures) {
    const context = await browser.newContext({
      viewport: { width: look.width, height: look.height }, colorScheme: look.colorScheme, deviceScaleFactor: 1, extraHTTPHeaders: { Authorization: `Bearer ${token}` },
    });
    const page = await context.newPage();
    const answer = await page.goto(site.url + path);
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}`);
    const file = join(folder, `${name}.png`);
    await page.screenshot({ path: file });
    await context.close();
    const { size } = statSync(file);
    if (size > heaviest) throw new Error(`${name}.png has ${size} bytes, more than ${heaviest}`);
    console.log(`docs/images/${name}.png  ${Math.round(size / 1024)} KB`);
  }
} finally {
  await browser.close();
  await site.stop();
}
