#!/usr/bin/env node
/*
 * Eight clients hand in batches at once, with three workers; and the same while workers are killed one after the other: all end,
 * nothing is lost, nothing is done twice, and nobody is told that something is locked. With BI_LONG it is 50 batches of
 * 139 URLs.
 */
'use strict';
const { spawn } = require('child_process');
const { setMaxListeners } = require('events');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, until } = bi;

const CLIENTS = 8;
const BATCHES = process.env.BI_LONG ? 50 : 16;
const URLS = process.env.BI_LONG ? 139 : 12;
const EVERY = 300; /* milliseconds between looks at whether a worker is to be killed */
const PROGRESS = URLS; /* items that are completed between two kills */
const PATIENCE = process.env.BI_LONG ? 1500000 : 120000; /* milliseconds */
const workers = new Set();
let site, base, token, Bi;
let said; /* where what workers say goes: of one that is killed, bi-parse says something */

async function prepare() {
	({Bi} = await import(pathToFileURL(path.join(bi.share, 'review/bi.js'))));
	said = fs.openSync(path.join(bi.dir, 'workers.log'), 'a');
	site = await bi.origin();
	bi.grid('M_batch1', 1, 1);
	const [server] = bi.serve('--no-worker', 'M_batch1');

	base = new URL('/api/v1', server.url).href;
	token = new URL(server.url).hash.slice('#token='.length);
}

/* One worker as bi-serve has it, started again where it ends while WORKERS has it. */
function work(worker = {}) {
	worker.child = spawn('bi-fetch', ['--root', bi.root, '--work', '--public-only', '--quiet', '--through', 'bi-parse'],
		{env: bi.env, stdio: ['ignore', 'ignore', said]});
	worker.ended = new Promise((resolve) => worker.child.on('exit', resolve)).then(() => workers.has(worker) && work(worker));
	workers.add(worker);
	return worker;
}

async function stopWorkers() {
	const all = [...workers];

	workers.clear();
	all.forEach(({child}) => child.kill('SIGTERM'));
	await Promise.all(all.map(({ended}) => ended));
}

/* How many items are completed, in all batches. */
function completed() {
	const batches = path.join(bi.root, 'batches');

	return fs.readdirSync(batches).filter((name) => name.startsWith('job-')).map((name) => path.join(batches, name, 'state'))
		.filter((state) => fs.existsSync(state))
		.reduce((sum, state) => sum + fs.readFileSync(state, 'latin1').replaceAll(/[^c]/g, '').length, 0);
}

/*
 * Kills one worker after the other, each when another PROGRESS items are completed: work gets on however slow the machine is.
 * Returns a function that ends it and returns how many were killed.
 */
function killing() {
	const before = completed();
	let n = 0;
	const timer = setInterval(function () {
		const all = [...workers];

		if (all.length > 0 && completed() - before >= n * PROGRESS)
			all[n++ % all.length].child.kill('SIGKILL');
	}, EVERY);

	return function () {
		clearInterval(timer);
		return n;
	};
}

/* Hands in its share of the batches and follows each; the last documents, with all items. */
async function client(k, name, signal) {
	const api = new Bi({baseUrl: base, token});
	const docs = [];

	for (let b = k; b < BATCHES; b += CLIENTS) {
		const urls = Array.from({length: URLS}, (_, i) => `${site.url}/slow/150/says/200/words%20of%20${name}-${b}-${i}`);
		const {batch_job_id: id, total_items: total} = await api.parseUrl(urls, name + '-' + k % 3);

		assert.strictEqual(total, URLS);
		docs.push((async function () {
			for await (const doc of api.watchBatchJob(name + '-' + k % 3, id,
				{limit: 0, stream: b % 2 === 0, every: 200, patience: 10000, signal}))
				assert.ok(doc.batch_job.completed_items <= URLS);
			return api.getBatchJobStatus(name + '-' + k % 3, id);
		})());
	}
	return Promise.all(docs);
}

/* Each item is completed, by one result alone, whose file is there and whole. */
function isWhole({batch_job: job, items}) {
	const folder = path.join(bi.root, 'batches/job-' + job.id);
	const results = bi.records(fs.readFileSync(path.join(folder, 'results.ndjson'), 'utf8')).filter((r) => r.status === 'completed');

	assert.deepStrictEqual(items.filter((item) => item.status !== 'completed'), []);
	assert.deepStrictEqual([job.status, job.completed_items, items.length], ['completed', URLS, URLS], JSON.stringify(job));
	assert.strictEqual(fs.readFileSync(path.join(folder, 'state'), 'latin1'), 'c'.repeat(URLS));
	assert.deepStrictEqual(results.map((r) => r.item).sort((a, b) => a - b), Array.from({length: URLS}, (_, i) => i + 1), 'job ' + job.id);
	for (const r of results)
		assert.strictEqual(fs.readFileSync(path.join(folder, r.path), 'utf8'), decodeURIComponent(r.url.split('/').pop()));
}

/* All of it, under NAME: how often each path was asked for. */
async function all(name, meanwhile = () => () => 0) {
	for (let i = 0; i < 3; i++)
		work();
	const stop = meanwhile();
	const late = AbortSignal.timeout(PATIENCE);

	setMaxListeners(0, late);
	const docs = (await Promise.all(Array.from({length: CLIENTS}, (_, k) => client(k, name, late)))
		.finally(() => late.aborted && stopWorkers())).flat();
	const dead = stop();

	console.log(`# ${BATCHES} batches of ${URLS} URLs; workers killed: ${dead}`);
	assert.strictEqual(dead > 0, meanwhile === killing);
	await until(() => fs.readdirSync(path.join(bi.root, 'queue')).filter((f) => !f.startsWith('.')).length === 0, 'the queue is empty');
	await stopWorkers();
	assert.strictEqual(docs.length, BATCHES);
	assert.strictEqual(new Set(docs.map((doc) => doc.batch_job.id)).size, BATCHES, 'two batches have one id');
	docs.forEach(isWhole);
	const times = new Map();

	for (const asked of site.asked().filter((p) => p.includes(`%20${name}-`)))
		times.set(asked, (times.get(asked) || 0) + 1);
	assert.strictEqual(times.size, BATCHES * URLS);
	const api = new Bi({baseUrl: base, token});
	const files = await Promise.all([0, 1, 2].map((n) => api.listFiles(name + '-' + n, {limit: 1})));

	assert.strictEqual(files.reduce((sum, list) => sum + list.count, 0), BATCHES * URLS, 'each notebook has its files');
	return [...times.values()];
}

async function quiet() {
	assert.deepStrictEqual((await all('quiet')).filter((n) => n !== 1), [], 'something was asked for twice');
}

/* What a killed worker had under way is asked for again, and nothing else. */
async function killed() {
	const again = (await all('killed', killing)).filter((n) => n !== 1);

	console.log('# asked for again: ' + again.length);
	const logs = fs.readdirSync(path.join(bi.root, 'leases')).filter((f) => f.endsWith('.log')).map((f) => path.join(bi.root, 'leases', f));

	for (const log of [path.join(bi.dir, 'workers.log'), ...logs])
		assert.doesNotMatch(fs.readFileSync(log, 'utf8'), /locked|Sanitizer|free\(\)|realloc\(\)/i, log);
}

bi.main(prepare, [
	['eight clients and three workers lose no item and ask for none twice', quiet],
	['workers that are killed one after the other lose no item', killed],
], {wanted: false}).finally(stopWorkers);
