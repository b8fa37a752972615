#!/usr/bin/env node
/*
 * A batch in a real browser, served by the real bi-serve and then as files: what is picked is saved, shown and taken
 * away; nothing is asked of anybody else. TAP, with the programs of $BI_BIN.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, isShown, keys, open, pageOf, picksOf, says } = bi;

let server;

/* Three subjects with four candidates each. */
function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const items = [];

	fs.mkdirSync(folder);
	['Ada Lovelace', 'Emmy "<Noether>"', 'Hypatia'].forEach((name, i) => {
		for (let c = 1; c <= 4; c++) {
			const file = path.join(folder, i + '-' + c + '.png');

			fs.writeFileSync(file, bi.png(i * 10 + c, 640, 480));
			items.push({
				subject: {id: i + 1, name, birth_date: '1815-12-10', biography: 'Known for work.'}, file,
				title: 'Picture ' + c, ...(c === 1 ? {} : {license: 'CC0 1.0', credit: '<b>me</b>', page: 'https://example.org/' + c}),
			});
		}
	});
	bi.batch('M_batch1', items);
	bi.batch('M_batch1.1', items);
	bi.grid('M_batch2', 14, 4, 5000);
	bi.batch('wall', [...Array(9).keys()].map((i) => shape(1, i, 400 + i % 3 * 200, 300 + i % 4 * 120))
		.concat(shape(2, 20, 900, 700), shape(3, 21, 10000, 1), shape(3, 22, 640, 480),
			[[800, 1000], [900, 600], [700, 700], [1200, 300], [350, 800], [900, 600], [480, 640], [960, 540], [640, 480]].map(([w, h], i) => shape(4, 30 + i, w, h)),
			shape(5, 40, 800, 1000), shape(5, 41, 900, 600), shape(5, 42, 700, 700)));
	[server] = bi.serve('M_batch1');
}

function shape(subject, seed, width, height) {
	const file = path.join(bi.dir, 'pictures', 'shape' + seed + '.png');

	fs.writeFileSync(file, bi.png(7000 + seed, width, height));
	return {subject: {id: subject, name: 'Shapes ' + subject, biography: 'Long. '.repeat(200)}, file, title: 'Picture ' + (seed + 1), license: 'CC0 1.0'};
}

function choices(name) {
	return picksOf(name).map((p) => [p.subject, p.choice, p.reviewer]);
}

