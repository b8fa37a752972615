#!/usr/bin/env node
/*
 * The whole batch API, asked by Node's fetch and FormData, of a real bi-serve with its worker: every path of bi-api(1),
 * single and batch, the documents key by key, what is refused, and who may.
 */
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, until } = bi;

const FRONT = 'http://front.example:3000'; /* let in by --allow-origin */
const FOREIGN = 'http://evil.example';
const PAGE = '<!DOCTYPE html><html lang="en"><head><title>The keepers of Ona</title></head><body><nav>Menu</nav><article><h1>The keepers of Ona</h1>' +
	'<p>' + 'The light was lit in 1867 and has burnt since, tended by families of keepers. '.repeat(20) + '</p></article></body></html>';
const UPLOAD_MOST = 4 << 20;
const BOUNDARY = 'boundary-of-the-test';
let site; /* {url, asked}: where what is handed in is fetched from */
let base, token; /* of the first server */
let other; /* of one with --csrf-cookie, --allow-origin and a short patience */
let Bi;

async function prepare() {
	let server;

	({Bi} = await import(pathToFileURL(path.join(bi.share, 'review/bi.js'))));
	site = await bi.origin();
	bi.grid('M_batch1', 1, 2);
	[server] = bi.serve('--max-upload', String(UPLOAD_MOST), 'M_batch1');
	base = new URL('/api/v1', server.url).href;
	token = new URL(server.url).hash.slice('#token='.length);
	[server] = bi.serve('--another', '--csrf-cookie', '--allow-origin', FRONT, '--sync-timeout', '1', '--max-batch', '20', 'M_batch1');
	other = new URL('/api/v1', server.url).href;
}

/* --- asking --- */

/* A request: {status, headers, text, body}. TO is the base, or the whole address. */
async function ask(method, to, {json, body, headers = {}, auth = true} = {}) {
	const response = await fetch(to.startsWith('http') ? to : base + to, {
		method, body: json === undefined ? body : typeof json === 'string' ? json : JSON.stringify(json), redirect: 'manual',
		headers: {...(json === undefined ? {} : {'Content-Type': 'application/json'}), ...(auth ? {'X-CSRFToken': token} : {}), ...headers},
		signal: AbortSignal.timeout(bi.DEADLINE * 3),
	});
	const bytes = Buffer.from(await response.arrayBuffer());
	const text = bytes.toString('utf8');
	let parsed;

	try {
		parsed = JSON.parse(text);
	} catch (e) {
		parsed = undefined;
	}
	assert.ok(!text.includes(token), 'an answer has the token: ' + to);
	return {status: response.status, headers: response.headers, text, bytes, body: parsed};
}

function url(rest) {
	return site.url + rest;
}

function page(name) {
	return url('/type/text/html/says/200/' + encodeURIComponent(PAGE.replace('Ona', name)));
}

function form(parts) {
	const data = new FormData();

	for (const [name, value, filename] of parts)
		data.append(name, ...(filename === undefined ? [value] : [new Blob([value], {type: 'text/plain'}), filename]));
	return data;
}

async function finished(nb, id, query = '') {
	let doc;

	await until(async function () {
		({body: doc} = await ask('GET', `/notebooks/${nb}/batch-jobs/${id}/status/${query}`));
		return ['completed', 'failed', 'partially_completed'].includes(doc.batch_job.status);
	}, () => `job ${id} is done: ` + JSON.stringify(doc.batch_job), bi.DEADLINE * 3);
	return doc;
}

/* A batch, handed in and done: its last document. */
async function batch(nb, urls, kind = 'parse_url') {
	const {status, body} = await ask('POST', `/notebooks/${nb}/files/${kind}/`, {json: {urls}});

	assert.strictEqual(status, 202, JSON.stringify(body));
	return finished(nb, body.batch_job_id);
}

/* --- what documents are made of --- */

/* Asserts that VALUE has the keys of SHAPE, each of its type or pattern, and no others but those that end in '?'. */
function isLike(value, shape, where = 'it') {
	assert.strictEqual(typeof value, 'object', where);
	for (const key of Object.keys(value))
		assert.ok(key in shape || key + '?' in shape, `${where}.${key} is not in the contract`);
	for (const [name, type] of Object.entries(shape)) {
		const key = name.replace('?', '');
		const found = value[key];

		if (found === undefined && name.endsWith('?'))
			continue;
		assert.notStrictEqual(found, undefined, `${where}.${key} is missing: ` + JSON.stringify(value));
		if (type instanceof RegExp)
			assert.match(String(found), type, `${where}.${key}`);
		else if (type === 'count')
			assert.ok(Number.isInteger(found) && found >= 0, `${where}.${key} is ${found}`);
		else if (typeof type === 'object')
			isLike(found, type, `${where}.${key}`);
		else
			assert.strictEqual(typeof found, type, `${where}.${key}`);
	}
}

const fileId = /^f_[0-9a-f]{32}$/;
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const single = {success: /^true$/, file_id: fileId, knowledge_item_id: 'count', is_batch: /^false$/, total_items: /^1$/,
	'batch_job_id?': 'count', 'upload_id?': 'string'};
