#!/usr/bin/env node
/*
 * share/review/bi.js in Node, with a server that answers as each test wants: what is asked, how errors look, and how the
 * status of a job is followed by a stream, by questions, and from one to the other.
 */
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { pathToFileURL } = require('url');
const bi = require('./bi.js');
const { assert } = bi;

const FAST = {every: 10, silence: 2000, patience: 300}; /* what nobody waits for */
let Bi, BiError;
let server;
let asked; /* the requests of a test: {method, url, headers, body} */
let answer; /* function(request, response) of the test */

function listen() {
	server = http.createServer(function (request, response) {
		const body = [];

		response.shouldKeepAlive = false; /* what one test leaves open is nothing to the next */
		request.on('data', (piece) => body.push(piece));
		request.on('end', function () {
			const {method, url, headers} = request;

			asked.push({method, url, headers, body: Buffer.concat(body).toString('latin1')});
			answer(asked[asked.length - 1], response);
		});
	});
	server.unref();
	return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function prepare() {
	({Bi, BiError} = await import(pathToFileURL(path.join(bi.share, 'review/bi.js'))));
	await listen();
}

/* A client of a server that answers by HOW. */
function client(how, options = {}) {
	asked = [];
	answer = how;
	return new Bi({baseUrl: `http://127.0.0.1:${server.address().port}/api/v1/`, token: 'secret', ...options});
}

function json(response, status, body) {
	response.writeHead(status, {'Content-Type': 'application/json'});
	response.end(JSON.stringify(body));
}

/* A status document of a job of four with DONE items finished. */
function doc(done, status = done === 4 ? 'completed' : 'processing') {
	return {batch_job: {id: 42, status, total_items: 4, completed_items: done, progress_percentage: done * 25}, items: []};
}

function stream(response) {
	response.writeHead(200, {'Content-Type': 'text/event-stream'});
	response.write('retry: 2000\n\n');
}

async function all(iterator) {
	const found = [];

	for await (const {batch_job: job} of iterator)
		found.push(job.completed_items);
	return found;
}

async function thrown(promise) {
	try {
		await promise;
	} catch (e) {
		assert.ok(e instanceof BiError, String(e.stack));
		assert.ok(e instanceof Error);
		assert.strictEqual(typeof e.detail, 'string');
		assert.notStrictEqual(e.detail, '');
		return e;
	}
	throw new Error('nothing was thrown');
}

/* --- requests --- */

/* The seed's examples, word for word. */
async function seed() {
	const notebookId = 'reading';
	const apiService = client((request, response) => json(response, 202, {success: true, batch_job_id: 42, total_items: 3, is_batch: true}));
	const bodies = () => asked.map(({method, url, body}) => [method, url, JSON.parse(body)]);

	const one = await apiService.parseUrl('https://example.com', notebookId);
	assert.strictEqual(one.batch_job_id, 42);
	await apiService.parseUrlWithMedia('https://youtube.com/watch?v=xyz', notebookId);
	const urls = ['https://example.com/1', 'https://example.com/2', 'https://example.com/3'];
	const result = await apiService.parseUrl(urls, notebookId);
	assert.strictEqual(result.is_batch, true);
	await apiService.parseUrlWithMedia(urls.slice(1), notebookId);
	await apiService.parseUrl([urls[0]], 'a b', {uploadId: 'mine'});
	assert.deepStrictEqual(bodies(), [
		['POST', '/api/v1/notebooks/reading/files/parse_url/', {url: 'https://example.com'}],
		['POST', '/api/v1/notebooks/reading/files/parse_url_media/', {url: 'https://youtube.com/watch?v=xyz'}],
		['POST', '/api/v1/notebooks/reading/files/parse_url/', {urls}],
		['POST', '/api/v1/notebooks/reading/files/parse_url_media/', {urls: urls.slice(1)}],
		['POST', '/api/v1/notebooks/a%20b/files/parse_url/', {urls: [urls[0]], upload_url_id: 'mine'}],
	]);
	for (const {headers} of asked) {
		assert.strictEqual(headers['x-csrftoken'], 'secret');
		assert.strictEqual(headers['content-type'], 'application/json');
	}
}

async function files() {
	const apiService = client((request, response) => json(response, 201, {success: true}));
	const named = (name, text) => Object.assign(new Blob([text], {type: 'text/plain'}), {name});
	const uploadId = 'mine';

	await apiService.parseFile(named('one.txt', 'first'), uploadId, 'reading');
	await apiService.parseFile([named('one.txt', 'first'), named('zwei.txt', 'second'), new Blob(['third'])], null, 'reading');
	await apiService.parseFile([named('one.txt', 'first')], ['a'], 'reading');
	const parts = asked.map(({body}) => [...body.matchAll(/name="([^"]*)"(?:; filename="([^"]*)")?(?:\r\nContent-Type: [^\r]*)?\r\n\r\n([^\r]*)/g)]
		.map((m) => [m[1], m[2], m[3]]));

	assert.deepStrictEqual(parts, [
		[['upload_file_id', undefined, 'mine'], ['file', 'one.txt', 'first']],
		[['files', 'one.txt', 'first'], ['files', 'zwei.txt', 'second'], ['files', 'blob', 'third']],
		[['upload_file_id', undefined, 'a'], ['files', 'one.txt', 'first']],
	]);
	for (const {url, headers} of asked) {
		assert.strictEqual(url, '/api/v1/notebooks/reading/files/upload/');
		assert.match(headers['content-type'], /^multipart\/form-data; ?boundary=/);
	}
}

