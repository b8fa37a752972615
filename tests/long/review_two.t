#!/usr/bin/env node
/*
 * Reviewers who differ, a tab without the token, picks that the server does not take, many candidates, folds, the zoom.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('../browser/bi.js');
const { assert, keys, open, pageOf, picksOf, says } = bi;

let server, other;

/* Subject 1 has twelve candidates, of which 2 is 1 once more; subject 2 has two, subject 3 three. */
function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const items = [];

	fs.mkdirSync(folder);
	for (const [s, n] of [[1, 12], [2, 2], [3, 3]])
		for (let c = 1; c <= n; c++) {
			const file = path.join(folder, s + '-' + c + '.png');

			fs.writeFileSync(file, bi.png(s * 100 + (s === 1 && c === 2 ? 1 : c), 1000, 700));
			items.push({subject: {id: s, name: 'Subject ' + s}, file: file, title: 'Picture ' + c});
		}
	bi.batch('M_batch1', items);
	bi.grid('P_batch1', 3, 4);
	[server, other] = bi.serve('M_batch1', 'P_batch1');
}

/* A reviewer's browser: at the index, with the name given. */
async function reviewer(browser, name, options) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.page.goto(server.url);
	await opened.page.evaluate((n) => localStorage.setItem('M_batch1:reviewer', n), name);
	return opened;
}

async function pick(page, subject, key, at = server) {
	await page.goto(pageOf(at, subject + '_review.html'));
	await page.keyboard.press(key);
	await page.waitForURL((url) => !url.pathname.endsWith(`/${subject}_review.html`));
	await says(page, '#saved', 'All saved');
}

async function differ(browser) {
	const ada = await reviewer(browser, 'ada');
	const bob = await reviewer(browser, '<b>bob</b>');

	await pick(ada.page, 2, '1');
	await pick(ada.page, 3, '3');
	await bob.page.goto(pageOf(server, '2_review.html'));
	await says(bob.page, '#state', 'Not decided by you');
	await says(bob.page, '.candidate[data-idx="1"] .who', 'Chosen by ada');
	await pick(bob.page, 2, '2');
	await pick(bob.page, 3, '3');

	await ada.page.goto(pageOf(server, '2_review.html'));
	await says(ada.page, '#state', 'Picked: candidate 1. Reviewers differ');
	await says(ada.page, '#others', '<b>bob</b> chose candidate 2');
	await ada.page.keyboard.press('s');
	await ada.page.waitForURL('**/submit.html');
	await says(ada.page, '#differ-title', 'Reviewers differ on 1 subject');
	assert.strictEqual(await ada.page.textContent('#differing'), 'Subject 2you candidate 1<b>bob</b> candidate 2Take <b>bob</b>’s pick');
	await says(ada.page, '.row[data-subject="2"] .state', 'reviewers differ: you 1, <b>bob</b> 2');
	await says(ada.page, '.row[data-subject="3"] .state', 'candidate 3');
	await says(ada.page, '#progress', '2 of 3 decided by you, 2 by others');
	assert.strictEqual(await ada.page.inputValue('#text'), '2\t1\tSubject 2\n3\t3\tSubject 3\n');
	await ada.page.goto(pageOf(server, 'index.html'));
	await ada.page.click('[value="differ"]');
	assert.deepStrictEqual(await ada.page.locator('.subject h2').allTextContents(), ['Subject 2']);
	assert.strictEqual(await ada.page.locator('.subject img').count(), 2);

	/* One gives in; the other page hears of it. */
	await pick(ada.page, 2, '2');
	await bob.page.goto(pageOf(server, 'index.html'));
	await says(bob.page, '.subject[data-subject="2"] .state', 'candidate 2');
	for (const one of [ada, bob]) {
		assert.deepStrictEqual(one.troubles, []);
		await one.context.close();
	}
}

