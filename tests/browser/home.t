#!/usr/bin/env node
/*
 * The home page of a real server: batches as they move, by a stream and without one, and many of them; and the index of
 * a batch of 10,000.
 */
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const bi = require('./bi.js');
const { assert, open, pageOf, picksOf, says } = bi;

const MANY = process.env.BI_LONG ? 10000 : 500; /* batches */
const BIG = process.env.BI_LONG ? 10000 : 2000;
const PAINT = 60000; /* milliseconds: a machine that does other things takes ten times as long */
let server;

function prepare() {
	bi.grid('M_batch1', 4, 3);
	big();
	[server] = bi.serve('M_batch1');
}

/* The index of a batch of BIG subjects, by the program that bi-render runs, and pictures for the first of them. */
function big() {
	const folder = path.join(bi.root, 'review/big');
	const batch = {batch: 'big', label: 'Ten thousand', subjects: BIG, candidates: BIG * 6, failed: 0, waiting: 0};
	const program = 'include "index"; if has("head") then .head | index_head elif has("subject") then .batch as $b | .subject | index_card($b) ' +
		'else .tail | index_tail end | .text';
	const candidates = (id) => [1, 2, 3, 4, 5, 6].map((idx) => ({idx, thumb: `thumbs/${id}_${idx}.webp`, thumb_width: 64, thumb_height: 48}));
	const lines = [{head: batch}];

	for (let i = 1; i <= BIG; i++)
		lines.push({batch, subject: {id: String(i), name: 'Subject number ' + i, facts: [], waiting: 0, position: i, candidates: candidates(i)}});
	lines.push({tail: {}});
	fs.cpSync(path.join(bi.root, 'review/M_batch1'), folder, {recursive: true});
	fs.writeFileSync(path.join(folder, 'index.html'), execFileSync('jq', ['-r', '-j', '-L', path.join(bi.share, 'review'), program], {
		input: lines.map((l) => JSON.stringify(l) + '\n').join(''), maxBuffer: 1 << 28, timeout: bi.DEADLINE * 2,
	}));
}