async function served(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');

	await page.goto(server.url);
	assert.strictEqual(new URL(page.url()).hash, '', 'the token is still in the address');
	await isShown(page, '.strip img');
	await says(page, '#progress', '0 of 3 decided');
	await page.click('.subject[data-subject="1"] a');
	await page.waitForURL('**/1_review.html');
	await isShown(page, '.candidate img');
	assert.strictEqual(await page.locator('.candidate').count(), 4);
	assert.strictEqual(await page.textContent('.life'), 'Born 10 December 1815');
	assert.match(await page.textContent('.measures'), /^640 × 480 · 4:3 · PNG · /);
	assert.match(await page.textContent('.candidate[data-idx="1"]'), /No licence stated/);
	assert.match(await page.textContent('.candidate[data-idx="2"]'), /Licence: CC0 1\.0\s+Credit: me\s+Source page/);

	/* A click picks, once it is known who does; the page after it is next. */
	await page.click('.candidate[data-idx="2"] .pick');
	await page.waitForSelector('#who[open]');
	assert.deepStrictEqual((await keys(page)).slice(1), ['M_batch1:pick:1=2']);
	await page.keyboard.type('ada');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/2_review.html');
	assert.strictEqual(await page.textContent('h1'), 'Emmy "<Noether>"');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(await keys(page), ['bi:reviewer=ada']);
	await page.keyboard.press('3');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/2_review.html');
	await page.reload();
	await says(page, '#state', 'Picked: candidate 3');
	assert.strictEqual(await page.getAttribute('[data-pick="3"]', 'aria-pressed'), 'true');
	assert.strictEqual(await page.getAttribute('[data-pick="1"]', 'aria-pressed'), 'false');
	assert.deepStrictEqual(choices('M_batch1'), [['1', 2, 'ada'], ['2', 3, 'ada']]);

	/* None of them, by touch as by key; after the last comes what was picked. */
	await page.click('#next');
	await page.waitForURL('**/3_review.html');
	await page.click('.controls [data-pick="0"]');
	await page.waitForURL('**/submit.html');
	await says(page, '#progress', '3 of 3 decided');
	await says(page, '#take-title', 'Saved');
	assert.strictEqual(await page.inputValue('#text'), '1\t2\tAda Lovelace\n2\t3\tEmmy "<Noether>"\n3\t0\tHypatia\n');
	assert.strictEqual(await page.getAttribute('.row[data-subject="2"] img', 'src'), 'thumbs/2_3.webp');

	/* The last decision is undone, from wherever. */
	await page.goBack();
	await page.waitForURL('**/3_review.html');
	await says(page, '#state', 'Picked: none of them');
	await page.keyboard.press('u');
	await says(page, '#state', 'Undecided');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('M_batch1').pop(), ['3', null, 'ada']);
	await page.keyboard.press('u');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('4');
	await page.waitForURL('**/3_review.html');

	/* A message with Undo is on the next page; a key without a meaning there says so. */
	assert.match(await page.textContent('#toast'), /^Emmy "<Noether>": candidate 4\. Now Hypatia\s*Undo$/);
	assert.ok(await page.isVisible('#toast button'));
	await page.click('#toast button');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('7');
	await says(page, '#say', 'There is no candidate 7.');
	assert.ok(await page.isVisible('#toast'));
	await page.keyboard.press('4');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('ArrowRight');
	await says(page, '#say', 'This is the last subject.');
	assert.strictEqual(await page.textContent('#reviewer'), 'ada');

	/* The index shows the pick in place of the candidates. */
	await page.keyboard.press('a');
	await page.waitForURL('**/index.html');
	await says(page, '.subject[data-subject="2"] .state', 'candidate 4');
	await says(page, '#go-on', 'Go on: Hypatia');
	assert.strictEqual(await page.getAttribute('#go-on', 'href'), '3_review.html');
	assert.deepStrictEqual(await page.locator('.subject[data-subject="2"] img').evaluateAll((all) => all.map((i) => i.getAttribute('src').split('?')[0])),
		['thumbs/2_4.webp']);
	assert.strictEqual(await page.locator('.subject[data-subject="3"] img').count(), 4);
	assert.deepStrictEqual(await page.locator('label:not([hidden]) > span > [data-count]').allTextContents(), ['3', '1', '2', '0', '0', '0']);
	await page.click('[value="undecided"]');
	assert.deepStrictEqual(await page.locator('.subject h2').allTextContents(), ['Hypatia']);
	await page.click('[value="all"]');
	await page.keyboard.press('/');
	await page.keyboard.type('noether');
	assert.deepStrictEqual(await page.locator('.subject h2').allTextContents(), ['Emmy "<Noether>"']);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/2_review.html');
	await page.keyboard.press('n');
	await page.waitForURL('**/3_review.html');

	/* The other batch of this server knows nothing of it. */
	await page.goto(pageOf(server, '../M_batch1.1/submit.html'));
	await says(page, '#progress', '0 of 3 decided');
	assert.strictEqual(await page.inputValue('#text'), '');
	assert.deepStrictEqual(picksOf('M_batch1.1'), []);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* A tab that was just opened does not know yet what is decided; the server is slow to say it. */
async function early(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {expected: /503/});
	let slow = async (route) => {
		await new Promise((done) => setTimeout(done, 1000));
		await route.continue();
	};

	await page.goto(server.url);
	await page.evaluate(() => localStorage.setItem('M_batch1:reviewer', 'ada'));
	for (const from of ['index.html', '1_review.html', 'submit.html']) {
		const tab = await context.newPage();

		await tab.route('**/selections/*', (route) => slow(route));
		await tab.goto(pageOf(server, from));
		await tab.keyboard.press('n');
		await tab.waitForURL('**/3_review.html');
		await tab.close();
	}

	/* Where the server cannot say it, there is a way all the same. */
	slow = (route) => route.fulfill({status: 503, body: ''});
	const tab = await context.newPage();

	await tab.route('**/selections/*', (route) => slow(route));
	await tab.goto(pageOf(server, 'index.html'));
	await tab.keyboard.press('n');
	await tab.waitForURL('**/1_review.html');
	assert.match(await tab.textContent('#notice'), /cannot save now/);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/*
 * A server that goes away in the middle of twelve quick keys, and that the browser finds gone at once or after a while: two
 * pages are there already, the third stays, nothing is picked for another subject, and all is saved when the server is back.
 */
