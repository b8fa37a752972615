#!/usr/bin/env node
/* submit.html: what is known of each pick, what to check, the downloads, and the contact sheet on paper. */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('./bi.js');
const {assert, dir, open, pageOf, png, run, says} = bi;

const SUBJECTS = 40;
const odd = '<b>Ω</b> שלום 名前 🎨';
let server;

function items() {
	const list = [];

	for (let s = 1; s <= SUBJECTS; s++)
		for (let c = 1; c <= 2; c++) {
			const file = path.join(dir, `p${s}-${c}.png`);

			fs.writeFileSync(file, png(s * 10 + c, c === 1 ? 240 : 64, c === 1 ? 240 : 48));
			list.push(Object.assign({subject: {id: s, name: s === 3 ? odd : 'Subject ' + s, birth_date: s === 4 ? '1815-13-10' : '1815-12-10', biography: 'Born long ago.'}, file, title: s === 3 ? odd : `Title ${s}.${c}`,
				page: 'https://example.org/' + s, author: '<a href="x">Ada &amp; Co</a>', credit: 'Museum'}, s === 2 ? {} : {license: 'CC BY 4.0'}));
		}
	return list;
}

/* Of the first subject, the candidates 1, 3 and 4 are not free for any use, of the second all; of the third, none. */
function rights() {
	const licences = [['CC BY-NC 4.0', 'CC BY 4.0', 'CC BY-ND 4.0', 'All rights reserved'], ['CC BY-NC-ND 4.0', 'my own words', 'CC BY-NC-SA 3.0'],
		['CC0 1.0', 'Public domain', 'CC BY-SA 4.0']];

	return licences.flatMap((list, s) => list.map(function (license, c) {
		const file = path.join(dir, `r${s}-${c}.png`);

		fs.writeFileSync(file, png(s * 10 + c, 300, 200));
		return {subject: {id: s + 1, name: 'Rights ' + (s + 1)}, file, title: license, license};
	}));
}

function pick(batch, reviewer, selections) {
	const at = {};

	for (const subject in selections)
		at[subject] = '2026-11-22T10:00:00.000Z';
	fs.writeFileSync(path.join(dir, 'picks.json'), JSON.stringify({batch, reviewer, selections, at}));
	run('sh', ['-c', 'bi-collect --private --picks picks.json >/dev/null 2>&1 || :']);
}

function prepare() {
	bi.batch('H', items());
	bi.batch('idle', items().slice(0, 4));
	bi.batch('rights', rights());
	pick('rights', 'ada', {1: 1, 2: 3});
	pick('H', 'ada', {1: 1, 2: 1, 3: 1, 4: 2, 5: 1, 6: 0});
	pick('H', 'bob', {5: 2, 8: 2});
	pick('H', 'אדם', {8: 1});
	server = bi.serve('H', 'idle', 'rights')[0];
}

async function openPicks(browser, batch = 'H', options = {}) {
	const it = await open(browser, server.url.split('/H/')[0], options);

	await it.page.goto(pageOf(server, `../${batch}/submit.html`));
	await it.page.waitForSelector('#downloads:not([hidden]), #none-picked:not([hidden])');
	return it;
}

function shown(page) {
	return page.$$eval('.row', (rows) => rows.map((row) => row.dataset.subject));
}

