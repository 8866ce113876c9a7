// Browser tests of the first steps, Go live, Settings and Help: how they look, what a
// refused form says, and that the steps can be walked with scripts switched off.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect, looks, open } from "./browser.mjs";
import { scene, token } from "./server.mjs";

const headers = { extraHTTPHeaders: { Authorization: `Bearer ${token}` } };
const pages = ["start", "connections", "connections/connectwise", "mode", "mode/customers", "settings", "help"];

const scenes = { empty: [looks[0], looks[3]], busy: [looks[0]], hostile: [looks[3]] };

for (const [name, wanted] of Object.entries(scenes)) {
  describe(`scene ${name}`, () => {
    let site;
    before(async () => { site = await scene(name); });
    after(() => site?.stop());
    for (const look of wanted) {
      test(`the pages look right and pass axe at ${look.width} px, ${look.colorScheme}`, async () => {
        const { page, complaints, close } = await open(look, headers);
        for (const path of pages) {
          await page.goto(`${site.url}/${path}`);
          await page.getByRole("heading", { level: 1 }).waitFor();
          await inspect(page, `${name}-${path.replaceAll("/", "-")}-${look.width}-${look.colorScheme}`);
        }
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  });
}

describe("using them", () => {
  let site;
  before(async () => { site = await scene("busy"); });
  after(() => site?.stop());

  test("a refused setting says why beside its field and keeps what was entered", async () => {
    const { page, close } = await open(looks[3], headers);
    await page.goto(`${site.url}/settings`);
    const field = page.getByLabel("Usual intervals until overdue");
    await field.fill("99");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await field.inputValue(), "99");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await inspect(page, "settings-refused-360-dark");
    await field.fill("3");
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("The settings are kept").waitFor();
    assert.equal(await field.inputValue(), "3");
    await close();
  });

  test("going live asks once more, without scripts too, and says what cannot be undone", async () => {
    const { page, close } = await open(looks[0], { ...headers, javaScriptEnabled: false });
    await page.goto(`${site.url}/start`);
    await page.getByRole("link", { name: "Go live", exact: true }).click();
    await page.locator("summary", { hasText: "Go live with ConnectWise" }).click();
    await page.getByText("cannot be taken back").waitFor();
    await page.getByRole("button", { name: "Go live with ConnectWise" }).click();
    await page.getByText("Tickets is live").or(page.getByText("is live. The next sync")).first().waitFor();
    await close();
  });

  test("a customer gets a mode of its own", async () => {
    const { page, close } = await open(looks[0], headers);
    await page.goto(`${site.url}/mode/customers`);
    const row = page.getByRole("row").nth(1);
    await row.getByRole("combobox").first().selectOption("live");
    await row.getByRole("button", { name: /Save/ }).click();
    await page.getByText("documentation live").first().waitFor();
    await close();
  });
});
