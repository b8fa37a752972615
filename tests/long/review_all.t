#!/usr/bin/env node
/*
 * 200 subjects with six candidates each are decided with the keyboard alone, while the page is reloaded and closed and
 * the server stops and comes back: all 200 are in picks.ndjson. A second batch on another port knows nothing of it.
 */
'use strict';
const { spawn } = require('child_process');
const bi = require('../browser/bi.js');
const { assert, keys, open, pageOf, picksOf, says } = bi;

const SUBJECTS = 200;
let server, other;

function prepare() {
	bi.grid('M_batch1', SUBJECTS, 6);
	bi.grid('P_batch1', 3, 6, 50000);
	bi.grid('Q_batch1', 202, 3, 90000);
	[server, other] = bi.serve('M_batch1', 'P_batch1');
}

/* What is decided about a subject: each of the candidates, and none. */
function choice(subject) {
	return subject % 7;
}

async function decide(page, from, to) {
	for (let s = from; s <= to; s++) {
		await page.waitForURL(`**/${s}_review.html`, {waitUntil: 'domcontentloaded'});
		await page.keyboard.press(String(choice(s)));
	}
}

async function goOn(page, from) {
	await page.goto(server.url);
	await page.keyboard.press('n');
	await page.waitForURL(`**/${from}_review.html`);
}

