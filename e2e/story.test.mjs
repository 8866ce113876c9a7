// The browser story: from an empty installation to an alert that opens and closes a
// ticket, every step of the two integrations that people know, done in the console by
// a person in a real browser, and its effect seen in the sandbox vendors. Chapters are
// tests of one file, told in order; each names the native steps it covers:
//
//   IT Glue with UniView                       ConnectWise with UniView
//   G1  where UniView's credentials come from   C1  the security role, right by right
//   G2  enter them and connect                  C2  the API member and its keys
//   G3  refused later: stops, re-enter          C3  instance URL, company and keys
//   G4  Start Manual Sync, Syncing… to OK       C4  Test Credentials
//   G5  matched by name by itself               C5  choose company and service board
//   G6  Accept Suggestion                       C6  change them at any time
//   G7  Match To another organization           C7  close status, or do not close
//   G8  create, with the warning                C8  priority, or do not sync
//   G9  ignore: no longer unmatched             C9  a test ticket
//   G10 Change Match                            C10 map organizations to companies
//   G11 Match Devices of a matched one          C11 companies that are not listed yet
//   G12 machines matched by MAC by themselves   C12 one organization's own settings
//   G13 accept a suggestion by name             C13 every alert becomes a ticket
//   G14 Match To a configuration                C14 closed when the condition is over
//   G15 Create Configuration, one               C15 edit the integration later
//   G16 and many at once
//   G17 the warning about the PSA
//   G18 until every machine is actioned
//   G19 status, last backup and storage shown on the configuration
//   G20 Compare and Sync Now
//   G21 come back to the settings at any time
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { artifact, inspect, looks, open } from "./browser.mjs";
import { installed, world } from "./server.mjs";
import { confirm, one, patience, quiet, row, sync, told, until } from "./story.mjs";

let vendors, site, page, complaints, close;

// chapter tells one part of the story. What follows a broken one proves nothing, and is
// left out.
let broken;
function chapter(name, tell) {
  test(name, async (t) => {
    if (broken) return t.skip(`after "${broken}" failed`);
    try {
      await tell(t);
    } catch (err) {
      broken = name;
      await page?.screenshot({ path: artifact("story-broken"), fullPage: true }).catch(() => {});
      throw err;
    }
  });
}

// at goes to a page by the main navigation, as people do.
async function at(name) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}

// credentials enters a vendor's, from the list of connections on.
async function credentials(vendor, fields) {
  await at("Connections");
  await page.getByRole("link", { name: new RegExp(`^(Set up|Open) ${vendor}$`) }).click();
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: /^(Connect|Save)$/ }).click();
  await told(page, `The credentials of ${vendor} are stored`);
}

// tested presses Test Credentials on the page of a connection.
async function tested(finding) {
  await page.getByRole("button", { name: "Test Credentials" }).click();
  await page.getByRole("status", { name: "What the test found" }).filter({ hasText: finding }).waitFor();
}

// tab opens a tab of the list that is shown.
const tab = async (name) => {
  await page.getByRole("link", { name: new RegExp(`^${name}\\s+[\\d,]+$`) }).click();
  await page.locator("[aria-current=page]").filter({ hasText: name }).waitFor();
};

// findCustomer searches a customer in all of them.
async function findCustomer(name) {
  await at("Matching");
  await tab("All");
  await page.getByLabel("Search customers").fill(name);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await row(page, name).waitFor();
}

// devices opens Match Devices of a matched customer.
async function devices(name) {
  await findCustomer(name);
  await row(page, name).getByRole("link", { name: /Match Devices$/ }).click();
  await page.getByRole("heading", { name: "Match Devices" }).waitFor();
}

