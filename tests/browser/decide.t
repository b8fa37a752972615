#!/usr/bin/env node
/*
 * What a decision can say: several picks in an order, doubt, notes, stars and reasons; reviewers who must not see each
 * other's picks, and who differ; several tabs, a full storage and a server that goes away. TAP, with the programs of $BI_BIN.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, checkAxe, open, pageOf, picksOf, says, until } = bi;

let server;

function prepare() {
	const reasons = path.join(bi.dir, 'reasons');

	fs.writeFileSync(reasons, 'blurred\n\n  wrong <b>person</b> \ntoo dark\n');
	for (const [i, [name, ...options]] of [['many', '--picks', 'many', '--reasons', reasons, '--stars'], ['said', '--reasons', reasons, '--stars'],
		['blind', '--blind'], ['plain'], ['away', '--picks', 'many']].entries()) {
		bi.grid(name, 6, 4, 9000 + i * 1000);
		bi.run('bi-render', [...options, name]);
	}
	[server] = bi.serve('many');
}

/* A browser of REVIEWER on the page NAME, such as many/1_review.html. */
async function begin(browser, reviewer, name, options = {}) {
	const opened = await open(browser, new URL(server.url).origin + '/', options);

	await opened.page.goto(server.url);
	await opened.page.evaluate((by) => localStorage.setItem('bi:reviewer', by), reviewer);
	await opened.page.goto(pageOf(server, '../' + name));
	await says(opened.page, '#saved', 'All saved');
	return opened;
}

function choices(name) {
	return picksOf(name).map((p) => [p.subject, p.choice, p.reviewer]);
}

/* The last decision of a reviewer about a subject, without the time. */
function last(name, subject, reviewer) {
	const {at, ...rest} = picksOf(name).filter((p) => p.subject === subject && p.reviewer === reviewer).pop() || {};

	return rest;
}

async function saved(page) {
	await says(page, '#saved', 'All saved');
}

function orders(page) {
	return page.$$eval('.order:not([hidden])', (all) => all.map((o) => o.closest('.candidate').dataset.idx + ':' + o.textContent));
}

