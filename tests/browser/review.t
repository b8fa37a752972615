#!/usr/bin/env node
/*
 * A served batch in a real browser: two candidates are picked, kept over a reload, and shown by submit.html; nothing
 * is asked of anybody else. Then the same pages as files. TAP, with the programs of $BI_BIN.
 */
'use strict';
const assert = require('assert');
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');

const DEADLINE = 30000;
const bin = process.env.BI_BIN;
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
		cwd: dir, env: env, input: input, encoding: 'utf8', timeout: DEADLINE * 2,
		stdio: ['pipe', 'pipe', 'inherit'],
	});
}

function records(text) {
	return text.trim().split('\n').map(JSON.parse);
}

/* Two batches whose names begin alike, with the same subjects. */
function make() {
	const pictures = path.join(dir, 'pictures');
	const names = ['Ada Lovelace', 'Emmy "<Noether>"', 'Hypatia'];

	run(path.join(share, 'examples/pictures'), [pictures, 'M']);
	for (const batch of ['M_batch1', 'M_batch1.1']) {
		const items = [];

		names.forEach((name, i) => {
			for (const file of fs.readdirSync(pictures).filter((f) => f.startsWith('M-' + (i + 1))).sort())
				items.push(JSON.stringify({
					batch: batch, subject: {id: i + 1, name: name, category: 'M'},
					file: path.join(pictures, file), title: 'Picture ' + file,
				}) + '\n');
		});
		run('bi-render', [], run('bi-fetch', [], items.join('')));
	}
}

/* A context that notes what goes wrong in its pages and what they ask of others than ORIGIN. */
async function open(browser, origin) {
	const context = await browser.newContext({acceptDownloads: true});
	const page = await context.newPage();
	const troubles = [];

	context.setDefaultTimeout(DEADLINE);
	page.on('console', (m) => {
		if (m.type() === 'error' || m.type() === 'warning')
			troubles.push('console: ' + m.text());
	});
	page.on('pageerror', (e) => troubles.push('error: ' + e));
	page.on('requestfailed', (r) => troubles.push('failed: ' + r.url()));
	page.on('response', (r) => {
		if (r.status() >= 400)
			troubles.push(r.status() + ': ' + r.url());
	});
	page.on('request', (r) => {
		if (!r.url().startsWith(origin) && !r.url().startsWith('data:') && !r.url().startsWith('blob:'))
			troubles.push('elsewhere: ' + r.url());
	});
	return {context, page, troubles};
}

function keys(page) {
	return page.evaluate(() => Object.keys(localStorage).sort().map((k) => k + '=' + localStorage.getItem(k)));
}

async function isShown(page, selector) {
	await page.waitForFunction((s) => {
		const all = [...document.querySelectorAll(s)];

		all.forEach((i) => i.scrollIntoView());
		return all.length > 0 && all.every((i) => i.complete && i.naturalWidth > 0);
	}, selector);
}

