#!/usr/bin/env node
/*
 * The main way through a review in Firefox: from the index, picks by keys and by mouse, the loupe, undo, the picks page;
 * the same from files; and the home page. Playwright speaks WebDriver BiDi with the Firefox of Debian.
 */
'use strict';
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('../browser/bi.js');
const { assert, keys, open, pageOf, picksOf, says } = bi;

const FAILED = /NS_BINDING_ABORTED|NS_ERROR_ABORT/;
let server;

function prepare() {
	bi.grid('M_batch1', 6, 4);
	[server] = bi.serve('M_batch1');
}

function choices() {
	return picksOf('M_batch1').map((p) => [p.subject, p.choice, p.reviewer]);
}

async function served(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/', {viewport: {width: 1440, height: 900}, expected: FAILED});

	await page.goto(server.url);
	await says(page, '#progress', '0 of 6 decided');
	await page.evaluate(() => localStorage.setItem('bi:reviewer', 'ada'));
	await page.click('.subject[data-subject="1"] a');
	await page.waitForURL('**/1_review.html');
	await page.waitForFunction(() => document.querySelectorAll('.pick img').length === 4 && [...document.querySelectorAll('.pick img')].every((i) => i.complete && i.naturalWidth));
	for (const key of '213')
		await page.keyboard.press(key);
	await page.waitForURL('**/4_review.html');
	await says(page, 'h1', 'Subject 4');
	await page.click('.candidate[data-idx="4"] .pick');
	await page.waitForURL('**/5_review.html');
	await page.keyboard.press('u');
	await page.waitForURL('**/4_review.html');
	await page.keyboard.press('0');
	await page.waitForURL('**/5_review.html');
	await page.keyboard.press('Space');
	await page.waitForSelector('#loupe[open]');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('2');
	await page.waitForURL('**/6_review.html');
	await page.goBack();
	await page.waitForURL('**/5_review.html');
	await says(page, 'h1', 'Subject 5');
	await says(page, '#saved', 'All saved');
	assert.deepStrictEqual(choices(), [['1', 2, 'ada'], ['2', 1, 'ada'], ['3', 3, 'ada'], ['4', 4, 'ada'], ['4', null, 'ada'], ['4', 0, 'ada'], ['5', 2, 'ada']]);
	await page.goto(pageOf(server, 'submit.html'));
	await says(page, '#saved', 'All saved');
	assert.match(await page.innerText('main'), /Subject 5/);
	await page.goto(pageOf(server, '../'));
	await page.waitForSelector('.card');
	assert.match(await page.innerText('.card'), /M_batch1/);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function asFiles(browser) {
	const {context, page, troubles} = await open(browser, 'file:', {expected: FAILED});
	const at = (name) => pathToFileURL(path.join(bi.root, 'review/M_batch1', name)).href;

	await page.goto(at('1_review.html'));
	await page.keyboard.press('2');
	await page.keyboard.type('ada');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/2_review.html');
	await says(page, 'h1', 'Subject 2');
	assert.ok((await keys(page)).includes('M_batch1:pick:1=2'));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['keys, mouse, loupe, undo and the picks page work in Firefox', served],
	['a pick from files stays in Firefox', asFiles],
], {browser: 'firefox'});