async function several(browser) {
	const {context, page, troubles} = await begin(browser, 'ada', 'many/1_review.html');

	for (const key of ['3', '1', '4'])
		await page.keyboard.press(key);
	await says(page, '#state', 'Picked: candidates 3, 1, 4');
	assert.deepStrictEqual(await orders(page), ['1:2nd', '3:1st', '4:3rd']);
	assert.match(page.url(), /1_review/, 'a pick does not go on');
	await page.keyboard.press('3');
	await says(page, '#state', 'Picked: candidates 1, 4');
	assert.deepStrictEqual(await orders(page), ['1:1st', '4:2nd']);
	await page.keyboard.press('3');
	await saved(page);
	assert.deepStrictEqual(last('many', '1', 'ada').choice, [1, 4, 3], 'a candidate that comes back is the last');
	assert.strictEqual(await page.getAttribute('[data-pick="4"]', 'aria-pressed'), 'true');
	assert.strictEqual(await page.getAttribute('[data-pick="2"]', 'aria-pressed'), 'false');

	/* Enter on the picture with the focus, a click, and the loupe do the same; Backspace and u undo one step each. */
	await page.focus('.candidate[data-idx="2"] .pick');
	await page.keyboard.press('Enter');
	await says(page, '#state', 'Picked: candidates 1, 4, 3, 2');
	await page.click('.candidate[data-idx="1"] .pick');
	await says(page, '#state', 'Picked: candidates 4, 3, 2');
	await page.keyboard.press('Space');
	await page.waitForSelector('#loupe[open]');
	await page.keyboard.press('4');
	await page.keyboard.press('1');
	await says(page, '#state', 'Picked: candidates 3, 2, 1');
	await says(page, '.pane .primary', 'Picked 3rd');
	await page.keyboard.press('Escape');
	await page.keyboard.press('Backspace');
	await says(page, '#state', 'Picked: candidates 3, 2');
	for (const key of ['u', 'u', 'u'])
		await page.keyboard.press(key);
	await says(page, '#state', 'Picked: candidates 1, 4, 3');
	await page.reload();
	await says(page, '#state', 'Picked: candidates 1, 4, 3');
	assert.deepStrictEqual(await orders(page), ['1:1st', '3:3rd', '4:2nd']);

	/* n and the right arrow go on; taking the last one out leaves the subject undecided; none goes on. */
	await page.keyboard.press('ArrowRight');
	await page.waitForURL('**/2_review.html');
	await page.keyboard.press('2');
	await page.keyboard.press('2');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('0');
	await page.waitForURL('**/3_review.html');
	await saved(page);
	/* What a later key changed before it was sent need not be sent. */
	assert.strictEqual(last('many', '2', 'ada').choice, 0);
	await page.keyboard.press('n');
	await page.waitForURL('**/4_review.html');
	await page.keyboard.press('a');
	await page.waitForURL('**/index.html');
	await says(page, '.subject[data-subject="1"] .state', 'candidates 1, 4, 3');
	assert.deepStrictEqual(await page.$$eval('.subject[data-subject="1"] img', (all) => all.map((i) => i.getAttribute('src').replace(/[?].*/, ''))),
		[1, 4, 3].map((idx) => 'thumbs/1_' + idx + '.webp'));
	await page.keyboard.press('s');
	await page.waitForURL('**/submit.html');
	assert.match(await page.inputValue('#text'), /^1\t1,4,3\tSubject 1\n2\t0\tSubject 2\n/);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

async function remarks(browser) {
	const {context, page, troubles} = await begin(browser, 'ada', 'said/1_review.html');

	await checkAxe(page, 'a subject with remarks');
	await page.keyboard.press('d');
	await page.keyboard.press('e');
	await page.keyboard.type('1st line, 2 of "them"');
	await page.keyboard.press('Shift+Enter');
	await page.keyboard.type('<b>0x</b>');
	await page.keyboard.press('Enter');
	await page.keyboard.press('r');
	await page.keyboard.press('7');
	await says(page, '#say', 'There are at most 5 stars.');
	await page.keyboard.press('4');
	await saved(page);
	const note = '1st line, 2 of "them"\n<b>0x</b>';

	assert.deepStrictEqual(last('said', '1', 'ada'), {subject: '1', choice: null, reviewer: 'ada', unsure: true, stars: 4, note});
	await says(page, '#state', 'Undecided (unsure)');
	await page.keyboard.press('2');
	await page.waitForURL('**/2_review.html');
	await saved(page);
	assert.deepStrictEqual(last('said', '1', 'ada'), {subject: '1', choice: 2, reviewer: 'ada', unsure: true, stars: 4, note});

	/* A reject asks why; another key ends the question, and a digit then picks. */
	await page.keyboard.press('x');
	await page.waitForSelector('#asked');
	await checkAxe(page, 'the reasons');
	assert.match(await page.textContent('#asked'), /1 blurred.*2 wrong <b>person<\/b>.*3 too dark.*0 Without a reason/);
	await page.keyboard.press('9');
	await says(page, '#say', 'There is no reason 9.');
	await page.keyboard.press('2');
	await page.waitForURL('**/3_review.html');
	await saved(page);
	assert.deepStrictEqual(last('said', '2', 'ada'), {subject: '2', choice: 0, reviewer: 'ada', reason: 'wrong <b>person</b>'});
	await page.keyboard.press('x');
	await page.focus('#asked button:last-child');
	await page.keyboard.press('Enter');
	assert.strictEqual(await page.locator('#asked').count(), 0, 'Enter presses the button with the focus');
	await page.keyboard.press('x');
	await page.focus('#asked button:nth-of-type(3)');
	await page.keyboard.press('Space');
	await page.waitForURL('**/4_review.html');
	await page.keyboard.press('u');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('x');
	await page.keyboard.press('Escape');
	assert.strictEqual(await page.locator('#asked').count(), 0);
	await page.keyboard.press('1');
	await page.waitForURL('**/4_review.html');
	await page.click('#reject');
	await page.click('#asked >> text=too dark');
	await page.waitForURL('**/5_review.html');
	await page.keyboard.press('x');
	await page.keyboard.press('0');
	await page.waitForURL('**/6_review.html');
	await saved(page);
	assert.deepStrictEqual(choices('said').slice(-3), [['3', 1, 'ada'], ['4', 0, 'ada'], ['5', 0, 'ada']]);
	assert.strictEqual(last('said', '4', 'ada').reason, 'too dark');
	assert.strictEqual(last('said', '5', 'ada').reason, undefined);

	/* Each is undone, back to the first; another choice keeps what is no reason. */
	await page.keyboard.press('u');
	await page.waitForURL('**/5_review.html');
	await page.keyboard.press('u');
	await page.waitForURL('**/4_review.html');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('ArrowLeft');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Picked: none of them: wrong <b>person</b>');
	await page.keyboard.press('4');
	await page.waitForURL('**/3_review.html');
	await page.keyboard.press('u');
	await page.waitForURL('**/2_review.html');
	await says(page, '#state', 'Picked: none of them: wrong <b>person</b>');
	for (const key of 'uu')
		await page.keyboard.press(key);
	await says(page, 'h1', 'Subject 2');
	await says(page, '#state', 'Undecided');
	await page.keyboard.press('u');
	await page.waitForURL('**/1_review.html');
	await says(page, '#state', 'Undecided (unsure)');
	await page.keyboard.press('u');
	await page.waitForFunction(() => !document.querySelector('.star.lit'));
	await page.keyboard.press('u');
	await page.waitForSelector('#note', {state: 'hidden'});
	await page.keyboard.press('u');
	await says(page, '#state', 'Undecided');
	await saved(page);
	assert.deepStrictEqual(last('said', '1', 'ada'), {subject: '1', choice: null, reviewer: 'ada'});
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* What was said can be found, and is in what is handed over. */
async function found(browser) {
	const {context, page, troubles} = await begin(browser, 'eve', 'said/3_review.html');

	assert.strictEqual(await page.locator('#asked').count(), 0);
	await page.keyboard.press('d');
	await page.keyboard.press('2');
	await page.waitForURL('**/4_review.html');
	await page.click('#write-note');
	await page.fill('#note', 'ask\tBob ' + 'ü'.repeat(1100));
	await page.click('#next'); /* leaving stores it */
	await page.waitForURL('**/5_review.html');
	await page.click('.star >> nth=2');
	await page.keyboard.press('x');
	await page.keyboard.press('1');
	await page.waitForURL('**/6_review.html');
	await saved(page);
	assert.deepStrictEqual(last('said', '5', 'eve'), {subject: '5', choice: 0, reviewer: 'eve', stars: 3, reason: 'blurred'});
	assert.ok(last('said', '4', 'eve').note.startsWith('ask\tBob ü') && Buffer.byteLength(last('said', '4', 'eve').note) <= 2000);
	await page.keyboard.press('s');
	await page.waitForURL('**/submit.html');
	await saved(page);
	const shown = async () => page.$$eval('#list [data-subject]', (all) => all.map((e) => e.dataset.subject));

	for (const [filter, subjects] of [['unsure', ['3']], ['noted', ['4']], ['reasoned', ['5']]]) {
		await page.check('[value="' + filter + '"]', {force: true});
		await until(async () => String(await shown()) === String(subjects), () => filter + ' shows others', 20000).catch(async (e) => assert.fail(e.message + await shown()));
	}
	await page.check('[value="all"]', {force: true});
	const text = await page.inputValue('#text');

	assert.match(text, /^3\t2\tSubject 3\tunsure\n4\t\tSubject 4\tnote: ask Bob ü+\n5\t0\tSubject 5\t3 stars; reason: blurred\n$/);
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
	const file = JSON.parse(fs.readFileSync(await download.path(), 'utf8'));

	assert.deepStrictEqual([file.selections, file.remarks['3'], file.remarks['5']],
		[{3: 2, 4: null, 5: 0}, {unsure: true}, {stars: 3, reason: 'blurred'}]);
	await page.goto(pageOf(server, '../plain/index.html'));
	assert.strictEqual(await page.locator('[value="unsure"]').isVisible(), false, 'a filter for what nobody said');
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Keys that come faster than pages answer the question of the subject that they are for. */
async function quick(browser) {
	const {context, page, troubles} = await begin(browser, 'quick', 'said/1_review.html');

	await context.route(/_review.html/, async function (route) {
		await new Promise((done) => setTimeout(done, 150));
		await route.continue();
	});
	for (const key of '1x2d3x04')
		await page.keyboard.press(key);
	await page.waitForURL('**/6_review.html');
	await saved(page);
	assert.deepStrictEqual([1, 2, 3, 4, 5].map((s) => last('said', String(s), 'quick')), [
		{subject: '1', choice: 1, reviewer: 'quick'}, {subject: '2', choice: 0, reviewer: 'quick', reason: 'wrong <b>person</b>'},
		{subject: '3', choice: 3, reviewer: 'quick', unsure: true}, {subject: '4', choice: 0, reviewer: 'quick'},
		{subject: '5', choice: 4, reviewer: 'quick'}]);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* Nobody sees the pick of another before their own, not even in what the server sends. */
async function blind(browser) {
	const bob = await begin(browser, 'bob', 'blind/1_review.html');

	for (const key of '23')
		await bob.page.keyboard.press(key);
	await bob.page.waitForURL('**/3_review.html');
	await saved(bob.page);
	const sent = [];
	const ada = await open(browser, new URL(server.url).origin + '/');

	ada.page.on('response', async (r) => /selections/.test(r.url()) && sent.push(await r.text().catch(() => '')));
	await ada.page.goto(server.url);
	await ada.page.evaluate(() => localStorage.setItem('bi:reviewer', 'ada'));
	sent.length = 0;
	await ada.page.goto(pageOf(server, '../blind/1_review.html'));
	await saved(ada.page);
	await says(ada.page, '#state', 'Undecided');
	assert.ok(sent.length > 0 && !sent.some((text) => text.includes('bob')), sent.join());
	await ada.page.keyboard.press('1');
	await ada.page.waitForURL('**/2_review.html');
	await saved(ada.page);
	assert.strictEqual(await ada.page.isVisible('#others'), false);
	assert.ok(!sent.some((text) => /"bob":[{][^}]*"2"/.test(text)), sent.join());
	await ada.page.keyboard.press('ArrowLeft');
	await ada.page.waitForURL('**/1_review.html');
	await says(ada.page, '#others', 'bob chose candidate 2');
	await ada.page.keyboard.press('u');
	await says(ada.page, '#state', 'Undecided');
	assert.strictEqual(await ada.page.isVisible('#others'), false);
	await ada.page.keyboard.press('1');
	await ada.page.waitForURL('**/2_review.html');
	await ada.page.goto(pageOf(server, '../blind/submit.html'));
	await saved(ada.page);
	await says(ada.page, '#differ-title', 'Reviewers differ on 1 subject');

	/* Her pick is now his, and she can undo that. */
	await ada.page.click('text=Take bob’s pick');
	await ada.page.waitForSelector('#differ', {state: 'hidden'});
	await saved(ada.page);
	assert.deepStrictEqual(last('blind', '1', 'ada'), {subject: '1', choice: 2, reviewer: 'ada'});
	await ada.page.click('#toast button');
	await says(ada.page, '#differ-title', 'Reviewers differ on 1 subject');
	await saved(ada.page);
	assert.strictEqual(last('blind', '1', 'ada').choice, 1);
	assert.deepStrictEqual(bob.troubles.concat(ada.troubles), []);
	await bob.context.close();
	await ada.context.close();
}

/* One who has not decided takes a list with its reason; a third one still differs. */
async function take(browser) {
	assert.throws(() => bi.run('bi-collect', ['--picks', picksFile('many', 'bob', {4: [2, 1], 5: 0}, {5: {reason: 'blurred', note: 'his own'}}),
		'--picks', picksFile('many', 'cleo', {4: [1, 2], 5: [3]})], ''), (e) => e.status === 4);
	const {context, page, troubles} = await begin(browser, 'ada', 'many/submit.html');

	await says(page, '#differ-title', 'Reviewers differ on 2 subjects');
	await page.click('#differing > li:nth-child(1) >> text=Take bob’s pick');
	await says(page, '#say', 'Subject 4: candidates 2, 1, as bob. cleo still differs; bi-collect --prefer ada settles it');
	await page.click('#differing > li:nth-child(2) >> text=Take bob’s pick');
	await saved(page);
	assert.deepStrictEqual(last('many', '4', 'ada'), {subject: '4', choice: [2, 1], reviewer: 'ada'});
	assert.deepStrictEqual(last('many', '5', 'ada'), {subject: '5', choice: 0, reviewer: 'ada', reason: 'blurred'});
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

function picksFile(batch, reviewer, selections, said = {}) {
	const file = path.join(bi.dir, reviewer + '.json');

	fs.writeFileSync(file, JSON.stringify({batch, reviewer, selections, remarks: said}));
	return file;
}

/* Two tabs of one reviewer add to one list, saved or not; what one says is not lost by the other. */
async function tabs(browser) {
	const {context, page, troubles} = await begin(browser, 'tabs', 'many/6_review.html');
	const other = await context.newPage();

	await other.goto(pageOf(server, '../many/6_review.html'));
	await saved(other);
	await page.keyboard.press('1');
	await saved(page);
	await until(() => String(last('many', '6', 'tabs').choice) === '1', 'the first tab saved');
	await other.keyboard.press('2');
	await saved(other);
	await page.keyboard.press('d');
	await page.keyboard.press('3');
	await saved(page);
	await says(other, '#state', 'Picked: candidates 1, 2, 3 (unsure)');
	await other.keyboard.press('1');
	await saved(other);
	assert.deepStrictEqual(last('many', '6', 'tabs'), {subject: '6', choice: [2, 3], reviewer: 'tabs', unsure: true});
	await says(page, '#state', 'Picked: candidates 2, 3 (unsure)');

	/* Undo in a tab is of what that tab did, and not of what the other did since. */
	await page.keyboard.press('u');
	await says(page, '#say', 'Not undone: it was decided again elsewhere, and that stays');
	await other.keyboard.press('u');
	await says(other, '#state', 'Picked: candidates 1, 2, 3 (unsure)');
	await saved(other);
	assert.deepStrictEqual(last('many', '6', 'tabs').choice, [1, 2, 3]);
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

/* A page that has not heard yet what is picked adds to it, and keeps the pick if it is left before it hears. */
async function early(browser) {
	const {context, page, troubles} = await begin(browser, 'early', 'many/6_review.html');
	const tab = await context.newPage();

	await page.keyboard.press('2');
	await saved(page);
	await tab.route('**/selections/**', async function (route) {
		await new Promise((done) => setTimeout(done, 1000));
		await route.continue();
	});
	await tab.evaluate(() => sessionStorage.clear()).catch(() => {});
	await tab.goto(pageOf(server, '../many/6_review.html'));
	await tab.keyboard.press('4');
	await saved(tab);
	assert.deepStrictEqual(last('many', '6', 'early').choice, [2, 4]);
	await tab.unroute('**/selections/**');
	await tab.route('**/selections/**', (route) => setTimeout(() => route.abort().catch(() => {}), 3000));
	await tab.reload();
	await tab.keyboard.press('3');
	await tab.goto(pageOf(server, '../many/index.html'));
	assert.match((await bi.keys(tab)).join(), /many:pick:6=\[2,4,3\]/);
	await tab.unroute('**/selections/**');
	await tab.reload();
	await saved(tab);
	assert.deepStrictEqual(last('many', '6', 'early').choice, [2, 4, 3]);
	assert.deepStrictEqual(troubles.filter((text) => !/ERR_FAILED|failed: /.test(text)), []);
	await context.close();
}

/* Where the storage is full, the page says so, and what was picked before stays as it was. */
async function full(browser) {
	const {context, page} = await begin(browser, 'full', 'many/3_review.html', {expected: /./});

	await context.route('**/selections/**', (route) => route.abort());
	await page.keyboard.press('1');
	await says(page, '#saved', 'Unsaved: 1');
	const before = await page.evaluate(() => localStorage.getItem('many:by:3'));

	await page.evaluate(function () {
		for (let size = 1 << 20; size > 0; size >>= 1)
			for (let i = 0; ; i++)
				try {
					localStorage.setItem('fill' + size + ':' + i, 'x'.repeat(size));
				} catch (e) {
					break;
				}
	});
	await page.keyboard.press('2');
	await page.waitForSelector('#notice:not([hidden])');
	assert.match(await page.textContent('#notice'), /stores nothing/);
	await page.keyboard.press('e');
	await page.keyboard.type('a note that has no room');
	await page.keyboard.press('Enter');
	await says(page, '#state', 'Picked: candidate 1');
	assert.deepStrictEqual(await page.evaluate(() => [localStorage.getItem('many:pick:3'), localStorage.getItem('many:by:3')]), ['[1]', before]);
	await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('fill')).forEach((key) => localStorage.removeItem(key)));
	await page.keyboard.press('2');
	await says(page, '#state', 'Picked: candidates 1, 2');
	await context.unroute('**/selections/**');
	await saved(page);
	assert.deepStrictEqual(last('many', '3', 'full'), {subject: '3', choice: [1, 2], reviewer: 'full'});
	await context.close();
}

/* The server goes away between picks, remarks and pages: all is kept, for the right subject, and saved later. */
async function away(browser) {
	const {context, page} = await begin(browser, 'away', 'away/1_review.html', {expected: /./});

	await page.waitForLoadState('networkidle');
	await page.keyboard.press('1');
	await saved(page);
	await context.route('**', (route) => route.abort('connectionrefused'));
	await page.keyboard.press('3');
	await page.keyboard.press('d');
	await page.keyboard.press('ArrowRight');
	await page.waitForURL('**/2_review.html');
	await page.keyboard.press('2');
	await page.keyboard.press('e');
	await page.keyboard.type('kept 1');
	await page.keyboard.press('Enter');
	await page.keyboard.press('4');
	await page.keyboard.press('u');
	await says(page, '#state', 'Picked: candidate 2');
	await page.waitForSelector('#notice:not([hidden])');
	assert.deepStrictEqual(await page.evaluate(() => [1, 2].map((s) => localStorage.getItem('away:pick:' + s))), ['[1,3]', '[2]']);
	await context.unroute('**');
	await saved(page);
	assert.deepStrictEqual(last('away', '1', 'away'), {subject: '1', choice: [1, 3], reviewer: 'away', unsure: true});
	assert.deepStrictEqual(last('away', '2', 'away'), {subject: '2', choice: [2], reviewer: 'away', note: 'kept 1'});
	await context.close();
}

/* From file:// lists and remarks are taken away as a file, which bi-collect imports. */
async function files(browser) {
	const base = pathToFileURL(path.join(bi.root, 'review/away/')).href;
	const {context, page, troubles} = await open(browser, base);

	await page.goto(base + '5_review.html');
	await page.evaluate(() => localStorage.setItem('bi:reviewer', 'file'));
	await page.reload();
	for (const key of '421')
		await page.keyboard.press(key);
	await page.keyboard.press('d');
	await says(page, '#state', 'Picked: candidates 4, 2, 1 (unsure)');
	await page.keyboard.press('ArrowRight');
	await page.waitForURL('**/6_review.html');
	await page.keyboard.press('0');
	await page.waitForURL('**/submit.html');
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
	const file = path.join(bi.dir, 'taken.json');

	await download.saveAs(file);
	bi.run('bi-collect', ['--picks', file, 'away'], '');
	assert.deepStrictEqual(last('away', '5', 'file'), {subject: '5', choice: [4, 2, 1], reviewer: 'file', unsure: true});
	assert.deepStrictEqual(last('away', '6', 'file'), {subject: '6', choice: 0, reviewer: 'file'});
	assert.deepStrictEqual(troubles, []);
	await context.close();
}

bi.main(prepare, [
	['several picks have an order', several],
	['doubt, notes, stars and reasons are saved and undone', remarks],
	['what was said is found and handed over', found],
	['quick keys answer for their own subject', quick],
	['a blind batch shows picks to those who picked', blind],
	['the pick of another is taken', take],
	['two tabs of a reviewer lose nothing', tabs],
	['a pick on a page that was just opened adds to what is there', early],
	['a full storage changes nothing', full],
	['a server that goes away loses nothing', away],
	['lists and remarks without a server', files],
]);