async function gone(browser) {
	for (const ms of [0, 1600]) {
		const {context, page} = await open(browser, '', {expected: /./});
		const name = 'dora' + ms;
		const count = choices('M_batch2').length;

		await page.goto(server.url);
		await page.evaluate((by) => localStorage.setItem('M_batch2:reviewer', by), name);
		await page.goto(pageOf(server, '../M_batch2/4_review.html'));
		await says(page, '#saved', 'All saved');
		await page.waitForLoadState('networkidle');
		await context.route('**', (route) => setTimeout(() => route.abort('connectionrefused').catch(() => {}), ms));
		for (const key of '123412341234')
			await page.keyboard.press(key, {delay: 5});
		await page.waitForSelector('#notice:not([hidden])');
		assert.match(await page.textContent('#notice'), /does not answer/);
		await says(page, '#saved', 'Unsaved: 3');
		assert.match(page.url(), /6_review/);
		assert.strictEqual(await page.getAttribute('.candidate.picked', 'data-idx'), '3');
		await page.waitForTimeout(1000);
		await page.keyboard.press('s');
		await says(page, '#say', 'The server does not answer. You can open other pages when it does.');
		assert.match(page.url(), /6_review/);
		await context.unroute('**');
		await says(page, '#saved', 'All saved');
		await page.waitForSelector('#notice', {state: 'hidden'});
		assert.deepStrictEqual(choices('M_batch2').slice(count), [['4', 1, name], ['5', 2, name], ['6', 3, name]]);
		await page.waitForTimeout(1000);
		await page.keyboard.press('ArrowRight');
		await page.waitForURL('**/7_review.html');
		assert.strictEqual(await page.textContent('h1'), 'Subject 7');
		await context.close();
	}
}

/* Keys that come faster than pages each decide the subject that is then on the page; Back shows each page again. */
async function quick(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');
	const count = choices('M_batch2').length;
	let loads = 0;

	await page.goto(server.url);
	await page.evaluate(() => localStorage.setItem('M_batch2:reviewer', 'eve'));
	await page.goto(pageOf(server, '../M_batch2/1_review.html'));
	await says(page, '#saved', 'All saved');
	await context.route(/_review.html/, async function (route) {
		await new Promise((done) => setTimeout(done, 150));
		await route.continue();
	});
	page.on('framenavigated', () => loads++);
	await page.evaluate(() => window.same = true);
	const keys = '102340213042';

	for (const key of keys)
		await page.keyboard.press(key);
	await page.waitForURL('**/13_review.html');
	await says(page, '#saved', 'All saved');
	assert.ok(await page.evaluate(() => window.same), 'a page was loaded');
	assert.deepStrictEqual(choices('M_batch2').slice(count), [...keys].map((key, i) => [String(i + 1), Number(key), 'eve']));
	await page.goBack();
	await page.goBack();
	await page.waitForFunction(() => document.querySelector('h1').textContent === 'Subject 11');
	assert.match(page.url(), /11_review/);
	await says(page, '#state', 'Picked: candidate 4');
	await page.goForward();
	await page.waitForFunction(() => document.querySelector('h1').textContent === 'Subject 12');
	assert.strictEqual(await page.title(), 'Subject 12 · M_batch2');

	/* Undo goes back to where the last decision was. */
	await page.keyboard.press('u');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('u');
	await page.waitForURL('**/11_review.html');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('M_batch2').slice(-2), [['12', null, 'eve'], ['11', null, 'eve']]);
	assert.ok(await page.evaluate(() => window.same), 'a page was loaded');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Without a server there is a file to take away, and nothing is asked of anybody. */
