#!/usr/bin/env node
/*
 * The index of a batch with thousands of subjects: pages of 500, and a filter, a search and counts over all of them that send
 * little. With and without a server, and without JavaScript.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, open, pageOf, says, until } = bi;

const SUBJECTS = 5000;
const ODD = {
	3: 'n'.repeat(500), 4: '<img src=x onerror=alert(1)>&amp;"', 600: 'عائشة التيمورية', 601: '紫式部', 602: '👩🏽‍🚀 Mae', 4999: 'Zuletzt "<Noether>"',
};
let server;

/* A made-up name of two words. */
function nameOf(s) {
	const parts = ['an', 'ber', 'cla', 'do', 'el', 'fri', 'gus', 'ha', 'ing', 'jo', 'ka', 'lu', 'mar', 'ni', 'ol', 'pe', 'ro', 'sa', 'ti', 'ul', 'vi', 'wen'];
	const at = (n) => parts[(Math.imul(s * 31 + n, 2654435761) >>> 8) % parts.length];
	const word = (...n) => n.map(at).join('').replace(/^./, (c) => c.toUpperCase());

	return ODD[s] || word(1, 2, 3) + ' ' + word(4, 5, 6);
}

/* A batch as if it had been fetched, of files with nothing in them: SUBJECTS are [id, name, candidates]. */
function bare(name, subjects) {
	const folder = path.join(bi.root, 'batches', name);
	const all = subjects.flatMap(([id, said, candidates]) => Array.from({length: candidates}, (_, i) => ({id: String(id), name: said, idx: i + 1})));
	const write = (file, line) => fs.writeFileSync(path.join(folder, file), all.map((c, i) => JSON.stringify(line(c, i + 1)) + '\n').join(''));

	fs.mkdirSync(path.join(folder, 'files'), {recursive: true, mode: 0o700});
	fs.writeFileSync(path.join(folder, 'lock'), '');
	fs.writeFileSync(path.join(folder, 'batch.json'), JSON.stringify({name, job_id: 7, job_type: 'url_parse', created_at: '2026-11-22T10:30:00Z'}) + '\n');
	fs.writeFileSync(path.join(folder, 'state'), 'c'.repeat(all.length));
	write('items.ndjson', (c, n) => ({bi: {n, key: String(n).padStart(32, '0'), id: c.id, idx: c.idx}, subject: {id: c.id, name: c.name}, url: 'https://example.com/' + n}));
	write('results.ndjson', (c, n) => ({item: n, status: 'completed', path: `files/${c.id}_${c.idx}.txt`, bytes: 1, mime: 'text/plain', sha256: String(n).padStart(64, '0')}));
	all.forEach((c) => fs.writeFileSync(path.join(folder, `files/${c.id}_${c.idx}.txt`), '.'));
}

function prepare() {
	const all = [...Array(SUBJECTS).keys()].map((i) => i + 1);

	bare('M_batch1', all.map((s) => [s, nameOf(s), 1]));
	bare('M_batch2', [[1, 'Few', 2], [2, 'Many', 1200], [3, 'Few again', 2]]);
	fs.writeFileSync(path.join(bi.root, 'batches/M_batch1/picks.ndjson'), all.filter((s) => s > 10 && s !== 4999).map((s) => JSON.stringify({
		subject: String(s), choice: s % 3 ? 1 : 0, reviewer: 'ada', at: new Date(Date.UTC(2026, 10, 22) + s * 7777).toISOString(),
	}) + '\n').join(''));
	bi.run('bi-render', ['M_batch1', 'M_batch2']);
	[server] = bi.serve('M_batch1');
}

/* The subjects that are on the page. */
function shown(page) {
	return page.locator('.subject').evaluateAll((all) => all.map((li) => li.dataset.subject));
}

async function asAda(browser, options) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.context.addInitScript(() => location.protocol === 'http:' && localStorage.setItem('bi:reviewer', 'ada'));
	return opened;
}