/* A pick that is not to be saved yet stays, and is saved by whichever tab knows the token. */
async function token(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {expected: /401/});

	await page.goto(pageOf(server, '3_review.html'));
	await says(page, '#saved', 'Read only');
	assert.match(await page.textContent('#notice'), /^Read only: to save picks, open the address that “bi-serve M_batch1” prints/);
	await page.evaluate(() => localStorage.setItem('M_batch1:reviewer', 'eve'));
	await page.keyboard.press('1');
	await page.waitForURL('**/submit.html');
	await says(page, '#take-title', 'Unsaved: 1');
	assert.match(await page.textContent('#notice'), /^Read only: to save picks, open the address that “bi-serve M_batch1” prints/);
	assert.strictEqual(picksOf('M_batch1').filter((p) => p.reviewer === 'eve').length, 0);
	await page.reload();
	await says(page, '#saved', 'Unsaved: 1');

	const good = await context.newPage();

	await good.goto(server.url);
	await says(good, '#saved', 'All saved');
	await says(page, '#saved', 'All saved');
	assert.strictEqual(await good.evaluate(() => location.hash), '');
	assert.ok(await good.isHidden('#notice'));
	assert.deepStrictEqual(picksOf('M_batch1').filter((p) => p.reviewer === 'eve').map((p) => [p.subject, p.choice]), [['3', 1]]);
	/* Tabs that are open beside each other leave each other in peace. */
	assert.strictEqual(await page.evaluate(() => new Promise(function (resolve) {
		let events = 0;

		addEventListener('storage', () => events++);
		setTimeout(() => resolve(events), 500);
	})), 0);
	/* A tab that is opened from one that knows the token gets it. */
	const third = await context.newPage();

	await third.goto(pageOf(server, '3_review.html'));
	await third.keyboard.press('2');
	await third.waitForURL('**/submit.html');
	await says(third, '#saved', 'All saved');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Of picks of which one is wrong, the others are saved, and the wrong one can be dropped. */
