#!/usr/bin/env node
/*
 * One file under several subjects or licences: the marks on its cards, the question which licence is right, and what the
 * picks page says. TAP, with the programs of $BI_BIN.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('./bi.js');
const { assert, checkAxe, open, pageOf, picksOf, says, until } = bi;

let server;

function prepare() {
	const file = (name, seed) => {
		const to = path.join(bi.dir, name + '.png');

		fs.writeFileSync(to, bi.png(seed, 400, 300));
		return to;
	};
	const item = (id, name, of, license, author, page) =>
		({subject: {id, name}, file: of, title: 'Portrait of ' + name, license, author, page: 'https://' + page + '.example/' + id});

	bi.batch('same', [
		item(1, 'Ada <Lovelace>', file('one', 1), 'CC BY 4.0', 'A. Chalon', 'museum'),
		item(1, 'Ada <Lovelace>', file('two', 1), 'CC BY-NC 4.0', 'A. Chalon', 'agency'),
		item(1, 'Ada <Lovelace>', file('three', 2), 'CC0 1.0', 'B', 'archive'),
		item(2, 'Mary Somerville', file('four', 1), 'CC BY 4.0', 'T. Phillips', 'library'),
		item(3, 'Grace Hopper', file('five', 3), 'CC0 1.0', 'C', 'navy'),
	]);
	[server] = bi.serve('same');
}

async function begin(browser, name) {
	const opened = await open(browser, new URL(server.url).origin + '/');

	await opened.page.goto(server.url);
	await opened.page.evaluate(() => localStorage.setItem('bi:reviewer', 'ada'));
	await opened.page.goto(pageOf(server, name));
	await says(opened.page, '#saved', 'All saved');
	return opened;
}

function badges(page, idx) {
	return page.$$eval(`#c${idx} > .badges > .badge`, (all) => all.map((one) => one.textContent));
}

async function marks(browser) {
	const {context, page, troubles} = await begin(browser, '1_review.html');

	assert.deepStrictEqual(await badges(page, 1), ['another source says CC BY-NC 4.0', 'another source names T. Phillips', 'also under Mary Somerville']);
	assert.deepStrictEqual(await page.$$eval('.which', (all) => all.map((one) => one.closest('.candidate').dataset.idx)), ['1', '2']);
	assert.deepStrictEqual(await page.$$eval('#c1 .which label', (all) => all.map((one) => one.textContent.trim())), ['CC BY 4.0', 'CC BY-NC 4.0', 'Not sure']);
	assert.deepStrictEqual(await page.$$eval('#c1 .which a', (all) => all.map((one) => one.href)), ['https://museum.example/1', 'https://agency.example/1']);
	await checkAxe(page, 'a page with a question');
	await page.click('#c1 .badge.also a');
	await page.waitForURL(/\/2_review\.html#c1$/);
	assert.deepStrictEqual(await badges(page, 1), ['another source says CC BY-NC 4.0', 'another source names A. Chalon', 'also under Ada <Lovelace>']);
	await page.goto(pageOf(server, '3_review.html'));
	assert.strictEqual(await page.$('.which, .badge.also'), null);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* The last decision about a subject, without its time and reviewer. */
function last(subject) {
	const {at, reviewer, ...rest} = picksOf('same').filter((p) => p.subject === subject).pop() || {};

	return rest;
}

async function answers(browser) {
	const {context, page, troubles} = await begin(browser, '1_review.html');

	await page.click('#c1 .which >> text="CC BY 4.0"');
	await until(() => last('1').licence, 'the answer is stored');
	assert.deepStrictEqual(last('1'), {subject: '1', choice: null, licence: {1: 'CC BY 4.0'}});
	await page.keyboard.press('1');
	await until(() => last('1').choice === 1, 'the pick is stored');
	assert.deepStrictEqual(last('1'), {subject: '1', choice: 1, licence: {1: 'CC BY 4.0'}});
	await page.goto(pageOf(server, '1_review.html'));
	await page.waitForFunction(() => document.querySelector('#c1 .which input:checked').value === 'CC BY 4.0');
	await page.click('#c1 .which >> text="Not sure"');
	await until(() => !last('1').licence, 'the answer is gone');
	assert.deepStrictEqual(last('1'), {subject: '1', choice: 1});
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function picked(browser) {
	const {context, page, troubles} = await begin(browser, '2_review.html');

	await page.keyboard.press('1');
	await until(() => last('2').choice === 1, 'the pick is stored');
	await page.goto(pageOf(server, 'submit.html'));
	await says(page, '.row[data-subject="2"] .same', '· The same picture for Ada <Lovelace> (picked there too)');
	await says(page, '.row[data-subject="1"] .same', '· The same picture for Mary Somerville (picked there too)');
	assert.deepStrictEqual(await page.$$eval('#warnings button', (all) => all.map((one) => one.textContent).filter((text) => /contradict|another/.test(text))),
		['2 with contradictory licences', '2 with the file of another pick']);
	await checkAxe(page, 'the picks with one picture for two subjects');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['a card says what other sources state, and under which subjects its file is too', marks],
	['the answer is a remark of the decision, and can be taken back', answers],
	['the picks page says which picks are the same picture', picked],
]);
