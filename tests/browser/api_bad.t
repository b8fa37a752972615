#!/usr/bin/env node
/*
 * What the batch API refuses, and whom, asked of a real bi-serve with its worker: the right status, one clear error in
 * JSON, and nothing left on the disk.
 */
'use strict';
const net = require('net');
const bi = require('./bi.js');
const api = require('./api.js');
const { assert } = bi;
const { FRONT, UPLOAD_MAX, ask, batch, finished, form, isError, isStatus, leavesNothing, page, url } = api;

const FOREIGN = 'http://evil.example';
const BOUNDARY = 'boundary-of-the-test';

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
	for (const [bad, code] of [[url('/status/404/x'), /http_404/], ['http://localhost:' + new URL(api.site.url).port + '/x', /./], ['http://10.1.2.3/', /./],
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
	for (const at of ['/notebooks/-x/files/', '/notebooks/a+b/batch-jobs/', '/notebooks/nowhere/files/x/status/', '/notebooks/reading/batch-jobs/999999/status/',
		'/nowhere/batch-jobs/1/status/', '/notebooks/reading/batch-jobs/x/status/', '/notebooks/reading/batch-jobs/-1/status/', '/notebooks/reading/files/f_0/status/',
		'/notebooks/reading/files/nothing/status/', '/notebooks/files/f_' + '0'.repeat(32) + '/content/', '/notebooks/files/f_' + '0'.repeat(32) + '/raw/',
		'/notebooks/reading/batch-jobs/999999/status/stream', '/batches/nowhere/selections/', '/nowhere', '/notebooks/reading/'])
		isError(await leavesNothing(at, () => ask('GET', at)), 404, null, at);
	for (const list of ['files', 'batch-jobs', 'knowledge-base']) {
		const answer = await leavesNothing(list, () => ask('GET', `/notebooks/nowhere/${list}/`));

		assert.deepStrictEqual([answer.status, answer.body.count], [200, 0], 'nothing is in it yet');
	}
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
		['too many bytes', multipart([part('a', 'x'.repeat(UPLOAD_MAX))]), 413],
	])
		isError(await leavesNothing(what, () => upload(body, type)), status, null, what);
}

/* As bytes on a connection: what fetch() does not do. Resolves to the answer when the server closes, or ours is sent. */
function talk(bytes, {pause = 0, cut = false} = {}) {
	const {port} = new URL(api.base);

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
	return `POST /api/v1/notebooks/bad/files/upload/ HTTP/1.1\r\nHost: localhost:${new URL(api.base).port}\r\nX-CSRFToken: ${api.token}\r\n` +
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
	const own = new URL(api.base).origin;

	for (const [headers, status] of [[{}, 401], [{'X-CSRFToken': 'wrong'}, 401], [{Authorization: 'Bearer wrong'}, 401], [{Cookie: 'csrftoken=' + api.token}, 401],
		[{'X-CSRFToken': api.token, Origin: FOREIGN}, 403], [{'X-CSRFToken': api.token, Origin: 'null'}, 403], [{'X-CSRFToken': api.token, 'Sec-Fetch-Site': 'cross-site'}, 403]]) {
		isError(await leavesNothing(JSON.stringify(headers), () => ask('POST', at, {json, headers, auth: false})), status, null, JSON.stringify(headers));
		isError(await leavesNothing('an upload', () => ask('POST', '/notebooks/who/files/upload/', {body: form([['file', 'x', 'x']]), headers, auth: false})), status, null, 'an upload');
		isError(await ask('DELETE', '/notebooks/reading/files/nothing/', {headers, auth: false}), status, null, 'a deletion');
	}
	for (const headers of [{Authorization: 'Bearer ' + api.token}, {'X-CSRFToken': api.token, Origin: own}])
		assert.strictEqual((await ask('POST', at, {json, headers, auth: false})).status, 202, JSON.stringify(headers));
}

