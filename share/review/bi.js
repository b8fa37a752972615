/**
 * The client of the batch API (bi-api(1)): an ES module without dependencies, for browsers and for Node 18 and later.
 *
 *     import {Bi} from './bi.js';
 *
 *     const apiService = new Bi({baseUrl: 'http://localhost:8000/api/v1', token});
 *     const result = await apiService.parseUrl(['https://example.com/1', 'https://example.com/2'], 'reading');
 *
 *     for await (const {batch_job, items} of apiService.watchBatchJob('reading', result.batch_job_id))
 *         console.log(batch_job.status, batch_job.progress_percentage);
 *
 * Methods return the server's JSON unchanged. Answers other than success are thrown as a BiError.
 *
 * @module bi
 */

const STORE = 'bi:token'; /* where the pages of a tab keep the token */
const EVERY = 2000; /* milliseconds between two requests if there is no stream */
const SILENCE = 45000; /* milliseconds after which a silent stream is closed; the server sends something every 15 s */
const PATIENCE = 60000; /* milliseconds without an answer after which watching a job fails */
const FILE = 'the id of a file'; /* in the message of a call without one */
const TIMEOUT = 120000; /* milliseconds that a request may take: a request with one item waits for its result */

/**
 * An error of a call.
 *
 * @property {number} status the HTTP status; 0 if there was no answer
 * @property {string} code the server's `error`; or `no_answer`, `timeout`, `aborted`, `bad_answer`, `http_STATUS`; or `bad_call`
 *   if the arguments were invalid and no request was sent
 * @property {string} detail a message for people: what was wrong, and what to do
 * @property {?Object} body the answer, if it was JSON: that of a 504 has the `batch_job_id` of the job
 */
export class BiError extends Error {
	constructor(status, code, detail, body = null) {
		super(detail);
		this.name = code === 'aborted' ? 'AbortError' : 'BiError';
		this.status = status;
		this.code = code;
		this.detail = detail;
		this.body = body;
	}
}

/** @returns {boolean} whether this status of a job or an item is final */
export function isFinal(status) {
	return ['completed', 'failed', 'partially_completed'].includes(status);
}

let kept = null; /* the token, if the browser stores nothing */

/**
 * The token of this page: the one in the fragment of its address (`#token=...`, which is removed from the address and kept
 * for this tab), else the one that the tab has kept.
 *
 * @returns {?string} null if there is none, and outside of browsers
 */
export function tokenOfPage() {
	if (typeof window === 'undefined' || typeof location === 'undefined')
		return null;
	const found = /^#token=([A-Za-z0-9._~-]+)$/.exec(location.hash);

	if (found) {
		keepToken(found[1]);
		history.replaceState(null, '', location.pathname + location.search);
	}
	try {
		return window.sessionStorage.getItem(STORE) || kept;
	} catch (e) {
		return kept;
	}
}

/** Keeps a token for this tab. */
export function keepToken(token) {
	kept = token;
	try {
		window.sessionStorage.setItem(STORE, token);
	} catch (e) {
		/* This page has the token, but the next one will not. */
	}
}

/* --- calls --- */

/* VALUE as a segment of a path. A missing value is refused, since it would become the string "undefined". */
function segment(value, what) {
	const known = typeof value === 'string' || typeof value === 'number';

	if (!known || value === '')
		throw new BiError(0, 'bad_call', `${what} is needed, not ${value === '' ? 'an empty string' : typeof value === 'object' && value ? 'an object' : value}`);
	if (value === '.' || value === '..')
		throw new BiError(0, 'bad_call', `${what} cannot be "${value}"`);
	return encodeURIComponent(value);
}

function notebookPath(notebookId) {
	return '/notebooks/' + segment(notebookId, 'the name of a notebook');
}

/* A URL as a string. */
function urlText(url) {
	if (url === undefined || url === null || String(url) === '')
		throw new BiError(0, 'bad_call', `a URL is needed, not ${url === '' ? 'an empty string' : url}`);
	return String(url);
}

