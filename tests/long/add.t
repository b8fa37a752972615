#!/usr/bin/env node
/*
 * The page /add/ of a real server with its worker, in Chromium: addresses and files are handed in, followed item by
 * item, read and deleted; with a mouse and without one, without a token, and while the server is away.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const bi = require('../browser/bi.js');
const { assert, checkAxe, open, says, until } = bi;

const evil = '"\'><img src=x onerror="window.ran=1">.txt';
let site, server;

async function prepare() {
	site = await bi.origin();
	bi.grid('M_batch1', 1, 1);
	[server] = bi.serve('M_batch1');
}

function address(rest = '') {
	return new URL('/' + rest, server.url).href;
}

function article(title) {
	const text = 'The light was lit in 1867 and has burnt since, tended by families of keepers. '.repeat(12);

	return site.url + '/type/text/html/says/200/' + encodeURIComponent(`<!DOCTYPE html><html lang="en"><head><title>${title}</title></head>` +
		`<body><article><h1>${title}</h1><p>${text}</p></article></body></html>`);
}

/* The page, by way of the home page with its token, for the notebook NAME. */
async function come(browser, name, options = {}) {
	const opened = await open(browser, address(), options);
	const {page} = opened;

	await page.goto(address() + new URL(server.url).hash);
	await page.click('nav a:has-text("Add")');
	await page.waitForURL('**/add/');
	await page.fill('#notebook', name);
	await page.press('#notebook', 'Tab');
	await says(page, '#has-title', 'In ' + name);
	await says(page, '#link', 'Live');
	return opened;
}

function paste(page, text) {
	return page.evaluate(function (pasted) {
		const data = new DataTransfer();

		data.setData('text/plain', pasted);
		document.querySelector('#urls').focus();
		if (document.querySelector('#urls').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})))
			document.execCommand('insertText', false, pasted); /* what a browser does */
	}, text);
}

function file(name, text) {
	return {name, mimeType: 'text/plain', buffer: Buffer.from(text)};
}

/* Drops files, {name, text}, or text on the page. */
function drop(page, {files = [], text = ''}) {
	return page.evaluate(function ([list, dropped]) {
		const data = new DataTransfer();

		list.forEach(([name, content]) => data.items.add(new File([content], name, {type: 'text/plain'})));
		if (dropped)
			data.setData('text/uri-list', dropped);
		for (const type of ['dragover', 'drop'])
			document.querySelector('#jobs-title').dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
	}, [files, text]);
}

function status(page, n, text) {
	return says(page, `#jobs > li:nth-child(${n}) .status`, text);
}

async function withoutToken(browser) {
	const {context, page, troubles} = await open(browser, address(), {expected: /401/});

	await page.goto(address('add/'));
	await page.waitForSelector('#notice:not([hidden])');
	assert.match(await page.textContent('#notice'), /Read only: open the address that “bi-serve --home” prints/);
	await says(page, '#link', 'Read only');
	await page.fill('#urls', 'https://example.com/');
	assert.strictEqual(await page.getAttribute('#add', 'aria-disabled'), 'true');
	await page.press('#urls', 'Control+Enter');
	await page.click('#add', {force: true});
	assert.strictEqual(await page.locator('#jobs li').count(), 0);

	/* Another tab lends its token. */
	const lender = await context.newPage();

	await lender.goto(address() + new URL(server.url).hash);
	await page.waitForSelector('#notice', {state: 'hidden'});
	assert.strictEqual(await page.getAttribute('#add', 'aria-disabled'), 'false');
	assert.deepStrictEqual(troubles, []);

	/* One that is wrong is refused, in words. */
	await page.evaluate(() => sessionStorage.setItem('bi:token', 'wrong'));
	await page.click('#add');
	await page.waitForFunction(() => /^Not added: /.test(document.querySelector('#add-says').textContent));
	assert.ok(await page.isVisible('#notice'));
	assert.strictEqual(await page.inputValue('#urls'), 'https://example.com/', 'what was typed is lost');
	await context.close();
}

/* Whether nothing is before the middle of the button, and all of it is in the window. */
function buttonSeen() {
	const button = document.querySelector('#add');
	const box = button.getBoundingClientRect();

	return box.top >= 0 && box.bottom <= innerHeight && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2) === button;
}