async function refused(browser) {
	const {context, page, troubles} = await reviewer(browser, 'kim', {expected: /422/});

	await page.evaluate(() => {
		for (const [key, value] of [['1', 5], ['2', 99], ['gone', 1], ['3', 0]])
			localStorage.setItem('M_batch1:pick:' + key, value);
	});
	await page.goto(pageOf(server, 'submit.html'));
	await says(page, '#take-title', 'Unsaved: 2');
	await page.waitForSelector('#refused li:nth-child(2)');
	assert.match(await page.textContent('#refused'), /2: .*99.*gone: .*gone.*not in the batch/s);
	assert.deepStrictEqual(picksOf('M_batch1').filter((p) => p.reviewer === 'kim').map((p) => [p.subject, p.choice]).sort(),
		[['1', 5], ['3', 0]]);
	for (let left = 2; left > 0; left--) {
		await page.click('#refused li:first-child button');
		await page.waitForFunction((n) => document.querySelectorAll('#refused li').length === n, left - 1);
	}
	await says(page, '#take-title', 'Saved');
	assert.deepStrictEqual(await keys(page), ['M_batch1:reviewer=kim']);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Beyond nine: by number, or by moving the focus; the folded ones by their numbers. */
async function many(browser) {
	const {context, page, troubles} = await reviewer(browser, 'max');

	async function picks(idx) {
		await page.waitForURL('**/2_review.html');
		await page.goto(pageOf(server, '1_review.html'));
		await page.waitForSelector(`.candidate[data-idx="${idx}"].picked`, {state: 'attached'});
	}

	await page.goto(pageOf(server, '1_review.html'));
	await says(page, '.alike summary', '1 similar: 2');
	assert.ok(await page.isHidden('.candidate[data-idx="2"]'));
	await page.keyboard.press('p');
	await page.keyboard.type('13');
	await page.keyboard.press('Backspace');
	await page.keyboard.type('2');
	await page.keyboard.press('Enter');
	await picks(12);
	for (const key of ['j', 'j', 'j', 'k', 'Enter']) /* 2 is folded: 1, 3, 4, and back to 3 */
		await page.keyboard.press(key);
	await picks(3);
	await page.keyboard.press('2');
	await picks(2);
	assert.ok(await page.isVisible('.candidate[data-idx="2"]'), 'the fold of what is picked is open');

	/* The zoom shows the file itself, and picks too. */
	await page.keyboard.press('z');
	await page.waitForSelector('#loupe[open]');
	assert.match(await page.getAttribute('.stage img', 'src'), /^1_2\.png\?v=[0-9a-f]{8}$/);
	await page.keyboard.press('ArrowRight');
	await page.waitForFunction(() => document.querySelector('.stage img').naturalWidth === 1000);
	await page.click('#loupe button:has-text("1:1")');
	assert.ok(await page.evaluate(() => document.querySelector('.stage img').getBoundingClientRect().width === 1000));
	await page.keyboard.press('Escape');
	assert.ok(await page.isHidden('#loupe'));
	await page.click('[data-zoom="5"]');
	await page.click('#loupe .primary');
	await picks(5);
	await page.keyboard.press('?');
	await page.waitForSelector('#keys[open]');
	await page.keyboard.press('7');
	await page.keyboard.press('Escape');
	assert.strictEqual(await page.locator('.candidate.picked').getAttribute('data-idx'), '5');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* After one has decided all, another, with a name or none yet, has all to decide. */
async function second(browser) {
	const {context, page, troubles} = await open(browser, new URL(other.url).origin + '/');
	const ada = await open(browser, new URL(other.url).origin + '/');
	const counts = ['3', '3', '2', '1', '0', '0'];

	await ada.page.goto(other.url);
	await ada.page.evaluate(() => localStorage.setItem('P_batch1:reviewer', 'ada'));
	for (const [subject, key] of [[1, '0'], [2, '2'], [3, '3']])
		await pick(ada.page, subject, key, other);
	await ada.page.goto(pageOf(other, 'index.html'));
	await says(ada.page, '#progress', '3 of 3 decided');
	await ada.page.keyboard.press('n');
	await ada.page.waitForURL('**/submit.html');

	await page.goto(other.url);
	await says(page, '#progress', '0 of 3 decided by you, 3 by others');
	assert.strictEqual(await page.evaluate(() => document.querySelector('#bar').value), 0);
	assert.deepStrictEqual(await page.locator('label:not([hidden]) > span > [data-count]').allTextContents(), counts);
	await page.click('[value="undecided"]');
	assert.strictEqual(await page.locator('.subject').count(), 3);
	await says(page, '.subject[data-subject="2"] .state', 'candidate 2, not decided by you');
	assert.deepStrictEqual(await page.locator('.subject[data-subject="2"] img').evaluateAll((all) => all.map((i) => i.getAttribute('src').split('?')[0])),
		['thumbs/2_2.webp']);
	await page.keyboard.press('n');
	await page.waitForURL('**/1_review.html');
	await page.evaluate(() => localStorage.setItem('P_batch1:reviewer', 'grace'));
	await page.keyboard.press('0');
	await page.waitForURL('**/2_review.html');
	await says(page, '#saved', 'All saved');
	await page.keyboard.press('n');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('n');
	await page.waitForURL('**/2_review.html');
	await page.keyboard.press('a');
	await page.waitForURL('**/index.html');
	await says(page, '#progress', '1 of 3 decided by you, 3 by others');
	assert.deepStrictEqual(await page.locator('.subject h2').allTextContents(), ['Subject 2', 'Subject 3']);
	assert.deepStrictEqual([troubles, ada.troubles], [[], []]);
	await ada.context.close();
	await context.close();
}

bi.main(prepare, [
	['two reviewers who differ are both kept, shown and counted', differ],
	['a reviewer finds to do what only others have decided', second],
	['a tab without the token keeps its picks, and says where the token is', token],
	['picks that the server does not take are named, and the others saved', refused],
	['candidates beyond nine, folds and the zoom work with keys', many],
]);
