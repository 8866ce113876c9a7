// Starts what the browser looks at: invented scenes, or the whole product.
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const token = "e2e-token";
const work = mkdtempSync(join(tmpdir(), "e2e-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

function build(pkg, name) {
  const binary = join(work, name);
  if (!existsSync(binary)) execFileSync("go", ["build", "-o", binary, pkg], { cwd: root, stdio: "inherit" });
  return binary;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// start runs a program until its first sign-in link, or what else is wanted, was printed.
async function start(binary, args, env, limit, wanted = /https?:\/\/\S+\/login\?once=\w+/) {
  const child = spawn(binary, args, { env: { ...process.env, BRIDGE_API_TOKEN: token, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const link = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing to go on with after ${limit} ms:\n${said}`)), limit);
    const read = (data) => {
      said += data;
      const found = wanted.exec(said);
      if (found) {
        clearTimeout(timer);
        resolve(found[0]);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${said}`)));
  });
  child.removeAllListeners("exit");
  return {
    link,
    url: link.startsWith("http") ? new URL(link).origin : undefined,
    said: () => said,
    stop: () => new Promise((resolve) => { child.once("exit", resolve); child.kill("SIGTERM"); setTimeout(() => child.kill("SIGKILL"), 5000).unref(); }),
  };
}

// scene serves the console over an invented state.
export function scene(name, ...more) {
  return start(build("./e2e/scenes", "scenes"), ["-scene", name, ...more], {}, 10000);
}

// productExists says whether the whole bridge can be started.
export const productExists = existsSync(join(root, "functions", "local", "main.go"));

// product starts the whole bridge with its sandbox vendors and an empty folder.
export async function product() {
  const port = await freePort();
  return start(build("./functions/local", "local"), [], { BRIDGE_ADDR: `127.0.0.1:${port}`, BRIDGE_DATA: join(work, `data-${port}`) }, 60000);
}

// world runs the three sandbox vendors with a small provider; see e2e/world.
export async function world() {
  const running = await start(build("./e2e/world", "world"), [], {}, 20000, /^\{.*\}$/m);
  const where = JSON.parse(running.link);
  const ask = async (path, body) => {
    const res = await fetch(where.control + path, body && { method: "POST", body: JSON.stringify(body) });
    if (!res.ok) throw new Error(`${path}: ${await res.text()}`);
    return res.json();
  };
  return {
    ...where,
    stop: running.stop,
    state: () => ask("/state"),
    act: (what, body) => ask(`/${what}`, body),
    // advance puts the clock forward; site is the bridge that has to have heard of it.
    advance: async (minutes, site) => {
      await ask("/advance", { minutes });
      for (let tries = 0; !(await ask("/readings")); tries++) {
        if (tries > 200) throw new Error("the bridge does not read the clock");
        await fetch(`${site.url}/`, { headers: { Authorization: `Bearer ${token}` } });
      }
    },
  };
}

// installed starts the whole bridge in an empty folder, without credentials, before the
// vendors of a world.
export async function installed(vendors) {
  const port = await freePort();
  return start(build("./functions/local", "local"), [], {
    BRIDGE_ADDR: `127.0.0.1:${port}`, BRIDGE_DATA: join(work, `data-${port}`), BRIDGE_SANDBOX: "off", BRIDGE_ALLOW_INSECURE_VENDORS: "true",
    UNIVIEW_API_URL: vendors.uniview.url, UNIVIEW_TOKEN_URL: `${vendors.uniview.url}/connect/token`, ITGLUE_API_URL: vendors.itglue.url, BRIDGE_CLOCK_URL: vendors.clock,
  }, 60000);
}