async function manyFiles(browser) {
	for (const [width, height] of [[1280, 800], [1440, 900], [1280, 600], [1100, 420]]) {
		const {context, page} = await come(browser, 'many', {viewport: {width, height}});

		for (const n of [1, 4, 8, 40]) {
			await page.setInputFiles('#files', Array.from({length: n}, (_, i) => file(`${n}-${i}.txt`, 'x')));
			await page.waitForFunction((name) => document.querySelector('#chosen').textContent.includes(name), `${n}-${n - 1}.txt`);
			if (process.env.BI_SHOTS)
				await page.screenshot({path: `${process.env.BI_SHOTS}/add-${width}x${height}-${n}.png`});
			assert.ok(await page.evaluate(buttonSeen), `the button is not seen with ${n} more files at ${width}x${height}`);
		}
		assert.ok(await page.$eval('#chosen', (list) => list.clientHeight > 60 && list.scrollHeight > list.clientHeight), 'the list does not scroll');
		await context.close();
	}
}

async function addresses(browser) {
	const {context, page, troubles} = await come(browser, 'reading');
	const urls = [article('One'), site.url + '/status/404/no.html', site.url + '/slow/1500/bytes/10/slow.txt'];

	await paste(page, `See (${urls[0]}), and: ${urls[1]}.\r\n\r\n# A comment\nAnd this one: <${urls[2]}>!\nClara Schumann\nftp://example.com/x\n${urls[0]}`);
	await says(page, '#add', 'Add 3 addresses');
	assert.deepStrictEqual(await page.$$eval('#left li', (all) => all.map((li) => li.textContent.split(': ').slice(0, 2).join(': '))), [
		'Line 5: no address in it', 'Line 6: ftp', 'Line 1: only its 2 addresses are added', 'Line 4: only its address is added',
		'Line 7: the same as line 1',
	]);
	await page.waitForFunction(() => /^3 addresses found, 2 lines are not added\.$/.test(document.querySelector('#say').textContent));
	await page.keyboard.press('Control+z');
	assert.strictEqual(await page.inputValue('#urls'), '', 'a paste is undone as any');
	assert.ok(await page.isHidden('#left-box'));
	await page.keyboard.press('Control+Shift+z');

	/* The same from the keyboard; what a person can mend is left in the box. */
	const pasted = await page.textContent('#left');

	/* What takes long to read for a careless reader. */
	await page.fill('#urls', 'see https://example.com/(a' + ').'.repeat(20000) + '\nC:\\x\nlocalhost:80/x');
	await says(page, '#add', 'Add 1 address');
	assert.deepStrictEqual(await page.$$eval('#left li', (all) => all.map((li) => li.textContent.split(': ').slice(0, 2).join(': '))),
		['Line 2: a file', 'Line 3: http:// or https:// is missing', 'Line 1: only its address is added']);
	await page.fill('#urls', '');
	await page.keyboard.insertText(`See (${urls[0]}), and: ${urls[1]}.\n\n# A comment\nAnd this one: <${urls[2]}>!\nClara Schumann\nftp://example.com/x\n${urls[0]}`);
	assert.strictEqual(await page.textContent('#left'), pasted);
	await page.fill('#notebook', '../x');
	await page.click('#add');
	assert.match(await page.textContent('#notebook-says'), /begins with a letter/);
	await page.fill('#notebook', 'reading');
	await page.press('#urls', 'Control+Enter');

	/* Item by item. */
	await status(page, 1, 'working');
	await page.waitForSelector('#jobs [data-status="completed"]');
	assert.strictEqual(await page.inputValue('#urls'), 'Clara Schumann\nftp://example.com/x');
	await status(page, 1, 'done, 1 failed');
	assert.match(await page.innerText('#jobs > li'), /3 addresses.*3 of 3 done.*1 failed/s);
	assert.deepStrictEqual(await page.$$eval('#jobs .items > li', (all) => all.map((li) => li.dataset.status)), ['completed', 'failed', 'completed']);
	assert.match(await page.innerText('#jobs .items > li:nth-child(2) .why'), /^not found \(404\): /);
	await page.waitForFunction(() => /^Job \d+: 3 of 3 done, 1 failed\.$/.test(document.querySelector('#say').textContent));
	await page.click('#left-remove');
	assert.strictEqual(await page.inputValue('#urls'), '');

	/* What came out. */
	await page.click('#jobs .items > li:nth-child(1) a:has-text("Content")');
	await says(page, '#reader-title', 'One');
	assert.match(await page.textContent('#reader-text'), /tended by families/);
	await page.keyboard.press('Escape');
	assert.match(await page.evaluate(() => document.activeElement.textContent), /^Content of http/, 'the focus comes back');
	const raw = await page.evaluate(async (href) => (await fetch(href)).text(), await page.getAttribute('#jobs .items > li:nth-child(1) a:has-text("Raw")', 'href'));

	assert.match(raw, /^<!DOCTYPE html>/);
	await says(page, '#has-says', '2 files');
	assert.deepStrictEqual((await page.$$eval('#has .title', (all) => all.map((t) => t.textContent))).includes('One'), true);

	/* With its media. */
	await page.fill('#urls', article('Two'));
	await page.check('#media');
	await page.click('#add');
	await status(page, 1, 'done');
	assert.match(await page.innerText('#jobs > li:nth-child(1)'), /1 address with its media/);
	await says(page, '#has-says', '3 files');

	/* Deleted, after asking. */
	await page.click('#has li:has-text("One") button');
	await page.waitForSelector('#sure[open]');
	await page.keyboard.press('Enter'); /* Keep it */
	await page.waitForSelector('#sure', {state: 'hidden'});
	const had = await page.locator('#has li').count();

	await page.click('#has li:has-text("One") button');
	await page.click('#sure button:has-text("Delete it")');
	await page.waitForFunction((n) => document.querySelectorAll('#has li').length === n - 1, had);
	assert.strictEqual(await page.locator('#has .title:text-is("One")').count(), 0);
	assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'the focus is lost');

	/* And so it is when one comes back. */
	await page.reload();
	await says(page, '#has-title', 'In reading');
	assert.strictEqual(await page.inputValue('#notebook'), 'reading');
	await page.waitForFunction((n) => document.querySelectorAll('#has li').length === n, had - 1);
	await page.waitForFunction(() => document.querySelectorAll('#jobs > li').length === 2);
	assert.strictEqual(await page.isVisible('#jobs .items'), false);
	await page.click('#jobs > li:nth-child(2) summary');
	await page.waitForFunction(() => /404/.test(document.querySelector('#jobs > li:nth-child(2) .items').innerText));
	assert.match(await page.innerText('#jobs > li:nth-child(2) .items > li:nth-child(1)'), /it was deleted/);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function files(browser) {
	const {context, page, troubles} = await come(browser, 'papers');

	await page.setInputFiles('#files', [file('one.txt', 'first'), file('two.txt', 'second')]);
	await drop(page, {files: [['three.txt', 'third'], ['one.txt', 'another first']]});
	await drop(page, {text: 'https://example.com/dropped'});
	assert.deepStrictEqual(await page.$$eval('#chosen .name', (all) => all.map((f) => f.textContent)), ['one.txt', 'two.txt', 'three.txt', 'one.txt']);
	await says(page, '#add', 'Add 1 address and 4 files');
	await page.fill('#urls', '');
	await page.click('#chosen [aria-label="Remove two.txt"]');
	await says(page, '#add', 'Add 3 files');
	await page.click('#add');
	await status(page, 1, 'done');
	assert.match(await page.innerText('#jobs > li'), /3 files.*3 of 3 done/s);
	await says(page, '#has-says', '3 files');
	assert.deepStrictEqual(await page.$$eval('#has li', (all) => all.map((li) => li.querySelector('.title').textContent).sort()), ['one.txt', 'one.txt', 'three.txt']);

	/* Chosen twice, or a folder that cannot be read. */
	await page.setInputFiles('#files', [{...file('one.txt', 'first'), lastModified: 1}]);
	await page.locator('#chosen li').scrollIntoViewIfNeeded();
	await page.waitForFunction(() => /one\.txt\s*5 bytes.*first/s.test(document.querySelector('#chosen li').innerText));
	await page.evaluate(function () {
		const again = new File(['x'], 'twice.txt', {lastModified: 5});
		const bad = {isFile: false, isDirectory: true, name: 'folder', createReader: () => ({readEntries: (resolve, reject) => reject(new Error('no access'))})};
		const good = {isFile: true, isDirectory: false, name: 'twice.txt', file: (resolve) => resolve(again)};
		const event = new Event('drop', {bubbles: true, cancelable: true});

		event.dataTransfer = {files: [again], types: ['Files'], getData: () => '', items: [bad, good, good].map((entry) => ({kind: 'file', webkitGetAsEntry: () => entry}))};
		document.querySelector('#drop').dispatchEvent(event);
	});
	await page.waitForFunction(() => /“folder” cannot be read: no access/.test(document.querySelector('#files-wrong').textContent));
	await page.waitForFunction(() => document.querySelectorAll('#chosen li').length === 2);
	assert.match(await page.textContent('#files-wrong'), /^“twice\.txt” is chosen already\. /);
	for (let n = 2; n > 0; n--)
		await page.click('#chosen button');
	await says(page, '#add', 'Add');

	/* What strangers call their files is text. */
	await page.setInputFiles('#files', [file(evil, 'evil')]);
	await page.click('#add');
	await status(page, 1, 'done');
	await page.waitForFunction(() => document.querySelectorAll('#has li').length === 4);
	assert.strictEqual(await page.locator('img').count(), 0);
	assert.strictEqual(await page.evaluate(() => window.ran), undefined);

	/* Pictures of the notebook are shown, and it is offered from now on. */
	await page.setInputFiles('#files', [{name: 'seen.png', mimeType: 'image/png', buffer: bi.png(1)}]);
	await page.click('#add');
	await page.waitForFunction(() => document.querySelector('#has .thumb img')?.naturalWidth === 64);
	await page.reload();
	await page.waitForSelector('#notebooks option[value="papers"]', {state: 'attached'});
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Before files are sent there is a picture, a player or the first lines of each; long names break nothing. */
async function previews(browser) {
	const {context, page, troubles} = await come(browser, 'previews', {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true});
	const wav = Buffer.alloc(44 + 800);

	wav.write('RIFF', 0);
	wav.writeUInt32LE(836, 4);
	wav.write('WAVEfmt ', 8);
	[[16, 4], [1, 2], [1, 2], [8000, 4], [8000, 4], [1, 2], [8, 2]].reduce((at, [value, n]) => wav.writeUIntLE(value, at, n), 16);
	wav.write('data', 36);
	wav.writeUInt32LE(800, 40);
	await page.setInputFiles('#files', [
		{name: 'x'.repeat(65) + '.png', mimeType: 'image/png', buffer: bi.png(1)},
		{name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture')},
		{name: 'tone.wav', mimeType: 'audio/wav', buffer: wav},
		file('\u202e\u0639\u0631\u0628\u064a \u{1f3bb}' + 'n'.repeat(65) + '.md', '# <b>Title</b>\nsecond\nthird\nfourth'),
		{name: 'unknown.bin', mimeType: '', buffer: Buffer.from([0, 1, 2])},
		{name: 'evil.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>top.ran=1</script></svg>')},
		{name: 'nul.txt', mimeType: 'text/plain', buffer: Buffer.from('a\0b')},
	]);
	const row = (n) => `#chosen li:nth-child(${n}) `;

	for (const n of [1, 6]) {
		await page.locator(row(n)).scrollIntoViewIfNeeded();
		await page.waitForFunction((s) => document.querySelector(s) && document.querySelector(s).naturalWidth > 0, row(n) + 'img');
	}
	await says(page, row(2) + '.ending', 'png');
	await page.waitForFunction((s) => document.querySelector(s).duration > .05, row(3) + 'audio');
	assert.strictEqual(await page.$eval(row(3) + 'audio', (e) => getComputedStyle(e).backgroundColor), 'rgba(0, 0, 0, 0)', 'a style of another page');
	assert.strictEqual(await page.textContent(row(4) + '.lines'), '# <b>Title</b>\nsecond\nthird');
	await says(page, row(5) + '.ending', 'bin');
	await says(page, row(7) + '.ending', 'txt');
	assert.strictEqual(await page.locator(row(7) + '.lines').count(), 0);
	assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
	assert.strictEqual(await page.$$eval('#chosen li > *', (all) => all.filter((e) => e.getBoundingClientRect().right > e.closest('ul').getBoundingClientRect().right).length), 0);
	await checkAxe(page, 'previews');
	assert.strictEqual(await page.evaluate(() => window.ran), undefined);
	if (process.env.BI_SHOTS)
		await page.screenshot({path: process.env.BI_SHOTS + '/previews.png', fullPage: true});
	await page.click('#add');
	await status(page, 1, 'done');
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* A job is cancelled, and its failed items are tried again. */
async function cancelling(browser) {
	const {context, page, troubles} = await come(browser, 'cancelling');

	await page.fill('#urls', [1, 2].map((n) => `${site.url}/stallfirst/1/2/says/200/more%20${n}`).join('\n'));
	await page.click('#add');
	await status(page, 1, 'working');
	await page.click('#jobs button:has-text("Cancel the job")');
	await status(page, 1, 'cancelled');
	await page.click('#jobs button:has-text("Try failed again")');
	await status(page, 1, 'done');
	assert.ok(await page.isHidden('#jobs .buttons'));
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* An upload over a slow line: its bytes, one called off, and one that breaks off and is tried again. */
async function uploads(browser) {
	const {context, page} = await come(browser, 'slowly', {expected: /./});
	const wire = await context.newCDPSession(page);
	const slow = (bytes) => wire.send('Network.emulateNetworkConditions', {offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes});
	const before = fs.readdirSync(path.join(bi.root, 'batches')).sort();
	const big = ['a.bin', 'b.bin'].map((name) => ({name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(400000, name)}));

	await slow(100000);
	await page.setInputFiles('#files', big);
	await page.click('#add');
	await status(page, 1, 'sending');
	await page.waitForFunction(() => document.querySelector('#jobs progress').value > 100000);
	assert.match(await page.innerText('#jobs .counts'), /^\d+ KB of 800 KB sent\s+\d+ %$/);
	assert.match(await page.innerText('#jobs .items > li:nth-child(1)'), /a\.bin.*%/s);
	assert.match(await page.innerText('#jobs .items > li:nth-child(2)'), /waiting/);
	await page.click('#jobs button:has-text("Cancel")');
	await status(page, 1, 'cancelled');
	assert.match(await page.innerText('#jobs > li'), /The server kept nothing/);
	await until(() => fs.readdirSync(path.join(bi.root, 'temp')).length === 0, 'temp/ is empty');
	assert.deepStrictEqual(fs.readdirSync(path.join(bi.root, 'batches')).sort(), before);

	/* Broken off, then tried again. */
	await page.click('#jobs button:has-text("Try again")');
	await status(page, 1, 'sending');
	await page.waitForFunction(() => document.querySelector('#jobs progress').value > 100000);
	bi.stopAll();
	try {
		await status(page, 1, 'failed');
		assert.match(await page.innerText('#jobs > li .wrong'), /connection broke off/);
	} finally {
		[server] = bi.serve('M_batch1');
	}
	await slow(-1);
	await page.click('#jobs button:has-text("Try again")');
	await status(page, 1, 'done');
	await says(page, '#has-says', '2 files');
	await context.close();
}

/* The server stops while something is under way, and comes back. */
async function away(browser) {
	const {context, page} = await come(browser, 'away', {expected: /./});

	/* The first time they never end. */
	await page.fill('#urls', [1, 2, 3].map((n) => `${site.url}/stallfirst/1/2/says/200/words%20${n}`).join('\n'));
	await page.click('#add');
	await status(page, 1, 'working');
	bi.stopAll();
	try {
		await says(page, '#link', 'No answer; trying again');
	} finally {
		[server] = bi.serve('M_batch1');
	}
	await status(page, 1, 'done');
	await says(page, '#link', 'Live');
	await context.close();
}

async function accessible(browser) {
	for (const [what, options] of [
		['light', {viewport: {width: 1400, height: 900}}],
		['dark', {viewport: {width: 1400, height: 900}, colorScheme: 'dark'}],
		['phone', {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true}],
	]) {
		const {context, page, troubles} = await come(browser, 'look-' + what, options);

		await checkAxe(page, 'nothing yet in ' + what);
		await page.fill('#urls', [article('A page'), site.url + '/status/404/x', `${site.url}/slow/1500/bytes/5/x.txt`].join('\n'));
		await page.setInputFiles('#files', [file('a name that is long enough to be cut off somewhere, is it not.txt', 'text')]);
		await checkAxe(page, 'ready in ' + what);
		await page.click('#add');
		await status(page, 1, 'working');
		await page.waitForSelector('#jobs .why');
		await checkAxe(page, 'under way in ' + what);
		await status(page, 1, 'done, 1 failed');
		await page.waitForFunction(() => document.querySelectorAll('#has li').length === 3);
		await checkAxe(page, 'done in ' + what);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it is wider than the screen in ' + what);
		await page.click('#has a >> nth=0');
		await page.waitForSelector('#reader[open]');
		await checkAxe(page, 'the reader in ' + what);
		await page.keyboard.press('Escape');
		await page.click('#has button >> nth=0');
		await page.waitForSelector('#sure[open]');
		await checkAxe(page, 'the question in ' + what);
		await page.keyboard.press('Escape');
		await page.fill('#urls', 'no address\n' + 'x'.repeat(65));
		await page.waitForSelector('#left-box:not([hidden])');
		await page.click('#add', {force: true});
		assert.match(await page.textContent('#add-says'), /no address in the list/);
		await checkAxe(page, 'something wrong in ' + what);
		assert.deepStrictEqual(troubles, []);
		await context.close();
	}
}

/* Everything that can be pressed is reached by Tab, shows it, and is big enough to be hit. */
async function reachable(browser) {
	const {context, page} = await come(browser, 'look-light', {viewport: {width: 1400, height: 900}});

	await page.waitForFunction(() => document.querySelectorAll('#has li').length === 3);
	await page.setInputFiles('#files', [file('a.txt', 'a')]);
	await page.focus('.skip');
	await page.evaluate(() => document.activeElement.blur());
	const wanted = await page.evaluate(() => [...document.querySelectorAll('a, button, summary, input, textarea')].filter((e) => e.checkVisibility()).length);
	const seen = new Set();

	for (let i = 0; i < wanted + 5; i++) {
		await page.keyboard.press('Tab');
		seen.add(await page.evaluate(function () {
			const e = document.activeElement;
			const box = e.getBoundingClientRect();

			if (e === document.body)
				return 'body';
			if (parseFloat(getComputedStyle(e).outlineWidth) < 2)
				return 'no ring: ' + e.outerHTML;
			if (!e.matches('.links a, .skip') && (box.width < 24 || box.height < 24))
				return 'small: ' + e.outerHTML;
			e.dataset.n = e.dataset.n || String(Math.random());
			return e.dataset.n;
		}));
	}
	assert.deepStrictEqual([...seen].filter((s) => /^(no ring|small)/.test(s)), []);
	assert.ok([...seen].filter((s) => s !== 'body').length >= wanted, `${seen.size} of ${wanted} are reached`);
	await context.close();
}

async function withoutScript(browser) {
	const {context, page} = await open(browser, '', {javaScriptEnabled: false});

	await page.goto(address('add/'));
	assert.match(await page.innerText('main'), /This page needs JavaScript/);
	await page.goto(address('add'));
	assert.match(page.url(), /\/add\/$/);
	await context.close();
}

bi.main(prepare, [
	['without a token it says what to do', withoutToken],
	['addresses are found, handed in, followed, read and deleted', addresses],
	['files are chosen, dropped and left out', files],
	['the button is in sight however many files are chosen', manyFiles],
	['files are shown before they are sent', previews],
	['a job is cancelled, and tried again', cancelling],
	['an upload shows its bytes, is cancelled and tried again', uploads],
	['a server that was away is asked until it answers', away],
	['axe-core finds nothing in light, dark and on a phone', accessible],
	['keys reach everything, and show where they are', reachable],
	['without a script it says so', withoutScript],
]);
