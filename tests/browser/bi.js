/*
 * What the browser tests share: a root of their own, the programs of $BI_BIN, pictures that cost nothing to make, a
 * browser whose pages are watched, and TAP.
 */
'use strict';
const assert = require('assert');
const { execFileSync, spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');
const { chromium, _bidiFirefox } = require('playwright-core');

const DEADLINE = 120000;
/* Each test has its own, since another one's server may take a port as soon as it is free. */
const FIRST_PORT = 19000 + process.pid % 320 * 40;
const PORTS = FIRST_PORT + '-' + (FIRST_PORT + 39);
const bin = process.env.BI_BIN || path.join(__dirname, '../../bin');
const build = process.env.BI_BUILD || path.join(__dirname, '../../build');
const share = process.env.BI_SHARE || path.join(__dirname, '../../share');
const dir = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'browser.'));
const root = path.join(dir, 'root');
const env = Object.assign({}, process.env, {
	BI_ROOT: root,
	BI_SHARE: share,
	HOME: dir,
	PATH: bin + ':' + process.env.PATH + ':/usr/sbin',
});

function run(program, args, input) {
	return execFileSync(program, args, {
		cwd: dir, env: env, input: input, encoding: 'utf8', timeout: DEADLINE * 4, maxBuffer: 1 << 28,
		stdio: ['pipe', 'pipe', 'inherit'],
	});
}

function records(text) {
	return text.trim().split('\n').map(JSON.parse);
}

function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type), data]);
	const all = Buffer.alloc(body.length + 8);

	all.writeUInt32BE(data.length);
	body.copy(all, 4);
	all.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body), body.length + 4);
	return all;
}

