#!/usr/bin/env node
/*
 * screenshots.mjs DIR: pictures of each page in light, dark and on a phone, of made-up batches served by the real
 * bi-serve, as palette PNGs. Fonts are those of the machine.
 */
import { createRequire } from 'module';
import { spawn } from 'child_process';
import fs from 'fs';
import http from 'http';
import path from 'path';

const require = createRequire(import.meta.url);
const bi = require('./bi.js');
const {people} = require('./people.js');
const {portraits} = require('./portraits.js');

const to = path.resolve(process.argv[2] || 'build/screenshots');
const titles = ['Portrait in oils', 'At the window', 'Cabinet card', 'On the hills', 'Press print',
	'At the window, small', 'Cabinet card, cut out', 'On the hills, out of focus'];
const rights = [['CC BY-SA 4.0', 'Town museum'], ['CC0 1.0', 'R. Lindqvist'], ['Public domain', null], ['CC BY 4.0', 'R. Lindqvist'], [null, null]];
const origins = [0, 1, 2, 3, 4, 1, 2, 3]; /* what the others are made of has their licence */
const looks = {
	light: {viewport: {width: 1400, height: 860}},
	dark: {viewport: {width: 1400, height: 860}, colorScheme: 'dark'},
	phone: {viewport: {width: 390, height: 780}, hasTouch: true, isMobile: true},
};

function items(folder) {
	return people.flatMap((subject) => portraits(folder, subject.id).map(function (file, k) {
		const [license, credit] = rights[origins[k]];

		return Object.assign({subject, file, title: titles[k], page: `https://example.org/${subject.id}/${k + 1}`},
			license ? {license} : {}, credit ? {credit} : {});
	}));
}

function prepare() {
	const folder = path.join(bi.dir, 'pictures');
	const all = [];

	fs.mkdirSync(folder);
	all.push(...items(folder));
	const fetch = (batch, label, list) => bi.run('sh', ['-c', `bi-fetch -q -b ${batch} --label "${label}" --category ${batch[0]} >records || :; bi-render ${batch}`],
		list.map((item) => JSON.stringify(item) + '\n').join(''));

	fetch('M_batch1', 'Batch 1 (chars 1-12)', all);
	fetch('P_batch1', 'Batch 1 (chars 1-5)', all.slice(0, 40).concat({subject: people[4], file: path.join(folder, 'gone.png')}));
	return bi.serve('M_batch1')[0];
}

/* Two reviewers, who differ on one subject. */
async function review(page, server) {
	await page.goto(server.url);
	const statuses = await page.evaluate(async function () {
		const token = sessionStorage.getItem('bi:token');

		async function put(reviewer, selections) {
			return (await fetch('../api/v1/batches/M_batch1/selections/', {
				method: 'PUT', headers: {'Content-Type': 'application/json', Authorization: 'Bearer ' + token},
				body: JSON.stringify({reviewer, selections}),
			})).status;
		}
		localStorage.setItem('M_batch1:reviewer', 'ada');
		return [await put('ada', {1: 2, 2: 1, 3: 0, 4: 3, 5: 4, 6: 1}), await put('bob', {2: 3, 5: 4})];
	});

	if (statuses.some((status) => status !== 200))
		throw new Error('the picks are not saved: ' + statuses);
}

/* A batch that is being fetched while one looks: some are not there, and the host is not hurried. */
async function fetching(folder) {
	const files = fs.readdirSync(folder).filter((name) => name.endsWith('.jpg'));
	const origin = http.createServer(function (request, response) {
		const n = Number(request.url.slice(1));

		response.writeHead(n % 23 === 7 ? 404 : n % 61 === 9 ? 410 : 200);
		response.end(n % 23 === 7 || n % 61 === 9 ? '' : fs.readFileSync(path.join(folder, files[n % files.length])));
	});

	await new Promise((resolve) => origin.listen(0, '127.0.0.1', resolve));
	const child = spawn('bi-fetch', ['-q', '-b', 'A_batch1', '--rate', '16', '--category', 'A', '--label', 'Batch 1 (chars 1-75)'],
		{env: bi.env, stdio: ['pipe', 'ignore', 'ignore']});

	for (let n = 0; n < 600; n++)
		child.stdin.write(JSON.stringify({subject: {id: 1 + (n >> 3), name: 'Subject'}, url: `http://127.0.0.1:${origin.address().port}/${n}`}) + '\n');
	child.stdin.end();
	return async function () {
		const ended = new Promise((resolve) => child.on('exit', resolve));

		child.kill();
		await ended;
		origin.closeAllConnections();
		origin.close();
	};
}

async function shoot(page, name, look) {
	const file = path.join(to, `${name}-${look}.png`);

	await page.screenshot({path: file + '.whole.png'});
	bi.run('vips', ['pngsave', file + '.whole.png', file, '--palette', '--Q=85', '--effort=10', '--compression=9', '--strip']);
	fs.unlinkSync(file + '.whole.png');
	console.log(`${file} ${Math.round(fs.statSync(file).size / 1000)} KB`);
}

async function shootReview(page, server, look) {
	for (const [name, at] of [['index', 'index.html'], ['review', '1_review.html'], ['submit', 'submit.html']]) {
		await page.goto(bi.pageOf(server, at) + new URL(server.url).hash);
		await page.waitForLoadState('networkidle');
		await page.waitForSelector('#saved:not(:empty)');
		await shoot(page, name, look);
	}
}

/* Once the plot goes back a while. */
async function shootHome(page, look) {
	await page.waitForFunction(() => /last (1[2-9]|[2-9]\d) s/.test(document.querySelector('#plot-says').textContent), null, {timeout: 60000});
	await shoot(page, 'home', look);
}

fs.mkdirSync(to, {recursive: true});
let browser;
try {
	const server = prepare();

	browser = await bi.launch();
	const first = await browser.newContext();

	await review(await first.newPage(), server);
	const state = await first.storageState();
	const pages = await Promise.all(Object.keys(looks).map(async (look) =>
		[look, await (await browser.newContext({storageState: state, ...looks[look]})).newPage()]));

	for (const [look, page] of pages)
		await shootReview(page, server, look);
	const stop = await fetching(path.join(bi.dir, 'pictures'));

	for (const [, page] of pages)
		await page.goto(bi.pageOf(server, '../'));
	for (const [look, page] of pages)
		await shootHome(page, look);
	await stop();
} finally {
	if (browser)
		await browser.close();
	bi.stopAll();
	fs.rmSync(bi.dir, {recursive: true, force: true});
}