function blobOf(file) {
	if (typeof file === 'string')
		throw new BiError(0, 'bad_call', `a File or a Blob is needed, or an array of them, not the string "${file.slice(0, 100)}": this client does not open paths`);
	if (!/^\[object (Blob|File)\]$/.test(Object.prototype.toString.call(file)) && !(file instanceof Blob))
		throw new BiError(0, 'bad_call', `a File or a Blob is needed, or an array of them, not ${Object.prototype.toString.call(file)}`);
	return file;
}

/* --- answers --- */

function parse(text) {
	try {
		return JSON.parse(text);
	} catch (e) {
		return undefined;
	}
}

function aborted() {
	return new BiError(0, 'aborted', 'the request was aborted');
}

function failure(status, body) {
	const known = body !== null && typeof body === 'object';

	return new BiError(status, known && body.error ? String(body.error) : 'http_' + status,
		known && body.detail ? String(body.detail) : 'the server answered with status ' + status + ' and no reason', known ? body : null);
}

/* The body of an answer. Throws an error if it is not JSON, or not a success. */
function judge(status, text) {
	const body = text === '' ? null : parse(text);

	if (status < 200 || status > 299)
		throw failure(status, body === undefined ? null : body);
	if (body === undefined)
		throw new BiError(status, 'bad_answer', 'the answer is not JSON: is this the address of a server of bi-serve?');
	return body;
}

/* The error of a request without an answer. */
function broken(error, signal, late) {
	if (signal && signal.aborted)
		return aborted();
	if (late)
		return new BiError(0, 'timeout', 'the server did not answer in time');
	return new BiError(0, 'no_answer', 'the server does not answer, or the connection broke off' +
		(error && error.cause && error.cause.code ? ' (' + error.cause.code + ')' : ''), null);
}

function sleep(ms, signal) {
	return new Promise(function (resolve, reject) {
		function stop() {
			clearTimeout(timer);
			reject(aborted());
		}
		const timer = setTimeout(function () {
			if (signal)
				signal.removeEventListener('abort', stop);
			resolve();
		}, ms);

		if (signal)
			signal.addEventListener('abort', stop, {once: true});
	});
}

/* An AbortController that SIGNAL aborts too. Call release() after use. */
function controlled(signal) {
	const control = new AbortController();
	const stop = () => control.abort();

	if (signal && signal.aborted)
		throw aborted();
	if (signal)
		signal.addEventListener('abort', stop, {once: true});
	control.release = () => signal && signal.removeEventListener('abort', stop);
	return control;
}

/* fetch() does not report the progress of an upload; XMLHttpRequest does. */
function sendByXhr(method, url, {headers, body, credentials, signal, onProgress}) {
	return new Promise(function (resolve, reject) {
		const request = new XMLHttpRequest();
		const stop = () => request.abort();

		if (signal && signal.aborted) {
			reject(aborted());
			return;
		}
		request.open(method, url);
		request.withCredentials = credentials === 'include';
		for (const [name, value] of Object.entries(headers))
			request.setRequestHeader(name, value);
		request.upload.addEventListener('progress', (e) => onProgress({loaded: e.loaded, total: e.total}));
		request.addEventListener('load', () => resolve({status: request.status, text: request.responseText}));
		request.addEventListener('error', () => reject(broken(null, signal, false)));
		request.addEventListener('abort', () => reject(aborted()));
		request.addEventListener('loadend', () => signal && signal.removeEventListener('abort', stop));
		if (signal)
			signal.addEventListener('abort', stop, {once: true});
		request.send(body);
	});
}

async function sendByFetch(get, method, url, {headers, body, credentials, signal, timeout}) {
	const control = controlled(signal);
	let late = false;
	const end = timeout ? setTimeout(function () {
		late = true;
		control.abort();
	}, timeout) : 0;

	try {
		const response = await get(url, {method, headers, body, credentials, signal: control.signal, cache: 'no-store'});

		return {status: response.status, text: await response.text()};
	} catch (e) {
		throw broken(e, signal, late);
	} finally {
		clearTimeout(end);
		control.release();
	}
}

/*
 * The data of server-sent events in a stream of bytes, by the HTML standard: lines end with CR, LF or both, an empty line
 * ends an event, and an incomplete event is ignored. ALIVE is called for each piece.
 */
