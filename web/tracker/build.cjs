// Makes dist/ of src/; with --check says whether it is what would be made.

const fs = require("node:fs");
const path = require("node:path");
const esbuild = require("esbuild");
const { minify } = require("terser");

const here = (...names) => path.join(__dirname, ...names);
const { version } = JSON.parse(fs.readFileSync(here("package.json"), "utf8"));

const OUTPUTS = [
  { entry: "tracker.js", format: "esm", file: "tracker.mjs" },
  { entry: "classic.js", format: "iife", file: "tracker.js" },
];

async function make({ entry, format }) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [here("src", entry)],
    bundle: true,
    write: false,
    format,
    target: "es2022",
    charset: "utf8",
    define: { VERSION: JSON.stringify(version) },
  });
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: true,
    compress: { passes: 3, unsafe_arrows: true },
    format: { preamble: `/* heliograph-tracker ${version} */` },
  });
  return `${code}\n`;
}

async function main() {
  const stale = [];
  for (const output of OUTPUTS) {
    const file = here("dist", output.file);
    const made = await make(output);
    if (process.argv.includes("--check")) {
      if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== made) stale.push(output.file);
    } else {
      fs.mkdirSync(here("dist"), { recursive: true });
      fs.writeFileSync(file, made);
    }
  }
  if (stale.length > 0) {
    console.error(`dist/ is stale: ${stale.join(", ")}; run \`npm ci && npm run build\` in web/tracker`);
    process.exitCode = 1;
  }
}

main();