async function cors() {
	const at = api.other + '/notebooks/cors/files/parse_url/';
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
	await finished('cors', post.body.batch_job_id);
	const [{file_id: id}] = (await ask('GET', '/notebooks/cors/files/')).body.results;

	for (const where of ['/notebooks/cors/files/', `/notebooks/cors/files/${id}/raw/`, `/notebooks/cors/batch-jobs/${post.body.batch_job_id}/status/`, '/health/', '/status/', '/notebooks/nowhere/files/', '/nowhere/']) {
		const answer = await ask('GET', api.other + where, {headers: {Origin: FRONT}, auth: false});

		assert.strictEqual(answer.headers.get('Access-Control-Allow-Origin'), FRONT, where);
		assert.match(answer.headers.get('Vary') || '', /Origin/i, where);
		assert.strictEqual((await ask('GET', api.other + where, {headers: {Origin: FOREIGN}, auth: false})).headers.get('Access-Control-Allow-Origin'), null, where);
		assert.strictEqual((await ask('GET', api.base + where, {headers: {Origin: FRONT}, auth: false})).headers.get('Access-Control-Allow-Origin'), null, 'of a server that was not told');
	}
	isError(await ask('POST', at, {json, headers: {Origin: FRONT}, auth: false}), 401, null, 'it needs the token all the same');
	isError(await ask('POST', at, {json, headers: {Origin: FOREIGN}}), 403, null, 'another');
	assert.strictEqual((await ask('OPTIONS', at, {headers: {Origin: FOREIGN, ...asked}, auth: false})).headers.get('Access-Control-Allow-Origin'), null);
	const stream = await fetch(`${api.other}/notebooks/cors/batch-jobs/${post.body.batch_job_id}/status/stream`, {headers: {Origin: FRONT}, signal: AbortSignal.timeout(5000)});

	assert.strictEqual(stream.headers.get('Access-Control-Allow-Origin'), FRONT);
	await stream.body.cancel();
}

/* The way of the client that is there: what the cookie holds goes back in X-CSRFToken. */
async function csrfCookie() {
	const response = await fetch(api.other + '/health/');
	const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(response.headers.get('Set-Cookie') || '') || [];

	assert.deepStrictEqual([name, value], ['csrftoken', api.token]);
	assert.match(rest, /SameSite=(Lax|Strict)/i);
	assert.doesNotMatch(rest, /HttpOnly/i, 'the client reads it');
	for (const [cookie, header, status] of [[value, value, 202], [value, undefined, 401], [undefined, 'wrong', 401]])
		assert.strictEqual((await ask('POST', api.other + '/notebooks/cookie/files/parse_url/', {
			json: {urls: [page('Cookie')]}, auth: false,
			headers: {...(cookie ? {Cookie: 'csrftoken=' + cookie} : {}), ...(header ? {'X-CSRFToken': header} : {})},
		})).status, status);
	assert.strictEqual((await fetch(api.base + '/health/')).headers.get('Set-Cookie'), null, 'a server that was not told sets none');
	assert.strictEqual((await fetch(api.other + '/health/', {headers: {'Sec-Fetch-Site': 'cross-site'}})).headers.get('Set-Cookie'), null);
	assert.strictEqual((await fetch(api.other + '/health/', {headers: {Origin: FOREIGN}})).headers.get('Set-Cookie'), null);
}

async function bounds() {
	/* Too late is not lost. */
	const late = await ask('POST', api.other + '/notebooks/late/files/parse_url/', {json: {url: url('/slow/3000/bytes/100/late.txt')}});

	isError(late, 504, null, 'a slow one');
	const doc = await finished('late', late.body.batch_job_id);

	assert.strictEqual(doc.batch_job.status, 'completed');
	isError(await leavesNothing('21 URLs', () => ask('POST', api.other + '/notebooks/late/files/parse_url/', {json: {urls: Array.from({length: 21}, (_, i) => page('L' + i))}})),
		413, /too_many/, 'more than --max-batch');
	isError(await leavesNothing('21 files', () => upload(multipart(Array.from({length: 21}, (_, i) => part('f' + i))), undefined, api.other + '/notebooks/late/files/upload/')),
		413, /too_many/, 'more files than --max-batch');
	const most = await ask('POST', '/notebooks/late/files/parse_url/', {json: {urls: Array.from({length: 10000}, (_, i) => (i ? 'ftp' : 'http') + '://127.0.0.1:1/' + i)}});

	assert.strictEqual(most.status, 202, most.text.slice(0, 200));
	assert.strictEqual((await ask('GET', `/notebooks/late/batch-jobs/${most.body.batch_job_id}/status/`)).body.items.length, 1000, 'a document has 1,000 items where nothing is said');
}

bi.main(api.prepare, [
	['bodies that are wrong are refused', badJson],
	['items that fail are answered with their error', badItems],
	['what is not there is answered with 404', notThere],
	['forms that are wrong are refused', badForms],
	['clients that break off or are slow leave nothing and hold nobody up', brokenOff],
	['only a request with the token and from a page of the server may write', whoMay],
	['pages of an origin that is let in may write, and of others may not', cors],
	['a client writes with the token that it read from the cookie', csrfCookie],
	['a request that takes too long, or has too many items, is refused', bounds],
], {wanted: false});