async function reading() {
	const apiService = client(function (request, response) {
		response.writeHead(request.method === 'DELETE' && !request.url.includes('knowledge') ? 204 : 200);
		response.end(request.method === 'DELETE' ? '' : '{"count":0,"results":[]}');
	});

	await apiService.getBatchJobStatus('reading', 42);
	await apiService.getBatchJobStatus('reading', 42, {limit: 0, offset: 7});
	await apiService.listBatchJobs('reading', {limit: 3});
	assert.strictEqual((await apiService.listFiles('reading', {contentType: 'text/html', offset: 0})).count, 0);
	await apiService.getFileStatus('reading', 'f_1');
	await apiService.getContent('f_1');
	await apiService.listKnowledgeBase('reading');
	await apiService.linkKnowledgeItem('reading', 67, {notes: 'why'});
	await apiService.unlinkKnowledgeItem('reading', 67);
	await apiService.listKnowledgeBase('reading', {contentType: 'text/*', all: true});
	await apiService.cancelJob('reading', 42);
	await apiService.deleteJob('reading', '42');
	assert.strictEqual(await apiService.deleteFile('reading', 'f_1'), null);
	await apiService.health();
	assert.deepStrictEqual(asked.map(({method, url}) => method + ' ' + url.replace('/api/v1', '')), [
		'GET /notebooks/reading/batch-jobs/42/status/',
		'GET /notebooks/reading/batch-jobs/42/status/?limit=0&offset=7',
		'GET /notebooks/reading/batch-jobs/?limit=3',
		'GET /notebooks/reading/files/?offset=0&content_type=text%2Fhtml',
		'GET /notebooks/reading/files/f_1/status/',
		'GET /notebooks/files/f_1/content/',
		'GET /notebooks/reading/knowledge-base/',
		'POST /notebooks/reading/knowledge-base/',
		'DELETE /notebooks/reading/knowledge-base/',
		'GET /notebooks/reading/knowledge-base/?content_type=text%2F*&all=1',
		'POST /notebooks/reading/batch-jobs/42/cancel/',
		'DELETE /notebooks/reading/batch-jobs/42/',
		'DELETE /notebooks/reading/files/f_1/',
		'GET /health/',
	]);
	assert.deepStrictEqual(asked.map(({headers}) => headers['x-csrftoken']).filter(Boolean).length, 5, 'the token is for writing');
	assert.strictEqual(asked[7].body, '{"knowledge_base_item_id":67,"notes":"why"}');
	assert.match(apiService.rawUrl('a/b', 'f_1'), /:\d+\/api\/v1\/notebooks\/a%2Fb\/files\/f_1\/raw\/$/);
	assert.match(apiService.contentUrl('f_1'), /\/api\/v1\/notebooks\/files\/f_1\/content\/$/);
	assert.match(apiService.imageUrl('nb', 'f_1', 'a b.png'), /\/notebooks\/nb\/files\/f_1\/images\/a%20b\.png$/);
}