async function get(page, format) {
	const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-format=${format}]`)]);

	return {name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path())};
}

const tests = [
	['each row has the title, licence, author and source of what is picked, as text', async (browser) => {
		const {context, page, troubles} = await openPicks(browser);

		assert.strictEqual(await page.textContent('.row[data-subject="1"] .handed'), 'Title 1.1CC BY 4.0 · by Ada & Co · Museum · Source');
		assert.strictEqual(await page.textContent('.row[data-subject="3"] .handed .title'), odd);
		assert.strictEqual(await page.textContent('.row[data-subject="3"] .name'), odd);
		assert.strictEqual(await page.getAttribute('.row[data-subject="1"] .handed a', 'href'), 'https://example.org/1');
		assert.strictEqual(await page.textContent('.row[data-subject="2"] .license.poor'), 'No licence stated');
		assert.strictEqual(await page.locator('.row[data-subject="6"] .handed, .row[data-subject="7"] .handed').count(), 0);
		await bi.checkAxe(page, 'the picks');
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}],
	['names of any script keep to themselves, and dates are words', async (browser) => {
		const {context, page, troubles} = await openPicks(browser);

		assert.strictEqual(await page.$eval('.row[data-subject="3"] .name', (e) => e.localName), 'bdi');
		await page.goto(pageOf(server, '3_review.html'));
		assert.strictEqual(await page.textContent('h1 bdi'), odd);
		assert.strictEqual(await page.textContent('.life'), 'Born 10 December 1815');
		assert.strictEqual(await page.getAttribute('.life time', 'datetime'), '1815-12-10');
		assert.strictEqual(await page.getAttribute('.biography', 'dir'), 'auto');
		await page.goto(pageOf(server, '4_review.html'));
		assert.strictEqual(await page.textContent('.life'), 'Born 1815-13-10');
		await page.goto(pageOf(server, 'index.html'));
		assert.strictEqual(await page.textContent('.subject[data-subject="3"] h2 bdi'), odd);
		/* In a text, a name from right to left is isolated. */
		await page.waitForSelector('.subject[data-subject="8"][data-outcome="differ"]');
		assert.ok((await page.textContent('.subject[data-subject="8"] .state')).includes('\u2068אדם\u2069 1'));
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}],
	['what to check is counted, and each count shows its rows', async (browser) => {
		const {context, page} = await openPicks(browser);

		assert.deepStrictEqual(await page.$$eval('#warnings button', (all) => all.map((b) => b.textContent)), ['1 without a licence', '1 tiny', '2 differ']);
		for (const [text, rows] of [['1 without a licence', ['2']], ['1 tiny', ['4']], ['2 differ', ['5', '8']]]) {
			await page.click(`#warnings button:text-is("${text}")`);
			assert.deepStrictEqual(await shown(page), rows);
			assert.strictEqual(await page.getAttribute('#warnings [aria-pressed="true"]', 'class'), 'button');
		}
		await page.click('#warnings [aria-pressed="true"]');
		assert.strictEqual((await shown(page)).length, SUBJECTS);
		await context.close();
	}],
	['each download is what bi-collect makes, and what is left out is said', async (browser) => {
		const {context, page, troubles} = await openPicks(browser);

		for (const [format, name] of [['zip', 'H.zip'], ['csv', 'H.csv'], ['json', 'H.json'], ['coco', 'H.coco.json'], ['md', 'H.md']]) {
			const got = await get(page, format);

			run('sh', ['-c', `bi-collect --private -o - --format ${format} H >want 2>/dev/null || :`]);
			assert.strictEqual(got.name, name);
			assert.ok(got.bytes.equals(fs.readFileSync(path.join(dir, 'want'))), name);
		}
		assert.match(await page.textContent('#handed'), /^The download begins: 4 files, .*Left out: 2 subjects on which reviewers differ: Subject 5, Subject 8$/);
		await page.check('#strict');
		const strict = await get(page, 'csv');

		assert.strictEqual(strict.bytes.toString().split('\r\n').length, 5);
		assert.match(await page.textContent('#handed'), /3 files, .*Left out: 1 subject whose file has no free licence: Subject 2/);
		assert.ok(!fs.existsSync(path.join(bi.root, 'collected')));
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}],
	['nothing picked, and a server that is gone, are said in words', async (browser) => {
		const {context, page} = await openPicks(browser, 'idle', {expected: /./});

		assert.ok(await page.isHidden('#downloads') && await page.isHidden('#download'));
		await says(page, '#take-title', 'Your picks');
		await says(page, '#where', 'You have not picked anything yet.');
		await bi.checkAxe(page, 'nothing picked');
		await page.click('#begin');
		await page.waitForURL('**/1_review.html');
		await page.goto(pageOf(server, 'submit.html'));
		await page.waitForSelector('#downloads:not([hidden])');
		await context.route('**/export/**', (route) => route.abort());
		await page.click('[data-format=csv]');
		await says(page, '#handed', 'The server does not answer, so nothing can be downloaded now.');
		await context.unroute('**/export/**');
		await context.route('**/export/**', (route) => route.fulfill({status: 503, body: '{"detail":"4 exports are already running"}'}));
		await page.click('[data-format=csv]');
		await says(page, '#handed', 'Nothing can be downloaded: 4 exports are already running');
		await context.close();
	}],
	['candidates that are not free for any use can be hidden, and keep their numbers', async (browser) => {
		const {context, page, troubles} = await openPicks(browser, 'rights');
		const numbers = () => page.$$eval('.candidate', (cards) => cards.filter((card) => card.checkVisibility()).map((card) => card.dataset.idx).join(' '));

		await says(page, '#warnings', '2 not free for any use');
		await page.click('#warnings button');
		assert.deepStrictEqual(await shown(page), ['1', '2']);
		assert.strictEqual(await page.textContent('.row[data-subject="1"] .license.poor'), 'CC BY-NC 4.0');
		await page.goto(pageOf(server, '../rights/3_review.html'));
		await page.waitForSelector('#undo:not([hidden])');
		assert.strictEqual(await page.locator('#free-only').count(), 0, 'there is nothing to hide');
		await page.evaluate(() => localStorage.setItem('bi:reviewer', 'eve'));
		await page.goto(pageOf(server, '../rights/1_review.html') + new URL(server.url).hash);
		await page.waitForSelector('#free-only');
		assert.strictEqual(await numbers(), '1 2 3 4');
		await page.check('#free-only');
		assert.strictEqual(await numbers(), '2');
		await says(page, '#unfree', '3 hidden');
		await page.click('h1');
		await page.keyboard.press('3');
		await says(page, '#say', 'Candidate 3 is hidden: it is not free for any use.');
		assert.strictEqual(await page.getAttribute('.candidate[data-idx="3"] .pick', 'aria-pressed'), 'false');
		await page.keyboard.press('Space');
		assert.deepStrictEqual(await page.$$eval('#loupe .frame', (all) => all.map((e) => e.dataset.idx)), ['2']);
		await page.keyboard.press('Space');
		await bi.checkAxe(page, 'some are hidden');
		/* The browser remembers it, for the next subject too, where all are hidden. */
		await page.keyboard.press('2');
		await page.waitForURL('**/2_review.html');
		await says(page, '#unfree', '3 hidden');
		assert.strictEqual(await numbers(), '');
		await page.uncheck('#free-only');
		assert.strictEqual(await numbers(), '1 2 3');
		await page.click('h1');
		await page.keyboard.press('3');
		await page.waitForURL('**/3_review.html');
		await page.goto(pageOf(server, '../rights/2_review.html'));
		await page.waitForSelector('.candidate.picked');
		await page.check('#free-only');
		assert.strictEqual(await numbers(), '3', 'what is picked is shown');
		await page.reload();
		await page.waitForSelector('.candidate.picked');
		assert.strictEqual(await numbers(), '3');
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}],
	['opened as a file, the page shows the command', async (browser) => {
		const {context, page, troubles} = await open(browser, 'file://');

		await page.goto('file://' + path.join(bi.root, 'review/H/submit.html'));
		await page.waitForSelector('#none-picked:not([hidden])');
		assert.ok(await page.isHidden('#by-command'));
		await page.click('#begin');
		await page.waitForURL('**/1_review.html');
		await page.evaluate(() => localStorage.setItem('H:reviewer', 'ada'));
		await page.reload();
		await page.keyboard.press('1');
		await page.waitForURL('**/2_review.html');
		await page.goto('file://' + path.join(bi.root, 'review/H/submit.html'));
		await page.waitForSelector('#by-command:not([hidden])');
		assert.ok(await page.isHidden('#downloads'));
		assert.strictEqual(await page.textContent('#by-command code'), 'bi-collect --picks H_selections.json -o H.zip H');
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}],
	['on paper: pictures with titles and credits, no controls, no card on two pages', async (browser) => {
		const {context, page} = await openPicks(browser, 'H', {colorScheme: 'dark'});

		for (const [name, card] of [['submit.html', '.row'], ['index.html', '.subject']]) {
			await page.goto(pageOf(server, name));
			await page.waitForSelector(card + '[data-outcome]');
			await page.emulateMedia({media: 'print', colorScheme: 'dark'});
			assert.deepStrictEqual(await page.$$eval('button, input, .bar, .skip, #downloads', (all) => all.filter((e) => e.checkVisibility()).map((e) => e.outerHTML)), [], name);
			assert.deepStrictEqual(await page.$$eval(card, (all) => [...new Set(all.map((e) => getComputedStyle(e).breakInside))]), ['avoid']);
			assert.strictEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
			const pdf = (await page.pdf({format: 'A5', preferCSSPageSize: false})).toString('latin1');
			const pages = pdf.match(/\/Type\s*\/Page\b/g).length;

			assert.ok(pages >= (name === 'index.html' ? 2 : 1) && pages <= SUBJECTS / 4, `${name} has ${pages} pages`);
			/* The pictures are in it: each pick's, and not only those that were in sight. */
			assert.ok(pdf.match(/\/Subtype\s*\/Image/g).length >= (name === 'index.html' ? SUBJECTS : 4), name);
			await page.emulateMedia({media: null, colorScheme: null});
		}
		await context.close();
	}],
];

bi.main(prepare, tests);
