#!/usr/bin/env node
/*
 * The home page of a real server: batches as they move, by a stream and without one, and many of them; what can be done
 * with them, and what strangers call them.
 */
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, open, pageOf, picksOf, says } = bi;

const MANY = process.env.BI_LONG ? 10000 : 500; /* batches */
let server;

function prepare() {
	bi.grid('M_batch1', 4, 3);
	[server] = bi.serve('M_batch1');
}

async function moves(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {expected: /ERR_|failed: .*status|50[0-9]/});

	await page.goto(new URL('/', server.url).href + server.url.replace(/^[^#]*/, ''));
	await says(page, '#link', 'Live');
	assert.strictEqual(new URL(page.url()).hash, '');
	assert.deepStrictEqual(await page.locator('.card h2').allTextContents(), ['M_batch1']);
	assert.match(await page.innerText('.card'), /M_batch1\s+done\s+12 items.*today, \d\d:\d\d.*0 of 4 subjects decided/s);
	assert.ok(Math.abs(new Date(await page.getAttribute('.card time', 'datetime')) - Date.now()) < 3600000);
	await bi.isShown(page, '.card .thumbs img');
	assert.deepStrictEqual(await page.$$eval('.card .thumbs img', (all) => all.map((i) => i.loading + ' ' + i.getAttribute('src').replace(/(_1).*/, '$1'))),
		[1, 2, 3, 4].map((n) => `lazy M_batch1/thumbs/${n}_1`));
	assert.match(await page.getAttribute('.card .share', 'aria-label'), /^12 completed and 0 failed of 12$/);

	/* A batch appears while one looks, with what failed. */
	bi.run('sh', ['-c', 'bi-fetch -b P_batch1 >records || :'], [1, 2, 3].map((i) => JSON.stringify({
		subject: {id: i, name: 'P ' + i}, file: path.join(bi.dir, i === 3 ? 'missing.png' : `pictures-of-M_batch1/1-${i}.png`),
	}) + '\n').join(''));
	await page.waitForFunction(() => document.querySelectorAll('.card').length === 2);
	await page.waitForFunction(() => /done, 1 failed\s+3 items/.test(document.querySelectorAll('.card')[0].innerText));
	assert.match(await page.textContent('.card:nth-child(1) .fails-open'), /^1 failed: no such file\. /);
	assert.strictEqual(await page.locator('.card:nth-child(1) .thumbs img').count(), 0);
	assert.strictEqual(await page.textContent('#summary'), '2 batches');
	await says(page, '#progress', '15 of 15 items done, 1 failed');
	assert.match(await page.getAttribute('#bar .share', 'aria-label'), /^14 completed and 1 failed of 15$/);
	await page.waitForSelector('#plot:not([hidden]) svg .line');
	assert.match(await page.textContent('#plot-says'), /items\/s now, peak [\d.]+ items\/s in the last/);

	/* Its review pages are made on request. */
	assert.strictEqual(await page.locator('[data-batch="P_batch1"] a.button').count(), 0);
	await page.click('[data-batch="P_batch1"] [data-act="render"]');
	await page.waitForSelector('[data-batch="P_batch1"] a.button[href="P_batch1/index.html"]');
	await page.waitForFunction(() => document.querySelectorAll('[data-batch="P_batch1"] .thumbs img').length === 2);

	/* The way to a review, with the token; what is decided there shows here. */
	await page.click('[data-batch="M_batch1"] a.button');
	await page.waitForURL('**/M_batch1/index.html');
	await page.evaluate(() => localStorage.setItem('M_batch1:reviewer', 'ada'));
	await page.goto(pageOf(server, '2_review.html'));
	await page.keyboard.press('1');
	await page.waitForURL('**/3_review.html');
	await says(page, '#saved', 'All saved');
	assert.strictEqual(picksOf('M_batch1').length, 1);
	await page.click('#home');
	await page.waitForFunction(() => /1 of 4 subjects decided by ada/.test(document.querySelector('#batches').innerText));
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-batch="M_batch1"] [data-act="Download"]')]);

	assert.match(download.suggestedFilename(), /\.zip$/);
	assert.strictEqual(fs.readFileSync(await download.path()).subarray(0, 2).toString(), 'PK');

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

/* axe-core finds nothing in light and in dark. */
async function checkBoth(page, what) {
	for (const colorScheme of ['dark', 'light']) {
		await page.emulateMedia({colorScheme});
		await bi.checkAxe(page, what + ' in ' + colorScheme);
	}
}

/* Jobs of the API are batches as others, with the way to their notebook. */
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
	await page.waitForFunction(() => document.querySelectorAll('.card').length === 14);
	await page.check('#find [value="jobs"]');
	await page.waitForFunction(() => document.querySelectorAll('.card').length === 12);
	assert.doesNotMatch(await page.innerText('#batches'), /bi-render/);
	/* The filters, the order and the search stand beside one another. */
	const boxes = await page.$$eval('#find fieldset, #find select, #find [type="search"]', (all) => all.map((e) => e.getBoundingClientRect().toJSON()));

	for (const [i, a] of boxes.entries())
		for (const b of boxes.slice(i + 1))
			assert.ok(a.right <= b.left || a.bottom <= b.top || b.bottom <= a.top, JSON.stringify(boxes));
	assert.strictEqual(await page.$eval('.sort', (e) => getComputedStyle(e).position), 'relative');
	assert.strictEqual(await page.$eval('.sort', (e) => getComputedStyle(e).backgroundColor), 'rgba(0, 0, 0, 0)');
	await page.selectOption('#order', 'created');
	assert.match(await page.innerText('.card:has-text("last.one")'), /^job-\d+\s.*added to last\.one/s);
	await page.selectOption('#order', 'name');
	const names = await page.$$eval('.card h2', (all) => all.map((e) => e.textContent));

	assert.deepStrictEqual(names, [...names].sort());
	await checkBoth(page, 'jobs');
	await page.setViewportSize({width: 390, height: 844});
	assert.ok(await page.$eval('#bar .share', (e) => e.getBoundingClientRect().width > 340), 'the bar is squeezed');
	await page.setViewportSize({width: 1280, height: 720});
	if (process.env.BI_SHOTS)
		await page.screenshot({path: process.env.BI_SHOTS + '/home.png', fullPage: true});

	/* The way to its notebook. */
	await page.click('.card:has-text("last.one") a.button');
	await page.waitForURL('**/add/?notebook=last.one');
	assert.strictEqual(await page.inputValue('#notebook'), 'last.one');
	await says(page, '#has-title', 'In last.one');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

const evil = '"\'><img src=x onerror="window.ran=1">';

/* The failed items of a batch and their reasons, a page at a time; what strangers wrote stays text. */
async function failures(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 390, height: 844}, hasTouch: true});

	bi.run('sh', ['-c', 'bi-fetch -q -b failing >records || :'], Array.from({length: 60}, (_, i) => JSON.stringify({
		subject: {id: i + 1, name: (i ? 'Name ' : evil + '\u202e\u{1f3bb}') + (i + 1)}, file: path.join(bi.dir, i ? 'gone' + i : 'x'.repeat(65) + evil.replace(/\//g, '')),
	}) + '\n').join(''));
	await page.goto(new URL('/', server.url).href + new URL(server.url).hash);
	await says(page, '[data-batch="failing"] .status', 'all 60 failed');
	await page.locator('[data-batch="failing"] .fails-open').focus();
	await page.keyboard.press('Enter');
	await says(page, '#failures-place', '1 to 50 of 60');
	assert.strictEqual(await page.locator('#failures-list li').count(), 50);
	assert.match(await page.innerText('#failures-list li:nth-child(1)'), /<img src=x onerror="window\.ran=1">.*no such file: cannot open/s);
	assert.match(await page.innerText('#failures-list li:nth-child(2)'), /Name 2.*gone1\s.*no such file: /s);
	assert.ok(await page.$eval('#failures-list', (list) => list.scrollWidth <= list.clientWidth), 'a long name breaks the list');
	await checkBoth(page, 'failures');
	await page.click('#failures-after');
	await says(page, '#failures-place', '51 to 60 of 60');
	assert.match(await page.innerText('#failures-list li:last-child'), /Name 60/);
	assert.ok(await page.isDisabled('#failures-after'));
	await page.click('#failures-before');
	await says(page, '#failures-place', '1 to 50 of 60');
	await page.keyboard.press('Escape');
	await page.waitForSelector('#failures', {state: 'hidden'});
	assert.strictEqual(await page.evaluate(() => document.activeElement.dataset.act), 'failures', 'the focus does not come back');

	/* Tried again, by a worker that may not read local files. */
	await page.click('[data-batch="failing"] [data-act="retry"]');
	await page.waitForFunction(() => /60 failed: address not allowed/.test(document.querySelector('#batches').textContent));
	assert.strictEqual(await page.evaluate(() => window.ran), undefined);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Cancelled after asking; what works comes first, and the card with the focus keeps it while others change places. */
async function cancelled(browser) {
	bi.stopAll();
	[server] = bi.serve('--no-worker', 'M_batch1');
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');

	await page.goto(new URL('/', server.url).href + new URL(server.url).hash);
	bi.run('bi-fetch', ['--queue', '-q', '-b', 'waits'], [1, 2, 3].map((n) => path.join(bi.dir, 'gone' + n) + '\n').join(''));
	await says(page, '.card:nth-child(1) h2', 'waits');
	await says(page, '.card:nth-child(1) .status', 'waiting');
	await page.waitForFunction(() => /0 of 3 items/.test(document.querySelector('.card').innerText));
	await page.locator('[data-batch="M_batch1"] .title').focus();
	await page.click('[data-batch="waits"] [data-act="cancel"]');
	await page.waitForSelector('#sure[open]');
	assert.match(await page.textContent('#sure-what'), /^waits: 3 items not fetched yet will count as failed\./);
	await checkBoth(page, 'cancelling');
	await page.click('#sure button:has-text("Go on")');
	await page.waitForSelector('#sure', {state: 'hidden'});
	await says(page, '.card:nth-child(1) .status', 'waiting');
	await page.click('[data-batch="waits"] [data-act="cancel"]');
	await page.locator('#sure button:has-text("Cancel the batch")').press('Enter');
	await says(page, '[data-batch="waits"] .status', 'cancelled');
	assert.match(await page.textContent('#say'), /waits: cancelled|Cancelled\./);

	/* Another one comes first; the focus stays where it is. */
	await page.locator('[data-batch="M_batch1"] .title').focus();
	bi.run('bi-fetch', ['--queue', '-q', '-b', 'waits2'], path.join(bi.dir, 'gone') + '\n');
	await says(page, '.card:nth-child(1) h2', 'waits2');
	assert.strictEqual(await page.evaluate(() => document.activeElement.textContent), 'M_batch1');
	assert.deepStrictEqual(troubles, []);
	await context.close();
	bi.run('bi-clean', ['cancel', 'waits2']);
	bi.stopAll();
	[server] = bi.serve('M_batch1');
}

/* The way to the review is there as soon as the first pages are, while the batch is fetched. */
async function whileFetched(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');
	const child = spawn('sh', ['-c', 'bi-fetch -q -b live | bi-render >made'], {cwd: bi.dir, env: bi.env, stdio: ['pipe', 'ignore', 'inherit']});
	const ended = new Promise((resolve) => child.on('exit', resolve));

	try {
		await page.goto(new URL('/', server.url).href + new URL(server.url).hash);
		child.stdin.write(path.join(bi.dir, 'pictures-of-M_batch1/1-1.png') + '\n');
		await page.waitForSelector('[data-batch="live"] [data-act="Review"]');
		await says(page, '[data-batch="live"] .status', 'working');
		await says(page, '.card:nth-child(1) h2', 'live');
		await bi.isShown(page, '[data-batch="live"] .thumbs img');
		assert.match(await page.innerText('[data-batch="live"]'), /0 of 1 item decided/);
	} finally {
		child.stdin.end();
		await ended;
	}
	await says(page, '[data-batch="live"] .status', 'done');
	assert.strictEqual(await page.locator('[data-batch="live"] [data-act="cancel"]').count(), 0);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Without the token nothing is offered that would be refused; with a wrong one the refusal is shown. */
async function readOnly(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {expected: /401/});

	await page.goto(new URL('/', server.url).href);
	await page.waitForSelector('#notice:not([hidden])');
	await page.waitForSelector('[data-batch="failing"] .fails-open');
	assert.strictEqual(await page.locator('[data-act="retry"], [data-act="cancel"]').count(), 0);
	await page.click('[data-batch="failing"] .fails-open');
	await says(page, '#failures-place', '1 to 50 of 60');
	assert.ok(await page.isHidden('#failures-retry'));
	await page.keyboard.press('Escape');

	/* Another tab lends its token. */
	const lender = await context.newPage();

	await lender.goto(new URL('/', server.url).href + new URL(server.url).hash);
	await page.waitForSelector('[data-batch="failing"] [data-act="retry"]');
	assert.ok(await page.isHidden('#notice'));
	await lender.close();
	await page.evaluate(() => sessionStorage.setItem('bi:token', 'wrong'));
	await page.click('[data-batch="failing"] [data-act="retry"]');
	await page.waitForFunction(() => /token/.test((document.querySelector('.said.wrong') || {}).textContent));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Names of 65 letters without a blank, in other directions, and with HTML, on a phone. */
async function longNames(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true});

	bi.run('bi-fetch', ['-q', '-b', 'n'.repeat(65), '--label', evil + 'l'.repeat(65), '--category', '\u202e\u0639\u0631\u0628\u064a\u{1f3bb}' + 'c'.repeat(65)],
		path.join(bi.dir, 'pictures-of-M_batch1/1-1.png') + '\n');
	await page.goto(new URL('/', server.url).href + new URL(server.url).hash);
	await says(page, '[data-batch^="nnnnn"] .status', 'done');
	assert.deepStrictEqual(await page.evaluate(() => [...document.querySelectorAll('.card *')].filter((e) => !e.closest('.unseen') &&
		e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right).map((e) => e.outerHTML)), []);
	assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
	assert.match(await page.innerText('[data-batch^="nnnnn"] .head'), /<img src=x onerror="window\.ran=1">l{65} · /);
	assert.strictEqual(await page.locator('[data-batch^="nnnnn"] .head bdi').count(), 3);
	assert.strictEqual(await page.evaluate(() => window.ran), undefined);
	await checkBoth(page, 'long names');
	assert.deepStrictEqual(troubles, []);
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
	for (const name of ['failing', 'live', 'waits', 'waits2', 'n'.repeat(65)]) /* of the tests before */
		fs.rmSync(path.join(bi.root, 'batches', name), {recursive: true, force: true});
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
	assert.match(await page.textContent('#summary'), new RegExp(`^${(MANY + 14).toLocaleString('en')} batches\\b`));
	await page.selectOption('#order', 'name');
	assert.deepStrictEqual(await page.$$eval('#batches h2', (all) => all.slice(0, 3).map((e) => e.textContent)), ['M_batch1', 'P_batch1', 'copy00001']);
	await page.selectOption('#order', 'work');
	assert.notStrictEqual(await page.textContent('#batches h2'), 'M_batch1');
	await page.selectOption('#order', 'name');

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
	await page.waitForFunction(() => document.querySelectorAll('#batches .card').length > 60);
	fs.rmSync(path.join(bi.root, 'batches/copy00002'), {recursive: true});
	await page.waitForFunction(() => document.querySelector('#batches li:nth-child(4) h2').textContent === 'copy00003');
	await bi.checkAxe(page, 'many batches');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* What the pages say of times, states and failures. */
async function words() {
	const load = (name) => import(pathToFileURL(path.join(bi.share, 'review', name)));
	const {sayTime, span, statusWords} = await load('show.js');
	const table = fs.readFileSync(path.join(bi.share, 'review/failures.json'));
	const fetched = globalThis.fetch;

	globalThis.fetch = async () => new Response(table);
	const {failureKinds} = await load('failure-words.js');

	globalThis.fetch = fetched;
	const now = new Date(2026, 0, 1, 0, 30);

	for (const [text, said] of [
		['2025-12-31T23:59:00', 'yesterday, 23:59'], ['2026-01-01T00:00:00', 'today, 00:00'], ['2025-12-30T23:59:59', '30 December 2025, 23:59'],
		['2026-01-02T00:00:00', '2 January, 00:00'], ['2025-03-04', '4 March 2025'], ['2025', ''], ['yesterday', ''], [null, ''], ['2025-13-45T00:00:00Z', ''],
	])
		assert.strictEqual(sayTime(text, now), said);
	assert.deepStrictEqual([0, 89, 90, 5400, 129600].map(span), ['1 s', '89 s', '2 min', '2 h', '2 days']);
	assert.deepStrictEqual([
		[{status: 'completed'}], [{status: 'pending'}], [{status: 'processing', failed_items: 3}], [{status: 'pending', stale: true}],
		[{status: 'partially_completed', failed_items: 1234}], [{status: 'failed', failed_items: 2}, {http_404: 2}], [{status: 'failed', failed_items: 1}],
		[{status: 'partially_completed', failed_items: 5}, {cancelled: 4, http_404: 1}], [{status: 'unreadable'}], [{status: 'new<b>'}],
	].map((args) => statusWords(...args)), ['done', 'waiting', 'working', 'stopped', 'done, 1,234 failed', 'all 2 failed', 'failed', 'cancelled', 'cannot be read', 'new<b>']);
	assert.deepStrictEqual(failureKinds({http_404: 2, http_403: 1, http_503: 9, http_418: 1, size_mismatch: 3, hash_mismatch: 4, constructor: 1, its_own_code: 'x'}), [
		['server error (503)', 9], ['not the expected file', 7], ['not found (404)', 2], ['access denied (403)', 1], ['refused (418)', 1], ['constructor', 1], ['its own code', 0],
	]);
}

bi.main(prepare, [
	['times, states and failures are said in words', words],
	['the home page shows batches as they move', moves],
	['without a stream it asks now and then', withoutStream],
	['what was handed in leads to its notebook', handedIn],
	['failures are listed with their reasons, and tried again', failures],
	['a batch is cancelled, and the others keep their places', cancelled],
	['a batch can be reviewed while it is fetched', whileFetched],
	['without the token it is read only', readOnly],
	['long and foreign names break nothing', longNames],
	[`${MANY} batches are found, filtered and followed`, manyBatches],
]);
