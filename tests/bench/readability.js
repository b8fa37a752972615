// readability.js DIRECTORY PAGE...: the main text of pages as @mozilla/readability finds it, one line of JSON for each, with
// "page" and "text". DIRECTORY has a node_modules with it and with jsdom.
"use strict";

const { createRequire } = require("node:module");
const fs = require("node:fs");

const [directory, ...pages] = process.argv.slice(2);
const load = createRequire(`${fs.realpathSync(directory)}/`);
const { Readability } = load("@mozilla/readability");
const { JSDOM } = load("jsdom");

for (const page of pages) {
	const dom = new JSDOM(fs.readFileSync(page, "utf8"), { url: "http://page.example/" });
	const article = new Readability(dom.window.document).parse();

	// Blocks are apart, as a reader sees them.
	const html = ((article && article.content) || "").replace(/<\/?(p|div|li|h\d|td|th|tr|br|pre|blockquote|figcaption|dd|dt)\b[^>]*>/g, "$&\n");
	const text = new JSDOM(html).window.document.body.textContent;

	console.log(JSON.stringify({ page, title: article && article.title, text }));
}
