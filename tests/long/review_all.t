#!/usr/bin/env node
/*
 * 200 subjects with six candidates each are decided with the keyboard alone, while the page is reloaded and closed and
 * the server stops and comes back: all 200 are in picks.ndjson. A second batch on another port knows nothing of it.
 */
'use strict';
const bi = require('../browser/bi.js');
const { assert, keys, open, pageOf, picksOf, says } = bi;

const SUBJECTS = 200;
let server, other;

function prepare() {
	bi.grid('M_batch1', SUBJECTS, 6);
	bi.grid('P_batch1', 3, 6, 50000);
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
	const {context, page, troubles} = await open(browser, origin, {expected: /ERR_CONNECTION|^failed: .*(selections|status)/});

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
	bi.stopAll();
	await second.keyboard.press(String(choice(120)));
	await says(second, '#saved', 'Unsaved: 1');
	await second.waitForSelector('#notice:not([hidden])');
	assert.match(await second.textContent('#notice'), /does not answer.*cannot open other pages/);
	assert.deepStrictEqual((await keys(second)).slice(1), ['M_batch1:pick:120=1', 'M_batch1:reviewer=ada']);
	assert.match(second.url(), /120_review/, 'there is no other page while there is no server');
	[server, other] = bi.serve('M_batch1', 'P_batch1');
	assert.strictEqual(new URL(server.url).origin + '/', origin);
	await says(second, '#saved', 'All saved');
	assert.ok(await second.isHidden('#notice'));
	await second.keyboard.press('ArrowRight');
	await decide(second, 121, SUBJECTS);
	await second.waitForURL('**/submit.html');
	await says(second, '#progress', `${SUBJECTS} of ${SUBJECTS} decided`);
	await says(second, '#take-title', 'Saved');
	assert.deepStrictEqual(await keys(second), ['M_batch1:reviewer=ada']);

	const standing = new Map(picksOf('M_batch1').map((p) => [p.subject, p]));

	assert.strictEqual(standing.size, SUBJECTS);
	for (let s = 1; s <= SUBJECTS; s++)
		assert.deepStrictEqual([standing.get(String(s)).choice, standing.get(String(s)).reviewer], [choice(s), 'ada']);
	assert.deepStrictEqual(troubles, []);
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
	assert.deepStrictEqual(await keys(there), ['P_batch1:reviewer=bob']);
	assert.deepStrictEqual(picksOf('P_batch1').map((p) => [p.subject, p.choice, p.reviewer]), [['1', 5, 'bob']]);
	assert.strictEqual(picksOf('M_batch1').filter((p) => p.reviewer === 'bob').length, 0);
	assert.ok(pictures.M.some((u) => u.endsWith('.webp')) && pictures.P.some((u) => u.endsWith('.webp')));
	assert.ok(pictures.M.every((u) => u.startsWith(new URL(server.url).origin + '/') && !u.includes('P_batch1')));
	assert.ok(pictures.P.every((u) => u.startsWith(new URL(other.url).origin + '/') && !u.includes('M_batch1')));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	[`${SUBJECTS} subjects are decided with the keyboard alone, and all are saved`, everything],
	['two batches on two ports share no key, pick or picture', apart],
]);