const many = {success: /^true$/, batch_job_id: 'count', total_items: 'count', message: 'string', is_batch: /^true$/};
const jobShape = {id: 'count', job_type: /^(url_parse|url_parse_media|file_upload)$/, status: /^(pending|processing|completed|failed|partially_completed)$/,
	total_items: 'count', completed_items: 'count', failed_items: 'count', processing_items: 'count', pending_items: 'count', progress_percentage: 'number',
	created_at: moment, updated_at: moment};
/* What bi-status --json has beside the seed's keys, here and there. */
const resultShape = {file_id: fileId, knowledge_item_id: 'count', 'path?': /^files\//, 'bytes?': 'count', 'mime?': /\//, 'sha256?': /^[0-9a-f]{64}$/};
const jobMore = {'name?': 'string', 'notebook?': 'string', 'category?': 'string', 'label?': 'string', 'stale?': 'boolean'};

function isStatus(doc) {
	isLike(doc, {batch_job: {...jobShape, ...jobMore}, items: 'object', 'notebook?': 'string'});
	assert.ok(Array.isArray(doc.items));
	const job = doc.batch_job;

	assert.strictEqual(job.completed_items + job.failed_items + job.processing_items + job.pending_items, job.total_items);
	assert.strictEqual(job.progress_percentage, Math.round((job.completed_items + job.failed_items) / job.total_items * 1000) / 10);
	doc.items.forEach(function (item) {
		isLike(item, {
			id: 'count', status: /^(pending|processing|completed|failed)$/, upload_id: /^[A-Za-z0-9._-]{1,128}$/,
			item_data: job.job_type === 'file_upload' ? {filename: 'string', size: 'count'} : {url: 'string'},
			...(item.status === 'completed' ? {result: resultShape} : {}),
			...(item.status === 'failed' ? {error_message: /./, 'error_code?': 'string'} : {}),
		}, 'item ' + item.id);
	});
	return doc;
}

/* --- what is left on the disk --- */

/* What batches/, queue/, temp/ and the like hold, but for locks, and what the worker makes by itself. */
function disk() {
	return ['batches', 'queue', 'temp', 'trash', 'notebooks'].flatMap(function (folder) {
		const at = path.join(bi.root, folder);

		return fs.existsSync(at) ? fs.readdirSync(at).filter((name) => !name.startsWith('.')).map((name) => folder + '/' + name) : [];
	}).sort();
}

/* Does DO, after which there is nothing on the disk that was not there before. */
async function leavesNothing(what, doIt) {
	const before = new Set(disk());
	const found = await doIt();
	const more = () => disk().filter((file) => !before.has(file));

	await until(() => more().length === 0, () => `${what} left nothing: ${more()}`, 5000);
	return found;
}

/* An error as every error is. */
function isError(answer, status, code, what) {
	assert.strictEqual(answer.status, status, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
	isLike(answer.body, {success: /^false$/, error: /^[a-z0-9_]+$/, detail: /.{10,}/, 'batch_job_id?': 'count'}, what);
	assert.match(answer.headers.get('Content-Type'), /^application\/json/, what);
	if (code)
		assert.match(answer.body.error, code, what);
}

/* --- handing in --- */

async function oneUrl() {
	const {status, body} = await ask('POST', '/notebooks/one/files/parse_url/', {json: {url: page('Ona'), search_method: 'cosine', media_processing: true, notebook: 'x'}});

	assert.strictEqual(status, 201, JSON.stringify(body));
	isLike(body, single);
	const again = await ask('POST', '/notebooks/one/files/parse_url', {json: {url: page('Ona'), upload_url_id: 'mine.1'}});

	assert.strictEqual(again.status, 201);
	assert.strictEqual(again.body.file_id, body.file_id, 'the same bytes in one notebook are one file');
	const content = await ask('GET', `/notebooks/files/${body.file_id}/content/`);

	assert.strictEqual(content.status, 200);
	assert.strictEqual(content.body.title, 'The keepers of Ona');
	assert.match(content.body.text, /tended by families/);
	assert.strictEqual((await ask('GET', '/notebooks/one/files/mine.1/status')).body.file_id, body.file_id);
	const media = await ask('POST', '/notebooks/one/files/parse_url_media/', {json: {url: page('Media')}});

	assert.strictEqual(media.status, 201, media.text);
	isLike(media.body, single);
}

async function oneFile() {
	const {status, body} = await ask('POST', '/notebooks/one/files/upload/', {body: form([['upload_file_id', 'mine.2'], ['file', '# Notes\n\nOn lighthouses.\n', 'notes.md']])});

	assert.strictEqual(status, 201, JSON.stringify(body));
	isLike(body, single);
	const raw = await ask('GET', `/notebooks/one/files/${body.file_id}/raw/`);

	assert.strictEqual(raw.text, '# Notes\n\nOn lighthouses.\n');
	const found = await ask('GET', '/notebooks/one/files/mine.2/status/');

	assert.strictEqual(found.status, 200);
	assert.strictEqual(found.body.file_id, body.file_id);
}

async function aBatch() {
	const urls = [page('Batch 1'), page('Batch 2'), url('/status/404/no.html')];
	const {status, body} = await ask('POST', '/notebooks/reading/files/parse_url/', {json: {urls}});

	assert.strictEqual(status, 202);
	isLike(body, many);
	assert.strictEqual(body.total_items, 3);
	assert.strictEqual(body.message, 'Batch processing started for 3 URLs');
	isStatus((await ask('GET', `/notebooks/reading/batch-jobs/${body.batch_job_id}/status/`)).body);
	const doc = isStatus(await finished('reading', body.batch_job_id));

	assert.strictEqual(doc.batch_job.id, body.batch_job_id);
	assert.strictEqual(doc.batch_job.job_type, 'url_parse');
	assert.strictEqual(doc.batch_job.status, 'partially_completed');
	assert.deepStrictEqual(doc.items.map((item) => [item.id, item.status, item.item_data.url]),
		urls.map((u, i) => [i + 1, i < 2 ? 'completed' : 'failed', u]));
	assert.ok(doc.items.every((item) => /^[0-9a-f]{32}$/.test(item.upload_id)));
	assert.match(doc.items[2].error_message, /404/);

	/* Of one; with ids; the media of pages; where all fail. */
	const one = await batch('reading', [page('Batch 3')]);

	assert.deepStrictEqual([one.batch_job.status, one.batch_job.total_items, one.items.length], ['completed', 1, 1]);
	const named = await ask('POST', '/notebooks/reading/files/parse_url/', {json: {urls: urls.slice(0, 2), upload_url_id: ['a.1', 'b.1']}});

	assert.deepStrictEqual((await finished('reading', named.body.batch_job_id)).items.map((item) => item.upload_id), ['a.1', 'b.1']);
	const counted = await ask('POST', '/notebooks/reading/files/parse_url/', {json: {urls: urls.slice(0, 2), upload_url_id: 'c'}});

	assert.deepStrictEqual((await finished('reading', counted.body.batch_job_id)).items.map((item) => item.upload_id), ['c-1', 'c-2']);
	const media = isStatus(await batch('reading', [page('Batch 4')], 'parse_url_media'));

	assert.deepStrictEqual([media.batch_job.job_type, media.items[0].item_data.url], ['url_parse_media', page('Batch 4')]);
	const failed = isStatus(await batch('reading', [url('/status/404/1.html'), url('/status/410/2.html')]));

	assert.strictEqual(failed.batch_job.status, 'failed');
	assert.strictEqual(failed.batch_job.progress_percentage, 100);
}

async function files() {
	const {status, body} = await ask('POST', '/notebooks/reading/files/upload/', {body: form([
		['files', 'first text', 'one.txt'], ['files', 'second text', '../../etc/zwei.txt'], ['files', 'third text', 'drei “drei”.txt'],
	])});

	assert.strictEqual(status, 202, JSON.stringify(body));
	isLike(body, many);
	assert.strictEqual(body.message, 'Batch upload started for 3 files');
	const doc = isStatus(await finished('reading', body.batch_job_id));

	assert.strictEqual(doc.batch_job.job_type, 'file_upload');
	assert.strictEqual(doc.batch_job.status, 'completed', JSON.stringify(doc));
	assert.deepStrictEqual(doc.items.map((item) => item.item_data), [
		{filename: 'one.txt', size: 10}, {filename: 'zwei.txt', size: 11}, {filename: 'drei “drei”.txt', size: 10},
	]);
	for (const [i, text] of ['first text', 'second text', 'third text'].entries())
		assert.strictEqual((await ask('GET', `/notebooks/reading/files/${doc.items[i].result.file_id}/raw/`)).text, text);
	const one = await ask('POST', '/notebooks/reading/files/upload', {body: form([['files', 'a batch of one', '1.txt'], ['upload_file_id', 'up.1']])});

	assert.strictEqual(one.status, 202);
	assert.strictEqual((await finished('reading', one.body.batch_job_id)).items[0].upload_id, 'up.1');
	assert.ok(!fs.existsSync(path.join(bi.root, '../etc')) && disk().every((f) => !f.includes('zwei')));
}

/* --- reading --- */

async function slashes() {
	const id = (await ask('GET', '/notebooks/reading/files/?limit=1')).body.results[0].file_id;
	const job = (await ask('GET', '/notebooks/reading/batch-jobs/?limit=1')).body.results[0];
	const jobId = (job.batch_job || job).id;

	for (const at of ['/notebooks/reading/files', `/notebooks/reading/batch-jobs/${jobId}/status`, `/reading/batch-jobs/${jobId}/status`,
		'/notebooks/reading/batch-jobs', `/notebooks/reading/files/${id}/status`, `/notebooks/files/${id}/content`, `/notebooks/reading/files/${id}/raw`,
		`/notebooks/files/${id}/raw`, '/notebooks/reading/knowledge-base', '/batches/M_batch1/selections', '/health']) {
		const without = await ask('GET', at, {auth: false});
		const with_ = await ask('GET', at + '/', {auth: false});

		assert.strictEqual(without.status, 200, at + ': ' + without.text);
		assert.strictEqual(with_.status, 200, at + '/: ' + with_.text);
		assert.strictEqual(with_.text, without.text, at);
		assert.strictEqual((await ask('GET', at + '/?limit=2&offset=0', {auth: false})).status, 200, at + ' with a query');
		isError(await ask('PATCH', at + '/'), 405, /./, 'PATCH ' + at);
	}
	for (const at of [`/notebooks/reading/batch-jobs/${jobId}/status/stream`, `/notebooks/reading/batch-jobs/${jobId}/status/stream/`,
		`/notebooks/reading/files/${id}/status/stream`]) {
		const control = new AbortController();
		const response = await fetch(base + at, {signal: control.signal});

		assert.strictEqual(response.status, 200, at);
		assert.match(response.headers.get('Content-Type'), /^text\/event-stream/);
		control.abort();
	}
	assert.deepStrictEqual((await ask('GET', `/reading/batch-jobs/${jobId}/status/`)).body, (await ask('GET', `/notebooks/reading/batch-jobs/${jobId}/status/`)).body);
}

async function lists() {
	const jobs = (await ask('GET', '/notebooks/reading/batch-jobs/')).body;

	assert.strictEqual(jobs.count, jobs.results.length);
	const ids = jobs.results.map((job) => (job.batch_job || job).id);

	assert.deepStrictEqual(ids, [...ids].sort((a, b) => b - a), 'the newest is first');
	assert.deepStrictEqual((await ask('GET', '/notebooks/reading/batch-jobs/?limit=2&offset=1')).body.results.map((job) => (job.batch_job || job).id), ids.slice(1, 3));
	const all = (await ask('GET', '/notebooks/reading/files/')).body;

	assert.strictEqual(all.count, all.results.length);
	for (const file of all.results)
		assert.match(file.file_id, fileId);
	assert.strictEqual(new Set(all.results.map((f) => f.file_id)).size, all.count, 'a file is there twice');
	assert.deepStrictEqual((await ask('GET', '/notebooks/reading/files/?limit=2&offset=1')).body.results, all.results.slice(1, 3));
	const html = (await ask('GET', '/notebooks/reading/files/?content_type=text/html')).body;

	assert.ok(html.count > 0 && html.count < all.count, html.count + ' of ' + all.count);
	const job = ids[ids.length - 1];

	for (const [query, items] of [['?limit=0', []], ['?limit=1', [1]], ['?limit=1&offset=1', [2]], ['?offset=2', [3]], ['?offset=7', []]]) {
		const {body} = await ask('GET', `/notebooks/reading/batch-jobs/${job}/status/${query}`);

		assert.deepStrictEqual(body.items.map((item) => item.id), items, query);
		assert.strictEqual(body.batch_job.total_items, 3, query);
	}
}

async function raw() {
	const bytes = Buffer.alloc(300000, 'The light was lit in 1867. ');
	const {body} = await ask('POST', '/notebooks/one/files/upload/', {body: form([['file', bytes, 'evil.html']])});
	const at = `/notebooks/one/files/${body.file_id}/raw/`;
	const whole = await ask('GET', at);

	assert.ok(whole.bytes.equals(bytes));
	assert.match(whole.headers.get('Content-Security-Policy'), /sandbox/);
	assert.strictEqual(whole.headers.get('X-Content-Type-Options'), 'nosniff');
	assert.match(whole.headers.get('Content-Disposition') || '', /evil\.html/);
	assert.strictEqual(whole.headers.get('X-Sendfile'), null, 'where it is on the disk is nobody’s business');
	const part = await ask('GET', at, {headers: {Range: 'bytes=1000-1999'}});

	assert.strictEqual(part.status, 206);
	assert.strictEqual(part.headers.get('Content-Range'), 'bytes 1000-1999/300000');
	assert.ok(part.bytes.equals(bytes.subarray(1000, 2000)));
	assert.ok((await ask('GET', at, {headers: {Range: 'bytes=-100'}})).bytes.equals(bytes.subarray(-100)));
	assert.strictEqual((await ask('GET', at, {headers: {Range: 'bytes=400000-'}})).status, 416);
	const head = await ask('HEAD', at);

	assert.deepStrictEqual([head.status, head.headers.get('Content-Length'), head.text], [200, '300000', '']);
}

/* One notebook never sees, reads or deletes another's. */
async function apart() {
	const mine = (await ask('POST', '/notebooks/mine/files/upload/', {body: form([['file', 'the same bytes', 'a.txt'], ['upload_file_id', 'shared-name']])})).body;
	const theirs = (await ask('POST', '/notebooks/theirs/files/upload/', {body: form([['file', 'the same bytes', 'a.txt']])})).body;

	assert.notStrictEqual(mine.file_id, theirs.file_id);
	assert.notStrictEqual(mine.knowledge_item_id, theirs.knowledge_item_id);
	for (const id of [mine.file_id, 'shared-name'])
		for (const [method, rest] of [['GET', '/status/'], ['GET', '/raw/'], ['DELETE', '/'], ['GET', '/images/x.png']])
			isError(await ask(method, `/notebooks/theirs/files/${id}${rest}`), 404, null, `${method} ${id}${rest}`);
	isError(await ask('GET', `/notebooks/theirs/batch-jobs/${mine.batch_job_id}/status/`), 404, null, 'the job of another');
	assert.strictEqual((await ask('GET', `/notebooks/mine/batch-jobs/${mine.batch_job_id}/status/`)).status, 200);
	assert.strictEqual((await ask('GET', '/notebooks/theirs/files/')).body.count, 1);

	/* Deleted in one, there in the other. */
	assert.strictEqual((await ask('DELETE', `/notebooks/mine/files/${mine.file_id}/`)).status, 204);
	isError(await ask('GET', `/notebooks/files/${mine.file_id}/content/`), 404, null, 'what was deleted');
	isError(await ask('GET', `/notebooks/mine/files/${mine.file_id}/raw`), 404, null, 'what was deleted');
	isError(await ask('DELETE', `/notebooks/mine/files/${mine.file_id}`), 404, null, 'twice');
	assert.strictEqual((await ask('GET', '/notebooks/mine/files/')).body.count, 0);
	assert.strictEqual((await ask('GET', `/notebooks/theirs/files/${theirs.file_id}/raw/`)).text, 'the same bytes');

	/* By its upload id, and handed in again after that. */
	await ask('POST', '/notebooks/mine/files/upload/', {body: form([['file', 'the same bytes', 'a.txt'], ['upload_file_id', 'again']])});
	assert.strictEqual((await ask('GET', '/notebooks/mine/files/')).body.count, 1);
	assert.strictEqual((await ask('DELETE', '/notebooks/mine/files/again')).status, 204);
	assert.strictEqual((await ask('GET', '/notebooks/mine/files/')).body.count, 0);
}

async function knowledge() {
	const {body: file} = await ask('POST', '/notebooks/kb/files/upload/', {body: form([['file', 'known', 'k.txt']])});
	const id = file.knowledge_item_id;
	const linked = async () => (await ask('GET', '/notebooks/kb/knowledge-base/')).text.includes(String(id));

	assert.ok(await linked(), 'what is parsed is linked');
	const gone = await ask('DELETE', '/notebooks/kb/knowledge-base/', {json: {knowledge_base_item_id: id}});

	assert.ok([200, 204].includes(gone.status), gone.text);
	assert.strictEqual((await ask('GET', '/notebooks/kb/files/')).body.count, 1, 'the file stays');
	const back = await ask('POST', '/notebooks/kb/knowledge-base', {json: {knowledge_base_item_id: id, notes: 'why “so”'}});

	assert.ok([200, 201].includes(back.status), back.text);
	assert.ok((await ask('GET', '/notebooks/kb/knowledge-base')).text.includes('why “so”'));
	for (const json of [{}, {knowledge_base_item_id: 'x'}, {knowledge_base_item_id: -1}, {knowledge_base_item_id: 1.5}, [], 7])
		isError(await ask('POST', '/notebooks/kb/knowledge-base/', {json}), 422, null, JSON.stringify(json));
	isError(await ask('POST', '/notebooks/kb/knowledge-base/', {json: {knowledge_base_item_id: 999999}}), 404, null, 'no such item');
	isError(await ask('POST', '/notebooks/one/knowledge-base/', {json: {knowledge_base_item_id: id}}), 404, null, 'the item of another notebook');
	isError(await ask('DELETE', '/notebooks/kb/knowledge-base/', {json: {knowledge_base_item_id: id}, auth: false}), 401, null, 'unlink without a token');
}

async function streams() {
	const api = new Bi({baseUrl: base, token});
	const {batch_job_id: id} = await api.parseUrl([1, 2, 3, 4].map((i) => url(`/slow/${i * 300}/bytes/10${i}/s.txt`)), 'streaming');
	const seen = [];

	for await (const doc of api.watchBatchJob('streaming', id, {every: 1e9, signal: AbortSignal.timeout(bi.DEADLINE)})) {
		isStatus(doc);
		seen.push(doc.batch_job.completed_items);
	}
	assert.deepStrictEqual(seen, [...seen].sort((a, b) => a - b));
	assert.strictEqual(seen[seen.length - 1], 4);
	assert.ok(seen.length >= 3, 'it moved in steps: ' + seen);

	/* The seed's calls, through the client; an item's own stream. */
	const one = await api.parseFile(Object.assign(new Blob(['streamed']), {name: 's.txt'}), 'up-s', 'streaming');

	isLike(one, single);
	const response = await fetch(`${base}/notebooks/streaming/files/up-s/status/stream`, {signal: AbortSignal.timeout(bi.DEADLINE)});
	let text = '';

	for await (const piece of response.body) {
		text += Buffer.from(piece);
		if (text.includes('"completed"'))
			break;
	}
	assert.match(text, /^data: \{.*"completed"/m);
}

/* --- what is refused --- */

async function badJson() {
	const at = '/notebooks/bad/files/parse_url/';

	for (const [json, status, code] of [
		['{"url":', 400], ['', 400], ['nonsense', 400], ['{"url":"http://a/"}}', 400], ['[]', 422], ['7', 422], ['null', 400],
		['{}', 422], ['{"url":7}', 422], ['{"url":null}', 422], ['{"url":["http://a/"]}', 422], ['{"urls":"http://a/"}', 422], ['{"urls":[]}', 422],
		['{"urls":[1,2]}', 422], ['{"urls":["http://127.0.0.1/",null]}', 422], ['{"url":""}', 422], ['{"url":"nonsense"}', 422],
		['{"url":"ftp://example.com/x"}', 422], ['{"url":"file:///etc/passwd"}', 422], ['{"url":"javascript:alert(1)"}', 422], ['{"url":"http://"}', 422],
		[JSON.stringify({url: 'http://127.0.0.1/' + 'x'.repeat(100000)}), 422], ['{"urls":["ftp://a/","x"]}', 422],
		['{"url":"http://127.0.0.1/","upload_url_id":"a/b"}', 422, /upload_id/], ['{"urls":["http://127.0.0.1/"],"upload_url_id":["a","b"]}', 422, /upload_id/],
		[JSON.stringify({urls: Array.from({length: 10001}, (_, i) => 'http://127.0.0.1/' + i)}), 413, /too_many/],
		['[' + '['.repeat(100000), 400],
	])
		for (const where of [at, at.replace('parse_url', 'parse_url_media')])
			isError(await leavesNothing(json.slice(0, 60), () => ask('POST', where, {json})), status, code, json.slice(0, 60));
	isError(await leavesNothing('text', () => ask('POST', at, {body: 'url=http://a/', headers: {'Content-Type': 'text/plain'}})), 415, null, 'no JSON by its type');
	for (const nb of ['..', '%2e%2e', '.hidden', 'a%2fb', 'a b', '-x', 'x'.repeat(200)]) {
		const answer = await leavesNothing(nb, () => ask('POST', `/notebooks/${nb}/files/parse_url/`, {json: {urls: [page('x')]}}));

		assert.ok([400, 403, 404, 422].includes(answer.status), `${nb}: ${answer.status}`);
	}
}

/* Items that fail by themselves: alone they are an error, among others an item that failed. */
async function badItems() {
	for (const [bad, code] of [[url('/status/404/x'), /http_404/], ['http://localhost:' + new URL(site.url).port + '/x', /./], ['http://10.1.2.3/', /./],
		['http://[::1]/', /./], ['http://169.254.169.254/latest/meta-data/', /./]]) {
		const answer = await ask('POST', '/notebooks/bad-items/files/parse_url/', {json: {url: bad}});

		isError(answer, 422, code, bad);
		assert.ok(Number.isInteger(answer.body.batch_job_id), 'it says which job that was');
	}
	const doc = await batch('bad-items', ['ftp://example.com/x', 'http://10.1.2.3/x', page('Good'), 'nonsense']);

	assert.deepStrictEqual(doc.items.map((item) => item.status), ['failed', 'failed', 'completed', 'failed']);
	isStatus(doc);
}

async function notThere() {
	for (const at of ['/notebooks/nowhere/files/', '/notebooks/nowhere/batch-jobs/', '/notebooks/nowhere/knowledge-base/', '/notebooks/reading/batch-jobs/999999/status/',
		'/nowhere/batch-jobs/1/status/', '/notebooks/reading/batch-jobs/x/status/', '/notebooks/reading/batch-jobs/-1/status/', '/notebooks/reading/files/f_0/status/',
		'/notebooks/reading/files/nothing/status/', '/notebooks/files/f_' + '0'.repeat(32) + '/content/', '/notebooks/files/f_' + '0'.repeat(32) + '/raw/',
		'/notebooks/reading/batch-jobs/999999/status/stream', '/batches/nowhere/selections/', '/nowhere', '/notebooks/', '/notebooks/reading/'])
		isError(await leavesNothing(at, () => ask('GET', at)), 404, null, at);
	for (const query of ['limit=-1', 'limit=x', 'offset=-1', 'limit=1e9'])
		for (const at of ['/notebooks/reading/files/', '/notebooks/reading/batch-jobs/']) {
			const answer = await ask('GET', at + '?' + query);

			assert.ok([200, 400, 422].includes(answer.status), `${at}?${query}: ${answer.status}`);
		}
}

/* A multipart body of PARTS, each a text behind its boundary. */
function multipart(parts, end = true) {
	return parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('') + (end ? `--${BOUNDARY}--\r\n` : '');
}

function part(filename, text = 'text', name = 'files') {
	return `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n${text}`;
}

function upload(body, type = `multipart/form-data; boundary=${BOUNDARY}`, to = '/notebooks/bad/files/upload/') {
	return ask('POST', to, {body, headers: {'Content-Type': type}});
}

async function badForms() {
	for (const [what, body, status, type] of [
		['no boundary', multipart([part('a')]), 400, 'multipart/form-data'],
		['another boundary', multipart([part('a')]), 400, 'multipart/form-data; boundary=other'],
		['no end', multipart([part('a'), part('b')], false), 400],
		['a cut head', `--${BOUNDARY}\r\nContent-Disposition: form-da`, 400],
		['nothing', '', 400],
		['no file', multipart(['Content-Disposition: form-data; name="upload_file_id"\r\n\r\nx']), 422],
		['no form', 'x', 415, 'application/json'],
		['a head without end', `--${BOUNDARY}\r\nX: ${'x'.repeat(200000)}`, 400],
		['an id that is none', multipart(['Content-Disposition: form-data; name="upload_file_id"\r\n\r\n../../x', part('a', 'x', 'file')]), 422],
		['10,000 parts', multipart(Array.from({length: 10000}, (_, i) => part('f' + i))), 413],
		['too many bytes', multipart([part('a', 'x'.repeat(UPLOAD_MOST))]), 413],
	])
		isError(await leavesNothing(what, () => upload(body, type)), status, null, what);
}

/* As bytes on a connection: what fetch() does not do. Resolves to the answer when the server closes, or ours is sent. */
function talk(bytes, {pause = 0, cut = false} = {}) {
	const {port} = new URL(base);

	return new Promise(function (resolve) {
		const socket = net.connect(port, '127.0.0.1');
		let said = '';

		socket.on('data', (piece) => said += piece);
		socket.on('error', () => {});
		socket.on('close', () => resolve(said));
		socket.on('connect', function () {
			socket.write(bytes);
			if (cut)
				setTimeout(() => socket.destroy(), 200);
			if (pause) {
				const timer = setInterval(() => socket.write('x'), pause);

				socket.on('close', () => clearInterval(timer));
			}
		});
	});
}

function head(length, more = '') {
	return `POST /api/v1/notebooks/bad/files/upload/ HTTP/1.1\r\nHost: localhost:${new URL(base).port}\r\nX-CSRFToken: ${token}\r\n` +
		`Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: ${length}\r\nConnection: close\r\n${more}\r\n`;
}

async function brokenOff() {
	const begun = multipart([part('a', 'x'.repeat(100000)), part('b', 'x'.repeat(50000))], false);

	await leavesNothing('a client that goes', () => talk(head(1000000) + begun, {cut: true}));
	await leavesNothing('clients that go', () => Promise.all(Array.from({length: 20}, () => talk(head(1000000) + begun, {cut: true}))));
	/* More than may come is refused before it is read. */
	const refused = await leavesNothing('a length too large', () => talk(head(50 << 20, 'Expect: 100-continue\r\n')));

	assert.match(refused, /^HTTP\/1\.1 413 /m);
	assert.match(refused, /"success": ?false/);
	/* One byte a second holds nobody up, and is ended. */
	const start = Date.now();
	const slow = talk(head(1000000) + begun.slice(0, 100), {pause: 1000});

	assert.strictEqual((await ask('POST', '/notebooks/one/files/upload/', {body: form([['file', 'fast', 'fast.txt']])})).status, 201);
	assert.ok(Date.now() - start < 15000, 'others wait for it');
	const said = await leavesNothing('a slow client', () => slow);

	assert.match(said, /^HTTP\/1\.1 408 /m);
	assert.match(said, /too_slow/);
}

/* --- who may --- */

async function whoMay() {
	const at = '/notebooks/who/files/parse_url/';
	const json = {urls: [page('Who')]};
	const own = new URL(base).origin;

	for (const [headers, status] of [[{}, 401], [{'X-CSRFToken': 'wrong'}, 401], [{Authorization: 'Bearer wrong'}, 401], [{Cookie: 'csrftoken=' + token}, 401],
		[{'X-CSRFToken': token, Origin: FOREIGN}, 403], [{'X-CSRFToken': token, Origin: 'null'}, 403], [{'X-CSRFToken': token, 'Sec-Fetch-Site': 'cross-site'}, 403]]) {
		isError(await leavesNothing(JSON.stringify(headers), () => ask('POST', at, {json, headers, auth: false})), status, null, JSON.stringify(headers));
		isError(await leavesNothing('an upload', () => ask('POST', '/notebooks/who/files/upload/', {body: form([['file', 'x', 'x']]), headers, auth: false})), status, null, 'an upload');
		isError(await ask('DELETE', '/notebooks/reading/files/nothing/', {headers, auth: false}), status, null, 'a deletion');
	}
	for (const headers of [{Authorization: 'Bearer ' + token}, {'X-CSRFToken': token, Origin: own}])
		assert.strictEqual((await ask('POST', at, {json, headers, auth: false})).status, 202, JSON.stringify(headers));
}

async function cors() {
	const at = other + '/notebooks/cors/files/parse_url/';
	const json = {urls: [page('Cors')]};
	const asked = {'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type,x-csrftoken'};
	const preflight = await ask('OPTIONS', at, {headers: {Origin: FRONT, ...asked}, auth: false});

	assert.ok([200, 204].includes(preflight.status), preflight.text);
	assert.strictEqual(preflight.headers.get('Access-Control-Allow-Origin'), FRONT);
	assert.strictEqual(preflight.headers.get('Access-Control-Allow-Credentials'), 'true');
	assert.match(preflight.headers.get('Access-Control-Allow-Methods'), /POST/);
	assert.match(preflight.headers.get('Access-Control-Allow-Headers'), /x-csrftoken/i);
	assert.match(preflight.headers.get('Access-Control-Allow-Headers'), /content-type/i);
	const post = await ask('POST', at, {json, headers: {Origin: FRONT, 'Sec-Fetch-Site': 'cross-site'}});

	assert.strictEqual(post.status, 202, post.text);
	assert.strictEqual(post.headers.get('Access-Control-Allow-Origin'), FRONT);
	for (const where of ['/notebooks/cors/files/', `/notebooks/cors/batch-jobs/${post.body.batch_job_id}/status/`, '/health/', '/status/', '/notebooks/nowhere/files/']) {
		const answer = await ask('GET', other + where, {headers: {Origin: FRONT}, auth: false});

		assert.strictEqual(answer.headers.get('Access-Control-Allow-Origin'), FRONT, where);
		assert.match(answer.headers.get('Vary') || '', /Origin/i, where);
		assert.strictEqual((await ask('GET', other + where, {headers: {Origin: FOREIGN}, auth: false})).headers.get('Access-Control-Allow-Origin'), null, where);
		assert.strictEqual((await ask('GET', base + where, {headers: {Origin: FRONT}, auth: false})).headers.get('Access-Control-Allow-Origin'), null, 'of a server that was not told');
	}
	isError(await ask('POST', at, {json, headers: {Origin: FRONT}, auth: false}), 401, null, 'it needs the token all the same');
	isError(await ask('POST', at, {json, headers: {Origin: FOREIGN}}), 403, null, 'another');
	assert.strictEqual((await ask('OPTIONS', at, {headers: {Origin: FOREIGN, ...asked}, auth: false})).headers.get('Access-Control-Allow-Origin'), null);
	const stream = await fetch(`${other}/notebooks/cors/batch-jobs/${post.body.batch_job_id}/status/stream`, {headers: {Origin: FRONT}, signal: AbortSignal.timeout(5000)});

	assert.strictEqual(stream.headers.get('Access-Control-Allow-Origin'), FRONT);
	await stream.body.cancel();
}

/* The way of the client that is there: what the cookie holds goes back in X-CSRFToken. */
async function csrfCookie() {
	const response = await fetch(other + '/health/');
	const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(response.headers.get('Set-Cookie') || '') || [];

	assert.deepStrictEqual([name, value], ['csrftoken', token]);
	assert.match(rest, /SameSite=(Lax|Strict)/i);
	assert.doesNotMatch(rest, /HttpOnly/i, 'the client reads it');
	for (const [cookie, header, status] of [[value, value, 202], [value, undefined, 401], [undefined, 'wrong', 401]])
		assert.strictEqual((await ask('POST', other + '/notebooks/cookie/files/parse_url/', {
			json: {urls: [page('Cookie')]}, auth: false,
			headers: {...(cookie ? {Cookie: 'csrftoken=' + cookie} : {}), ...(header ? {'X-CSRFToken': header} : {})},
		})).status, status);
	assert.strictEqual((await fetch(base + '/health/')).headers.get('Set-Cookie'), null, 'a server that was not told sets none');
	assert.strictEqual((await fetch(other + '/health/', {headers: {'Sec-Fetch-Site': 'cross-site'}})).headers.get('Set-Cookie'), null);
	assert.strictEqual((await fetch(other + '/health/', {headers: {Origin: FOREIGN}})).headers.get('Set-Cookie'), null);
}

async function bounds() {
	/* Too late is not lost. */
	const late = await ask('POST', other + '/notebooks/late/files/parse_url/', {json: {url: url('/slow/3000/bytes/100/late.txt')}});

	isError(late, 504, null, 'a slow one');
	const doc = await finished('late', late.body.batch_job_id);

	assert.strictEqual(doc.batch_job.status, 'completed');
	isError(await leavesNothing('21 URLs', () => ask('POST', other + '/notebooks/late/files/parse_url/', {json: {urls: Array.from({length: 21}, (_, i) => page('L' + i))}})),
		413, /too_many/, 'more than --max-batch');
	isError(await leavesNothing('21 files', () => upload(multipart(Array.from({length: 21}, (_, i) => part('f' + i))), undefined, other + '/notebooks/late/files/upload/')),
		413, /too_many/, 'more files than --max-batch');
	const most = await ask('POST', '/notebooks/late/files/parse_url/', {json: {urls: Array.from({length: 10000}, (_, i) => (i ? 'ftp' : 'http') + '://127.0.0.1:1/' + i)}});

	assert.strictEqual(most.status, 202, most.text.slice(0, 200));
	assert.strictEqual((await ask('GET', `/notebooks/late/batch-jobs/${most.body.batch_job_id}/status/`)).body.items.length, 1000, 'a document has 1,000 items where nothing is said');
}

bi.main(prepare, [
	['one URL', oneUrl],
	['one file', oneFile],
	['a batch of URLs, key by key', aBatch],
	['a batch of files', files],
	['every path with and without its last slash', slashes],
	['lists, and parts of them', lists],
	['raw bytes, and ranges of them', raw],
	['notebooks are apart', apart],
	['the knowledge base', knowledge],
	['streams', streams],
	['bodies that are wrong', badJson],
	['items that fail', badItems],
	['what is not there', notThere],
	['forms that are wrong', badForms],
	['clients that break off, or are slow', brokenOff],
	['who may write', whoMay],
	['pages of another origin', cors],
	['the way of a client that has the cookie', csrfCookie],
	['too late, too many', bounds],
], {wanted: false});