async function files(browser) {
	const base = pathToFileURL(path.join(bi.root, 'review/M_batch1.1/')).href;
	const {context, page, troubles} = await open(browser, base);

	await page.goto(base + '1_review.html');
	await isShown(page, '.candidate img');
	await page.keyboard.press('2');
	await page.waitForSelector('#who[open]');
	await page.keyboard.type('bob');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/2_review.html');
	await says(page, '#saved', 'In this browser: 1');
	await page.keyboard.press('0');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('1');
	await page.waitForURL('**/submit.html');
	await page.goto(base + '3_review.html');
	await page.keyboard.press('u');
	await says(page, '#state', 'Undecided');
	await page.goto(base + '1_review.html');
	await page.keyboard.press('n');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('s');
	await page.waitForURL('**/submit.html');
	await says(page, '#progress', '2 of 3 decided');
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
	const file = JSON.parse(fs.readFileSync(await download.path(), 'utf8'));

	assert.strictEqual(download.suggestedFilename(), 'M_batch1.1_selections.json');
	assert.deepStrictEqual([file.batch, file.reviewer, file.selections], ['M_batch1.1', 'bob', {1: 2, 2: 0}]);
	assert.match(file.at['1'], /^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* No page is wider than the window, from a phone to a wide screen. */
async function fits(browser) {
	const {context, page} = await open(browser, '');

	for (const width of [320, 360, 768, 1400, 2560]) {
		await page.setViewportSize({width, height: 900});
		for (const name of ['index.html', '2_review.html', 'submit.html', '../']) {
			await page.goto(pageOf(server, name));
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name + ' is wider than ' + width);
			assert.match(await page.textContent('.bar .batch'), name === '../' ? /bi/ : /M_batch1/);
		}
	}
	await context.close();
}

/* Pictures take most of the window, and are whole; their size is remembered; what is known of one is a key away. */
async function picturesFirst(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1440, height: 900}});
	const look = () => page.evaluate(function () {
		const all = [...document.querySelectorAll('.pick img')].map((img) => img.getBoundingClientRect());
		const area = all.reduce((sum, r) => sum + r.width * Math.max(0, Math.min(r.bottom, innerHeight) - r.top), 0);

		return {share: area / innerWidth / innerHeight, whole: all.filter((r) => r.top > 0 && r.bottom < innerHeight && r.right < innerWidth).length,
			first: all[0].top, height: all[0].height, shapes: all.map((r) => r.width / r.height)};
	});

	await page.goto(server.url);
	for (const [name, count] of [['1_review.html', 9], ['2_review.html', 1], ['4_review.html', 9], ['5_review.html', 3], ['3_review.html', 2]]) {
		await page.goto(pageOf(server, '../wall/' + name));
		await isShown(page, '.pick img');
		const seen = await look();

		assert.strictEqual(seen.whole, count, name);
		assert.ok(seen.share >= {2: 0, 3: 0.35}[count] || seen.share >= 0.5, name + ': ' + seen.share);
	}

	/* A panorama of 10,000 x 1 is no line, and a picture keeps its shape. */
	const shapes = (await look()).shapes;

	assert.ok(Math.abs(shapes[1] - 640 / 480) < 0.05, String(shapes));
	await page.goto(pageOf(server, '../wall/1_review.html'));
	const before = await look();

	await page.keyboard.press('-');
	await page.keyboard.press('-');
	await page.reload();
	assert.ok((await look()).height < before.height * 0.8);
	assert.strictEqual(await page.inputValue('#size'), '2');
	await page.keyboard.press('+');
	await page.keyboard.press('=');
	assert.deepStrictEqual(await look(), before);

	/* Rows of any size fill the width, and none is cut. */
	for (const key of ['+', '+', '+', '-', '-', '-', '-', '-']) {
		await page.keyboard.press(key);
		const ends = await page.evaluate(() => [...document.querySelectorAll('.candidate')].map((card) => card.getBoundingClientRect())
			.filter((one, i, all) => i + 1 < all.length && all[i + 1].left < one.left).map((one) => one.right));

		assert.ok(ends.every((right) => right <= 1440 - 14 && right > 900), key + ': the rows end at ' + ends);
	}
	await page.keyboard.press('+');
	await page.keyboard.press('+');

	/* Where the thumbnail would be soft the file itself is shown: not for what is as small as its thumbnail. */
	await page.goto(pageOf(server, '../wall/2_review.html'));
	await page.waitForFunction(() => /2_1\.png\?v=[0-9a-f]{8}$/.test(document.querySelector('.pick img').src));
	await page.goto(pageOf(server, '../M_batch2/2_review.html'));
	await isShown(page, '.pick img');
	assert.match(await page.getAttribute('.pick img', 'src'), /^thumbs/);
	await page.goto(pageOf(server, '../wall/1_review.html'));

	/* Of the picture with the focus, and with i of all. */
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	assert.match(await page.textContent('#details'), /^2 · Picture 2.*Licence: CC0 1\.0/s);
	assert.ok(!await page.isVisible('.candidate .about'));
	await page.keyboard.press('i');
	assert.ok(await page.isVisible('.candidate[data-idx="1"] .about'));
	assert.ok(await page.isHidden('#details'));
	await page.keyboard.press('i');
	assert.deepStrictEqual(await look(), before);

	for (const width of [390, 820, 1024]) {
		await page.setViewportSize({width, height: 780});
		await page.goto(pageOf(server, '../wall/1_review.html'));
		assert.ok((await look()).first < 200, 'the first picture at ' + width);
		assert.ok(await page.evaluate(() => [...document.querySelectorAll('.controls .button')].every(function (button) {
			const r = button.getBoundingClientRect();

			return r.height === 0 || (r.height >= 44 && r.bottom <= innerHeight);
		})), 'the controls at ' + width);
	}
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* The loupe: its place and size stay on the way through the candidates, and several are moved together. */
async function inTheLoupe(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1440, height: 900}});
	const count = choices('wall').length;
	const panes = () => page.locator('.pane').evaluateAll((all) => all.map((pane) => Number(pane.dataset.idx)));
	const boxes = () => page.locator('.pane img').evaluateAll((all) => all.map(function (img) {
		const r = img.getBoundingClientRect(), view = img.parentElement.getBoundingClientRect();

		return {w: Math.round(r.width), x: (view.left + view.width / 2 - r.left) / r.width, y: (view.top + view.height / 2 - r.top) / r.height};
	}));
	const loaded = () => page.waitForFunction(() => [...document.querySelectorAll('.pane img')].every((img) => img.complete && img.naturalWidth && img.style.transform));

	await page.goto(server.url);
	await page.evaluate(() => localStorage.setItem('wall:reviewer', 'flo'));
	await page.goto(pageOf(server, '../wall/1_review.html'));
	await isShown(page, '.pick img');
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	await page.keyboard.press(' ');
	await page.waitForSelector('#loupe[open]');
	await loaded();
	assert.deepStrictEqual(await panes(), [2]);
	assert.match(await page.textContent('.pane .percent'), /^enlarged to \d+ %$/); /* 600 x 420 in 1440 x 900 */
	assert.match(await page.textContent('.pane figcaption'), /Picture 2.*600 × 420 · CC0 1\.0/);

	/* A click enlarges to the point. */
	const view = await page.locator('.view').boundingBox();
	const img = await page.locator('.pane img').boundingBox();

	await page.mouse.click(img.x + img.width * 0.75, img.y + img.height * 0.6);
	const [enlarged] = await boxes();
	const now = await page.locator('.pane img').boundingBox();

	assert.ok(enlarged.w > img.width * 1.9);
	assert.ok(Math.abs(now.x + now.width * 0.75 - (img.x + img.width * 0.75)) < 2, 'the point stays under the pointer');

	/* The next candidate has the same place at the same size; dragging moves it. */
	await page.keyboard.press('ArrowRight');
	await loaded();
	assert.deepStrictEqual(await panes(), [3]);
	assert.ok(Math.abs((await boxes())[0].x - enlarged.x) < 0.15, JSON.stringify([await boxes(), enlarged]));
	await page.mouse.move(view.x + 400, view.y + 300);
	await page.mouse.down();
	await page.mouse.move(view.x + 500, view.y + 300, {steps: 4});
	await page.mouse.up();
	assert.ok((await boxes())[0].x < enlarged.x - 0.02);

	/* Three beside each other move together; one is held while the others change. */
	await page.keyboard.press('c');
	await page.keyboard.press('c');
	await loaded();
	assert.deepStrictEqual(await panes(), [3, 4, 5]);
	await page.keyboard.press('z');
	await page.keyboard.press('z');
	await page.mouse.move(view.x + 200, view.y + 300);
	await page.mouse.wheel(0, -600);
	const three = await boxes();

	assert.ok(three.every((box) => Math.abs(box.x - three[0].x) < 0.2), JSON.stringify(three));
	await page.keyboard.press('h');
	await page.keyboard.press('ArrowRight');
	assert.deepStrictEqual(await panes(), [3, 5, 6]);
	await page.click('.frame[data-idx="9"]');
	assert.deepStrictEqual(await panes(), [3, 8, 9]);
	await page.keyboard.press('h');
	await page.keyboard.press('c');
	assert.strictEqual((await panes()).length, 4);
	await page.keyboard.press('c');
	assert.strictEqual((await panes()).length, 1);

	/* A number picks, also in the loupe, which goes on with the next subject; Space ends it. */
	await page.keyboard.press('7');
	await page.waitForURL('**/2_review.html');
	await page.waitForSelector('#loupe[open]');
	await loaded();
	assert.deepStrictEqual(await panes(), [1]);
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices('wall').slice(count), [['1', 7, 'flo']]);
	await page.keyboard.press(' ');
	assert.ok(await page.isHidden('#loupe'));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* On a phone: a tap opens the loupe, a swipe is the next candidate, two fingers enlarge. */