// matchTo types what to look for, and chooses it when it is found without a reload.
async function matchTo(text, name, picture) {
  const answered = page.waitForResponse((res) => new URL(res.url()).searchParams.get("q") === text);
  await page.getByRole("searchbox").pressSequentially(text);
  await answered;
  await page.waitForFunction(() => !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling"));
  await page.getByRole("radio", { name }).check();
  if (picture) await beheld(`match-to-${picture}`);
  await page.getByRole("button", { name: "Match", exact: true }).click();
}

// ticketsAbout are a machine's tickets as ConnectWise has them; ticketAbout the only one.
const ticketsAbout = async (machine) => (await vendors.state()).tickets.filter((t) => t.summary.includes(machine));
const ticketAbout = async (machine) => one(await ticketsAbout(machine), () => true, `tickets about ${machine}`);

// beheld inspects where the story is in the two looks that differ most.
async function beheld(name) {
  if (process.env.STORY_PICTURES === "off") return;
  for (const look of [looks[0], looks[3]]) {
    await page.setViewportSize({ width: look.width, height: 900 });
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await inspect(page, `story-${name}-${look.width}-${look.colorScheme}`);
  }
  await page.setViewportSize({ width: looks[0].width, height: 900 });
  await page.emulateMedia({ colorScheme: looks[0].colorScheme });
}

describe("from an empty installation to a closed ticket", () => {
  before(async () => {
    vendors = await world();
    site = await installed(vendors);
    ({ page, complaints, close } = await open(looks[0], { origin: site.url }));
    page.setDefaultTimeout(patience);
  });
  after(async () => {
    await close?.();
    await site?.stop();
    await vendors?.stop();
  });

  chapter("the printed link signs in to an empty installation that says what comes first", async () => {
    await page.goto(site.link);
    await page.waitForURL(`${site.url}/`);
    await page.getByText("Three connections and it runs").waitFor();
    await beheld("empty");
  });

  chapter("G1 C1 C2: the connections say where in each vendor the credentials come from, with the role's rights", async () => {
    await at("Connections");
    await page.getByText("Manage APIs").first().waitFor();
    for (const right of ["Company Maintenance", "Company / Contact Group Maintenance", "Close Service Tickets", "Merge Tickets", "Service Tickets - Dependencies", "Service Tickets - Finance", "Table Setup"]) {
      await page.getByRole("row").filter({ hasText: right }).first().waitFor();
    }
    await page.getByText("API Members").first().waitFor();
    await beheld("connections");
  });

  chapter("G2 C3 C4: credentials are entered and tested, and a wrong one is said in words", async () => {
    await credentials("UniView", { "Client ID": vendors.uniview.credentials.clientId, "Client secret": "not-the-secret" });
    await tested(/refused/i);
    await credentials("UniView", { "Client ID": vendors.uniview.credentials.clientId, "Client secret": vendors.uniview.credentials.clientSecret });
    await tested(/Connected/);
    await credentials("IT Glue", { "API key": vendors.itglue.credentials.apiKey });
    await tested(/Connected/);
    const psa = vendors.connectwise.credentials;
    await credentials("ConnectWise", { "Instance URL": psa.instanceUrl, "Company ID": psa.companyId, "Public key": psa.publicKey, "Private key": psa.privateKey, "Client ID": psa.clientId });
    await tested(/Connected/);
    assert.deepEqual((await vendors.state()).writes, { uniview: 0, itglue: 0, connectwise: 0 }, "testing wrote something");
  });

  chapter("G4 G5: a manual sync reads everything, matches by name, plans, and writes nothing in preview", async () => {
    const run = await sync(page, site);
    assert.equal(run.state, "succeeded");
    await page.goto(site.url);
    await page.getByText("Preview: nothing is written").first().waitFor();
    assert.deepEqual((await vendors.state()).writes, { uniview: 0, itglue: 0, connectwise: 0 });
  });

  chapter("G5 G6: the Unmatched list shows suggestions with their reasons; Accept Suggestion matches", async () => {
    await at("Matching");
    await tab("Matched");
    await row(page, "Harbour Lane Dental").getByText("Same name").first().waitFor();
    await tab("Suggested");
    const northwind = row(page, "Northwind Legal LLP");
    await northwind.getByText("Northwind Legal Partners LLP").first().waitFor();
    await northwind.getByText("2 of 2 machines already match there").waitFor();
    await beheld("matching");
    await northwind.getByRole("button", { name: "Accept Suggestion for Northwind Legal LLP" }).click();
    await told(page, "Matched to Northwind Legal Partners LLP");
    await tab("Matched");
    await row(page, "Northwind Legal LLP").waitFor();
    await quiet(site);
  });

  chapter("G6: many suggestions above a score are shown, then accepted at once", async () => {
    await tab("Suggested");
    await page.getByRole("link", { name: "Accept many…" }).click();
    await page.getByRole("button", { name: "Show what would be accepted" }).click();
    await page.getByRole("row").filter({ hasText: "Fairweather Surveyors Limited" }).waitFor();
    await beheld("accept");
    await page.getByRole("button", { name: /^Accept these/ }).click();
    await page.getByRole("heading", { name: /\d accepted/ }).waitFor();
    await at("Matching");
    await tab("Matched");
    await row(page, "Fairweather Surveyors Limited").getByText("Fairweather Surveyor Ltd").first().waitFor();
    await quiet(site);
  });

  chapter("G7 G10: Match To finds another organization as one types, and Change Match corrects a wrong choice", async () => {
    await findCustomer("Quillon Freight");
    await row(page, "Quillon Freight").getByRole("link", { name: /^Match To Quillon Freight, organization/ }).click();
    await matchTo("ridgeway", "Ridgeway Interiors");
    await told(page, "Matched to Ridgeway Interiors");
    await findCustomer("Quillon Freight");
    await row(page, "Quillon Freight").getByRole("link", { name: /^Change Match Quillon Freight, organization/ }).click();
    await page.getByRole("heading", { name: /Change Match/ }).waitFor();
    await matchTo("zephyr", "Zephyr Logistics Group", "change");
    await told(page, "Matched to Zephyr Logistics Group");
    await quiet(site);
  });

  chapter("G8: an organization is created after a look for duplicates, and exists in IT Glue", async () => {
    await findCustomer("Larkspur Bakery Collective");
    await row(page, "Larkspur Bakery Collective").getByRole("link", { name: /^Match To Larkspur Bakery Collective, organization/ }).click();
    const before = (await vendors.state()).organizations.length;
    await page.getByRole("button", { name: "Create Organization…" }).click();
    await page.getByText("Nothing like “Larkspur Bakery Collective” was found in IT Glue").waitFor();
    assert.equal((await vendors.state()).organizations.length, before, "looking for duplicates created something");
    await beheld("create");
    await page.getByRole("button", { name: "Create “Larkspur Bakery Collective” in IT Glue" }).click();
    await told(page, "Created and matched: Larkspur Bakery Collective");
    one((await vendors.state()).organizations, (o) => o.name === "Larkspur Bakery Collective", "the created organization");
    await quiet(site);
  });

  chapter("G8: creating what exists already warns of the duplicate", async () => {
    await findCustomer("Meadowbrook Motors");
    await row(page, "Meadowbrook Motors").getByRole("link", { name: /^Match To Meadowbrook Motors, organization/ }).click();
    const before = (await vendors.state()).organizations.length;
    await page.getByRole("button", { name: "Create Organization…" }).click();
    await page.getByText("These may be it already").waitFor();
    await page.getByRole("listitem").filter({ hasText: "Meadowbrook Motors" }).first().waitFor();
    assert.equal((await vendors.state()).organizations.length, before);
    // Of two with equal right a person chooses.
    await page.getByRole("button", { name: "Match to Meadowbrook Motors" }).first().click();
    await told(page, "Matched to Meadowbrook Motors");
    await quiet(site);
  });

  chapter("G9: an ignored customer counts as unmatched no longer, in later syncs too", async () => {
    await findCustomer("Internal Lab Sandpit");
    await row(page, "Internal Lab Sandpit").getByRole("button", { name: "Ignore Internal Lab Sandpit, organization" }).click();
    await told(page, "Ignored");
    await sync(page, site);
    await at("Matching");
    await tab("Ignored");
    await row(page, "Internal Lab Sandpit").waitFor();
    await tab("Unmatched");
    assert.equal(await row(page, "Internal Lab Sandpit").count(), 0);
  });

  chapter("G21: every decision stands in the audit trail with before and after, and can be undone there", async () => {
    await at("Audit");
    await row(page, "Northwind").first().waitFor();
    await row(page, "Fairweather").first().getByRole("button", { name: /^Undo/ }).click();
    await page.getByRole("status").first().waitFor();
    await findCustomer("Fairweather Surveyors Limited");
    await row(page, "Fairweather Surveyors Limited").getByRole("button", { name: /^Accept Suggestion for Fairweather/ }).click();
    await told(page, "Matched to Fairweather Surveyor Ltd");
    await quiet(site);
  });

  chapter("G11 G12 G13: Match Devices: by MAC they matched by themselves, by name alone a suggestion is accepted", async () => {
    await devices("Harbour Lane Dental");
    for (const name of ["HLD-DC01", "HLD-SQL02", "HLD-WEB09"]) await row(page, name).getByText("Same MAC address").waitFor();
    const fs = row(page, "HLD-FS03");
    await fs.getByText("the host name agrees").first().waitFor();
    await beheld("devices");
    await fs.getByRole("button", { name: "Accept Suggestion for HLD-FS03" }).click();
    await told(page, "Matched to HLD-FS03");
    await quiet(site);
  });

  chapter("G14: a machine without a usable address is matched to a configuration found by its name", async () => {
    await devices("Harbour Lane Dental");
    await row(page, "HLD-LT04").getByRole("link", { name: /^Match To HLD-LT04, configuration/ }).click();
    await matchTo("reception", "Reception notebook");
    await told(page, "Matched to Reception notebook");
    await quiet(site);
  });

  chapter("G15 G17: Create Configuration creates one, after saying what it means for the PSA", async () => {
    await devices("Harbour Lane Dental");
    await row(page, "HLD-APP05").getByRole("link", { name: /^Match To HLD-APP05, configuration/ }).click();
    await page.getByRole("button", { name: "Create Configuration…" }).click();
    await page.getByText(/PSA/).first().waitFor();
    await page.getByRole("button", { name: "Create “HLD-APP05” in IT Glue" }).click();
    await told(page, "Created and matched: HLD-APP05");
    const made = one((await vendors.state()).configurations, (c) => c.name === "HLD-APP05", "the created configuration");
    assert.equal(made.organization, "Harbour Lane Dental");
    await quiet(site);
  });

  chapter("G16: many configurations are created at once", async () => {
    await devices("Harbour Lane Dental");
    await page.locator("summary").filter({ hasText: "Create Configurations" }).click();
    await page.getByText(/PSA/).first().waitFor();
    await page.getByRole("checkbox", { name: "HLD-TMP08" }).uncheck();
    await page.getByRole("button", { name: /^Create the chosen configurations/ }).click();
    await told(page, "2 configurations created");
    for (const name of ["HLD-APP06", "HLD-APP07"]) one((await vendors.state()).configurations, (c) => c.name === name && c.organization === "Harbour Lane Dental", name);
    assert.equal((await vendors.state()).configurations.filter((c) => c.name === "HLD-TMP08").length, 0);
    await quiet(site);
  });

  chapter("G18: until every machine of the organization is actioned", async () => {
    await devices("Harbour Lane Dental");
    await row(page, "HLD-TMP08").getByRole("button", { name: /^Ignore HLD-TMP08/ }).click();
    await told(page, "Ignored");
    for (const name of ["Needs attention", "Suggested", "Unmatched"]) {
      await devices("Harbour Lane Dental");
      await tab(name);
      assert.equal(await page.locator("[aria-current=page]").filter({ hasText: name }).textContent().then((text) => text.replace(/\D/g, "")), "0", `${name} machines are left`);
    }
    await quiet(site);
  });

  chapter("G21: preview planned it all and wrote no status; going live says its counts and is confirmed", async () => {
    await sync(page, site);
    assert.equal((await vendors.state()).assets.length, 0, "preview published");
    await page.goto(`${site.url}/mode`);
    await page.getByRole("heading", { name: "Documentation: IT Glue" }).waitFor();
    await page.getByText(/create \d+ × flexible asset/).waitFor();
    await beheld("go-live");
    await confirm(page, "Go live with IT Glue…", "Go live with IT Glue");
    await told(page, "Documentation is live");
    const run = await sync(page, site);
    assert.equal(run.state, "succeeded");
  });

  chapter("G19: each configuration shows its machine's status, last backup and storage in IT Glue", async () => {
    const { assets } = await vendors.state();
    const of = (configuration) => one(assets, (a) => a.configurations?.includes(configuration), `what ${configuration} shows`);
    assert.match(of("HLD-DC01").title, /HLD-DC01 Success/);
    assert.equal(of("HLD-SQL02").traits.status, "Failed");
    assert.equal(of("HLD-DC01").traits["last-backup"], "2026-03-02 06:30 UTC");
    assert.match(of("HLD-DC01").traits["storage-used"], /4,200 MB/);
    for (const name of ["HLD-FS03", "Reception notebook", "HLD-APP05", "HLD-APP06", "HLD-APP07", "NWL-DC01", "KES-SRV01", "FWS-SRV01"]) of(name);
    assert.deepEqual(assets.filter((a) => a.organization === "Ridgeway Interiors"), [], "the wrong organization shows something");
  });

  chapter("G20: Compare shows both sides of a machine; Sync Now brings a new backup over at once", async () => {
    await vendors.advance(90, site);
    await vendors.act("backup", { machine: "HLD-SQL02", status: "Successful" });
    await devices("Harbour Lane Dental");
    await page.getByRole("link", { name: "HLD-SQL02", exact: true }).click();
    await page.getByRole("heading", { name: "Compare" }).waitFor();
    await page.getByRole("button", { name: "Sync Now" }).click();
    await quiet(site);
    const shown = one((await vendors.state()).assets, (a) => a.configurations?.includes("HLD-SQL02"), "HLD-SQL02");
    assert.equal(shown.traits.status, "Success");
    await sync(page, site); // what IT Glue shows is read with the next sync of all
    await devices("Harbour Lane Dental");
    await page.getByRole("link", { name: "HLD-SQL02", exact: true }).click();
    await page.getByRole("row", { name: /^Status (?!since)/ }).getByText("yes").waitFor();
    assert.equal(await page.getByText("differs").count(), 0);
    await beheld("compare");
  });

  chapter("C5 C6 C7 C8: company, service board, close status and priority are chosen from what ConnectWise has", async () => {
    await page.goto(`${site.url}/ticketing/settings`);
    const { companies, boards } = await vendors.state();
    const offered = (label) => page.getByLabel(label, { exact: true }).locator("option").allTextContents();
    for (const { name } of companies) assert.ok((await offered("Default company")).includes(name), `company ${name} is not offered`);
    assert.deepEqual((await offered("Service board")).sort(), ["Nothing chosen", ...boards.filter((b) => b.name !== "Projects").map((b) => b.name)].sort());
    await page.getByLabel("Default company", { exact: true }).selectOption("Our MSP Ltd");
    await page.getByLabel("Service board", { exact: true }).selectOption("Service Desk");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
    // Another board at any time; its statuses come with it.
    await page.getByLabel("Service board", { exact: true }).selectOption("Backup");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
    await page.getByLabel("Status of closed tickets", { exact: true }).selectOption("Resolved");
    await page.getByLabel("Priority", { exact: true }).selectOption("Priority 2 - High");
    await page.getByLabel("Source", { exact: true }).selectOption("Monitoring");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
    await page.goto(`${site.url}/ticketing/settings`);
    assert.equal(await page.getByLabel("Priority", { exact: true }).locator("option:checked").textContent(), "Priority 2 - High");
    assert.equal(await page.getByLabel("Do not close automatically", { exact: true }).isChecked(), false);
    await beheld("ticket-settings");
  });

  chapter("C9: a test ticket opens and closes in ConnectWise, in preview too, and the texts can be seen before", async () => {
    await page.goto(`${site.url}/ticketing/settings`);
    await page.getByRole("button", { name: "Preview the texts" }).click();
    await page.getByRole("heading", { name: "What a ticket would say" }).waitFor();
    assert.deepEqual((await vendors.state()).tickets.map((t) => t.summary), [], "a preview opened something");
    await page.goto(`${site.url}/ticketing/settings`);
    await confirm(page, "Test Ticket…", "Create the test ticket");
    await told(page, /Test ticket #\d+/);
    const test = one((await vendors.state()).tickets, () => true, "tickets");
    assert.deepEqual({ company: test.company, board: test.board, status: test.status, closed: test.closed, priority: test.priority, source: test.source },
      { company: "Our MSP Ltd", board: "Backup", status: "Resolved", closed: true, priority: "Priority 2 - High", source: "Monitoring" });
  });

  chapter("C10 C11: organizations go to the default company until they are mapped to their own, found as one types", async () => {
    await at("Matching");
    await page.getByRole("link", { name: "Show by company" }).click();
    await tab("Needs attention");
    const kestrel = row(page, "Kestrel Surgery");
    await kestrel.getByText("2 with equal right").waitFor();
    await beheld("mapping");
    await kestrel.getByRole("link", { name: /^Match To Kestrel Surgery, company/ }).click();
    await page.getByRole("button", { name: "Match to Kestrel Surgery" }).last().click();
    await told(page, "Matched to Kestrel Surgery");
    await findCustomer("Quillon Freight");
    await row(page, "Quillon Freight").getByRole("link", { name: /^(Match To|Change Match) Quillon Freight, company/ }).click();
    await matchTo("zephyr", "Zephyr Logistics Group");
    await told(page, "Matched to Zephyr Logistics Group");
    await quiet(site);
  });

  chapter("C12: one organization has settings of its own, and they are reset for all", async () => {
    await findCustomer("Northwind Legal LLP");
    await row(page, "Northwind Legal LLP").getByRole("link", { name: "Northwind Legal LLP", exact: true }).click();
    await page.getByRole("link", { name: "Ticket settings of this customer" }).click();
    await page.getByLabel("Do not sync", { exact: true }).check();
    await page.getByLabel("Own value of Do not sync").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "1 settings of its own are saved for Northwind Legal LLP");
    await beheld("override");
  });

  chapter("ticketing goes live as an act of its own", async () => {
    await sync(page, site);
    await page.goto(`${site.url}/mode`);
    await page.getByRole("heading", { name: "Tickets: ConnectWise" }).waitFor();
    await confirm(page, "Go live with ConnectWise…", "Go live with ConnectWise");
    await told(page, "Tickets is live");
    assert.equal((await vendors.state()).tickets.length, 1, "going live alone opened something");
    await sync(page, site);
  });

  chapter("C13: every alert becomes one ticket on its company, board and priority; do not sync opens none", async () => {
    await vendors.advance(5, site);
    await vendors.act("alert", { machine: "HLD-DC01" });
    await vendors.act("alert", { machine: "KES-SRV01", type: "conditional" });
    await vendors.act("alert", { machine: "NWL-DC01" });
    await sync(page, site);
    const dc = await ticketAbout("HLD-DC01");
    assert.deepEqual({ company: dc.company, board: dc.board, status: dc.status, priority: dc.priority, source: dc.source, closed: dc.closed },
      { company: "Harbour Lane Dental", board: "Backup", status: "New (backup)", priority: "Priority 2 - High", source: "Monitoring", closed: false });
    assert.match(dc.notes[0].text, /Backup of HLD-DC01 failed: the volume is full/);
    assert.equal((await ticketAbout("KES-SRV01")).company, "Kestrel Surgery");
    assert.equal((await ticketsAbout("NWL-DC01")).length, 0, "do not sync opened a ticket");
    await at("Alerts & tickets");
    await row(page, "HLD-DC01").getByText(`#${dc.id}`).waitFor();
    await row(page, "NWL-DC01").getByText("Held", { exact: true }).waitFor();
    await beheld("alerts");
    await page.getByRole("navigation", { name: "Alerts and tickets" }).getByRole("link", { name: "Tickets", exact: true }).click();
    await row(page, `#${dc.id}`).getByText("Open", { exact: true }).waitFor();
    await beheld("tickets");
  });

  chapter("C12: Reset For All Organizations takes the override away, and the held alert gets its ticket", async () => {
    await page.goto(`${site.url}/ticketing/settings`);
    await confirm(page, "Reset For All Organizations…", "Reset For All Organizations");
    await told(page, "1 customers have the account's settings again");
    await vendors.advance(5, site);
    await sync(page, site);
    assert.equal((await ticketAbout("NWL-DC01")).company, "Northwind Legal LLP");
  });

  chapter("an alert that repeats is a note on its ticket, not a second one", async () => {
    const was = await ticketAbout("HLD-DC01");
    await vendors.advance(5 * 60, site);
    await vendors.act("alert", { machine: "HLD-DC01" });
    await sync(page, site);
    const is = await ticketAbout("HLD-DC01");
    assert.equal(is.id, was.id);
    assert.equal(is.notes.length, was.notes.length + 1);
    assert.ok(is.notes.at(-1).internal, "the note is for everybody");
    await page.goto(`${site.url}/alerts`);
    await row(page, "HLD-DC01").getByText("2 times").first().waitFor();
  });

  chapter("C14: tickets close when the condition is over, dismissed or resolved, and say on what evidence", async () => {
    await vendors.advance(30, site);
    await vendors.act("dismiss", { machine: "HLD-DC01" });
    await vendors.act("backup", { machine: "KES-SRV01" });
    await sync(page, site);
    for (const machine of ["HLD-DC01", "KES-SRV01"]) {
      const closed = await ticketAbout(machine);
      assert.equal(closed.status, "Resolved", `${machine}'s ticket`);
      assert.match(closed.notes.at(-1).text, /The trouble is over[\s\S]*dismissed in UniView/);
    }
    assert.equal((await ticketAbout("NWL-DC01")).closed, false);
    await page.goto(`${site.url}/alerts?state=over`);
    await row(page, "HLD-DC01").getByText("Dismissed in UniView").first().waitFor();
  });

  chapter("C7: with Do not close automatically a note says that it is over, and the ticket stays open", async () => {
    await page.goto(`${site.url}/ticketing/settings`);
    await page.getByLabel("Do not close automatically", { exact: true }).check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
    await vendors.advance(5, site);
    await vendors.act("dismiss", { machine: "NWL-DC01" });
    await sync(page, site);
    const left = await ticketAbout("NWL-DC01");
    assert.equal(left.closed, false, "it was closed");
    assert.match(left.notes.at(-1).text, /over/i);
    await vendors.act("ticket", { ticket: left.id, do: "close" });
    await page.goto(`${site.url}/ticketing/settings`);
    await page.getByLabel("Do not close automatically", { exact: true }).uncheck();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
  });

  chapter("a ticket that a technician closed is followed, not fought", async () => {
    await vendors.advance(5, site);
    await vendors.act("alert", { machine: "FWS-SRV01" });
    await sync(page, site);
    const mine = await ticketAbout("FWS-SRV01");
    await vendors.advance(10, site);
    await vendors.act("ticket", { ticket: mine.id, do: "close", by: "tech2" });
    await sync(page, site);
    assert.equal((await ticketAbout("FWS-SRV01")).closed, true);
    await page.goto(`${site.url}/tickets?state=closed`);
    await row(page, `#${mine.id}`).getByText("Closed", { exact: true }).waitFor();
  });

  chapter("a snoozed machine gets no ticket, the page says why, and what lasts gets one when the snooze ends", async () => {
    await vendors.advance(5, site);
    await vendors.act("alert", { machine: "KES-SRV02" });
    await sync(page, site);
    await page.goto(`${site.url}/alerts`);
    await row(page, "KES-SRV02").getByRole("link", { name: /^Snooze/ }).click();
    await page.getByLabel("Machine KES-SRV02").check();
    await page.getByLabel("Reason", { exact: true }).fill("new disks are on order");
    await beheld("snooze");
    await page.getByRole("button", { name: "Snooze", exact: true }).click();
    await told(page, "Snoozed until");
    await vendors.advance(5, site);
    await vendors.act("dismiss", { machine: "KES-SRV02" });
    await sync(page, site);
    assert.equal((await ticketAbout("KES-SRV02")).closed, true, "a snooze keeps an ending back");
    await vendors.advance(5, site);
    await vendors.act("alert", { machine: "KES-SRV02" });
    await sync(page, site);
    assert.equal((await ticketAbout("KES-SRV02")).closed, true, "a snoozed machine's ticket was opened again");
    await page.goto(`${site.url}/alerts?state=snoozed`);
    await row(page, "KES-SRV02").getByText("new disks are on order").waitFor();
    await row(page, "KES-SRV02").getByRole("button", { name: /^End snooze/ }).click();
    await page.getByRole("status").first().waitFor();
    await vendors.advance(5, site);
    await sync(page, site);
    assert.equal((await ticketAbout("KES-SRV02")).closed, false, "what lasts got no ticket after the snooze");
  });

  chapter("G3: refused later, one connection stops, visibly and with the fix; re-entered, it goes on", async () => {
    await vendors.act("credentials", { vendor: "itglue", revoked: true });
    await vendors.advance(90, site);
    await vendors.act("backup", { machine: "HLD-WEB09", status: "Failed" });
    await sync(page, site);
    await page.goto(site.url);
    await page.getByText("Create a new API key in IT Glue").first().waitFor();
    await at("Connections");
    await page.getByRole("region", { name: "IT Glue" }).getByText("Stopped", { exact: true }).waitFor();
    await page.getByRole("region", { name: "ConnectWise" }).getByText("OK", { exact: true }).waitFor();
    await beheld("stopped");
    await vendors.act("credentials", { vendor: "itglue", revoked: false });
    await credentials("IT Glue", { "API key": vendors.itglue.credentials.apiKey });
    await tested(/Connected/);
    await vendors.advance(5, site);
    await sync(page, site);
    assert.equal(one((await vendors.state()).assets, (a) => a.configurations?.includes("HLD-WEB09"), "HLD-WEB09").traits.status, "Failed");
  });

  chapter("C15 G21: every page is there to come back to, and nothing in the browser complained", async () => {
    for (const name of ["Overview", "Matching", "Machines", "Alerts & tickets", "Runs", "Connections", "Settings", "Audit", "Help"]) {
      await at(name);
      await beheld(`page-${name.replace(/\W+/g, "-").toLowerCase()}`);
    }
    for (const path of ["windows", "rules", "reports", "mode", "start"]) {
      await page.goto(`${site.url}/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await beheld(`page-${path}`);
    }
    assert.deepEqual(complaints, []);
  });
});

describe("the same without scripts", () => {
  before(async () => {
    broken = undefined;
    vendors = await world();
    site = await installed(vendors);
    ({ page, complaints, close } = await open(looks[0], { origin: site.url, javaScriptEnabled: false }));
    page.setDefaultTimeout(patience);
    await page.goto(site.link);
    await page.goto(site.url);
  });
  after(async () => {
    await close?.();
    await site?.stop();
    await vendors?.stop();
  });

  chapter("credentials, sync, Accept Suggestion, go live and a test ticket", async () => {
    const psa = vendors.connectwise.credentials;
    await credentials("UniView", { "Client ID": vendors.uniview.credentials.clientId, "Client secret": vendors.uniview.credentials.clientSecret });
    await tested(/Connected/);
    await credentials("IT Glue", { "API key": vendors.itglue.credentials.apiKey });
    await credentials("ConnectWise", { "Instance URL": psa.instanceUrl, "Company ID": psa.companyId, "Public key": psa.publicKey, "Private key": psa.privateKey, "Client ID": psa.clientId });
    await sync(page, site);
    await at("Matching");
    await tab("Suggested");
    await row(page, "Northwind Legal LLP").getByRole("button", { name: "Accept Suggestion for Northwind Legal LLP" }).click();
    await told(page, "Matched to Northwind Legal Partners LLP");
    await quiet(site);
    // Match To by a search that is sent.
    await findCustomer("Quillon Freight");
    await row(page, "Quillon Freight").getByRole("link", { name: /^Match To Quillon Freight, organization/ }).click();
    await page.getByRole("searchbox").fill("zephyr");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByRole("radio", { name: "Zephyr Logistics Group" }).check();
    await page.getByRole("button", { name: "Match", exact: true }).click();
    await told(page, "Matched to Zephyr Logistics Group");
    await quiet(site);

    await page.goto(`${site.url}/ticketing/settings`);
    await page.getByLabel("Default company", { exact: true }).selectOption("Our MSP Ltd");
    await page.getByLabel("Service board", { exact: true }).selectOption("Backup");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told(page, "Ticket settings are saved");
    await confirm(page, "Test Ticket…", "Create the test ticket");
    await told(page, /Test ticket #\d+/);
    assert.equal(one((await vendors.state()).tickets, () => true, "tickets").closed, true);

    await sync(page, site);
    await page.goto(`${site.url}/mode`);
    await confirm(page, "Go live with IT Glue…", "Go live with IT Glue");
    await told(page, "Documentation is live");
    await sync(page, site);
    one((await vendors.state()).assets, (a) => a.configurations?.includes("NWL-DC01"), "NWL-DC01");
  });
});
