#!/usr/bin/env node
/*
 * The batch API, asked by Node's fetch and FormData, of a real bi-serve with its worker: every path of bi-api(1), single
 * and batch, and the documents key by key. What is refused is in api_bad.t.
 */
'use strict';
const events = require('events');
const fs = require('fs');
const http = require('http');
const path = require('path');
const bi = require('./bi.js');
const api = require('./api.js');
const { assert } = bi;
const { ask, batch, disk, fileId, finished, form, isError, isLike, isStatus, many, page, single, url } = api;

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
		const response = await fetch(api.base + at, {signal: control.signal});

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
	const client = new api.Bi({baseUrl: api.base, token: api.token});
	/* An origin that answers one request each time that the stream has told of the one before. */
	const waiting = [];
	const origin = http.createServer((request, response) => waiting.push(response)).listen(0, '127.0.0.1').unref();
	const answerOne = async () => {
		const end = Date.now() + bi.DEADLINE;

		while (waiting.length === 0) {
			assert.ok(Date.now() < end, 'nobody asks the origin');
			await new Promise((done) => setTimeout(done, 20));
		}
		waiting.shift().end('streamed');
	};

	await events.once(origin, 'listening');
	const {batch_job_id: id} = await client.parseUrl([1, 2, 3, 4].map((i) => `http://127.0.0.1:${origin.address().port}/${i}.txt`), 'streaming');
	const seen = [];
	let answered = 0;

	for await (const doc of client.watchBatchJob('streaming', id, {every: 1e9, signal: AbortSignal.timeout(bi.DEADLINE)})) {
		isStatus(doc);
		seen.push(doc.batch_job.completed_items);
		if (doc.batch_job.completed_items === answered && answered < 4) {
			await answerOne();
			answered++;
		}
	}
	origin.close();
	assert.deepStrictEqual([...new Set(seen)], [0, 1, 2, 3, 4]);

	/* The seed's calls, through the client; an item's own stream. */
	const one = await client.parseFile(Object.assign(new Blob(['streamed']), {name: 's.txt'}), 'up-s', 'streaming');

	isLike(one, single);
	const response = await fetch(`${api.base}/notebooks/streaming/files/up-s/status/stream`, {signal: AbortSignal.timeout(bi.DEADLINE)});
	let text = '';

	for await (const piece of response.body) {
		text += Buffer.from(piece);
		if (text.includes('"completed"'))
			break;
	}
	assert.match(text, /^data: \{.*"completed"/m);
}

bi.main(api.prepare, [
	['one URL is answered with its file', oneUrl],
	['one uploaded file is answered with its id', oneFile],
	['the status of a batch of URLs has each documented key', aBatch],
	['a batch of files is parsed under the names that its forms have', files],
	['every path is answered with and without its last slash', slashes],
	['lists are answered whole and in parts', lists],
	['raw bytes are answered whole and by range', raw],
	['a notebook shows and deletes nothing of another', apart],
	['a knowledge item is linked, unlinked and linked again with notes', knowledge],
	['a stream tells each change until the job is done', streams],
], {wanted: false});
