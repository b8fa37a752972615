#!/usr/bin/env node
/*
 * The pages for everybody: axe-core finds nothing in light, dark and on a phone, on each page and in its dialogs; keys
 * reach what a mouse reaches; without a script they can be looked at; and what strangers wrote stays text.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('../browser/bi.js');
const { assert, checkAxe, open, pageOf, says } = bi;

const evil = '"\'></script><script>window.ran=1</script><img src=x onerror="window.ran=2">';
const who = 'R</b><img src=x onerror="window.ran=6">';
let server;

function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const items = [];

	fs.mkdirSync(folder);
	for (let s = 1; s <= 3; s++)
		for (let c = 1; c <= 4; c++) {
			const file = path.join(folder, s + '-' + c + '.png');

			fs.writeFileSync(file, bi.png(s * 100 + (c === 4 ? 1 : c), c * 150, 200));
			items.push({
				subject: {id: s, name: 'Subject ' + s, birth_date: '1901', biography: 'Lived.', instrument: 'lute'}, file,
				title: 'Picture ' + c, ...(c > 1 ? {license: 'CC0 1.0', credit: 'me', page: 'https://example.org/'} : {}),
			});
		}
	fs.writeFileSync(path.join(folder, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200" onload="parent.ran=3">' +
		'<script>top.ran=4</script><rect width="300" height="200" fill="red"/></svg>');
	items.push({subject: {id: 3, name: 'Subject 3'}, file: path.join(folder, 'drawing.svg'), title: 'Drawing'});
	bi.batch('M_batch1', items);
	bi.batch('evil', [1, 2].map((s) => ({
		subject: {id: s, name: 'N' + evil, biography: 'B' + evil, ['k' + evil]: 'v' + evil}, file: path.join(folder, s + '-1.png'),
		title: 'T' + evil, license: 'L' + evil, credit: 'C' + evil, page: 'javascript:window.ran=5',
	})));
	[server] = bi.serve('M_batch1', 'evil');
}

/* A reviewer's page, and another reviewer who differs from what is picked. */
async function reviewer(browser, options) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.page.goto(server.url);
	await opened.page.evaluate(() => localStorage.setItem('M_batch1:reviewer', 'ada'));
	return opened;
}

async function put(page, name, selections) {
	assert.strictEqual(await page.evaluate(async ([who, what]) => (await fetch('../api/v1/batches/M_batch1/selections/', {
		method: 'PUT', body: JSON.stringify({reviewer: who, selections: what}),
		headers: {'Content-Type': 'application/json', 'X-CSRFToken': sessionStorage.getItem('bi:token')},
	})).status, [name, selections]), 200);
}

async function accessible(browser) {
	for (const [what, options] of [
		['light', {viewport: {width: 1400, height: 900}}],
		['dark', {viewport: {width: 1400, height: 900}, colorScheme: 'dark'}],
		['phone', {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true}],
	]) {
		const {context, page, troubles} = await reviewer(browser, options);

		await put(page, 'ada', {1: 2, 2: 0, 3: 1});
		await put(page, 'bob', {1: 2, 2: 1});
		for (const name of ['index.html', '1_review.html', '2_review.html', '3_review.html', 'submit.html', '../']) {
			await page.goto(pageOf(server, name));
			if (name === '../')
				await page.waitForSelector('.card');
			else
				await says(page, '#saved', 'All saved');
			await page.evaluate(() => document.querySelectorAll('details').forEach((d) => d.open = true));
			await checkAxe(page, name + ' in ' + what);
		}
		await page.goto(pageOf(server, '1_review.html'));
		await page.keyboard.press('?');
		await page.waitForSelector('#keys[open]');
		await checkAxe(page, 'the keys in ' + what);
		await page.click('#keys button:has-text("Change your name")');
		await page.waitForSelector('#who[open]');
		await checkAxe(page, 'the name in ' + what);
		await page.keyboard.press('Enter');
		await page.waitForSelector('#who', {state: 'detached'});
		await page.keyboard.press('z');
		await page.waitForSelector('#loupe[open]');
		await checkAxe(page, 'the zoom in ' + what);
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}
}

