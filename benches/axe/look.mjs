// Looks at pages with axe-core in headless Chromium, and walks each by keyboard. Ends with 1 where anything is found.
//
//   node look.mjs PAGE.html ...
//
// CHROMIUM names the browser; without it /usr/bin/chromium. Nothing is fetched: pages are files.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
let found = 0;
for (const file of process.argv.slice(2)) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  await page.goto(`file://${path.resolve(file)}`);
  const stops = await walk(page);
  await page.evaluate(axe);
  const looked = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  // At 320 pixels nothing but tables may need to be scrolled sideways (WCAG 1.4.10).
  await page.setViewport({ width: 320, height: 900 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > 320);
  // On paper nothing can be scrolled: A4 less its margins is 182 mm, 688 pixels.
  await page.emulateMediaType("print");
  await page.setViewport({ width: 688, height: 900 });
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, p, caption, th, td, svg")].some((each) => each.getBoundingClientRect().right > 689));
  found += looked.violations.length + (wide ? 1 : 0) + (cut ? 1 : 0) + stops.missed.length;
  console.log(`${path.basename(file)}: ${looked.passes.length} rules pass, ${looked.violations.length} do not, ` +
    `${stops.count} stops by keyboard${wide ? ", wider than a narrow screen" : ""}${cut ? ", cut off on paper" : ""}`);
  for (const each of looked.violations) {
    console.log(`  ${each.id}: ${each.help}: ${each.nodes.map((node) => node.target.join(" ")).join("; ")}`);
  }
  for (const each of stops.missed) console.log(`  not reached by keyboard, or its focus cannot be seen: ${each}`);
  await page.close();
}
await browser.close();
process.exit(found === 0 ? 0 : 1);

// Presses Tab until it comes round: every link and every table has to be reached, and to show that it is.
async function walk(page) {
  const wanted = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], [tabindex='0']")].map((element, at) => {
      element.dataset.stop = String(at);
      return element.outerHTML.slice(0, 60);
    }));
  const seen = new Set();
  for (let press = 0; press < wanted.length + 2; press += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return { at: element.dataset.stop, shows: style.outlineStyle !== "none" && style.outlineWidth !== "0px" };
    });
    if (stop.at !== undefined && stop.shows) seen.add(Number(stop.at));
  }
  await page.evaluate(() => document.querySelectorAll("[data-stop]").forEach((element) => delete element.dataset.stop));
  return { count: seen.size, missed: wanted.filter((_, at) => !seen.has(at)) };
}