/* bi.d.ts has the names that bi.js has. */
async function types() {
	const text = fs.readFileSync(path.join(bi.share, 'review/bi.d.ts'), 'utf8');
	const typed = [...text.slice(text.indexOf('export class Bi {')).matchAll(/^\t(\w+)\(/gm)].map((m) => m[1]);
	const exported = [...text.matchAll(/^export (?:class|function) (\w+)/gm)].map((m) => m[1]);
	const module = await import(pathToFileURL(path.join(bi.share, 'review/bi.js')));

	assert.deepStrictEqual([...new Set(typed)].sort(), Object.getOwnPropertyNames(Bi.prototype).sort());
	assert.deepStrictEqual(exported.sort(), Object.keys(module).filter((name) => name !== 'default').sort());
}

/* Failed items are fetched again in parts of what the server takes. */
async function retries() {
	const answers = [{retried: 1, left: 2, worker: true}, {retried: 10000, left: 5, worker: true, next: 10003}, {retried: 5, left: 0, worker: false}];
	const api = client((q, r) => json(r, 202, answers.shift()));

	assert.deepStrictEqual(await api.retryFailed('a b', {items: [3, 4]}), {retried: 1, left: 2, worker: true});
	assert.deepStrictEqual(await api.retryFailed('c'), {retried: 10005, left: 0, worker: false});
	assert.deepStrictEqual(asked.map(({method, url, body}) => [method, url.replace('/api/v1', ''), body]), [
		['POST', '/batches/a%20b/retry/', '{"items":[3,4]}'],
		['POST', '/batches/c/retry/', '{"from":1}'],
		['POST', '/batches/c/retry/', '{"from":10003}'],
	]);
	answers.push({retried: 2, left: 0, worker: true});
	assert.deepStrictEqual(await api.retryJob('reading', 42, {items: [1, 2]}), {retried: 2, left: 0, worker: true});
	assert.strictEqual(asked[3].url, '/api/v1/notebooks/reading/batch-jobs/42/retry/');
}

/* The items of a batch, and an end to it. */
async function batches() {
	const api = client((q, r) => json(r, 200, q.method === 'GET' ? {count: 7, items: [{id: 3}]} : {success: true}));

	assert.deepStrictEqual(await api.listItems('a b', {status: 'failed', limit: 1, offset: 2}), {count: 7, items: [{id: 3}]});
	await api.listItems('c');
	assert.deepStrictEqual(await api.cancelBatch('c'), {success: true});
	assert.deepStrictEqual(asked.map(({method, url}) => [method, url.replace('/api/v1', '')]), [
		['GET', '/batches/a%20b/items/?status=failed&limit=1&offset=2'],
		['GET', '/batches/c/items/'],
		['POST', '/batches/c/cancel/'],
	]);
}

/* What makes no request, and would otherwise be one for the notebook "undefined". */
async function badCalls() {
	const api = client((q, r) => json(r, 200, {}));
	const blob = new Blob(['x']);

	for (const [what, call] of [
		[/notebook is needed, not undefined/, () => api.parseUrl('https://x.example/')],
		[/notebook is needed, not an empty string/, () => api.parseUrlWithMedia('https://x.example/', '')],
		[/notebook is needed, not null/, () => api.parseFile(blob, 'nb', null)],
		[/notebook cannot be "\.\."/, () => api.listFiles('..')],
		[/URL is needed, not undefined/, () => api.parseUrl(undefined, 'nb')],
		[/URL is needed, not an empty string/, () => api.parseUrl(['https://x.example/', ''], 'nb')],
		[/File or a Blob is needed.*not the string "\/tmp\/a\.pdf"/, () => api.parseFile('/tmp/a.pdf', null, 'nb')],
		[/File or a Blob is needed.*not \[object Undefined\]/, () => api.parseFile(undefined, null, 'nb')],
		[/number of a job is needed, not undefined/, () => api.getBatchJobStatus('nb')],
		[/number of a job is needed, not an object/, () => all(api.watchBatchJob('nb', {}, FAST))],
		[/notebook is needed/, () => api.listBatchJobs()],
		[/id of a file is needed/, () => api.getFileStatus('nb')],
		[/id of a file is needed/, () => api.getContent()],
		[/id of a file is needed/, () => api.deleteFile('nb', '')],
		[/knowledge item is needed/, () => api.linkKnowledgeItem('nb')],
		[/name of a batch is needed/, () => api.retryFailed()],
		[/name of a batch is needed/, () => api.listItems('')],
		[/name of a batch is needed/, () => api.cancelBatch()],
		[/id of a file is needed/, async () => api.rawUrl()],
		[/id of a file is needed/, async () => api.rawUrl('nb', undefined)],
		[/id of a file is needed/, async () => api.contentUrl()],
		[/name of a picture is needed/, async () => api.imageUrl('nb', 'f_1')],
	]) {
		const e = await thrown(call());

		assert.deepStrictEqual([e.status, e.code], [0, 'bad_call']);
		assert.match(e.detail, what);
	}
	assert.deepStrictEqual(asked, []);
	assert.match(api.rawUrl('f_1'), /\/api\/v1\/notebooks\/files\/f_1\/raw\/$/);
}

async function errors() {
	const refused = {success: false, error: 'bad_url', detail: 'ftp://x: no http or https address', batch_job_id: 7};
	let e = await thrown(client((q, r) => json(r, 422, refused)).parseUrl('ftp://x', 'nb'));

	assert.deepStrictEqual([e.status, e.code, e.detail, e.body], [422, 'bad_url', refused.detail, refused]);
	e = await thrown(client((q, r) => r.writeHead(502).end('<html>')).getContent('f_1'));
	assert.deepStrictEqual([e.status, e.code, e.body], [502, 'http_502', null]);
	e = await thrown(client((q, r) => r.end('<html>')).getContent('f_1'));
	assert.deepStrictEqual([e.status, e.code], [200, 'bad_answer']);
	e = await thrown(client((q, r) => r.destroy()).getContent('f_1'));
	assert.deepStrictEqual([e.status, e.code], [0, 'no_answer']);
	e = await thrown(client(() => {}).parseUrl('https://x', 'nb', {timeout: 50}));
	assert.deepStrictEqual([e.status, e.code], [0, 'timeout']);
	const control = new AbortController();

	e = await thrown(client(() => control.abort()).parseUrl('https://x', 'nb', {signal: control.signal}));
	assert.deepStrictEqual([e.status, e.code, e.name], [0, 'aborted', 'AbortError']);
	e = await thrown(client(() => assert.fail('asked')).parseFile(new Blob(['x']), null, 'nb', {signal: control.signal}));
	assert.strictEqual(e.code, 'aborted');
	assert.throws(() => new Bi(), /baseUrl is needed/);
}

/* --- watching --- */

async function streamed() {
	const apiService = client(function (request, response) {
		stream(response);
		const text = [0, 1, 1, 2].map((n) => `data: ${JSON.stringify(doc(n))}\n\n: still here\n\n`).join('') +
			/* All ends of lines, an event of two lines, one that is none, a name and an id. */
			`event: status\r\nid: 5\r\ndata:${JSON.stringify(doc(3))}\r\n\r\ndata: nonsense\n\ndata: null\n\n` +
			`data: {"batch_job":{"status":"completed",\rdata: "completed_items":4}}\r\r`;

		/* In small pieces: bytes of one event come at different times. */
		(function send(at) {
			if (at < text.length)
				response.write(text.slice(at, at + 7), () => setImmediate(send, at + 7));
		})(0);
	});

	assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, {limit: 0, ...FAST})), [0, 1, 2, 3, 4]);
	assert.deepStrictEqual(asked.map(({url}) => url), ['/api/v1/notebooks/nb/batch-jobs/42/status/stream?limit=0']);
}

