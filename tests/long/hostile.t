#!/usr/bin/env node
/*
 * Hostile text in every field that a stranger can set, on every page of a real server and on pages opened as files, in
 * Chromium. On each page the text of its fields is visible, character by character; it makes no element and no attribute,
 * runs nothing, asks nobody, opens no dialog, and violates no policy. The last tests plant such text, which must be noticed.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('../browser/bi.js');
const { assert, open, pageOf, says, until } = bi;

const EVIL = 'evil.invalid'; /* nobody has this name */
let server, web;

/* What FIELD says: text that ends an attribute, an element and a script, and would run. */
function bait(field) {
	return `${field}" onfocus=window.ran=1 autofocus x='></title></textarea></script><img src=//${EVIL}/ onerror=window.ran=1><script>window.ran=1</script>`;
}

/* The same for a reviewer, who has 64 characters, and for the name of a file, which has no slash. */
function short(field) {
	return `${field}"'><img src=x onerror=window.ran=1>`;
}

/* As a field of HTML says it. */
function escaped(text) {
	return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/* Each field, and its text as a page shows it; `shown` has the pages on which it was seen. */
const fields = Object.fromEntries([
	...['Name', 'Firstnames', 'Birth', 'Death', 'Biography', 'Fact', 'Key', 'Title', 'Author', 'Credit', 'License', 'Description', 'Date',
		'Restriction', 'Why', 'Other-license', 'Other-author', 'Other-name', 'Script-page', 'Document', 'Text', 'Location', 'Label', 'Category',
		'Reason', 'Note', 'Item', 'Search', 'Line', 'Page', 'Body', 'Byline', 'Mail', 'Sender', 'Letter', 'Answer', 'Failed-name', 'Picture']
		.map((name) => [name, bait(name)]),
	...['Reviewer', 'Myself', 'File', 'Upload'].map((name) => [name, short(name)]),
].map(([name, text]) => [name, {text, shown: []}]));
/* The text of pages and mails is Markdown. */
for (const name of ['Text', 'Body', 'Letter'])
	fields[name].text = bait(name).replace(/[<>]/g, '\\$&');
const text = (name) => fields[name].text;

function file(name, bytes) {
	const at = path.join(bi.dir, 'hostile', name);

	fs.mkdirSync(path.dirname(at), {recursive: true});
	fs.writeFileSync(at, bytes);
	return at;
}

function article(title, body, byline = '') {
	return `<!DOCTYPE html><html lang="en"><head><title>${escaped(text(title))}</title>` +
		(byline ? `<meta name="author" content="${escaped(text(byline)).replace(/"/g, '&quot;')}">` : '') +
		`</head><body><article><p>${escaped(bait(body))}</p><p>${'The light was lit in 1867 and has burnt since. '.repeat(12)}</p></article>` +
		`<script>window.ran=1</script><img src=//${EVIL}/page onerror=window.ran=1></body></html>`;
}

/* --- the batches --- */

function subjects() {
	const one = {id: 1, name: text('Name'), first_names: text('Firstnames'), birth_date: text('Birth'), death_date: text('Death'),
		biography: text('Biography'), fact: text('Fact'), [text('Key')]: 'a value'};
	const picture = file('same.png', bi.png(1, 300, 200));

	return [
		{subject: one, file: picture, title: text('Title'), author: escaped(text('Author')), credit: escaped(text('Credit')), license: escaped(text('License')),
			description: escaped(text('Description')), date: escaped(text('Date')), restrictions: [escaped(text('Restriction'))], score: 1, score_why: [text('Why')],
			page: `https://${EVIL}/"'><script>window.ran=1</script>`},
		{subject: one, file: file('two.png', bi.png(2, 300, 200)), page: 'javascript:window.ran=1//' + text('Script-page')},
		{subject: one, file: file('page.html', article('Document', 'Text'))},
		{subject: one, file: file('drawing.svg', `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60" onload="window.ran=1"><script>window.ran=1</script><rect width="90" height="60" fill="red"/><image href="http://${EVIL}/svg"/></svg>`)},
		{subject: {id: 2, name: text('Other-name')}, file: picture, title: 'The same', author: escaped(text('Other-author')), license: escaped(text('Other-license')), page: 'https://museum.example/2'},
		{subject: {id: 3, name: text('Failed-name')}, file: path.join(bi.dir, 'gone', text('File'))},
		{subject: {id: 4, name: 'Sent on'}, url: web.url + '/to/302/' + encodeURIComponent('http://[' + text('Location'))},
	];
}

function prepareBatches() {
	const line = (item) => JSON.stringify(item) + '\n';

	bi.run('sh', ['-c', 'bi-fetch -q -b H --tries 1 --label "$0" --category "$1" --through bi-parse >/dev/null || :; bi-render --reasons reasons H >/dev/null', text('Label'), text('Category')],
		subjects().map(line).join(''));
	bi.run('sh', ['-c', 'for n in 1 2 3 4 5 6 7 8 9; do bi-fetch -q -b more$n x.txt >/dev/null || :; done'], ''); /* so many that the home page has a search */
	bi.run('sh', ['-c', 'bi-fetch -q -b S >/dev/null; bi-render S >/dev/null'],
		line({file: file('item.png', bi.png(5, 300, 200)), title: text('Item')}) + line({file: file('other.png', bi.png(6, 300, 200))}));
}

async function prepare() {
	web = await bi.origin();
	fs.writeFileSync(path.join(bi.dir, 'reasons'), short('Reason') + '\n');
	fields.Reason.text = short('Reason');
	prepareBatches();
	[server] = bi.serve('H', 'S');
}

/* --- a page --- */

function address(rest = '') {
	return new URL('/' + rest, server.url).href;
}

/* A page with the token of the server, and a reviewer whose name is as hostile. */
async function come(browser, options = {}) {
	const opened = await open(browser, [address(), 'file:'], options);

	opened.context.on('dialog', function (dialog) {
		opened.troubles.push('dialog: ' + dialog.message());
		dialog.dismiss();
	});
	await opened.page.goto(address() + new URL(server.url).hash);
	await opened.page.evaluate((name) => localStorage.setItem('bi:reviewer', name), text('Myself'));
	return opened;
}

/* What a stranger's text made of the page: elements and attributes that no page of ours has, and code that ran. */
function made(page) {
	return page.evaluate(function (evil) {
		const all = [...document.querySelectorAll('*')];

		return [...all.filter((e) => /^(iframe|object|embed|base|frame|applet|style)$/i.test(e.localName) || (e.localName === 'script' && !e.getAttribute('src')) ||
			(e.localName === 'meta' && e.httpEquiv) || /^javascript:/i.test(e.href || '') || ['src', 'action', 'data', 'srcset', 'poster'].some((to) => (e.getAttribute(to) || '').includes(evil))),
		...all.filter((e) => e.getAttributeNames().some((name) => /^on/.test(name)))].map((e) => e.outerHTML.slice(0, 200))
			.concat(window.ran ? ['it ran'] : []);
	}, EVIL);
}

/* What a reader sees, what controls contain, and what they are called for those who hear the page. */
function visible(page) {
	return page.evaluate(function () {
		const values = [...document.querySelectorAll('input, textarea')].filter((e) => e.checkVisibility()).map((e) => e.value);
		const names = [...document.querySelectorAll('[title], [aria-label], [alt]')].flatMap((e) => [e.title, e.ariaLabel, e.alt]);

		document.querySelectorAll('details').forEach((details) => details.open = true);
		return {text: [document.body.innerText, ...values].join('\n'), names: names.join('\n')};
	});
}

/* WHERE shows the texts of all WANTED fields, as text, and nothing came of any. */
async function shows(page, where, wanted, {named = []} = {}) {
	let seen, missing;

	await until(async function () {
		seen = await visible(page);
		missing = [...wanted.filter((name) => !seen.text.includes(text(name))), ...named.filter((name) => !seen.names.includes(text(name)))];
		return missing.length === 0;
	}, () => `${where}: not visible: ${missing} in ${seen.text.slice(0, 5000)}`);
	assert.deepStrictEqual(await made(page), [], where);
	for (const [name, field] of Object.entries(fields))
		if (seen.text.includes(field.text) || seen.names.includes(field.text))
			field.shown.push(where);
}

/* --- the pages of a batch --- */

async function put(page, batch, reviewer, selections, remarks) {
	const status = await page.evaluate(async ([to, token, body]) => (await fetch(to, {method: 'PUT', headers: {'X-CSRFToken': token, 'Content-Type': 'application/json'}, body})).status,
		[address(`api/v1/batches/${batch}/selections`), new URL(server.url).hash.replace(/^#(token=)?/, ''), JSON.stringify({reviewer, selections, remarks})]);

	assert.strictEqual(status, 200, 'the picks are not stored');
}

const subjectFields = ['Name', 'Firstnames', 'Birth', 'Death', 'Biography', 'Fact', 'Key', 'Title', 'Author', 'Credit', 'License', 'Description', 'Date', 'Restriction',
	'Why', 'Other-license', 'Other-author', 'Other-name', 'Script-page', 'Document', 'Text'];

async function review(browser) {
	const {context, page, troubles} = await come(browser);

	await put(page, 'H', text('Reviewer'), {1: 1, 2: 1}, {1: {note: text('Note'), unsure: true, licence: {1: text('Other-license')}}});
	await put(page, 'H', text('Myself'), {1: 2, 2: 0}, {1: {note: text('Note')}, 2: {reason: text('Reason')}});
	await page.goto(pageOf(server, '1_review.html'));
	await page.keyboard.press('i');
	await shows(page, '1_review.html', [...subjectFields, 'Reviewer', 'Myself', 'Note', 'Label'], {named: ['Title', 'Name']});
	await page.keyboard.press('x');
	await shows(page, 'the question for a reason', ['Reason']);
	await page.keyboard.press('Escape');
	await page.keyboard.press('i');
	await page.focus('.candidate[data-idx="1"] .pick');
	await shows(page, 'the details', ['Title', 'Author', 'Credit', 'License']);
	await page.keyboard.press('Space');
	await page.waitForSelector('#loupe[open]');
	await shows(page, 'the loupe', ['Title']);
	await page.keyboard.press('Escape');
	await page.keyboard.press('?');
	await shows(page, 'the help', ['Myself']);
	await page.keyboard.press('Escape');
	await page.goto(pageOf(server, '2_review.html'));
	await page.keyboard.press('i');
	await shows(page, '2_review.html', ['Other-name', 'Other-author', 'Other-license', 'Name', 'License', 'Author', 'Reason', 'Reviewer']);
	await page.goto(pageOf(server, '3_review.html'));
	await shows(page, '3_review.html', ['Failed-name', 'File']);
	await page.goto(pageOf(server, '4_review.html'));
	await shows(page, '4_review.html', ['Location']);
	await page.goto(pageOf(server, '1_1.png'));
	assert.deepStrictEqual(troubles, []);
	/* A drawing that is opened as a page: its policy blocks what it asks for. */
	await page.goto(pageOf(server, '1_4.svg'));
	await until(() => troubles.some((t) => /\/svg' violates the following Content Security Policy/.test(t)), () => 'not blocked: ' + troubles);
	assert.strictEqual(await page.evaluate(() => window.ran), undefined);
	await context.close();
}

async function lists(browser) {
	const {context, page, troubles} = await come(browser);

	await page.goto(pageOf(server, 'index.html'));
	await shows(page, 'index.html', ['Name', 'Other-name', 'Failed-name', 'Label', 'Reviewer', 'Myself']);
	await page.fill('#search', text('Search'));
	await page.waitForSelector('#nothing:not([hidden])');
	await shows(page, 'index.html, searched', ['Search']);
	await page.fill('#search', '');
	await page.waitForSelector('#nothing', {state: 'hidden'});
	await page.goto(pageOf(server, 'submit.html'));
	await shows(page, 'submit.html', ['Name', 'Other-name', 'Failed-name', 'Label', 'Reviewer', 'Note', 'Reason', 'Myself']);
	await page.emulateMedia({media: 'print'});
	await shows(page, 'submit.html, printed', ['Name', 'Other-name', 'Label']);
	await page.goto(pageOf(server, 'index.html'));
	await shows(page, 'index.html, printed', ['Name', 'Other-name', 'Label']);
	await page.emulateMedia({media: 'screen'});
	await page.goto(pageOf(server, '../S/index.html'));
	await put(page, 'S', text('Reviewer'), {i1: 1}, {i1: {note: text('Note')}});
	await put(page, 'S', text('Myself'), {i1: 0});
	await page.reload();
	await shows(page, 'the sheet', ['Item', 'Myself'], {named: ['Item']});
	await page.emulateMedia({media: 'print'});
	await shows(page, 'the sheet, printed', ['Item']);
	await page.emulateMedia({media: 'screen'});
	await page.goto(pageOf(server, '../S/submit.html'));
	await shows(page, 'the picks of the sheet', ['Item', 'Reviewer', 'Note']);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* As files, without a server. */
async function files(browser) {
	const {context, page, troubles} = await come(browser);

	for (const [name, wanted] of [['1_review.html', subjectFields], ['index.html', ['Name', 'Other-name', 'Failed-name', 'Label']], ['3_review.html', ['Failed-name', 'File']],
		['submit.html', ['Name', 'Other-name', 'Label']]]) {
		await page.goto(pathToFileURL(path.join(bi.root, 'review/H', name)).href);
		if (name === '1_review.html')
			await page.keyboard.press('i');
		await shows(page, name + ' as a file', wanted);
	}
	await page.goto(pathToFileURL(path.join(bi.root, 'review/S/index.html')).href);
	await shows(page, 'the sheet as a file', ['Item']);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* --- the pages of all batches --- */

async function home(browser) {
	const {context, page, troubles} = await come(browser);

	await page.goto(address());
	await shows(page, 'home', ['Label', 'Category', 'Reviewer', 'Myself']);
	await page.click('[data-batch="H"] .fails-open');
	await says(page, '#failures-place', '2 items');
	await shows(page, 'home, what failed', ['Failed-name', 'File']);
	await page.keyboard.press('Escape');
	await page.fill('#search', text('Search'));
	await page.waitForSelector('#none:not([hidden])');
	await shows(page, 'home, searched', ['Search']);
	await page.fill('#search', '');
	await page.waitForSelector('#none', {state: 'hidden'});
	await page.goto(address('?q=' + encodeURIComponent(text('Search')) + '#' + text('Search')));
	await shows(page, 'home, by a hostile address', ['Label']);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

function mail() {
	const header = (value) => '=?utf-8?B?' + Buffer.from(value).toString('base64') + '?=';

	return `From: ${header(text('Sender'))} <a@example.org>\r\nTo: b@example.org\r\nSubject: ${header(text('Mail'))}\r\nDate: Mon, 06 Jan 2020 10:00:00 +0000\r\nMIME-Version: 1.0\r\n` +
		`Content-Type: text/plain; charset=utf-8\r\n\r\n${bait('Letter')}\r\n\r\n${'It was a fine day at the sea. '.repeat(8)}\r\n`;
}

/* A JPEG whose EXIF has an ImageDescription. */
function photograph() {
	const words = Buffer.from(text('Picture') + '\0'), exif = Buffer.alloc(36), plain = path.join(bi.dir, 'plain.jpg');

	bi.run('vips', ['jpegsave', file('plain.png', bi.png(9, 40, 30)), plain, '--strip']);
	exif.writeUInt16BE(0xffe1, 0);
	exif.writeUInt16BE(34 + words.length, 2);
	exif.write('Exif\0\0MM\0*', 4, 'latin1');
	[[8, 14], [0x010e0002, 20], [words.length, 24], [26, 28]].forEach(([value, at]) => exif.writeUInt32BE(value, at));
	exif.writeUInt16BE(1, 18);
	return Buffer.concat([Buffer.from([0xff, 0xd8]), exif, words, fs.readFileSync(plain).subarray(2)]);
}

/* The content of the file whose row has TITLE, in the reader. */
async function reads(page, title, wanted) {
	await page.locator('#has li', {hasText: title}).locator('a:has-text("Content")').first().click();
	await page.waitForSelector('#reader[open]');
	await shows(page, 'add, the reader of ' + title, wanted);
	await page.keyboard.press('Escape');
	await page.waitForSelector('#reader', {state: 'hidden'});
}

async function add(browser) {
	const {context, page, troubles} = await come(browser);
	const upload = (name, bytes) => ({name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes)});

	await page.goto(address('add/?notebook=' + encodeURIComponent(text('Search')) + '#' + text('Search')));
	await page.fill('#notebook', 'nb');
	await page.press('#notebook', 'Tab');
	await says(page, '#link', 'Live');
	await page.fill('#urls', text('Line').slice(0, 70) + '\n' + web.url + '/to/302/' + encodeURIComponent('http://[' + text('Location')) + '\n' +
		web.url + '/type/text/html/says/200/' + encodeURIComponent(article('Page', 'Body', 'Byline')));
	await page.setInputFiles('#files', [upload(text('Upload') + '.txt', 'some words'), upload('letter.eml', mail()), upload('photo.jpg', photograph())]);
	fields.Line.text = text('Line').slice(0, 70);
	await shows(page, 'add', ['Line', 'Upload'], {named: ['Upload']});
	await page.click('#add');
	await says(page, '#has-says', '4 files');
	await shows(page, 'add, what was added', ['Upload', 'Page', 'Mail']);
	await shows(page, 'add, the jobs', ['Upload']);
	await reads(page, 'Page', ['Page', 'Body', 'Byline']);
	await reads(page, 'Mail', ['Mail', 'Sender', 'Letter']);
	await page.route('**/api/v1/**', (route) => route.request().method() === 'GET' ? route.continue() : route.fulfill({status: 422, json: {detail: text('Answer'), success: false}}));
	await page.fill('#urls', 'https://example.com/x');
	await page.click('#add');
	await shows(page, 'add, a refusal', ['Answer']);
	assert.deepStrictEqual(troubles.filter((t) => !/422/.test(t)), []);
	await context.close();
}

/* --- what else is fetched from the server --- */

/* Raw files and answers of the API, opened as pages: nothing in them runs or is asked for. */
async function raw(browser) {
	const {context, page, troubles} = await come(browser);
	const {results: list} = await page.evaluate(async (to) => (await fetch(to)).json(), address('api/v1/notebooks/nb/files/?limit=50'));
	let opened = 0;

	for (const one of list)
		for (const to of [`notebooks/nb/files/${one.file_id}/raw/`, `notebooks/files/${one.file_id}/content/`]) {
			await page.goto(address('api/v1/' + to)).catch(() => {}); /* some are downloads */
			assert.strictEqual(await page.evaluate(() => window.ran), undefined, to);
			if ((await page.evaluate(() => document.body.innerText)).includes(JSON.stringify(text('Picture')).slice(1, -1)))
				fields.Picture.shown.push(to);
			opened++;
		}
	assert.ok(opened >= 8, 'too few files');
	assert.deepStrictEqual(troubles.filter((t) => /^(elsewhere|dialog|error)/.test(t)), []);
	await context.close();
}

/* --- it would be noticed --- */

const planted = [
	['an element', '<img src=//evil.invalid/ alt="">', /elsewhere|evil|Refused|violates/i],
	['a script', '<script>window.ran = 1</script>', /Content Security Policy|violates/i],
	['a handler', '<input onfocus="window.ran = 1" autofocus>', /Content Security Policy|violates/i],
];

async function noticed(browser) {
	const whole = fs.readFileSync(path.join(bi.root, 'review/H/index.html'), 'utf8');

	for (const [what, html, trouble] of planted) {
		const {context, page, troubles} = await come(browser);

		fs.writeFileSync(path.join(bi.root, 'review/H/planted.html'), whole.replace('<main', html + '<main'));
		await page.goto(pageOf(server, 'planted.html'));
		await until(() => troubles.some((t) => trouble.test(t)), () => `${what} is not noticed: ${troubles}`, 20000);
		assert.notDeepStrictEqual(await made(page), [], what);
		await context.close();
	}
	/* Text that is hidden is not taken for visible. */
	const {context, page} = await come(browser);

	await page.setContent('<p hidden>' + escaped(text('Name')) + '</p>');
	assert.ok(!(await visible(page)).text.includes(text('Name')));
	await context.close();
	fs.rmSync(path.join(bi.root, 'review/H/planted.html'));
}

/* Each field was somewhere: a field that no page shows any more tests nothing. */
function all() {
	const nowhere = Object.entries(fields).filter(([, field]) => field.shown.length === 0).map(([name]) => name);
	const count = Object.values(fields).reduce((sum, field) => sum + field.shown.length, 0);

	console.log(`# ${Object.keys(fields).length} fields, seen ${count} times as text`);
	assert.deepStrictEqual(nowhere, []);
}

bi.main(prepare, [
	['hostile text is text on the pages of a review', review],
	['hostile text is text on the index, the picks, the sheet, and on paper', lists],
	['hostile text is text on pages that are opened as files', files],
	['hostile text is text on the home page', home],
	['hostile text is text on the page for adding, of pages, mails and files too', add],
	['raw files and answers of the API run nothing', raw],
	['hostile text that is no text would be noticed', noticed],
	['each field was seen', all],
]);
