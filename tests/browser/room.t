#!/usr/bin/env node
/*
 * Room on the pages: names and titles of hundreds of letters push nothing away, rows of pictures have one gap, and what
 * fingers press is as large as they are.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('./bi.js');
const { assert, isShown, open, pageOf, says } = bi;

const names = ['x'.repeat(500), 'wörter '.repeat(70), '数学家'.repeat(60), 'عالمة '.repeat(80)];
let server;

function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const file = (name, bytes) => {
		fs.writeFileSync(path.join(folder, name), bytes);
		return path.join(folder, name);
	};

	fs.mkdirSync(folder);
	bi.batch('room', names.flatMap((name, s) => [0, 1, 2, 3, 4].map((c) => ({subject: {id: s + 1, name}, title: name, license: 'CC0 1.0',
		file: file(`${s}-${c}.png`, bi.png(s * 10 + c, 500 + c * 90, 640 - c * 70))}))));
	bi.batch('sheet', [1, 2, 3, 4, 5, 6].map((n) => ({file: file(`sheet${n}.png`, bi.png(900 + n, 300 + n * 40, 300))})));
	[server] = bi.serve('room');
}

async function at(browser, page, options) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.context.addInitScript(() => localStorage.setItem('bi:reviewer', 'ada'));
	await opened.page.goto(server.url);
	await says(opened.page, '#saved', 'All saved');
	await opened.page.goto(pageOf(server, page));
	await says(opened.page, '#saved', 'All saved');
	return opened;
}

/* Where what SELECTOR finds is in the window. */
function boxes(page, selector) {
	return page.locator(selector).evaluateAll((all) => all.filter((one) => one.checkVisibility()).map(function (one) {
		const {top, bottom, left, right} = one.getBoundingClientRect();

		return {top, bottom, left, right, width: right - left, height: bottom - top, text: one.textContent.trim().slice(0, 30)};
	}));
}

async function longNames(browser) {
	const {context, page, troubles} = await at(browser, 'index.html', {viewport: {width: 1440, height: 900}});

	for (const card of await boxes(page, '.subject h2'))
		assert.ok(card.height < 80, 'a name takes ' + card.height);
	for (let s = 1; s <= names.length; s++) {
		await page.goto(pageOf(server, s + '_review.html'));
		await isShown(page, '.pick img');
		const [decision] = await boxes(page, '#decision');

		assert.ok(decision.bottom < 700, `subject ${s}: the decision ends at ${decision.bottom}`);
		assert.strictEqual((await page.getAttribute('h1', 'title')).trim(), names[s - 1].trim());
		/* The size and the licence are whole where the card has room for them. */
		for (const one of await page.locator('.candidate').evaluateAll((all) => all.map((card) => [card.offsetWidth, card.querySelector('.short')]
			.map((it) => it.scrollWidth === undefined ? it : it.scrollWidth - it.clientWidth))))
			assert.ok(one[0] < 400 || one[1] <= 0, `subject ${s}: ${one[1]} pixels of the size are cut`);
	}
	await page.goto(pageOf(server, 'submit.html'));
	for (const row of await boxes(page, '.row'))
		assert.ok(row.height < 140, 'a row takes ' + row.height);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function gaps(browser) {
	const {context, page} = await at(browser, '2_review.html', {viewport: {width: 1440, height: 900}});

	await isShown(page, '.pick img');
	await page.evaluate(() => scrollTo(0, 0));
	const cards = await boxes(page, '.candidate'), rows = [...new Set(cards.map((card) => Math.round(card.top)))];

	assert.ok(rows.length > 1, 'there is one row');
	for (const top of rows.slice(1)) {
		const above = Math.max(...cards.filter((card) => card.top < top - 5).map((card) => card.bottom));

		assert.ok(Math.abs(top - above - 9) < 3, `${top - above} pixels between rows`);
	}
	assert.ok(Math.max(...cards.map((card) => card.bottom)) <= 900, 'the last row is cut');
	assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'the page scrolls');
	await context.close();
}

async function fingers(browser) {
	const {context, page, troubles} = await at(browser, 'index.html', {viewport: {width: 390, height: 780}, hasTouch: true, isMobile: true});

	for (const name of ['index.html', '1_review.html', 'submit.html', '../sheet/index.html']) {
		await page.goto(pageOf(server, name));
		await says(page, '#saved', 'All saved');
		for (const one of await boxes(page, '.button, .ask, .bar nav a, .find label, #search, main summary'))
			assert.ok(one.height >= 44 && one.width >= 44, `${name}: ${one.text} is ${one.width} by ${one.height}`);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name + ' is wider than the window');
		const [first] = await boxes(page, 'main img');

		if (name !== 'submit.html')
			assert.ok(first.top < 200, `${name}: the first picture is at ${first.top}`);
		/* The name of the batch is pressed below it too. */
		assert.ok(await page.evaluate(() => [8, 40].every((y) => document.elementFromPoint(20, y).matches('.batch a'))), name);
	}
	/* The sign of the loupe is pressed beside it too; the tools of the sheet are below. */
	await page.waitForSelector('.zoom');
	const hit = await page.locator('.zoom').first().evaluate(function (zoom) {
		const {left, bottom} = zoom.getBoundingClientRect();

		return document.elementFromPoint(left - 4, bottom + 4) === zoom;
	});

	assert.ok(hit, 'the sign of the loupe is small');
	const [tools] = await boxes(page, '#tools');

	assert.ok(Math.abs(tools.bottom - 780) < 1, 'the tools end at ' + tools.bottom);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* The help names the keys of its page, and the key after it does no more than end it. */
async function help(browser) {
	const {context, page, troubles} = await at(browser, 'index.html', {});

	for (const [name, may, mayNot] of [['index.html', 'Enter opens it', 'pick the candidate'], ['submit.html', 'Enter opens it', 'pick the candidate'],
		['1_review.html', 'pick the candidate', 'Enter opens it'], ['../sheet/index.html', 'reject', 'Enter opens it']]) {
		await page.goto(pageOf(server, name));
		await says(page, '#saved', 'All saved');
		await page.keyboard.press('?');
		const text = await page.textContent('#keys');

		assert.ok(text.includes(may) && !text.includes(mayNot), name + ': ' + text);
		await page.keyboard.press('Enter');
		await page.waitForFunction(() => !document.querySelector('dialog[open]'));
	}
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Paper has no tools, and no space for what is undecided; each picture of the sheet is within its cell. */
async function paper(browser) {
	const {context, page} = await at(browser, 'submit.html', {viewport: {width: 800, height: 1000}});

	await page.emulateMedia({media: 'print'});
	assert.deepStrictEqual(await boxes(page, '.row'), []);
	await page.goto(pageOf(server, '../sheet/index.html'));
	await isShown(page, '.pick img');
	await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
	assert.deepStrictEqual(await boxes(page, '.button, .zoom, .decide, input'), []);
	const cells = await boxes(page, '.item'), pictures = await boxes(page, '.item img');

	assert.ok(cells[0].top < 120, 'the first picture is at ' + cells[0].top);
	for (const [i, cell] of cells.entries())
		assert.ok(pictures[i].right <= cell.right + 1 && cell.width < 200, `picture ${i} is ${pictures[i].width} in ${cell.width}`);
	await context.close();
}

bi.main(prepare, [
	['long names leave room for the decision, and long titles for the size and the licence', longNames],
	['rows of pictures have one gap, and the last ends in the window', gaps],
	['what fingers press is large enough', fingers],
	['the help is of its page', help],
	['on paper there are pictures and words alone', paper],
]);
