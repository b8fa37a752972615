#!/usr/bin/env node
/*
 * Candidates that are no pictures, and subjects with nothing to choose, in a real browser: documents, sound, video, what is
 * damaged or hostile, and items that are fetched again.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, checkAxe, open, pageOf, says } = bi;

const hostile = '<img src=x onerror=alert(1)>"\'&<script>alert(1)</script>';
let server, web;

function file(name, bytes) {
	const at = path.join(bi.dir, 'kinds', name);

	fs.mkdirSync(path.dirname(at), {recursive: true});
	fs.writeFileSync(at, bytes);
	return at;
}

/* A PDF of COUNT pages with a square, which is lower on each. */
function pdf(count) {
	const objects = ['<</Type/Catalog/Pages 2 0 R>>',
		`<</Type/Pages/Kids[${[...Array(count).keys()].map((i) => 3 + 2 * i + ' 0 R').join(' ')}]/Count ${count}>>`];

	for (let i = 0; i < count; i++) {
		const draw = `1 0 0 rg 20 ${600 - 40 * i} 200 100 re f`;

		objects.push(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents ${4 + 2 * i} 0 R>>`,
			`<</Length ${draw.length}>>stream\n${draw}\nendstream`);
	}
	return '%PDF-1.4\n' + objects.map((o, i) => `${i + 1} 0 obj${o}endobj\n`).join('') + 'trailer<</Root 1 0 R>>\n';
}

/* SECONDS of a tone. */
function wav(seconds) {
	const head = Buffer.alloc(44), n = 8000 * seconds;

	head.write('RIFF', 0);
	head.writeUInt32LE(36 + n, 4);
	head.write('WAVEfmt ', 8);
	[[16, 4], [1, 2], [1, 2], [8000, 4], [8000, 4], [1, 2], [8, 2]].reduce(function (at, [value, size]) {
		head[size === 4 ? 'writeUInt32LE' : 'writeUInt16LE'](value, at);
		return at + size;
	}, 16);
	head.write('data', 36);
	head.writeUInt32LE(n, 40);
	return Buffer.concat([head, Buffer.from([...Array(n).keys()].map((i) => 128 + 60 * Math.sin(i / 8)))]);
}

/* A second of film, which the browser itself makes. */
async function film() {
	const browser = await bi.launch('chromium');
	const page = await browser.newPage();
	const bytes = await page.evaluate(async function () {
		const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
		const recorder = new MediaRecorder(canvas.captureStream(10), {mimeType: 'video/webm;codecs=vp8'}), parts = [];

		[canvas.width, canvas.height] = [160, 90];
		recorder.ondataavailable = (event) => parts.push(event.data);
		recorder.start();
		for (let i = 0; i < 10; i++) {
			pen.fillStyle = `hsl(${i * 36} 80% 50%)`;
			pen.fillRect(0, 0, 160, 90);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		await new Promise(function (resolve) {
			recorder.onstop = resolve;
			recorder.stop();
		});
		return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
	});

	await browser.close();
	return Buffer.from(bytes);
}

/* Names that cards and lists must bear. */
const names = ['x'.repeat(500), 'wörter '.repeat(70), 'מָתֵמָטִיקָאִית ‮evil', '数学家'.repeat(60), '👩‍🔬👨‍👩‍👧‍👦'.repeat(20), hostile];

async function prepare() {
	web = await bi.origin();

	const video = await film();
	const one = (id, name, members) => ({subject: {id, name}, ...members});

	bi.run('sh', ['-c', 'bi-fetch -q -b kinds --tries 1 --through bi-parse >/dev/null || :; bi-render kinds'], [
		one(1, 'Papers', {file: file('twelve.pdf', pdf(12)), title: 'Twelve'}),
		one(1, 'Papers', {file: file('three.pdf', pdf(3)), title: 'Three'}),
		one(1, 'Papers', {file: file('damaged.pdf', pdf(12).slice(0, 30))}),
		one(1, 'Papers', {file: file('page.html', '<title>A page</title><p>Hello there.</p><script>alert(1)</script>')}),
		one(1, 'Papers', {file: file('long.txt', 'Long text. '.repeat(1000))}),
		one(2, 'Gone', {url: web.url + '/status/404/a.jpg'}),
		one(2, 'Gone', {url: web.url + '/status/503/' + 'b'.repeat(500) + '.jpg'}),
		one(3, 'Media', {file: file('tone.wav', wav(42)), title: 'Tone'}),
		one(3, 'Media', {file: file('film.webm', video), title: 'Film'}),
		one(3, 'Media', {file: file('damaged.webm', Buffer.from(video.toString('latin1').replace('V_VP8', 'V_XX8'), 'latin1'))}),
		...names.map((name, i) => ({
			subject: {id: 'n' + i, name, first_names: name, birth_date: name, biography: name},
			file: file(`n${i}.png`, bi.png(100 + i, ...(i ? [40, 30] : [1, 10000]))), title: name, author: name, credit: name,
		})),
		{subject: {id: 'last', name: names[5]}, url: web.url + '/status/404/' + encodeURIComponent(hostile)},
	].map((item) => JSON.stringify(item) + '\n').join(''));
	[server] = bi.serve('kinds');
}

function visit(browser, options = {}) {
	return open(browser, new URL(server.url).origin + '/', options);
}

/* What failed is no work: it is not counted, and n passes it over. */
async function nothing(browser) {
	const {context, page, troubles} = await visit(browser);
	const card = '.subject[data-subject="2"]';

	await page.goto(server.url);
	await says(page, '#progress', '0 of 8 decided');
	await says(page, card + ' .state', 'Nothing to choose');
	assert.strictEqual(await page.textContent(card + ' .why'), 'Not found (404) ' + new URL(web.url).host);
	await says(page, '[data-count="undecided"]', '8');
	await says(page, '[data-count="failed"]', '3');
	await page.check('[name="show"][value="failed"]', {force: true});
	assert.deepStrictEqual(await page.$$eval('.subject', (all) => all.map((one) => one.dataset.subject)), ['1', '2', 'last']);
	await page.check('[name="show"][value="all"]', {force: true});

	await page.goto(pageOf(server, '1_review.html'));
	await page.keyboard.press('n');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Nothing to choose');
	assert.match(await page.textContent('.nothing'), /Nothing to choose\. All 2 items of this subject failed\./);
	assert.deepStrictEqual(await page.$$eval('.failures .why', (all) => all.map((one) => one.textContent)),
		['Not found (404)', 'Server error (503)']);

	/* A decision goes on to a subject that has something to choose. */
	await page.evaluate(() => localStorage.setItem('bi:reviewer', 'ada'));
	await page.goto(pageOf(server, '1_review.html'));
	await page.keyboard.press('2');
	await page.waitForURL('**/3_review.html');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* The server hands failed items to its worker; a page that is a file says the command. */
async function again(browser) {
	const {context, page, troubles} = await visit(browser, {expected: /401/});

	await page.goto(pageOf(server, '2_review.html'));
	await page.evaluate(() => sessionStorage.removeItem('bi:token'));
	await page.click('#again');
	await page.waitForFunction(() => document.querySelector('#again-said').textContent.includes('read only'));
	await page.goto('about:blank');
	await page.goto(server.url);
	await page.goto(pageOf(server, '2_review.html'));
	await page.click('#again');
	await page.waitForFunction(() => /^2 items are fetched again\. /.test(document.querySelector('#again-said').textContent));
	assert.ok(await page.isDisabled('#again'));
	const all = () => web.asked().filter((asked) => /\/status\/404\/a\.jpg/.test(asked)).length;

	await bi.until(() => all() === 2, () => web.asked().join(' '));
	await bi.until(() => !fs.existsSync(path.join(bi.root, 'queue', 'kinds')), 'the queue is empty');
	await page.goto(server.url);
	await page.click('#again');
	await page.waitForFunction(() => /^4 items are fetched again\. /.test(document.querySelector('#again-said').textContent));
	await bi.until(() => all() === 3, () => web.asked().join(' '));
	await bi.until(() => !fs.existsSync(path.join(bi.root, 'queue', 'kinds')), 'the queue is empty');
	assert.deepStrictEqual(troubles, []);

	await page.goto(pathToFileURL(path.join(bi.root, 'review/kinds/2_review.html')).href);
	await page.click('#again');
	await says(page, '#again-said', 'Run bi-fetch -b kinds --resume --retry failed and then bi-render kinds.');
	await context.close();
}

/* The pages of documents in the loupe, compared, and texts. */
async function documents(browser) {
	const {context, page, troubles} = await visit(browser);
	const shown = (n) => page.$$eval('.pane:not([hidden]) img', (all) => all.map((img) => img.getAttribute('src').replace(/\?v=[0-9a-f]{8}$/, ''))).then((all) => assert.deepStrictEqual(all, n));

	await page.goto(pageOf(server, '1_review.html'));
	assert.deepStrictEqual(await page.$$eval('.short', (all) => all.map((one) => one.textContent)),
		['PDF, 12 pages', 'PDF, 3 pages', 'Web page', 'Text']);
	assert.strictEqual(await page.textContent('.candidate[data-idx="4"] h2'), 'A page');
	assert.match(await page.textContent('.candidate[data-idx="4"] .excerpt'), /Hello there/);
	assert.strictEqual(await page.locator('.candidate[data-idx="4"] a.zoom').count(), 0, 'a page of strangers has no link');
	assert.ok((await page.textContent('.candidate[data-idx="5"] .excerpt')).endsWith('…'));
	assert.match(await page.textContent('#failures'), /3/);
	assert.deepStrictEqual(await page.$$eval('.candidate', (all) => all.map((card) => (card.querySelector('.caption .get') || {href: ''}).href.split('/').pop())),
		['1_1.pdf', '1_2.pdf', '', '1_5.txt'], 'what one may have to download has a link to it');

	await page.focus('.candidate[data-idx="1"] .pick');
	await page.keyboard.press(' ');
	await shown(['pages/1_1_1.webp']);
	await page.waitForFunction(() => document.querySelector('.pane img').naturalHeight === 1400);
	for (const key of ['ArrowDown', 'PageDown', 'ArrowUp', 'ArrowDown'])
		await page.keyboard.press(key);
	await shown(['pages/1_1_3.webp']);
	await says(page, '.leaves span', 'Page 3 of 12');
	assert.match(await page.getAttribute('.leaves .get', 'href'), /^1_1\.pdf/);
	await page.keyboard.press('c');
	await shown(['pages/1_1_3.webp', 'pages/1_2_3.webp']);
	await page.click('.pane[data-idx="1"] [aria-label="Next page"]');
	await shown(['pages/1_1_4.webp', 'pages/1_2_3.webp']);
	for (let i = 0; i < 5; i++)
		await page.keyboard.press('ArrowDown');
	await page.waitForFunction(() => /Only the first 8 pages/.test(document.querySelector('#say').textContent));
	await page.keyboard.press('c');
	await page.keyboard.press('c');
	await page.waitForSelector('.stage[data-panes="4"]');
	assert.match(await page.textContent('.pane[data-idx="5"] .text'), /^Long text/);
	await page.keyboard.press('z'); /* enlarges the pictures, leaves the texts */
	await checkAxe(page, 'the loupe with documents');
	await page.keyboard.press(' ');
	assert.ok(!await page.isVisible('#loupe'));

	/* A strip of 1 by 10,000 is seen. */
	await page.goto(pageOf(server, 'n0_review.html'));
	assert.match(await page.textContent('.measures'), /^1 × 10000 · 1:10000 · PNG · /);
	await page.keyboard.press(' ');
	await page.waitForFunction(() => document.querySelector('.pane img').getBoundingClientRect().width >= 4);
	await says(page, '.percent', 'enlarged to 400 %');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Sound and video play on their cards, and their keys are theirs. */
async function media(browser) {
	const {context, page, troubles} = await visit(browser, {expected: /media|ERR_|EncodingError/i});

	await page.goto(server.url);
	await page.goto(pageOf(server, '3_review.html'));
	await says(page, '.candidate[data-idx="1"] .short', 'Sound · 0:42');
	await page.waitForFunction(() => /^Video · 0:0[12]$/.test(document.querySelector('.candidate[data-idx="2"] .short').textContent));
	assert.deepStrictEqual(await page.$$eval('.candidate :is(video, audio)', (all) => all.map((one) => [one.localName, one.preload, one.controls])).then((all) => all.slice(0, 2)),
		[['audio', 'metadata', true], ['video', 'metadata', true]]);
	await page.focus('.candidate[data-idx="1"] audio');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press(' ');
	await page.waitForFunction(() => !document.querySelector('.candidate[data-idx="1"] audio').paused);
	assert.match(page.url(), /3_review/);
	await page.evaluate(() => document.querySelector('.candidate[data-idx="2"] video').play());
	await page.waitForFunction(() => document.querySelector('.candidate[data-idx="1"] audio').paused);
	await page.waitForSelector('.candidate[data-idx="3"] .unplayable');
	await page.evaluate(() => localStorage.setItem('bi:reviewer', 'ada'));
	await page.click('.candidate[data-idx="2"] .take');
	await page.waitForURL('**/n0_review.html');
	await bi.until(() => bi.picksOf('kinds').some((pick) => pick.subject === '3' && pick.choice === 2), 'the pick is saved');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Whatever names are, at 200 % zoom of 1440 x 900 controls and a picture are in sight, and nothing of them runs. */
async function zoomed(browser) {
	const {context, page, troubles} = await visit(browser, {viewport: {width: 720, height: 450}, expected: /media|ERR_/i});

	page.on('dialog', (dialog) => troubles.push('a dialog: ' + dialog.message()));
	await page.goto(server.url);
	for (const name of ['1', '3', ...names.map((_, i) => 'n' + i)]) {
		await page.goto(pageOf(server, name + '_review.html'));
		await page.waitForSelector('.candidates.rows');
		const [shot, bar] = await page.evaluate(() => ['.shot', '.controls'].map((s) => document.querySelector(s).getBoundingClientRect().toJSON()));

		assert.ok(shot.top < 230 && bar.top - shot.top > 100, `${name}: the first picture begins at ${shot.top}, the controls at ${bar.top}`);
		assert.ok(bar.bottom <= 450, name);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name + ' is wider than the window');
	}
	for (const [width, height] of [[390, 780], [1440, 900]]) {
		await page.setViewportSize({width, height});
		for (const name of ['index.html', 'submit.html', '2_review.html', 'last_review.html', 'n5_review.html']) {
			await page.goto(pageOf(server, name));
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`);
			await checkAxe(page, name + ' at ' + width);
		}
	}
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* "No licence stated" is said once for a batch that has none, and by each card in a batch that has some. */
async function licences(browser) {
	const {context, page, troubles} = await visit(browser);

	bi.batch('some', [0, 1].map((i) => ({subject: {id: 1, name: 'One'}, file: file(`l${i}.png`, bi.png(300 + i)), ...(i ? {license: 'CC0 1.0'} : {})})));
	await page.goto(pageOf(server, '1_review.html'));
	assert.strictEqual(await page.locator('.unlicensed').count(), 1);
	assert.strictEqual(await page.locator('text=No licence stated').count(), 0);
	await page.goto(pageOf(server, '../some/1_review.html'));
	assert.strictEqual(await page.locator('.unlicensed').count(), 0);
	assert.strictEqual(await page.locator('.candidate .about li:has-text("No licence stated")').count(), 1);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['what failed is no work: not counted, passed over, with its reason and host', nothing],
	['failed items are fetched again by the worker, or the page says how', again],
	['documents show their pages and texts, also compared', documents],
	['sound and video play, say how long they are, and have their own keys', media],
	['at 200 % zoom, with any name, controls and a picture are in sight', zoomed],
	['a batch without licences says so once', licences],
]);