async function moves(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {expected: /ERR_|failed: .*status|50[0-9]/});

	await page.goto(new URL('/', server.url).href + server.url.replace(/^[^#]*/, ''));
	await says(page, '#link', 'Live');
	assert.strictEqual(new URL(page.url()).hash, '');
	assert.deepStrictEqual(await page.locator('.card h2').allTextContents(), ['M_batch1']);
	assert.match(await page.innerText('.card'), /completed.*12 of 12 items done.*0 of 4 subjects decided/s);
	assert.match(await page.getAttribute('.card .share', 'aria-label'), /^12 completed and 0 failed of 12$/);

	/* A batch appears while one looks, with what failed. */
	bi.run('sh', ['-c', 'bi-fetch -b P_batch1 >records || :'], [1, 2, 3].map((i) => JSON.stringify({
		subject: {id: i, name: 'P ' + i}, file: path.join(bi.dir, i === 3 ? 'missing.png' : `pictures-of-M_batch1/1-${i}.png`),
	}) + '\n').join(''));
	await page.waitForFunction(() => document.querySelectorAll('.card').length === 2);
	await page.waitForFunction(() => /3 of 3 items done.*1 failed/s.test(document.querySelectorAll('.card')[1].innerText));
	assert.match(await page.textContent('.card:nth-child(2) .kinds'), / × 1$/);
	assert.match(await page.innerText('.card:nth-child(2)'), /partially_completed.*no pages yet: bi-render P_batch1/s);
	assert.strictEqual(await page.textContent('#summary'), '2 batches, 15 items, 1 failed');
	await says(page, '#progress', '15 of 15 items done, 1 failed');
	assert.match(await page.getAttribute('#bar .share', 'aria-label'), /^14 completed and 1 failed of 15$/);
	await page.waitForSelector('#plot:not([hidden]) svg .line');
	assert.match(await page.textContent('#plot-says'), /items\/s now, peak [\d.]+ items\/s in the last/);

	/* The way to a review, with the token; what is decided there shows here. */
	await page.click('.card:nth-child(1) a.button');
	await page.waitForURL('**/M_batch1/index.html');
	await page.evaluate(() => localStorage.setItem('M_batch1:reviewer', 'ada'));
	await page.goto(pageOf(server, '2_review.html'));
	await page.keyboard.press('1');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	assert.strictEqual(picksOf('M_batch1').length, 1);
	await page.click('#home');
	await page.waitForFunction(() => /1 of 4 subjects decided/.test(document.querySelector('#batches').innerText));

	/* The server stops and comes back. */
	bi.stopAll();
	await says(page, '#link', 'No answer; trying again');
	[server] = bi.serve('M_batch1');
	await says(page, '#link', 'Live');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function withoutStream(browser) {
	const {context, page} = await open(browser, '');
	let asked = 0;

	await page.route('**/api/v1/status/stream?*', (route) => route.fulfill({status: 503, body: ''}));
	page.on('request', (r) => asked += /\/api\/v1\/status\/\?/.test(r.url()) ? 1 : 0);
	await page.goto(new URL('/', server.url).href);
	await says(page, '#link', 'Updated every 5 seconds');
	assert.strictEqual(await page.locator('.card').count(), 2);
	assert.ok(asked <= 2, 'it asks too often: ' + asked);
	await context.close();
}

/* What was handed in over the API stands after the batches, the newest first, with its notebook. */
async function handedIn(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1280, height: 800}});
	const token = server.url.replace(/^[^#]*#token=/, '');

	for (let i = 1; i <= 12; i++) {
		const response = await fetch(new URL(`/api/v1/notebooks/${i === 12 ? 'last.one' : 'reading'}/files/parse_url/`, server.url), {
			method: 'POST', headers: {'Content-Type': 'application/json', 'X-CSRFToken': token},
			body: JSON.stringify({urls: [`http://127.0.0.1:9/${i}`]}),
		});

		assert.strictEqual(response.status, 202);
	}
	await page.goto(server.url.replace(/\/[^/]*\/[^/]*#/, '/#'));
	await page.waitForFunction(() => document.querySelectorAll('#jobs .card').length === 10);
	await page.waitForFunction(() => /, 12 jobs, /.test(document.querySelector('#summary').textContent));
	assert.ok((await page.locator('#batches .card').count()) >= 1);
	assert.doesNotMatch(await page.innerText('#batches'), /job-\d/);
	assert.doesNotMatch(await page.innerText('#jobs'), /bi-render/);
	assert.match(await page.innerText('#jobs .card:first-child'), /notebook last\.one/);
	const ids = () => page.$$eval('#jobs h3', (all) => all.map((e) => Number(e.textContent.replace('job-', ''))));

	assert.deepStrictEqual(await ids(), (await ids()).sort((a, b) => b - a));
	assert.strictEqual(await page.textContent('#more'), 'Show 2 more');
	await page.evaluate(axe);
	assert.deepStrictEqual(await page.evaluate(async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']}))
		.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join('; '))), []);
	if (process.env.BI_SHOTS)
		await page.screenshot({path: process.env.BI_SHOTS + '/home.png', fullPage: true});
	await page.click('#more');
	assert.strictEqual((await ids()).length, 12);
	assert.ok(await page.isHidden('#more'));
	assert.ok(await page.$eval('#jobs li:nth-child(11) a', (a) => a === document.activeElement));

	/* The way to its notebook. */
	await page.click('#jobs .card:first-child .foot a');
	await page.waitForURL('**/add/?notebook=last.one');
	assert.strictEqual(await page.inputValue('#notebook'), 'last.one');
	await says(page, '#has-title', 'In last.one');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function tenThousand(browser) {
	const {context, page} = await open(browser, '', {viewport: {width: 1400, height: 900}});

	/* Its pictures are not there: that is not what is looked at. */
	await page.route('**/thumbs/**', (route) => route.fulfill({contentType: 'image/png', body: bi.png(1)}));
	await page.goto(pageOf(server, '../big/index.html'));
	await says(page, '#progress', `0 of ${BIG} decided`);
	const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
	const start = Date.now();

	assert.ok((await page.locator('.subject').count()) < 1000, 'all are on the page at once');
	await page.fill('#search', String(BIG - 223));
	assert.deepStrictEqual(await page.locator('.subject h2').allTextContents(), ['Subject number ' + (BIG - 223)]);
	await page.fill('#search', '');
	await page.click('[value="picked"]');
	await page.waitForSelector('#nothing:not([hidden])');
	await page.click('[value="all"]');
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await page.waitForFunction(() => document.querySelectorAll('.subject').length > 240);
	const worked = Date.now() - start;

	console.log(`# first paint after ${Math.round(paint)} ms; searched, filtered twice and scrolled in ${worked} ms`);
	assert.ok(paint < PAINT, 'first paint after ' + paint + ' ms');
	assert.ok(worked < PAINT, 'search, filter and scroll took ' + worked + ' ms');
	await context.close();
}

/* As many batches as MANY: copies of one, some of which have a label. */
function copies() {
	const from = path.join(bi.root, 'batches/P_batch1');

	for (let i = 1; i <= MANY; i++) {
		const to = path.join(bi.root, `batches/copy${String(i).padStart(5, '0')}`);

		fs.mkdirSync(path.join(to, 'files'), {recursive: true});
		for (const name of ['items.ndjson', 'items.index', 'lock', 'results.ndjson', 'results.index'])
			fs.copyFileSync(path.join(from, name), path.join(to, name));
		fs.writeFileSync(path.join(to, 'state'), i % 10 ? 'ccf' : 'cpf');
		fs.writeFileSync(path.join(to, 'batch.json'), JSON.stringify({job_id: i, job_type: 'url_parse', ...(i % 50 ? {} : {label: 'Fiftieth ' + i})}) + '\n');
	}
}

async function manyBatches(browser) {
	copies();
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1280, height: 800}});
	const start = Date.now();

	await page.goto(new URL('/', server.url).href);
	await page.waitForSelector('.card');
	const first = Date.now() - start;

	await says(page, '#link', 'Live');
	await page.waitForFunction((n) => document.querySelector('#find [value="all"]').parentElement.textContent.includes(n), (MANY + 14).toLocaleString('en'));
	console.log(`# ${MANY} batches: the first after ${first} ms, all after ${Date.now() - start} ms`);
	assert.ok((await page.locator('#batches .card').count()) <= 240, 'all are on the page at once');
	assert.match(await page.textContent('#summary'), new RegExp(`^${(MANY + 2).toLocaleString('en')} batches, 12 jobs, `));
	assert.deepStrictEqual(await page.$$eval('#batches h2', (all) => all.slice(0, 3).map((e) => e.textContent)), ['M_batch1', 'P_batch1', 'copy00001']);

	/* The search and the filter know all of them. */
	await page.fill('#search', 'fiftieth ' + MANY);
	assert.deepStrictEqual(await page.locator('.card h2').allTextContents(), ['copy' + String(MANY).padStart(5, '0')]);
	assert.match(await page.textContent('#say'), /^1 batch shown$/);
	await page.reload();
	await says(page, '#link', 'Live');
	assert.deepStrictEqual(await page.locator('.card h2').allTextContents(), ['copy' + String(MANY).padStart(5, '0')]);
	await page.fill('#search', 'nothing like it');
	await page.waitForSelector('#none:not([hidden])');
	await page.fill('#search', '');
	await page.check('#find [value="stopped"]');
	assert.strictEqual(await page.textContent('#find label:has(:checked) b'), (MANY / 10).toLocaleString('en'));
	assert.deepStrictEqual(await page.$$eval('#batches h2', (all) => all.slice(0, 2).map((e) => e.textContent)), ['copy00010', 'copy00020']);

	/* One that goes on leaves the filter; the others stay in their places. */
	fs.writeFileSync(path.join(bi.root, 'batches/copy00010/state'), 'ccf');
	await page.waitForFunction(() => document.querySelector('#batches h2').textContent === 'copy00020');
	await page.check('#find [value="all"]');
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await page.waitForFunction(() => document.querySelectorAll('#batches .card').length > 120);
	fs.rmSync(path.join(bi.root, 'batches/copy00002'), {recursive: true});
	await page.waitForFunction(() => document.querySelector('#batches li:nth-child(4) h2').textContent === 'copy00003');
	await bi.checkAxe(page, 'many batches');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['the home page shows batches as they move', moves],
	['without a stream it asks now and then', withoutStream],
	['what was handed in has a place of its own', handedIn],
	[`${MANY} batches are found, filtered and followed`, manyBatches],
	[`an index of ${BIG} subjects stays usable`, tenThousand],
]);
