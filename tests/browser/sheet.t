#!/usr/bin/env node
/*
 * The sheet of a list without subjects: items are kept and rejected where they are, with keys, mouse and fingers, alone and
 * in ranges; what is decided are picks as on any other page.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, isShown, open, pageOf, picksOf, says, until } = bi;

const PICTURES = 20;
const MANY = 1100;
let server;

function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const items = [];

	fs.mkdirSync(folder);
	for (let i = 1; i <= PICTURES; i++) {
		const file = path.join(folder, i + '.png');

		fs.writeFileSync(file, bi.png(i, 300 + i % 4 * 150, i % 5 ? 300 : 600));
		items.push({file, ...({2: {title: 'n'.repeat(500)}, 3: {title: '<img src=x onerror=alert(1)>'}, 4: {title: 'عائشة التيمورية'}, 5: {title: '紫式部 👩🏽‍🚀'}}[i] || {})});
	}
	fs.writeFileSync(path.join(folder, 'words.txt'), 'plain words\n');
	fs.writeFileSync(path.join(folder, 'gone.png'), bi.png(99));
	items.push({file: path.join(folder, 'words.txt')}, {file: path.join(folder, 'gone.png')});
	bi.batch('list', items);
	/* As if the last one had failed. */
	const results = path.join(bi.root, 'batches/list/results.ndjson');

	fs.appendFileSync(results, JSON.stringify({item: PICTURES + 2, status: 'failed', error: {code: 'http_404', message: 'the server has no such file', retryable: false}}) + '\n');
	fs.rmSync(path.join(bi.root, 'batches/list/results.index'), {force: true});
	bi.run('bi-render', ['list']);
	bi.batch('many', Array.from({length: MANY}, () => ({file: path.join(folder, 'words.txt')})).map((item, i) => {
		const file = path.join(folder, 'words' + i + '.txt');

		fs.writeFileSync(file, 'word ' + i);
		return {...item, file};
	}));
	bi.batch('said', items.slice(0, 6));
	fs.writeFileSync(path.join(folder, 'reasons'), 'Blurred\nNo permission\n');
	bi.run('bi-render', ['--stars', '--reasons', path.join(folder, 'reasons'), 'said']);
	[server] = bi.serve('list');
}

function choices(name, from = 0) {
	return picksOf(name).slice(from).map((p) => [p.subject, p.choice]);
}

/* The items that have the decision CHOICE, as they show it. */
function drawn(page, choice) {
	return page.locator(choice === 1 ? '.item:has(.candidate.picked)' : '.item.rejected').evaluateAll((all) => all.map((li) => li.dataset.subject));
}

async function as(browser, name, options) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.context.addInitScript((by) => location.protocol === 'http:' && localStorage.setItem('bi:reviewer', by), name);
	await opened.page.goto(server.url);
	await says(opened.page, '#saved', 'All saved');
	return opened;
}

function focused(page) {
	return page.evaluate(() => (document.activeElement.closest('.item') || {dataset: {}}).dataset.subject);
}

