// Browser tests of the console's first page: what it shows, how it can be used
// with a keyboard, without scripts, on a small screen, in the dark, and that axe
// finds nothing in any state. Screenshots are kept in artifacts/.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect, looks, open } from "./browser.mjs";
import { product, productExists, scene, token } from "./server.mjs";

// Every state in two looks that have nothing in common; the richest ones in all.
const some = [looks[0], looks[3]];
const scenes = { empty: some, busy: looks, trouble: looks, calm: some, hostile: some };

for (const [name, wanted] of Object.entries(scenes)) {
  describe(`scene ${name}`, () => {
    let site;
    before(async () => { site = await scene(name); });
    after(() => site?.stop());
    for (const look of wanted) {
      test(`looks right and passes axe at ${look.width} px, ${look.colorScheme}`, async () => {
        const { page, complaints, close } = await open(look, { extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
        await page.goto(site.url);
        await inspect(page, `${name}-${look.width}-${look.colorScheme}`);
        const run = page.locator("#part-runs a[href^='/runs/']").first();
        if (some.includes(look) && (await run.count())) {
          await run.click();
          await page.waitForURL("**/runs/*");
          await inspect(page, `${name}-run-${look.width}-${look.colorScheme}`);
        }
        if (some.includes(look) && !["empty", "calm"].includes(name)) { // these two have no machines
          await page.goto(`${site.url}/assets/appliance:a-0000-00`);
          await page.getByRole("heading", { name: "Compare" }).waitFor();
          await inspect(page, `${name}-machine-${look.width}-${look.colorScheme}`);
        }
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  });
}

describe("signing in", () => {
  let site;
  before(async () => { site = await scene("busy"); });
  after(() => site?.stop());

  test("the printed link opens the overview, works once, and signing out closes it", async () => {
    const { page, complaints, close } = await open(looks[0]);
    await page.goto(site.url);
    assert.match(page.url(), /\/login$/);
    await inspect(page, "login-1440-light");
    await page.goto(site.link);
    await page.waitForURL(`${site.url}/`);
    await page.getByRole("heading", { name: "What needs a person now" }).waitFor();
    const cookies = await page.context().cookies();
    assert.equal(cookies.length, 1);
    assert.equal(cookies[0].httpOnly, true);
    assert.equal(cookies[0].sameSite, "Strict");
    assert.equal(await page.evaluate(() => document.cookie), "");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
    assert.deepEqual(complaints, []);
    await page.goto(site.link);
    await page.getByText("This link is not good any more").waitFor();
    await inspect(page, "login-used-1440-light");
    await page.getByRole("button", { name: "Print a new link" }).click();
    await page.getByText("A new link was printed").waitFor();
    await close();
  });

  test("the sign-in and error pages pass axe in every look", async () => {
    for (const look of looks) {
      const { page, close } = await open(look, { extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
      await page.goto(`${site.url}/login`);
      await inspect(page, `login-${look.width}-${look.colorScheme}`);
      await page.goto(`${site.url}/nowhere`);
      await inspect(page, `error-${look.width}-${look.colorScheme}`);
      await close();
    }
  });
});

describe("using it", () => {
  let site;
  before(async () => { site = await scene("trouble"); });
  after(() => site?.stop());

  test("the keyboard reaches everything, in order, with a visible focus", async () => {
    const { page, close } = await open(looks[0], { extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
    await page.goto(site.url);
    const all = await page.locator("a[href]:visible, button:visible").count();
    const reached = [];
    for (let i = 0; i < all + 5; i++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        const style = getComputedStyle(e);
        return { name: e.textContent.trim().slice(0, 40), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
      });
      if (!at) break;
      reached.push(at.name);
      assert.ok(at.outline, `${at.name} has no visible focus`);
    }
    assert.equal(reached[0], "Skip to the content");
    for (const name of ["UniView Bridge", "Start Manual Sync", "See the plan", "Approve this plan"]) assert.ok(reached.includes(name), `${name} in ${reached}`);
    assert.ok(reached.length >= all, `${reached.length} of ${all} reached`);

    await page.goto(site.url);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await close();
  });

  test("it works without scripts", async () => {
    const { page, close } = await open(looks[0], { javaScriptEnabled: false, extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
    await page.goto(site.url);
    await page.getByText("Start Manual Sync").click();
    await page.waitForURL(`${site.url}/`);
    await page.getByText("See the plan").click();
    await page.getByText("Approve this plan").click();
    await page.waitForURL(`${site.url}/`);
    await close();
  });
});

describe("live progress", () => {
  let site;
  before(async () => { site = await scene("busy", "-move"); });
  after(() => site?.stop());

  test("renews itself without a reload, without moving anything, without losing the focus", async () => {
    const { page, complaints, close } = await open(looks[0], { extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
    await page.addInitScript(() => {
      window.shifts = 0;
      new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shifts += e.value; }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(site.url);
    await page.evaluate(() => { window.sameDocument = true; });
    const done = () => page.locator("progress").first().evaluate((p) => p.value);
    await page.getByRole("button", { name: "Cancel this sync" }).focus();
    const before = await done();
    await page.waitForFunction((n) => (document.querySelector("progress")?.value ?? 0) > n, Math.max(before, 37), { timeout: 30000 });
    assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was loaded again");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Cancel/);
    assert.ok((await page.evaluate(() => window.shifts)) < 0.01, `the page moved by ${await page.evaluate(() => window.shifts)}`);
    assert.deepEqual(complaints, []);
    await close();
  });
});

describe("the whole product", { skip: productExists ? false : "functions/local is not there" }, () => {
  let site;
  before(async () => { site = await product(); });
  after(() => site?.stop());

  test("shows machines, customers and tickets of its sandbox vendors", async () => {
    const { page, complaints, close } = await open(looks[0], { origin: site.url });
    await page.goto(site.link);
    await page.waitForURL(`${site.url}/`);
    await page.waitForFunction(() => /\d/.test(document.querySelector("#part-machines .big b")?.textContent ?? ""), undefined, { timeout: 90000 });
    const number = (text) => Number(text.replaceAll(/\D/g, ""));
    assert.ok(number(await page.locator("#part-machines .big b").textContent()) >= 1000);
    assert.ok(number(await page.locator("#part-customers .big b").textContent()) > 0);
    for (const look of looks) {
      await page.setViewportSize({ width: look.width, height: 900 });
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await inspect(page, `product-${look.width}-${look.colorScheme}`);
    }
    assert.deepEqual(complaints, []);
    await close();
  });

  test("answers health checks and refuses other host names", async () => {
    const health = await (await fetch(`${site.url}/healthz`)).json();
    assert.equal(health.status, "ok");
    assert.equal((await fetch(`${site.url}/api/v1/customers`)).status, 401);
    assert.equal((await fetch(`${site.url}/api/v1/customers?limit=1`, { headers: { Authorization: `Bearer ${token}` } })).status, 200);
  });
});
