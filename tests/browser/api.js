/*
 * What the tests of the batch API share: two real servers with their worker, requests to them, what documents must look
 * like, and what may be left on the disk.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert, until } = bi;

const FRONT = 'http://front.example:3000'; /* let in by --allow-origin */
const PAGE = '<!DOCTYPE html><html lang="en"><head><title>The keepers of Ona</title></head><body><nav>Menu</nav><article><h1>The keepers of Ona</h1>' +
	'<p>' + 'The light was lit in 1867 and has burnt since, tended by families of keepers. '.repeat(20) + '</p></article></body></html>';
const UPLOAD_MAX = 4 << 20;
let site; /* {url, asked}: where what is handed in is fetched from */
let base, token; /* of the first server */
let other; /* of one with --csrf-cookie, --allow-origin and a short patience */
let Bi;

async function prepare() {
	let server;

	({Bi} = await import(pathToFileURL(path.join(bi.share, 'review/bi.js'))));
	site = await bi.origin();
	bi.grid('M_batch1', 1, 2);
	[server] = bi.serve('--max-upload', String(UPLOAD_MAX), 'M_batch1');
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
const jobMore = {'name?': 'string', 'notebook?': 'string', 'category?': 'string', 'label?': 'string', 'stale?': 'boolean',
	'total_is_final?': 'boolean', priority: 'count'};

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

module.exports = {
	FRONT, UPLOAD_MAX, ask, batch, disk, fileId, finished, form, isError, isLike, isStatus, leavesNothing, many, page, prepare, single, url,
	get base() { return base; },
	get other() { return other; },
	get token() { return token; },
	get site() { return site; },
	get Bi() { return Bi; },
};