/* Each way in which there is no stream. */
async function polled() {
	const ways = {
		'not there': (response) => json(response, 404, {success: false, error: 'not_found', detail: 'no such path'}),
		'too many': (response) => json(response, 503, {success: false, error: 'busy', detail: 'too many'}),
		'no stream': (response) => json(response, 200, doc(0)),
		'no answer': (response) => response.destroy(),
		'an end at once': (response) => (stream(response), response.end()),
	};

	for (const [name, way] of Object.entries(ways)) {
		const steps = [0, 0, 1, 3, 3, 4];
		const apiService = client((request, response) => request.url.includes('stream') ? way(response) : json(response, 200, doc(steps.shift())));

		assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, FAST)), [0, 1, 3, 4], name);
		assert.strictEqual(asked.length, 7, name);
	}
	const steps = [1, 4];
	const apiService = client((request, response) => json(response, 200, doc(steps.shift())));

	assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, {...FAST, stream: false})), [1, 4]);
	assert.ok(asked.every(({url}) => !url.includes('stream')));
}

/* By itself it asks every two seconds. */
async function pace() {
	const times = [];
	const apiService = client(function (request, response) {
		times.push(Date.now());
		json(response, request.url.includes('stream') ? 404 : 200, doc(times.length === 3 ? 4 : 1));
	});

	assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42)), [1, 4]);
	assert.ok(times[2] - times[1] >= 1900, 'after ' + (times[2] - times[1]) + ' ms');
}