/* Everything that can be pressed is reached by Tab, shows it, and is big enough to be hit. */
async function reachable(browser) {
	const {context, page} = await reviewer(browser, {viewport: {width: 1400, height: 900}});

	for (const name of ['index.html', '1_review.html', 'submit.html']) {
		await page.goto(pageOf(server, name));
		await says(page, '#saved', 'All saved');
		const wanted = await page.evaluate(() => [...document.querySelectorAll('a, button, summary, input')]
			.filter((e) => e.checkVisibility() && !e.disabled && !e.matches('[type=radio]:not(:checked)')).length);
		const seen = new Set();

		for (let i = 0; i < wanted; i++) {
			await page.keyboard.press('Tab');
			seen.add(await page.evaluate(() => {
				const e = document.activeElement;
				const ring = e.type === 'radio' ? e.nextElementSibling : e;
				const box = ring.getBoundingClientRect();

				if (parseFloat(getComputedStyle(ring).outlineWidth) < 2)
					return 'no ring: ' + e.outerHTML;
				/* Links in a line of text may be smaller. */
				if (!e.matches('.links a, .handed a, .skip') && (box.width < 24 || box.height < 24))
					return 'small: ' + e.outerHTML;
				e.dataset.n = e.dataset.n || String(Math.random());
				return e.dataset.n;
			}));
		}
		assert.deepStrictEqual([...seen].filter((s) => /^(no ring|small)/.test(s)), [], name);
		assert.strictEqual(seen.size, wanted, name + ': not all are reached');
	}
	await context.close();
}

async function withoutScript(browser) {
	const {context, page} = await open(browser, '', {javaScriptEnabled: false});

	await page.goto(pageOf(server, 'index.html'));
	assert.match(await page.innerText('main'), /You can view these pages without JavaScript/);
	assert.strictEqual(await page.isVisible('#find'), false);
	await page.click('.subject[data-subject="3"] a');
	await page.waitForURL('**/3_review.html');
	assert.strictEqual(await page.isVisible('.controls [data-pick="0"]'), false);
	assert.strictEqual(await page.locator('.candidate .pick img').count(), 5);
	await page.click('.alike summary');
	assert.ok(await page.isVisible('.alike .candidate'));
	assert.match(await page.getAttribute('.candidate[data-idx="2"] .zoom', 'href'), /^3_2\.png\?v=[0-9a-f]{8}$/);
	assert.strictEqual(await page.locator('a[href$=".svg"]:not([download])').count(), 0, 'a drawing opens as a document');
	await page.click('#prev');
	await page.waitForURL('**/2_review.html');
	await page.goto(pageOf(server, 'submit.html'));
	assert.match(await page.innerText('.picks'), /Subject 1/);
	await context.close();
}

async function hostile(browser) {
	const {context, page, troubles} = await open(browser, new URL(server.url).origin + '/');

	await page.goto(server.url.replace('M_batch1', 'evil'));
	await page.evaluate((e) => localStorage.setItem('evil:reviewer', e), who);
	await says(page, '.subject h2', 'N' + evil);
	await page.goto(pageOf(server, '../evil/1_review.html'));
	await says(page, '.biography', 'B' + evil);
	await says(page, '.facts dd', 'v' + evil);
	assert.match(await page.textContent('.about'), /Source page: javascript:/);
	await page.keyboard.press('1');
	await page.waitForURL('**/2_review.html');
	await page.keyboard.press('z');
	await page.waitForSelector('#loupe[open]');
	await page.keyboard.press('Escape');
	await page.keyboard.press('?');
	await page.waitForSelector('#keys[open]');
	assert.match(await page.textContent('#keys'), /You review as R<\/b><img/);
	await page.keyboard.press('Escape');
	await page.evaluate((e) => localStorage.setItem('evil:reviewer', 'S' + e), who);
	await page.goto(pageOf(server, '../evil/1_review.html'));
	await says(page, '.candidate .who', 'Chosen by ' + who);
	await page.keyboard.press('0');
	await page.waitForURL('**/2_review.html');
	await page.goto(pageOf(server, '../evil/submit.html'));
	await says(page, '#differ-title', 'Reviewers differ on 1 subject');
	assert.ok((await page.textContent('#differing')).includes(evil));
	for (const name of ['index.html', '1_review.html', '2_review.html', 'submit.html', '../M_batch1/3_review.html', '../']) {
		await page.goto(pageOf(server, name === '../' || name.startsWith('../M') ? name : '../evil/' + name));
		await page.keyboard.press('z');
		assert.strictEqual(await page.evaluate(() => window.ran), undefined, name);
		assert.strictEqual(await page.locator('img[src="x"], script:not([src])').count(), 0, name);
	}
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['axe-core finds nothing in light, dark and on a phone', accessible],
	['keys reach everything, and show where they are', reachable],
	['without a script the pages can be looked at', withoutScript],
	['what strangers wrote is text and nothing runs', hostile],
]);