async function sendsLittle(browser) {
	const {context, page, troubles} = await asAda(browser);
	const sizes = [];

	page.on('requestfinished', (r) => sizes.push((async function () {
		const {responseBodySize, responseHeadersSize} = await r.sizes();

		return [new URL(r.url()).pathname.split('/').pop() || 'selections', responseBodySize + responseHeadersSize];
	})()));
	await page.goto(server.url);
	await says(page, '#progress', '4,989 of 5,000 decided');
	await page.waitForLoadState('networkidle');
	const all = await Promise.all(sizes);
	const picked = all.find(([name]) => name === 'selections')[1];
	const sum = all.reduce((n, [, size]) => n + size, 0) - picked;
	const json = fs.statSync(path.join(bi.root, 'review/M_batch1/subjects.json')).size;

	console.log(`# the index of ${SUBJECTS} subjects sends ${sum} bytes, and ${picked} for ${SUBJECTS - 11} picks (${all.map(([name, size]) => name + ' ' + size).join(', ')}); ` +
		`subjects.json has ${(json / SUBJECTS).toFixed(1)} bytes a subject`);
	assert.ok(all.some(([name]) => name === 'subjects.json'));
	assert.ok(sum < 100000, 'more than 100 KB');
	assert.ok(picked < 15 * SUBJECTS, 'the picks are not compressed');

	/* Styles and scripts come once. */
	await page.goto(pageOf(server, 'index-2.html'));
	await says(page, '#progress', '4,989 of 5,000 decided');
	const again = await page.evaluate(() => performance.getEntriesByType('resource').filter((e) => /\.(css|js)$/.test(e.name)).map((e) => e.transferSize));

	assert.ok(again.length >= 5 && again.every((size) => size === 0), 'sent again: ' + again);
	assert.ok(json <= 60 * SUBJECTS, 'more than 60 bytes a subject');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* The counts, the filter and the search are over all pages; the subjects come from their pages as they are needed. */
async function findsAll(browser) {
	const {context, page, troubles} = await asAda(browser);
	const asked = [];

	page.on('request', (r) => asked.push(new URL(r.url()).pathname.split('/').pop()));
	await page.goto(server.url);
	await says(page, '#progress', '4,989 of 5,000 decided');
	assert.deepStrictEqual(await page.locator('label:not([hidden]) > span > [data-count]').allTextContents(), ['5,000', '11', '3,326', '1,663', '0', '0']);
	await says(page, '#go-on', 'Go on: ' + nameOf(1));
	assert.strictEqual((await shown(page)).length, 500);
	assert.deepStrictEqual(await page.locator('.pages').evaluate((nav) => [...nav.children].map((c) => c.textContent)),
		['1', '2', '3', '…', '10', 'Next']);
	assert.ok(!asked.includes('index-10.html'));
	await page.click('[value="undecided"]');
	await until(async () => (await shown(page)).length === 11, () => 'eleven are shown');
	assert.deepStrictEqual(await shown(page), [...Array(10).keys()].map((i) => String(i + 1)).concat('4999'));
	assert.ok(asked.includes('index-10.html') && !asked.includes('index-2.html'));
	assert.ok(await page.isHidden('.pages'));
	await page.click('[value="all"]');
	assert.ok(await page.isVisible('.pages'));
	for (const [sought, ids] of [['noether', ['4999']], ['紫式', ['601']], ['التيمو', ['600']], ['👩🏽‍🚀', ['602']], ['onerror', ['4']], ['n'.repeat(400), ['3']], ['4321', ['4321']]]) {
		await page.fill('#search', sought);
		await until(async () => String(await shown(page)) === String(ids), () => sought + ' is found');
	}
	assert.strictEqual(await page.textContent('.subject h2'), nameOf(4321));
	assert.strictEqual(await page.textContent('.subject .state'), 'candidate 1');

	/* The first that is found is opened; the way back is to its page of the index. */
	await page.focus('#search');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/4321_review.html');
	await page.keyboard.press('n');
	await page.waitForURL('**/4999_review.html');
	await page.keyboard.press('a');
	await page.waitForURL('**/index-10.html');
	assert.strictEqual(await page.inputValue('#search'), '4321');
	await until(async () => String(await shown(page)) === '4321', 'the search is kept');
	await page.fill('#search', '');
	assert.strictEqual((await shown(page))[0], '4501');

	/* A tab without the order of the subjects asks the index. */
	const tab = await context.newPage();

	await tab.goto(pageOf(server, '700_review.html'));
	await tab.keyboard.press('n');
	await tab.waitForURL('**/4999_review.html');

	/* A server that goes away is said, and the page stays. */
	await tab.goto(pageOf(server, 'index.html'));
	await says(tab, '#progress', '4,989 of 5,000 decided');
	assert.deepStrictEqual(troubles, []);
	await context.route('**/index-10.html', (route) => route.abort('connectionrefused'));
	await tab.click('[value="undecided"]');
	await says(tab, '#say', 'The server does not answer, so not all subjects that match are shown.');
	assert.strictEqual((await shown(tab)).length, 10);
	await context.close();
}

/* A file may not read another: the page says that it finds its own subjects only, and its links work. */
async function asFiles(browser) {
	const base = pathToFileURL(path.join(bi.root, 'review/M_batch1/')).href;
	const {context, page, troubles} = await open(browser, base);

	await page.goto(base + 'index.html');
	await says(page, '#known', 'Opened as a file, a page counts and finds only its own subjects.');
	await says(page, '#progress', '0 of 500 on this page decided');
	await page.click('.pages [rel=next]');
	await page.waitForURL('**/index-2.html');
	assert.strictEqual((await shown(page))[0], '501');
	await page.fill('#search', '紫式');
	assert.deepStrictEqual(await shown(page), ['601']);
	await page.click('.subject a');
	await page.waitForURL('**/601_review.html');
	assert.strictEqual(await page.textContent('h1'), '紫式部');
	await page.click('.bar nav a');
	await page.waitForURL('**/index-2.html');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function withoutScripts(browser) {
	const {context, page} = await open(browser, new URL(server.url).origin + '/', {javaScriptEnabled: false});

	await page.goto(server.url);
	assert.strictEqual((await page.locator('.subject').count()), 500);
	assert.ok(!await page.isVisible('#progress'), 'what is decided is not known');
	for (let n = 2; n <= 10; n++) {
		await page.click('.pages [rel=next]');
		assert.match(page.url(), new RegExp(`/index-${n}\\.html$`));
	}
	assert.strictEqual(await page.locator('.pages [rel=next]').count(), 0);
	await page.press('.subject[data-subject="4999"] a', 'Enter');
	await page.waitForURL('**/4999_review.html');
	await context.close();
}

/* A subject with many candidates has pages of 500, and any of them is picked from each. */
async function manyCandidates(browser) {
	const {context, page, troubles} = await asAda(browser);
	const type = async (number) => {
		for (const key of ['p', ...number, 'Enter'])
			await page.keyboard.press(key);
	};
	const choices = () => bi.picksOf('M_batch2').map((p) => [p.subject, p.choice]);

	await page.goto(server.url);
	await page.goto(pageOf(server, '../M_batch2/1_review.html'));
	await says(page, '#saved', 'All saved');
	await page.keyboard.press('1');
	await page.waitForURL('**/2_review.html');
	assert.strictEqual(await page.locator('.candidate').count(), 500);
	await type('1201');
	await says(page, '#say', 'There is no candidate 1201.');
	await type('1187');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices(), [['1', 1], ['2', 1187]]);
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Picked: candidate 1187');
	await page.click('.pages [rel=next]');
	await page.waitForURL('**/2_review-2.html');
	await page.click('.pages [rel=next]');
	await page.waitForURL('**/2_review-3.html');
	assert.strictEqual(await page.locator('.candidate').count(), 200);
	await says(page, '#state', 'Picked: candidate 1187');
	assert.strictEqual(await page.locator('.candidate.picked').getAttribute('data-idx'), '1187');

	/* From its last page as from its first: the next subject is next, and u comes back. */
	await type('7');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices().pop(), ['2', 7]);
	await page.goBack();
	await page.waitForURL('**/2_review-3.html');
	await says(page, '#state', 'Picked: candidate 7');
	await page.keyboard.press('u');
	await says(page, '#state', 'Picked: candidate 1187');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function fits(browser) {
	for (const colorScheme of ['light', 'dark']) {
		const {context, page} = await open(browser, '', {viewport: {width: 390, height: 844}, colorScheme, hasTouch: true});

		await page.goto(pageOf(server, 'index-5.html'));
		await says(page, '#progress', '0 of 5,000 decided by you, 4,989 by others');
		await page.locator('.pages').scrollIntoViewIfNeeded();
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the window');
		assert.ok(await page.locator('.pages a').evaluateAll((all) => all.every((a) => a.offsetHeight >= 44 && a.offsetWidth >= 44)), 'too small to touch');
		await bi.checkAxe(page, 'index-5.html ' + colorScheme);
		await context.close();
	}
}

bi.main(prepare, [
	['the index of 5,000 subjects sends less than 100 KB', sendsLittle],
	['counts, filter and search are over all pages', findsAll],
	['as files the pages find their own subjects, and say so', asFiles],
	['without JavaScript the links lead through all pages', withoutScripts],
	['a subject with many candidates has pages of 500', manyCandidates],
	['the pages are for fingers and eyes of all kinds', fits],
]);