/* As in the PNG specification, annex D: Node 20 has none. */
function crc32(bytes) {
	let crc = ~0;

	for (const byte of bytes) {
		crc ^= byte;
		for (let i = 0; i < 8; i++)
			crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc >>> 0;
}

/* A PNG of squares in colours that SEED alone decides, so that no two look alike. */
function png(seed, width = 64, height = 48) {
	const head = Buffer.alloc(13);
	const rows = Buffer.alloc((width * 3 + 1) * height);
	const squares = [];
	let x = seed * 2654435761 + 12345 >>> 0;

	for (let i = 0; i < 8 * 6 * 3; i++) {
		x = Math.imul(x ^ x >>> 15, 2246822519) + i >>> 0;
		squares.push(x >>> 11 & 255);
	}
	for (let row = 0; row < height; row++)
		for (let column = 0; column < width; column++)
			for (let c = 0; c < 3; c++)
				rows[row * (width * 3 + 1) + 1 + column * 3 + c] =
					squares[((row * 6 / height | 0) * 8 + (column * 8 / width | 0)) * 3 + c];
	head.writeUInt32BE(width);
	head.writeUInt32BE(height, 4);
	head.set([8, 2, 0, 0, 0], 8);
	return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head),
		chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/* Fetches and renders a batch of these items, objects as bi-fetch reads them. */
function batch(name, items) {
	run('bi-render', [], run('bi-fetch', ['-b', name], items.map((item) => JSON.stringify(item) + '\n').join('')));
}

/* SUBJECTS subjects with CANDIDATES pictures each; SEED makes the batch's pictures its own. */
function grid(name, subjects, candidates, seed = 0) {
	const folder = path.join(dir, 'pictures-of-' + name);
	const items = [];

	fs.mkdirSync(folder);
	for (let s = 1; s <= subjects; s++)
		for (let c = 1; c <= candidates; c++) {
			const file = path.join(folder, s + '-' + c + '.png');

			fs.writeFileSync(file, png(seed + s * 100 + c));
			items.push({
				subject: {id: s, name: 'Subject ' + s, biography: 'The one called ' + s + '.'}, file: file,
				title: 'Picture ' + c + ' of ' + s, license: 'CC0 1.0', credit: 'drawn by the test',
			});
		}
	batch(name, items);
}

/* Starts servers; returns their records. What they say is in leases/PORT.log. */
function serve(...args) {
	return records(run('bi-serve', ['-p', PORTS, ...args], '')).filter((r) => r.port);
}

/*
 * An origin that misbehaves on demand (tests/integration/origin.c), and is let in by the root's hosts.conf although it
 * is of this machine: its address without a last slash. It ends with this process.
 */
function origin(...settings) {
	const log = path.join(dir, 'origin.log');
	const child = spawn(path.join(build, 'tests/origin'), [log], {env: env, stdio: ['pipe', 'pipe', 'inherit']});

	fs.mkdirSync(root, {recursive: true, mode: 0o700});
	fs.appendFileSync(path.join(root, 'hosts.conf'), ['127.0.0.1', 'private=allow', 'slots=32', ...settings].join(' ') + '\n');
	child.unref();
	child.stdin.unref();
	return new Promise(function (resolve, reject) {
		child.on('error', reject);
		child.stdout.once('data', function (port) {
			child.stdout.destroy();
			resolve({url: 'http://127.0.0.1:' + Number(port), asked: () => fs.readFileSync(log, 'utf8').trim().split('\n').map((line) => line.split(' ')[2])});
		});
	});
}

/* Waits until MAY is true, and says what was not so when it is too late. */
async function until(may, what, ms = DEADLINE) {
	for (const end = Date.now() + ms; !await may();) {
		if (Date.now() > end)
			throw new Error('still not so after ' + ms / 1000 + ' s: ' + (typeof what === 'function' ? what() : what));
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/* The page NAME at the address that bi-serve printed, and the token in it. */
function pageOf(server, name) {
	return new URL(name, server.url.split('#')[0]).href;
}

function stopAll() {
	if (!fs.existsSync(root))
		return;
	spawnSync('bi-clean', ['stop-all'], {env: env, stdio: ['ignore', 'ignore', 'inherit'], timeout: DEADLINE});
}

/* The decisions of a batch; a line that is being written is none yet. */
function picksOf(name) {
	const file = path.join(root, 'batches', name, 'picks.ndjson');

	return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1).map(JSON.parse) : [];
}

function launch(browser = 'chromium') {
	if (browser === 'firefox')
		return _bidiFirefox.launch({executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr', env: env, timeout: DEADLINE});
	return chromium.launch({
		executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-audio-output'],
		env: env,
		timeout: DEADLINE,
	});
}

/*
 * A context that notes in `troubles` what goes wrong in its pages and what they ask of others than ORIGINS. EXPECTED
 * is a regular expression of troubles that are meant.
 */
async function open(browser, origins, {expected = null, ...options} = {}) {
	const context = await browser.newContext({acceptDownloads: true, ...options});
	const troubles = [];

	function trouble(text) {
		if (!expected || !expected.test(text))
			troubles.push(text);
	}
	context.setDefaultTimeout(DEADLINE);
	context.on('console', (m) => {
		if (m.type() === 'error' || m.type() === 'warning')
			trouble('console: ' + m.text());
	});
	context.on('weberror', (e) => trouble('error: ' + e.error()));
	/* A page that is left ends its own requests. */
	context.on('requestfailed', (r) => {
		if (r.failure().errorText !== 'net::ERR_ABORTED')
			trouble('failed: ' + r.url());
	});
	context.on('response', (r) => {
		if (r.status() >= 400)
			trouble(r.status() + ': ' + r.url());
	});
	context.on('request', (r) => {
		if (![].concat(origins).some((o) => r.url().startsWith(o)) && !/^(data|blob):/.test(r.url()))
			trouble('elsewhere: ' + r.url());
	});
	return {context, page: await context.newPage(), troubles};
}

function keys(page) {
	return page.evaluate(() => Object.keys(localStorage).sort().map((k) => k + '=' + localStorage.getItem(k)));
}

/* Waits until the page says TEXT in SELECTOR. */
function says(page, selector, text) {
	return page.waitForFunction(([s, t]) => {
		const element = document.querySelector(s);

		return element && element.textContent.trim() === t;
	}, [selector, text], {timeout: DEADLINE, polling: 50}).catch(async (e) => {
		throw new Error(`${page.url()}: ${selector} says '${await page.textContent(selector).catch(String)}', not '${text}': ${e.message}`);
	});
}

/* Scrolls to each picture and waits until it is there. */
async function isShown(page, selector) {
	await page.waitForFunction((s) => {
		const all = [...document.querySelectorAll(s)];

		all.forEach((i) => i.scrollIntoView());
		return all.length > 0 && all.every((i) => i.complete && i.naturalWidth > 0);
	}, selector);
}

/* What sanitizers said of the programs of the servers, which start again those that end. */
function unsound() {
	const leases = path.join(root, 'leases');
	const logs = fs.existsSync(leases) ? fs.readdirSync(leases).filter((name) => name.endsWith('.log')) : [];

	return logs.map((name) => fs.readFileSync(path.join(leases, name), 'utf8')).filter((text) => /Sanitizer|runtime error/.test(text)).join('');
}

/* Runs the tests, [name, function(browser)] each, after PREPARE, as TAP; with no browser where none is wanted. */
async function main(prepare, tests, {wanted = true, browser: name = 'chromium'} = {}) {
	let failed = 0;
	let browser;

	console.log('1..' + tests.length);
	try {
		await prepare();
		browser = wanted ? await launch(name) : undefined;
		for (const [i, [name, body]] of tests.entries()) {
			const start = Date.now();

			try {
				await body(browser);
				console.log('ok ' + (i + 1) + ' - ' + name);
			} catch (e) {
				failed++;
				console.log('not ok ' + (i + 1) + ' - ' + name);
				console.log(String(e.stack || e).replace(/^/gm, '# '));
			}
			if (process.env.BI_TIMES)
				console.log('# ' + (Date.now() - start) + ' ms');
		}
	} catch (e) {
		console.log('Bail out! ' + String(e.stack || e).replace(/\n/g, '\n# '));
		failed++;
	} finally {
		if (browser)
			await browser.close();
		stopAll();
		const said = unsound();

		if (said) {
			console.log('Bail out! a program of a server is unsound\n' + said.replace(/^/gm, '# '));
			failed++;
		}
		fs.rmSync(dir, {recursive: true, force: true});
	}
	process.exitCode = failed ? 1 : 0;
}

/* axe-core finds nothing on the page. */
async function checkAxe(page, what) {
	await page.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
	/* A colour on its way to another is neither. */
	await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)));
	const found = await page.evaluate(async () => (await axe.run({runOnly: [
		'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice',
	]})).violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')));

	assert.deepStrictEqual(found, [], what);
}

module.exports = {
	DEADLINE, PORTS, assert, batch, checkAxe, dir, env, grid, isShown, keys, launch, main, open, origin, pageOf, picksOf, png,
	records, root, run, says, serve, share, stopAll, until,
};