async function everything(browser) {
	const origin = new URL(server.url).origin + '/';
	const {context, page, troubles} = await open(browser, origin, {expected: /ERR_CONNECTION|^failed: .*(selections|status|M_batch1.(thumbs.)?123_)/});

	await goOn(page, 1);
	await page.keyboard.press(String(choice(1)));
	await page.keyboard.type('ada');
	await page.keyboard.press('Enter');
	await decide(page, 2, 50);
	await page.waitForURL('**/51_review.html');
	await page.reload();
	await decide(page, 51, 100);
	await page.waitForURL('**/101_review.html');
	await page.close();
	const second = await context.newPage();

	await goOn(second, 101);
	await decide(second, 101, 119);
	await second.waitForURL('**/120_review.html');
	await says(second, '#saved', 'All saved');
	await second.waitForLoadState('networkidle');
	bi.stopAll();
	await decide(second, 120, 122);
	await says(second, '#saved', 'Unsaved: 3');
	await second.waitForSelector('#notice:not([hidden])');
	assert.match(await second.textContent('#notice'), /does not answer/);
	assert.deepStrictEqual((await keys(second)).filter((key) => !key.includes(':by:')),
		['M_batch1:pick:120=1', 'M_batch1:pick:121=2', 'M_batch1:pick:122=3', 'bi:reviewer=ada']);
	assert.match(second.url(), /122_review/, 'two pages are there, and no more while there is no server');
	[server, other] = bi.serve('M_batch1', 'P_batch1');
	assert.strictEqual(new URL(server.url).origin + '/', origin);
	await says(second, '#saved', 'All saved');
	await second.waitForSelector('#notice', {state: 'hidden'});
	await second.waitForTimeout(1000); /* keys for the page that did not come are ignored until there is a pause */
	await second.keyboard.press('ArrowRight');
	await decide(second, 123, SUBJECTS);
	await second.waitForURL('**/submit.html');
	await says(second, '#progress', `${SUBJECTS} of ${SUBJECTS} decided`);
	await says(second, '#take-title', 'Saved');
	assert.deepStrictEqual(await keys(second), ['bi:reviewer=ada']);

	const standing = new Map(picksOf('M_batch1').map((p) => [p.subject, p]));

	assert.strictEqual(standing.size, SUBJECTS);
	for (let s = 1; s <= SUBJECTS; s++)
		assert.deepStrictEqual([standing.get(String(s)).choice, standing.get(String(s)).reviewer], [choice(s), 'ada']);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/*
 * 200 keys, 80 ms apart, while four processes keep the machine busy. Each decision is compared with the subject whose name
 * was on the page at that moment, and each key with the subject in its place.
 */
async function underLoad(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');
	const busy = Array.from({length: 4}, () => spawn(process.execPath, ['-e', 'for (;;);'], {stdio: 'ignore'}));
	const typed = Array.from({length: 200}, (_, i) => String((i * 7 + (i >> 3)) % 4));

	try {
		await context.addInitScript(function () {
			const store = Storage.prototype.setItem;

			window.seen = [];
			window.waits = [];
			Storage.prototype.setItem = function (key, value) {
				const found = /:pick:(.*)$/.exec(key);

				if (found)
					window.seen.push([found[1], document.querySelector('h1').textContent, Number(value)]);
				return store.call(this, key, value);
			};
			/* From a key to the frame in which the first picture of the next subject can be painted. */
			window.addEventListener('keydown', function () {
				const was = document.getElementById('main'), start = performance.now();

				requestAnimationFrame(function look() {
					const img = document.querySelector('.pick img');

					if (document.getElementById('main') !== was && img && img.complete)
						window.waits.push(performance.now() - start);
					else if (performance.now() - start < 5000)
						requestAnimationFrame(look);
				});
			}, true);
		});
		await page.goto(server.url);
		await page.evaluate(() => localStorage.setItem('Q_batch1:reviewer', 'eve'));
		await page.goto(pageOf(server, '../Q_batch1/1_review.html'));
		await says(page, '#saved', 'All saved');
		for (const key of typed)
			await Promise.all([page.keyboard.press(key), page.waitForTimeout(80)]);
		await page.waitForURL('**/201_review.html');
		await says(page, '#saved', 'All saved');
		const [seen, waits] = await page.evaluate(() => [window.seen, window.waits.sort((a, b) => a - b)]);

		console.log('# from a key to the next picture: ' + Math.round(waits[waits.length >> 1]) + ' ms (median of ' + waits.length + ')');
		assert.deepStrictEqual(seen.map(([subject, name]) => [subject, name]), typed.map((_, i) => [String(i + 1), 'Subject ' + (i + 1)]));
		assert.deepStrictEqual(picksOf('Q_batch1').map((p) => [p.subject, p.choice]), typed.map((key, i) => [String(i + 1), Number(key)]));
		assert.deepStrictEqual(troubles, []);
	} finally {
		busy.forEach((child) => child.kill('SIGKILL'));
	}
	await context.close();
}

/* Two batches, each on its own port, open at the same time. */
async function apart(browser) {
	const {context, page, troubles} = await open(browser, [server.url, other.url].map((u) => new URL(u).origin + '/'));
	const there = await context.newPage();
	const pictures = {M: [], P: []};

	page.on('response', (r) => pictures.M.push(r.url()));
	there.on('response', (r) => pictures.P.push(r.url()));
	await page.goto(pageOf(server, '1_review.html'));
	await there.goto(other.url);
	await there.keyboard.press('n');
	await there.waitForURL('**/1_review.html');
	assert.deepStrictEqual(await keys(there), []);
	await there.keyboard.press('5');
	await there.keyboard.type('bob');
	await there.keyboard.press('Enter');
	await there.waitForURL('**/2_review.html');
	await says(there, '#saved', 'All saved');
	await page.reload();
	await says(page, '#state', 'Not decided by you');
	assert.deepStrictEqual(await keys(page), []);
	assert.deepStrictEqual(await keys(there), ['bi:reviewer=bob']);
	assert.deepStrictEqual(picksOf('P_batch1').map((p) => [p.subject, p.choice, p.reviewer]), [['1', 5, 'bob']]);
	assert.strictEqual(picksOf('M_batch1').filter((p) => p.reviewer === 'bob').length, 0);
	assert.ok(pictures.M.some((u) => u.includes('.webp')) && pictures.P.some((u) => u.includes('.webp')));
	assert.ok(pictures.M.every((u) => u.startsWith(new URL(server.url).origin + '/') && !u.includes('P_batch1')));
	assert.ok(pictures.P.every((u) => u.startsWith(new URL(other.url).origin + '/') && !u.includes('M_batch1')));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	[`${SUBJECTS} subjects are decided with the keyboard alone, and all are saved`, everything],
	['200 quick keys on a busy machine decide what was on the page', underLoad],
	['two batches on two ports share no key, pick or picture', apart],
]);