async function byTouch(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/',
		{viewport: {width: 390, height: 780}, hasTouch: true, isMobile: true});
	const idx = () => page.getAttribute('.pane', 'data-idx');

	await page.goto(server.url);
	await page.goto(pageOf(server, '../wall/1_review.html'));
	await page.tap('[data-zoom="2"]');
	await page.waitForSelector('#loupe[open]');
	await page.waitForFunction(() => document.querySelector('.pane img').style.transform);
	const touch = await context.newCDPSession(page);
	const send = (type, ...points) => touch.send('Input.dispatchTouchEvent', {type, touchPoints: points.map(([x, y], id) => ({x, y, id}))});

	await send('touchStart', [300, 300]);
	await send('touchMove', [250, 302]);
	await send('touchMove', [150, 305]);
	await send('touchEnd');
	await page.waitForFunction(() => document.querySelector('.pane').dataset.idx === '3');
	await page.waitForFunction(() => document.querySelector('.pane img').style.transform);
	const before = (await page.locator('.pane img').boundingBox()).width;

	await send('touchStart', [150, 300], [250, 300]);
	await send('touchMove', [100, 300], [300, 300]);
	await send('touchMove', [50, 300], [350, 300]);
	await send('touchEnd');
	assert.ok((await page.locator('.pane img').boundingBox()).width > before * 2);
	assert.strictEqual(await idx(), '3');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/*
 * Presses that were meant for the subject before decide nothing on this one: the second of a double click, a key that is
 * held, a key for a page that Back replaced, and a name that is given on another page.
 */
