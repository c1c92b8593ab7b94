// Drives one stock Firefox over WebDriver BiDi for the Python journeys: one JSON request per line in, one JSON answer per line out.
// Usage: node firefox.mjs <node_modules folder> <tone in Hz>
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [, , modules, tone] = process.argv;
const require = createRequire(path.join(modules, "..", "package.json"));
const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.env.CONCLAVE_TEST_FIREFOX ?? "/usr/bin/firefox-esr",
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.navigator.audio.fake_frequency": Number(tone),
    "media.peerconnection.ice.loopback": true,
    // As after a person's own "Allow", which the fake devices do without: addresses are then not hidden behind mDNS names.
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": false,
    "app.update.enabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "datareporting.healthreport.uploadEnabled": false,
    "toolkit.telemetry.enabled": false,
  },
});
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 800 });
const problems = [];
const requests = [];
page.on("pageerror", (error) => problems.push(String(error?.stack ?? error)));
page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
page.on("request", (request) => requests.push(request.url()));

const find = ({ css, role, name }) => css ?? `::-p-aria([name="${name}"]${role ? `[role="${role}"]` : ""})`;
const commands = {
  goto: async ({ url }) => { await page.goto(url, { waitUntil: "domcontentloaded" }); },
  reload: async () => { await page.reload({ waitUntil: "domcontentloaded" }); },
  url: async () => page.url(),
  // `body` is a function's source; the answer is its result.
  evaluate: async ({ body, argument }) => page.evaluate(`(${body})(${JSON.stringify(argument ?? null)})`),
  click: async (target) => { await page.locator(find(target)).setTimeout(target.ms ?? 15000).click(); },
  fill: async (target) => { await page.locator(find(target)).setTimeout(target.ms ?? 15000).fill(target.text); },
  press: async ({ key }) => { await page.keyboard.press(key); },
  type: async ({ text }) => { await page.keyboard.type(text); },
  screenshot: async ({ path: file }) => { await page.screenshot({ path: file }); },
  problems: async () => problems,
  requests: async () => requests,
  version: async () => browser.version(),
};

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({ ready: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, ...rest } = JSON.parse(line);
  if (command === "close") break;
  try {
    answer({ id, result: (await commands[command](rest)) ?? null });
  } catch (error) {
    answer({ id, error: String(error?.message ?? error) });
  }
}
await browser.close();
process.exit(0);