/* Picks candidate 2 of the first subject by a click, 3 of the second by its key; then looks everywhere. */
async function review(browser, base, origin) {
	const {context, page, troubles} = await open(browser, origin);

	await page.goto(base + 'index.html');
	await isShown(page, '.strip img');
	assert.strictEqual(await page.textContent('#progress'), '0 of 3 decided');
	await page.click('.subject[data-subject="1"] a');
	await page.waitForURL(base + '1_review.html');
	await isShown(page, '.candidate img');
	assert.strictEqual(await page.locator('.candidate').count(), 3);

	await page.click('.candidate[data-idx="2"] .pick');
	await page.waitForURL(base + '2_review.html');
	assert.strictEqual(await page.textContent('h1'), 'Emmy "<Noether>"');
	await page.keyboard.press('3');
	await page.waitForURL(base + '3_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL(base + '2_review.html');
	await page.reload();
	assert.strictEqual(await page.textContent('#state'), 'picked: candidate 3');
	assert.strictEqual(await page.getAttribute('[data-pick="3"]', 'aria-pressed'), 'true');
	assert.strictEqual(await page.getAttribute('[data-pick="1"]', 'aria-pressed'), 'false');
	assert.deepStrictEqual(await keys(page), ['M_batch1:pick:1=2', 'M_batch1:pick:2=3']);

	await page.goto(base + 'submit.html');
	assert.strictEqual(await page.textContent('#progress'), '2 of 3 decided');
	assert.strictEqual(await page.textContent('#undecided'), '1 undecided');
	assert.strictEqual(await page.inputValue('#text'), '1\t2\tAda Lovelace\n2\t3\tEmmy "<Noether>"\n');
	await isShown(page, '.shot img');
	assert.strictEqual(await page.getAttribute('.row[data-subject="2"] img', 'src'), 'thumbs/2_3.webp');
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
	assert.strictEqual(download.suggestedFilename(), 'M_batch1_selections.json');
	assert.deepStrictEqual(JSON.parse(fs.readFileSync(await download.path(), 'utf8')),
		{batch: 'M_batch1', selections: {1: 2, 2: 3}});

	/* None of them, and taking a pick back. */
	await page.goto(base + '3_review.html');
	await page.keyboard.press('0');
	await page.waitForURL(base + 'submit.html');
	await page.waitForFunction(() => document.querySelector('#progress').textContent === '3 of 3 decided');
	await page.goto(base + '1_review.html');
	await page.click('.candidate[data-idx="2"] .pick');
	await page.waitForFunction(() => document.querySelector('#state').textContent === 'undecided');
	assert.deepStrictEqual(await keys(page), ['M_batch1:pick:2=3', 'M_batch1:pick:3=0']);

	/* The other batch knows nothing of it. */
	await page.goto(base.replace('/M_batch1/', '/M_batch1.1/') + 'submit.html');
	assert.strictEqual(await page.textContent('#progress'), '0 of 3 decided');
	assert.strictEqual(await page.inputValue('#text'), '');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* No page is wider than the window, from a phone to a wide screen, light or dark. */
async function fits(browser, base) {
	for (const width of [320, 390, 768, 1400, 2560])
		for (const colorScheme of ['light', 'dark']) {
			const context = await browser.newContext({colorScheme, viewport: {width, height: 900}});
			const page = await context.newPage();

			for (const name of ['index.html', '2_review.html', 'submit.html']) {
				await page.goto(base + name);
				assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
					name + ' is wider than ' + width);
			}
			await context.close();
		}
}

/* A page says so where the browser keeps nothing. */
async function keepsNothing(browser, base) {
	const {context, page} = await open(browser, base);

	await page.addInitScript(() => Object.defineProperty(window, 'localStorage', {
		get() {
			throw new DOMException('denied', 'SecurityError');
		},
	}));
	await page.goto(base + '1_review.html');
	await page.waitForSelector('#notice:not([hidden])');
	await page.click('.candidate[data-idx="2"] .pick');
	assert.strictEqual(page.url(), base + '1_review.html');
	await context.close();
}

/* The batch's next server has the port of the last, so the browser has the picks still; "/" leads to the batch. */
async function again(browser, served) {
	const {context, page, troubles} = await open(browser, new URL(served).origin + '/');

	await page.goto(served + '1_review.html');
	await page.keyboard.press('2');
	await page.waitForURL(served + '2_review.html');
	run('bi-clean', ['stop-all']);
	const server = records(run('bi-serve', ['-p', '19000-19020', 'M_batch1', 'M_batch1.1'], ''))[0];
	assert.strictEqual(server.url, served + 'index.html');
	await page.goto(new URL('/', served).href);
	assert.strictEqual(page.url(), served + 'index.html');
	await page.waitForFunction(() => document.querySelector('#progress').textContent === '1 of 3 decided');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function main() {
	let failed = 0;
	let number = 0;
	let browser;

	async function test(name, body) {
		number++;
		try {
			await body();
			console.log('ok ' + number + ' - ' + name);
		} catch (e) {
			failed++;
			console.log('not ok ' + number + ' - ' + name);
			console.log(String(e.stack || e).replace(/^/gm, '# '));
		}
	}

	console.log('1..5');
	try {
		make();
		browser = await chromium.launch({
			executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
			args: ['--no-sandbox', '--disable-dev-shm-usage'],
			env: env,
			timeout: DEADLINE,
		});
		const server = records(run('bi-serve', ['-p', '19000-19020', 'M_batch1'], '')).find((r) => r.port);
		const served = server.url.replace('index.html', '');
		const files = pathToFileURL(path.join(root, 'review/M_batch1/')).href;

		await test('picks in a served batch are kept and taken away', () =>
			review(browser, served, new URL(served).origin + '/'));
		await test('picks in the same pages as files', () => review(browser, files, pathToFileURL(root).href));
		await test('pages fit from a phone to a wide screen', () => fits(browser, served));
		await test('a browser that keeps nothing is said', () => keepsNothing(browser, served));
		await test('a batch that is served again has its picks still', () => again(browser, served));
	} finally {
		if (browser)
			await browser.close();
		spawnSync('bi-clean', ['stop-all'], {env: env, stdio: ['ignore', 'ignore', 'inherit'], timeout: DEADLINE});
		fs.rmSync(dir, {recursive: true, force: true});
	}
	process.exitCode = failed ? 1 : 0;
}

main().catch((e) => {
	console.log('Bail out! ' + String(e.stack || e).replace(/\n/g, '\n# '));
	process.exitCode = 1;
});