async function meantForAnother(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1440, height: 900}});
	const mine = () => picksOf('M_batch2').filter((p) => p.reviewer === 'gus').map((p) => [p.subject, p.choice]);

	await page.goto(server.url);
	await page.evaluate(() => localStorage.setItem('M_batch2:reviewer', 'gus'));
	await page.goto(pageOf(server, '../M_batch2/1_review.html'));
	await says(page, '#saved', 'All saved');
	await page.waitForLoadState('networkidle');
	await page.dblclick('.candidate[data-idx="2"] .pick');
	await page.waitForURL('**/2_review.html');
	await says(page, '#say', 'A double click picks once.');
	await page.keyboard.press('z');
	await page.waitForSelector('#loupe[open]');
	await page.dblclick('.pane .primary');
	await page.waitForURL('**/3_review.html');
	await page.focus('.pane .primary');
	await page.keyboard.down('Enter');
	for (let i = 0; i < 5; i++)
		await page.keyboard.down('Enter'); /* repeats */
	await page.keyboard.up('Enter');
	await page.waitForURL('**/4_review.html');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(mine(), [['1', 2], ['2', 2], ['3', 1]]);
	await page.keyboard.press('Escape');

	/* 3 is typed for the page of subject 3, which is on its way; Back shows 2 in its place. */
	for (const url of ['2', '4'])
		await page.goto(pageOf(server, `../M_batch2/${url}_review.html`));
	await says(page, '#saved', 'All saved');
	await context.route(/3_review.html/, async function (route) {
		await new Promise((done) => setTimeout(done, 1500));
		await route.continue();
	});
	await page.keyboard.press('ArrowRight');
	await page.waitForURL('**/5_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/4_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('3');
	await page.goBack();
	await page.waitForFunction(() => document.querySelector('h1').textContent === 'Subject 5');
	await page.waitForTimeout(2000);
	assert.strictEqual(await page.textContent('h1'), 'Subject 5');
	assert.strictEqual(mine().length, 3);

	/* The name of the reviewer is given when another subject is on the page: the decision is about the first. */
	await page.evaluate(() => localStorage.removeItem('M_batch2:reviewer'));
	await page.evaluate(() => localStorage.removeItem('bi:reviewer'));
	await page.goto(pageOf(server, '../M_batch2/6_review.html'));
	await page.keyboard.press('ArrowRight');
	await page.waitForURL('**/7_review.html');
	await page.keyboard.press('4');
	await page.waitForSelector('#who[open]');
	await page.goBack();
	await page.waitForFunction(() => document.querySelector('h1').textContent === 'Subject 6');
	await page.keyboard.type('gus');
	await page.keyboard.press('Enter');
	await says(page, '#saved', 'All saved');
	assert.match(page.url(), /6_review/);
	assert.deepStrictEqual(mine().slice(3), [['7', 4]]);
	await page.keyboard.press('u');
	await page.waitForURL('**/7_review.html');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(mine().slice(4), [['7', null]]);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* A page says so where the browser keeps nothing, and does not go on as if it did. */
async function keepsNothing(browser) {
	for (const broken of ['denied', 'full']) {
		const {context, page} = await open(browser, '');

		await page.addInitScript((how) => {
			if (how === 'full')
				Storage.prototype.setItem = () => {
					throw new DOMException('full', 'QuotaExceededError');
				};
			else
				Object.defineProperty(window, 'localStorage', {
					get() {
						throw new DOMException('denied', 'SecurityError');
					},
				});
		}, broken);
		await page.goto(pageOf(server, '3_review.html'));
		await page.waitForSelector('#notice:not([hidden])');
		assert.match(await page.textContent('#notice'), /stores nothing/);
		await page.click('.candidate[data-idx="2"] .pick');
		assert.match(page.url(), /3_review/);
		assert.strictEqual(await page.locator('.candidate.picked').count(), 0);
		await context.close();
	}
}

/* A file that bi-fetch has replaced since it was chosen is said to have changed, until it is picked again. */
async function changed(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');
	const line = '.candidate[data-idx="2"] .changed';
	const file = path.join(bi.dir, 'pictures', '1-2.png');
	const count = choices('M_batch1').length;

	await page.goto(server.url);
	await page.goto(pageOf(server, '2_review.html'));
	const before = await page.getAttribute('.candidate[data-idx="2"] .pick img', 'src');

	await page.click('.candidate[data-idx="2"] .pick');
	await page.waitForSelector('#who[open]');
	await page.keyboard.type('carol');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	fs.writeFileSync(file, bi.png(999, 640, 480));
	bi.run('bi-render', [], bi.run('bi-fetch', ['-b', 'M_batch1', '--update', '--resume'], ''));
	await page.goto(pageOf(server, '2_review.html'));
	await says(page, line, 'Changed since you chose it. Pick it again if it is still the one.');
	assert.notStrictEqual(await page.getAttribute('.candidate[data-idx="2"] .pick img', 'src'), before);
	await isShown(page, '.pick img');
	assert.ok(await page.isVisible(line));
	await page.click('.candidate[data-idx="2"] .pick');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	await page.goto(pageOf(server, '2_review.html'));
	await says(page, '#state', 'Picked: candidate 2. Reviewers differ');
	assert.ok(!await page.isVisible(line));
	assert.deepStrictEqual(choices('M_batch1').slice(count), [['2', 2, 'carol'], ['2', 2, 'carol']]);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['picks in a served batch are saved, undone and shown', served],
	['the way to what is undecided waits until that is known', early],
	['keys that come faster than pages each decide the subject on the page', quick],
	['a server that goes away in the middle of quick keys loses none and mixes up none', gone],
	['picks in the same pages as files are a file to take away', files],
	['pages fit from a phone to a wide screen, with the batch in sight', fits],
	['pictures take most of the window, and their size is remembered', picturesFirst],
	['what was meant for another subject decides nothing', meantForAnother],
	['the loupe keeps its place, compares, holds and picks', inTheLoupe],
	['the loupe is used with fingers', byTouch],
	['a browser that keeps nothing is said', keepsNothing],
	['a file that has changed since it was chosen is said to have', changed],
]);