async function midway() {
	for (const [name, end] of Object.entries({
		'it ends': (response) => response.end(),
		'it breaks': (response) => response.destroy(),
		'it is cut in an event': (response) => response.write('data: {"batch_job":{"status":"comp', () => response.destroy()),
		'it says nothing more': () => {},
	})) {
		const steps = [1, 2, 4];
		const apiService = client(function (request, response) {
			if (!request.url.includes('stream'))
				return json(response, 200, doc(steps.shift()));
			stream(response);
			response.write(`data: ${JSON.stringify(doc(0))}\n\ndata: ${JSON.stringify(doc(1))}\n\n`, () => setTimeout(end, 30, response));
		});

		assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, {...FAST, silence: 200})), [0, 1, 2, 4], name);
		}
}

/* A server that is started again meanwhile is waited for; one that does not come back is not. */
async function patience() {
	const steps = [doc(1), null, 503, null, doc(2), 500, doc(4)];
	let apiService = client(function (request, response) {
		const step = request.url.includes('stream') ? null : steps.shift();

		if (step === null)
			response.destroy();
		else
			json(response, typeof step === 'number' ? step : 200, step);
	});

	assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, {...FAST, patience: 20000})), [1, 2, 4]);
	apiService = client((request, response) => response.destroy());
	assert.strictEqual((await thrown(all(apiService.watchBatchJob('nb', 42, FAST)))).code, 'no_answer');
	assert.ok(asked.length > 3, asked.length + ' requests');
	apiService = client((request, response) => json(response, 404, {success: false, error: 'no_job', detail: 'there is no job 42'}));
	const e = await thrown(all(apiService.watchBatchJob('nb', 42, FAST)));

	assert.deepStrictEqual([e.status, e.code, asked.length], [404, 'no_job', 2]);
}

async function finals() {
	for (const status of ['completed', 'failed', 'partially_completed']) {
		const apiService = client(function (request, response) {
			stream(response);
			response.write(`data: ${JSON.stringify(doc(2, status))}\n\n`);
		});

		assert.deepStrictEqual(await all(apiService.watchBatchJob('nb', 42, FAST)), [2], status);
		assert.strictEqual(asked.length, 1, status);
	}
}

/* Called off while it streams, while it asks and while it waits; and left by its reader, it lets the server go. */
async function calledOff() {
	const hanging = (request, response) => request.url.includes('stream') && (stream(response), response.write(`data: ${JSON.stringify(doc(0))}\n\n`));
	const waiting = (request, response) => json(response, request.url.includes('stream') ? 404 : 200, doc(1));

	for (const [how, options] of [[hanging, FAST], [waiting, {...FAST, every: 60000}]]) {
		const control = new AbortController();
		const apiService = client(how);
		const seen = [];
		const e = await thrown((async function () {
			for await (const {batch_job: job} of apiService.watchBatchJob('nb', 42, {...options, signal: control.signal})) {
				seen.push(job.completed_items);
				setTimeout(() => control.abort(), 20);
			}
		})());

		assert.strictEqual(e.code, 'aborted');
		assert.strictEqual(seen.length, 1);
	}
	let closed;
	const gone = new Promise((resolve) => closed = resolve);
	const apiService = client(function (request, response) {
		hanging(request, response);
		response.on('close', closed);
	});

	for await (const {batch_job: job} of apiService.watchBatchJob('nb', 42, FAST)) {
		assert.strictEqual(job.completed_items, 0);
		break;
	}
	await gone;
}

bi.main(prepare, [
	['the calls of the seed ask as its server wants it', seed],
	['files go as parts with their names', files],
	['each other call has its path', reading],
	['each call is typed', types],
	['failed items are fetched again in parts', retries],
	['the items of a batch are listed, and the batch is cancelled', batches],
	['calls that make no request are refused', badCalls],
	['what is no success is thrown with status, code and detail', errors],
	['a job is followed by its stream', streamed],
	['without a stream a job is followed by asking', polled],
	['without a stream it asks every two seconds', pace],
	['a stream that breaks off is gone on from by asking', midway],
	['a server that is away is waited for, but not for ever', patience],
	['a final status ends the following', finals],
	['the following can be called off', calledOff],
], {wanted: false});
