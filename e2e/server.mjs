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

// start runs a program until its first sign-in link was printed.
async function start(binary, args, env, limit) {
  const child = spawn(binary, args, { env: { ...process.env, BRIDGE_API_TOKEN: token, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const link = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no sign-in link after ${limit} ms:\n${said}`)), limit);
    const read = (data) => {
      said += data;
      const found = /https?:\/\/\S+\/login\?once=\w+/.exec(said);
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
    url: new URL(link).origin,
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