async function* eventsOf(body, alive) {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	const data = [];
	let rest = '';
	let cr = false; /* the last piece ended with CR: an LF after it belongs to the same line end */

	try {
		for (;;) {
			const {done, value} = await reader.read();

			if (done)
				return;
			alive();
			const piece = decoder.decode(value, {stream: true});
			const lines = (rest + (cr && piece[0] === '\n' ? piece.slice(1) : piece)).split(/\r\n|\n|\r/);

			cr = piece === '' ? cr : piece.endsWith('\r');
			rest = lines.pop();
			for (const line of lines) {
				if (line === '' && data.length)
					yield data.splice(0).join('\n');
				else if (line.startsWith('data:'))
					data.push(line.slice(line[5] === ' ' ? 6 : 5));
			}
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}

/* --- the client --- */

export class Bi {
	#base;
	#token;
	#fetch;
	#credentials;

	/**
	 * @param {Object} [options]
	 * @param {string} [options.baseUrl] the prefix of all paths, `http://localhost:8000/api/v1`; by default that of the server
	 *   from which this module was loaded
	 * @param {string|function(): ?string} [options.token] the root's token, or a function that returns it; by default
	 *   tokenOfPage. Writing needs it, reading does not
	 * @param {string} [options.credentials] as for fetch(): 'include' if the server is another origin and requires a password
	 * @param {function} [options.fetch] a replacement of fetch()
	 */
	constructor({baseUrl, token = tokenOfPage, credentials = 'same-origin', fetch: get} = {}) {
		const base = baseUrl === undefined ? new URL('../api/v1', import.meta.url) :
			new URL(baseUrl, typeof location === 'undefined' ? undefined : location.href);

		if (!/^https?:$/.test(base.protocol))
			throw new TypeError('Bi: baseUrl is needed here, such as http://localhost:8000/api/v1');
		this.#base = base.href.replace(/\/+$/, '');
		this.#token = typeof token === 'function' ? token : () => token;
		this.#fetch = get || ((...args) => fetch(...args));
		this.#credentials = credentials;
	}

	/** The address of a path below baseUrl, without undefined and null members of the query. */
	#url(path, query = {}) {
		const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);

		return this.#base + path + (given.length ? '?' + new URLSearchParams(given) : '');
	}

	async #ask(method, path, {query, json, form, signal, timeout = TIMEOUT, onProgress} = {}) {
		const headers = {};
		const token = method === 'GET' ? null : this.#token();
		const options = {headers, signal, timeout, onProgress, credentials: this.#credentials};

		/* Authorization may have the password. */
		if (token)
			headers['X-CSRFToken'] = token;
		if (json !== undefined) {
			headers['Content-Type'] = 'application/json';
			options.body = JSON.stringify(json);
		} else if (form !== undefined) {
			options.body = form;
		}
		const {status, text} = onProgress && typeof XMLHttpRequest !== 'undefined' ?
			await sendByXhr(method, this.#url(path, query), options) :
			await sendByFetch(this.#fetch, method, this.#url(path, query), options);

		return judge(status, text);
	}

	async #handIn(name, urls, notebookId, {uploadId, priority, signal, timeout} = {}) {
		const json = Array.isArray(urls) ? {urls: urls.map(urlText)} : {url: urlText(urls)};

		if (uploadId !== undefined && uploadId !== null)
			json.upload_url_id = uploadId;
		if (priority !== undefined)
			json.priority = priority;
		return this.#ask('POST', `${notebookPath(notebookId)}/files/${name}/`, {json, signal, timeout});
	}

	/**
	 * Submits one URL, and waits until it is fetched and parsed; or submits an array, which a worker fetches in the background.
	 *
	 * @param {string|string[]} urls
	 * @param {string} notebookId
	 * @param {Object} [options]
	 * @param {string|string[]} [options.uploadId] an id that the caller chooses, by which the file can be found too
	 * @param {number|string} [options.priority] of the job among others that wait: 0 to 9, or 'low' (1), 'normal' (4, the
	 *   default) or 'high' (7)
	 * @param {AbortSignal} [options.signal]
	 * @param {number} [options.timeout] milliseconds; 0: no limit
	 * @returns {Promise<Object>} `{success, file_id, knowledge_item_id, is_batch: false, total_items: 1}`, or for an array
	 *   `{success, batch_job_id, total_items, message, is_batch: true}`
	 * @throws {BiError}
	 */
	parseUrl(urls, notebookId, options) {
		return this.#handIn('parse_url', urls, notebookId, options);
	}

	/** As parseUrl, and also fetches the pictures, videos and sounds that the page shows. */
	parseUrlWithMedia(urls, notebookId, options) {
		return this.#handIn('parse_url_media', urls, notebookId, options);
	}

	/**
	 * Uploads one file and waits until it is parsed; or uploads an array of files as a batch.
	 *
	 * @param {Blob|File|(Blob|File)[]} files sent with their names, if they have names
	 * @param {?(string|string[])} uploadId an id that the caller chooses, or null
	 * @param {string} notebookId
	 * @param {Object} [options]
	 * @param {function({loaded: number, total: number})} [options.onProgress] is called with the number of bytes sent; in browsers only
	 * @param {number|string} [options.priority] as for parseUrl
	 * @param {AbortSignal} [options.signal] aborts the upload; the server then keeps nothing
	 * @param {number} [options.timeout] milliseconds; by default there is no limit, since a file may be large
	 * @returns {Promise<Object>} as parseUrl
	 * @throws {BiError}
	 */
	async parseFile(files, uploadId, notebookId, {onProgress, priority, signal, timeout = 0} = {}) {
		const form = new FormData();

		for (const id of uploadId === undefined || uploadId === null ? [] : [].concat(uploadId))
			form.append('upload_file_id', id);
		if (priority !== undefined)
			form.append('priority', priority);
		for (const file of [].concat(files).map(blobOf)) {
			const part = Array.isArray(files) ? 'files' : 'file';

			if (typeof file.name === 'string')
				form.append(part, file, file.name);
			else
				form.append(part, file);
		}
		return this.#ask('POST', `${notebookPath(notebookId)}/files/upload/`, {form, signal, timeout, onProgress});
	}

	#jobPath(notebookId, jobId) {
		return `${notebookPath(notebookId)}/batch-jobs/${segment(jobId, 'the number of a job')}/status/`;
	}

	/**
	 * The status of a job.
	 *
	 * @param {string} notebookId
	 * @param {number|string} jobId
	 * @param {Object} [options] `limit` (default 1,000) and `offset` select the items; `signal`
	 * @returns {Promise<{batch_job: Object, items: Object[]}>}
	 * @throws {BiError}
	 */
	async getBatchJobStatus(notebookId, jobId, {limit, offset, signal} = {}) {
		return this.#ask('GET', this.#jobPath(notebookId, jobId), {query: {limit, offset}, signal});
	}

	/* The documents of a stream; ends or throws when the stream does. */
	async *#stream(path, {query, signal, silence}) {
		const control = controlled(signal);
		let timer = 0;

		function alive() {
			clearTimeout(timer);
			timer = setTimeout(() => control.abort(), silence);
		}
		try {
			alive();
			const response = await this.#fetch(this.#url(path, query), {
				headers: {Accept: 'text/event-stream'}, signal: control.signal, cache: 'no-store', credentials: this.#credentials,
			});

			if (!response.ok || !/^text\/event-stream\b/.test(response.headers.get('Content-Type') || '') || !response.body)
				return;
			for await (const text of eventsOf(response.body, alive)) {
				const document = parse(text);

				if (document && document.batch_job)
					yield document;
			}
		} finally {
			clearTimeout(timer);
			control.abort();
			control.release();
		}
	}

	/* Requests the document repeatedly. Continues after a missing answer or an error of the server. */
	async *#poll(ask, {signal, every, patience}) {
		for (let good = Date.now(); ;) {
			try {
				const document = await ask();

				good = Date.now();
				yield document;
			} catch (e) {
				const passes = e.code !== 'aborted' && (e.status === 0 || e.status === 429 || e.status >= 500);

				if (!passes || Date.now() - good >= patience)
					throw e;
			}
			await sleep(every, signal);
		}
	}

	/**
	 * The status of a job after each change, until the final one. It comes as server-sent events; if there are none, or they
	 * break off, the status is requested every 2 s.
	 *
	 * @param {string} notebookId
	 * @param {number|string} jobId
	 * @param {Object} [options]
	 * @param {AbortSignal} [options.signal] aborts it: the iterator throws a BiError with the code `aborted`
	 * @param {number} [options.limit] the number of items in each document
	 * @param {number} [options.offset] the number of items to skip
	 * @param {boolean} [options.stream] false: poll even if there is a stream (browsers open few connections to a server at once)
	 * @param {number} [options.every] milliseconds between requests
	 * @param {number} [options.silence] milliseconds after which a silent stream is closed
	 * @param {number} [options.patience] milliseconds without an answer after which the iterator throws
	 * @returns {AsyncGenerator<{batch_job: Object, items: Object[]}>}
	 * @throws {BiError} while iterating
	 */
	async *watchBatchJob(notebookId, jobId, {signal, limit, offset, stream = true, every = EVERY, silence = SILENCE, patience = PATIENCE} = {}) {
		const path = this.#jobPath(notebookId, jobId);
		const ask = () => this.getBatchJobStatus(notebookId, jobId, {limit, offset, signal});
		let last = '';

		function isNew(document) {
			const text = JSON.stringify(document);

			return text !== last && ((last = text), true);
		}
		try {
			if (stream)
				for await (const document of this.#stream(path + 'stream', {query: {limit, offset}, signal, silence})) {
					if (isNew(document))
						yield document;
					if (isFinal(document.batch_job.status))
						return;
				}
		} catch (e) {
			if (signal && signal.aborted)
				throw aborted();
		}
		for await (const document of this.#poll(ask, {signal, every, patience})) {
			if (isNew(document))
				yield document;
			if (isFinal(document.batch_job.status))
				return;
		}
	}

	#job(method, notebookId, jobId, rest, options) {
		return this.#ask(method, `${notebookPath(notebookId)}/batch-jobs/${segment(jobId, 'the number of a job')}/${rest}`, options);
	}

	/**
	 * Cancels what is not done yet of a job; `continues` is true if workers have not released all items yet. Throws an error
	 * with the code `nothing_left` if all its items are done, and `in_progress` if another client is cancelling it.
	 */
	async cancelJob(notebookId, jobId, {signal} = {}) {
		return this.#job('POST', notebookId, jobId, 'cancel/', {json: {}, signal});
	}

	/** Fetches failed items of a job again, as retryFailed does those of a batch. */
	async retryJob(notebookId, jobId, {items, signal} = {}) {
		return this.#retry((json) => this.#job('POST', notebookId, jobId, 'retry/', {json, signal}), items);
	}

	/** Removes a job with its batch. It must be done or cancelled. */
	async deleteJob(notebookId, jobId, {signal} = {}) {
		return this.#job('DELETE', notebookId, jobId, '', {signal});
	}

	/** The names of the notebooks, sorted: `{count, results}`. */
	async listNotebooks({limit, offset, signal} = {}) {
		return this.#ask('GET', '/notebooks/', {query: {limit, offset}, signal});
	}

	/** The jobs of a notebook, newest first. */
	async listBatchJobs(notebookId, {limit, offset, signal} = {}) {
		return this.#ask('GET', `${notebookPath(notebookId)}/batch-jobs/`, {query: {limit, offset}, signal});
	}

	/** The files of a notebook, newest first: `{count, results}`. contentType selects the files of one type. */
	async listFiles(notebookId, {limit, offset, contentType, signal} = {}) {
		return this.#ask('GET', `${notebookPath(notebookId)}/files/`,
			{query: {limit, offset, content_type: contentType}, signal});
	}

	#filePath(notebookId, id, rest) {
		return `${notebookPath(notebookId)}/files/${segment(id, FILE)}/${rest}`;
	}

	/** The status of one file, by its file id or upload id. */
	async getFileStatus(notebookId, id, {signal} = {}) {
		return this.#ask('GET', this.#filePath(notebookId, id, 'status/'), {signal});
	}

	/** The content that was extracted from a file: title, text (Markdown), metadata... */
	async getContent(fileId, {signal} = {}) {
		return this.#ask('GET', `/notebooks/files/${segment(fileId, FILE)}/content/`, {signal});
	}

	/** The address of the content that was extracted from a file. */
	contentUrl(fileId) {
		return this.#url(`/notebooks/files/${segment(fileId, FILE)}/content/`);
	}

	/**
	 * The address of the bytes of a file as they were fetched or uploaded: rawUrl(notebookId, fileId), or rawUrl(fileId).
	 * It supports Range. An `<img>` may use it, also on a page of an allowed origin. A script of such a page can read the
	 * pixels if the `<img>` has `crossorigin="anonymous"`, or `use-credentials` with a password.
	 */
	rawUrl(notebookId, ...rest) {
		const [fileId] = rest;

		if (rest.length === 0)
			return this.#url(`/notebooks/files/${segment(notebookId, FILE)}/raw/`);
		return this.#url(this.#filePath(notebookId, fileId, 'raw/'));
	}

	/** The address of a picture that was found in a file. */
	imageUrl(notebookId, fileId, name) {
		return this.#url(this.#filePath(notebookId, fileId, 'images/' + segment(name, 'the name of a picture')));
	}

	/** Deletes a file from its notebook, by its file id or upload id. Resolves to null. */
	async deleteFile(notebookId, id, {signal} = {}) {
		return this.#ask('DELETE', this.#filePath(notebookId, id, ''), {signal});
	}

	/** The files in the knowledge base of a notebook. contentType selects those of one type; all: the unlinked ones, too. */
	async listKnowledgeBase(notebookId, {limit, offset, contentType, all, signal} = {}) {
		return this.#ask('GET', `${notebookPath(notebookId)}/knowledge-base/`,
			{query: {limit, offset, content_type: contentType, all: all ? 1 : undefined}, signal});
	}

	async #linking(method, notebookId, itemId, notes, signal) {
		const json = {knowledge_base_item_id: itemId};

		segment(itemId, 'the id of a knowledge item');
		if (notes !== undefined)
			json.notes = notes;
		return this.#ask(method, `${notebookPath(notebookId)}/knowledge-base/`, {json, signal});
	}

	/** Links a knowledge item to a notebook. */
	linkKnowledgeItem(notebookId, itemId, {notes, signal} = {}) {
		return this.#linking('POST', notebookId, itemId, notes, signal);
	}

	/** Removes that link. */
	unlinkKnowledgeItem(notebookId, itemId, {signal} = {}) {
		return this.#linking('DELETE', notebookId, itemId, undefined, signal);
	}

	/**
	 * Has a worker fetch failed items of a batch again: those whose numbers are in `items`, or all. Resolves to
	 * {retried, left, worker}: how many, how many failed items the batch still has, and whether a worker runs.
	 */
	async retryFailed(batch, {items, signal} = {}) {
		const path = `/batches/${segment(batch, 'the name of a batch')}/retry/`;

		return this.#retry((json) => this.#ask('POST', path, {json, signal}), items);
	}

	/* Asks until all failed items, or those that ITEMS lists, are tried again. */
	async #retry(ask, items) {
		let retried = 0, from = 1, answer;

		do {
			answer = await ask(items ? {items} : {from});
			retried += answer.retried;
			from = answer.next;
		} while (from);
		return {retried, left: answer.left, worker: answer.worker};
	}

	/** The items of a batch: `{count, items}`. status is 'failed', 'completed', or undefined for all of them. */
	async listItems(batch, {status, limit, offset, signal} = {}) {
		return this.#ask('GET', `/batches/${segment(batch, 'the name of a batch')}/items/`, {query: {status, limit, offset}, signal});
	}

	/** Cancels what is not done yet of a batch; `continues` is true if workers have not released all items yet. */
	async cancelBatch(batch, {signal} = {}) {
		return this.#ask('POST', `/batches/${segment(batch, 'the name of a batch')}/cancel/`, {json: {}, signal});
	}

	/** Makes the review pages of a batch; `continues` is true if that takes longer. */
	async renderBatch(batch, {signal} = {}) {
		return this.#ask('POST', `/batches/${segment(batch, 'the name of a batch')}/render/`, {json: {}, signal});
	}

	/** Resolves if the API answers. */
	health({signal} = {}) {
		return this.#ask('GET', '/health/', {signal});
	}
}

export default Bi;