async function byKeys(browser) {
	const {context, page, troubles} = await as(browser, 'ada');

	await isShown(page, '.pick img');
	assert.deepStrictEqual(await page.locator('.item').count(), PICTURES + 2);
	assert.ok(!fs.readdirSync(path.join(bi.root, 'review/list')).some((name) => name.endsWith('_review.html')));
	assert.strictEqual(await page.textContent('.item[data-subject="i3"] h2'), '<img src=x onerror=alert(1)>');
	assert.match(await page.textContent('#i22'), /Failed\s*Not found \(404\)/);

	/* Enter keeps and goes on, x and 0 reject. */
	await page.keyboard.press('ArrowRight');
	assert.strictEqual(await focused(page), 'i1');
	for (const key of ['Enter', 'x', '0', 'Enter'])
		await page.keyboard.press(key);
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list').sort(), [['i1', 1], ['i2', 0], ['i3', 0], ['i4', 1]]);
	assert.deepStrictEqual([await drawn(page, 1), await drawn(page, 0)], [['i1', 'i4'], ['i2', 'i3']]);
	assert.strictEqual(await focused(page), 'i5');
	assert.strictEqual(await page.getAttribute('#i1 .pick', 'aria-label'), '1.png, kept');

	/* A range is one decision, and undone as one. */
	await page.keyboard.press('Shift+ArrowRight');
	await page.keyboard.press('Shift+ArrowRight');
	await says(page, '#selected', '3 selected');
	await page.keyboard.press('Enter');
	await says(page, '#selected', '');
	assert.deepStrictEqual(await drawn(page, 1), ['i1', 'i4', 'i5', 'i6', 'i7']);
	await page.keyboard.press('u');
	assert.deepStrictEqual(await drawn(page, 1), ['i1', 'i4']);
	await page.keyboard.press('u');
	assert.deepStrictEqual(await drawn(page, 1), ['i1']);
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list').slice(-4).sort(), [['i4', null], ['i5', null], ['i6', null], ['i7', null]]);

	/* Down and up keep the column. */
	await page.focus('#i1 .pick');
	const top = await page.evaluate(() => document.activeElement.getBoundingClientRect().top + scrollY);

	await page.keyboard.press('ArrowDown');
	assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top + scrollY) > top + 50);
	await page.keyboard.press('ArrowUp');
	assert.strictEqual(await focused(page), 'i1');
	await page.keyboard.press('n');
	assert.strictEqual(await focused(page), 'i4');

	/* The counts and the filters have the words of a sheet. What is decided leaves the open ones, and the next has the focus. */
	assert.deepStrictEqual(await page.locator('.find label span').allTextContents().then((all) => all.slice(1, 4).map((text) => text.replace(/\s+/g, ' ').trim())),
		[`Open ${PICTURES - 2}`, 'Kept 1', 'Rejected 2']);
	await page.click('[value="undecided"]');
	await page.focus('#i5 .pick');
	await page.keyboard.press('x');
	assert.strictEqual(await focused(page), 'i6');
	assert.strictEqual(await page.locator('#i5').count(), 0);
	await page.keyboard.press('u');
	assert.strictEqual(await page.locator('#i5').count(), 1);
	await page.click('[value="all"]');

	/* The loupe shows the item with the focus, and decides. */
	await page.focus('#i6 .pick');
	await page.keyboard.press('Space');
	await page.waitForSelector('#loupe[open]');
	assert.strictEqual(await page.getAttribute('.pane', 'data-idx'), '6');
	await page.keyboard.press('Enter');
	await until(async () => await page.getAttribute('.pane', 'data-idx') === '7', 'the next is in the loupe');
	await page.keyboard.press('x');
	await page.keyboard.press('Space');
	await page.waitForSelector('#loupe:not([open])', {state: 'attached'});
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list').slice(-2).sort(), [['i6', 1], ['i7', 0]]);

	/* The page of the picks leads back to the items. */
	await page.keyboard.press('s');
	await page.waitForURL('**/submit.html');
	await page.click('.row[data-subject="i7"] a');
	await page.waitForURL('**/index.html*');
	await until(async () => await focused(page) === 'i7', 'the item has the focus');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function byMouse(browser) {
	const {context, page, troubles} = await as(browser, 'bob', {viewport: {width: 1440, height: 900}});
	const before = picksOf('list').length;

	await page.click('#i8 .pick');
	await page.click('#i11 .pick', {modifiers: ['Shift']});
	await page.click('#i9 .pick', {modifiers: ['Control']});
	await says(page, '#selected', '3 selected');
	await page.click('#reject');
	await page.hover('#i12');
	await page.click('#i12 [data-decide="1"]');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list', before).sort(), [['i10', 0], ['i11', 0], ['i12', 1], ['i8', 0]]);

	/* All that the filter shows, but the field of the search selects its text. */
	await page.keyboard.press('Control+a');
	await says(page, '#selected', PICTURES + 1 + ' selected');
	await page.keyboard.press('Escape');
	await page.fill('#search', '13.png');
	await until(async () => await page.locator('.item').count() === 1, 'one item matches');
	await page.keyboard.press('Control+a');
	await says(page, '#selected', '');
	await page.focus('#i13 .pick');
	await page.keyboard.press('Control+a');
	await says(page, '#selected', '1 selected');
	await page.keyboard.press('Escape');
	await page.fill('#search', '');

	/* An arrow that is held goes on; a decision that is held does not. */
	await page.focus('#i14 .pick');
	for (const key of ['ArrowRight', 'x']) {
		for (let i = 0; i < 3; i++)
			await page.keyboard.down(key);
		await page.keyboard.up(key);
	}
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual([await drawn(page, 0), await focused(page)], [['i8', 'i10', 'i11', 'i17'], 'i18']);
	await page.keyboard.press('u');

	/* The same button takes it back. */
	await page.click('#i12 [data-decide="1"]');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list').pop(), ['i12', null]);
	await page.dblclick('#i13 .pick');
	await page.waitForSelector('#loupe[open]');
	assert.strictEqual(await page.getAttribute('.pane', 'data-idx'), '13');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function byTouch(browser) {
	const {context, page, troubles} = await as(browser, 'cy', {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true});
	const before = picksOf('list').length;

	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the window');
	await page.tap('#i1 [data-decide="1"]');
	await page.tap('#i2 [data-decide="0"]');
	await page.tap('#i3 .pick');
	await page.tap('#i4 .pick');
	await says(page, '#selected', '2 selected');
	await page.tap('#keep');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('list', before).sort(), [['i1', 1], ['i2', 0], ['i3', 1], ['i4', 1]]);
	assert.ok(await page.locator('.decide button').evaluateAll((all) => all.every((b) => b.offsetWidth >= 44 && b.offsetHeight >= 44)), 'too small to touch');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Pages of 500 items, ranges of all of one, and a way to what is open on another. */
async function pages(browser) {
	const {context, page, troubles} = await as(browser, 'ada');

	await page.goto(pageOf(server, '../many/index-2.html'));
	await says(page, '#progress', `0 of ${MANY.toLocaleString('en')} decided`);
	await page.click('#i501 .pick');
	await page.evaluate(() => document.querySelector('#i1000').scrollIntoView());
	await page.click('#i1000 .pick', {modifiers: ['Shift']});
	await says(page, '#selected', '500 selected');
	await page.keyboard.press('Enter');
	await says(page, '#progress', `500 of ${MANY.toLocaleString('en')} decided`);
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('many').length, 500);
	await page.focus('#i700 .pick');
	await page.keyboard.press('n');
	await page.waitForURL('**/index-3.html*');
	await until(async () => await focused(page) === 'i1001', 'the item has the focus');
	await page.click('[value="picked"]');
	await until(async () => await page.locator('.item').count() === 500, 'the kept ones of the other page are shown');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function asFilesAndWithoutScripts(browser) {
	const base = pathToFileURL(path.join(bi.root, 'review/list/')).href;
	const {context, page, troubles} = await open(browser, base);

	await page.goto(base + 'index.html');
	await isShown(page, '.pick img');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#who[open]');
	await page.keyboard.type('eve');
	await page.keyboard.press('Enter');
	await says(page, '#saved', 'In this browser: 1');
	assert.deepStrictEqual(await drawn(page, 1), ['i1']);
	assert.deepStrictEqual(troubles, []);
	await context.close();

	const bare = await open(browser, new URL(server.url).origin + '/', {javaScriptEnabled: false});

	await bare.page.goto(server.url);
	assert.ok(await bare.page.isVisible('#i1 .pick img'));
	assert.match(await bare.page.getAttribute('#i1 a.zoom', 'href'), /^i1_1\.png/);
	await bare.context.close();
}

async function forAll(browser) {
	for (const [width, colorScheme] of [[390, 'light'], [1440, 'dark'], [2560, 'light']]) {
		const {context, page} = await as(browser, 'ada', {viewport: {width, height: 900}, colorScheme});

		await isShown(page, '.pick img');
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the window at ' + width);
		/* Each row but the last reaches the right side. */
		const ends = await page.evaluate(() => {
			const rows = new Map();
			const right = document.querySelector('.candidates').getBoundingClientRect().right;

			for (const item of document.querySelectorAll('.item'))
				rows.set(item.offsetTop, right - item.getBoundingClientRect().right);
			return [...rows.values()].slice(0, -1);
		});

		assert.ok(ends.length > 0 && ends.every((space) => space >= -0.5 && space < 30), 'space at the right side: ' + ends);
		await page.evaluate(() => scrollTo(0, 0));
		await bi.checkAxe(page, 'the sheet at ' + width);
		if (process.env.BI_SHOTS)
			await page.screenshot({path: `${process.env.BI_SHOTS}/sheet-${width}-${colorScheme}.png`});
		await context.close();
	}
}

/* Stars, doubt, notes and reasons: of one item and of several, undone, found again, in the loupe. */
async function said(browser) {
	const {context, page, troubles} = await as(browser, 'eve');
	const last = () => Object.fromEntries(picksOf('said').map((p) => [p.subject, [p.choice, p.stars, p.unsure, p.note, p.reason].map((one) => one ?? null)]));
	const press = async (...keys) => {
		for (const key of keys)
			await page.keyboard.press(key);
	};

	await page.goto(pageOf(server, '../said/index.html'));
	await says(page, '#saved', 'All saved');
	await press('4');
	await page.waitForFunction(() => /^No item has the focus/.test(document.querySelector('#say').textContent));
	await press('e', 'x', '1'); /* nothing is written or asked for without one */
	assert.ok(!await page.isVisible('#note') && await page.locator('#asked').count() === 0);
	await press('ArrowRight', '4', 'd');
	assert.strictEqual(await focused(page), 'i1', 'stars do not go on');
	await says(page, '#i1 .marks', '★★★★ ?');
	assert.strictEqual(await page.getAttribute('#i1 .pick', 'aria-label'), '1.png, open, unsure, 4 stars');
	assert.strictEqual(await page.locator('.star.lit').count(), 4);
	await press('e');
	await page.keyboard.type('ask 1, x and 0');
	await press('Enter');
	assert.strictEqual(await focused(page), 'i1');
	await press('Enter', 'x', '2');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(last(), {i1: [1, 4, true, 'ask 1, x and 0', null], i2: [0, null, null, null, 'No permission']});

	/* Several at once, and all undone at once. */
	await press('Shift+ArrowRight', '2');
	await says(page, '#i4 .marks', '★★');
	await page.click('.star >> nth=2');
	await says(page, '#i3 .marks', '★★★');
	await press('u');
	await says(page, '#i3 .marks', '★★');
	await press('u');
	assert.strictEqual(await page.locator('#i3 .marks').count(), 0);

	/* In the loupe, and with a reason that is clicked there. */
	await press('Escape', 'ArrowRight', 'Space', '5', 'x');
	await page.click('#asked button >> text=Blurred');
	await says(page, '#saved', 'All saved');
	await press('Space');
	const at = Object.entries(last()).find(([, one]) => one[4] === 'Blurred');

	assert.deepStrictEqual(at && at[1], [0, 5, null, null, 'Blurred']);
	for (const [filter, subjects] of [['unsure', ['i1']], ['noted', ['i1']], ['reasoned', ['i2', at[0]]], ['starred', ['i1', at[0]]]]) {
		await page.check(`[name="show"][value="${filter}"]`, {force: true});
		assert.deepStrictEqual(await page.$$eval('.item', (all) => all.map((one) => one.dataset.subject)), subjects, filter);
	}
	await bi.checkAxe(page, 'the sheet with stars');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['items are kept, rejected and undone with keys, alone and in ranges', byKeys],
	['the mouse selects and decides', byMouse],
	['fingers select and decide', byTouch],
	['stars, doubt, notes and reasons are said of items', said],
	['a sheet has pages of 500, and ranges of all of them', pages],
	['it works as a file, and shows its pictures without JavaScript', asFilesAndWithoutScripts],
	['it fits from a phone to a wide screen, and axe finds nothing', forAll],
]);
