/*
 * The jobs on the page /add/: the progress of uploads and of each item. bi.js reads the status of the job of each card.
 * Texts from jobs are inserted as text, never as HTML.
 */
import {Bi, isFinal, tokenOfPage} from './bi.js';
import {openReader} from './add-has.js';
import {failureWords} from './failure-words.js';
import {bdi, byId, bytes, make, mark, markAlive, number, plural, say, setText, share, statusWords, timeOf} from './show.js';

const ITEMS_MAX = 100; /* items of a job that are shown */
const PARTS_MAX = 1000; /* files of a job, as the server takes them */
const STREAMS = 2; /* at once, since a browser opens only six connections to a server */
const PATIENCE = 3000; /* milliseconds without an answer before the page says so */
const AGAIN = 1000; /* milliseconds before the next try */
const api = new Bi();
const cards = new Map(); /* NOTEBOOK/ID of a job: its card */
const words = {pending: 'waiting', processing: 'in progress', completed: 'done', failed: 'failed', sending: 'sending'};
let streams = 0;
let sendings = 0;

/* --- items --- */

function labelOf(item) {
	const data = item.item_data || {};

	return String(data.url || data.filename || 'item ' + item.id);
}

function links(notebook, item) {
	const id = item.result && item.result.file_id;
	const name = make('span', {className: 'unseen'}, ' of ' + labelOf(item).slice(0, 100));

	if (!id)
		return make('span', {className: 'quiet'}, words[item.status] || String(item.status));
	const content = make('a', {href: api.contentUrl(id)}, 'Content', name);

	content.addEventListener('click', (e) => openReader(e, notebook, id));
	return make('span', {className: 'links'}, content,
		make('a', {href: api.rawUrl(notebook, id), target: '_blank', rel: 'noopener'}, 'Raw', name.cloneNode(true)));
}

function fillItem(element, notebook, item) {
	const label = labelOf(item);
	const focused = element.contains(document.activeElement) ? [...element.querySelectorAll('a')].indexOf(document.activeElement) : -1;

	element.dataset.status = item.status;
	element.replaceChildren(make('span', {className: 'mark'}, make('span', {className: 'unseen'}, (words[item.status] || item.status) + ': ')),
		make('span', {className: 'cut', title: label}, bdi(label)), links(notebook, item));
	if (item.error_message)
		element.append(make('p', {className: 'why', dir: 'auto'},
			...(item.error_code ? [make('b', {}, failureWords(String(item.error_code))), ': '] : []), String(item.error_message)));
	if (focused >= 0 && element.querySelectorAll('a')[focused])
		element.querySelectorAll('a')[focused].focus();
}

function showItems(card, items, total) {
	for (const item of items) {
		const text = JSON.stringify(item);

		if (!card.rows.has(item.id)) {
			card.rows.set(item.id, {element: make('li', {}), text: ''});
			card.items.append(card.rows.get(item.id).element);
		}
		const row = card.rows.get(item.id);

		if (row.text !== text)
			fillItem(row.element, card.notebook, item);
		row.text = text;
	}
	setText(card.rest, total > items.length ? `The first ${items.length} of ${total.toLocaleString('en')} are shown.` : '');
}

/* --- cards --- */

function makeCard(title) {
	const card = {
		title: make('h3', {}, title), about: make('p', {className: 'quiet'}), status: make('span', {className: 'status'}),
		bar: make('div', {}), counts: make('p', {className: 'counts'}), trouble: make('p', {className: 'wrong'}),
		items: make('ul', {className: 'items', tabIndex: 0}), rest: make('p', {className: 'quiet'}), buttons: make('p', {className: 'buttons', hidden: true}),
		more: make('details', {open: true}), rows: new Map(), control: new AbortController(),
	};

	card.items.setAttribute('role', 'list');
	card.items.setAttribute('aria-label', 'Items of ' + title);
	card.more.append(make('summary', {}, 'Items', make('span', {className: 'unseen'}, ' of ' + title)), card.items, card.rest);
	card.element = make('li', {className: 'card'},
		make('div', {className: 'head'}, make('div', {}, card.title, card.about), card.status),
		card.bar, card.counts, card.trouble, card.more, card.buttons);
	return card;
}

function setStatus(card, status, words = status) {
	card.status.dataset.status = String(status);
	setText(card.status, String(words));
}

function place(card, last) {
	byId('no-jobs').hidden = true;
	if (last)
		byId('jobs').append(card.element);
	else
		byId('jobs').prepend(card.element);
}

function drop(card) {
	card.control.abort();
	card.element.remove();
	byId('no-jobs').hidden = byId('jobs').children.length > 0;
}

function titleOf(job) {
	const one = {url_parse: 'address', url_parse_media: 'address with its media', file_upload: 'file'}[job.job_type] || 'item';
	const many = {url_parse: 'addresses', url_parse_media: 'addresses with their media', file_upload: 'files'}[job.job_type] || 'items';

	return plural(number(job.total_items), one, many);
}

/* Offers what can be done with a job. A button that is offered already stays, since it may have the focus. */
function showActions(card, job) {
	const offered = !tokenOfPage() || !job.status ? '' : !isFinal(job.status) ? 'cancel' : number(job.failed_items) ? 'retry' : '';

	if (card.offered === offered)
		return;
	card.offered = offered;
	if (offered === 'cancel')
		setButtons(card, button('Cancel the job', () => act(card, () => api.cancelBatch('job-' + card.job))));
	else
		setButtons(card, ...offered ? [button('Try failed again', () => act(card, () => api.retryFailed('job-' + card.job)))] : []);
}

/* Does what WORK does with the job of a card, and watches it again. */
async function act(card, work) {
	try {
		setText(card.trouble, '');
		await work();
		card.offered = null;
		card.quiet = false;
		card.more.open = true;
		if (!card.watched)
			watch(card, card.changed);
	} catch (e) {
		setText(card.trouble, e.detail || String(e));
	}
}

function showJob(card, job) {
	const done = number(job.completed_items), failed = number(job.failed_items), total = number(job.total_items);

	setText(card.title, titleOf(job));
	card.about.replaceChildren('Job ' + job.id, ...job.created_at ? [' · ', timeOf(job.created_at)] : []);
	setStatus(card, job.status, statusWords(job, card.failures));
	showActions(card, job);
	card.bar.replaceChildren(share(done, failed, total));
	card.counts.replaceChildren(make('span', {}, (done + failed).toLocaleString('en') + ' of ' + total.toLocaleString('en') + ' done'),
		make('span', {className: 'quiet'}, failed ? failed.toLocaleString('en') + ' failed' : ''));
}

/* The message for a job that has ended. */
function ending(job) {
	const failed = number(job.failed_items);

	return `Job ${job.id}: ${number(job.completed_items) + failed} of ${number(job.total_items)} done` + (failed ? `, ${failed} failed.` : '.');
}

/* --- following --- */

function take(card, document, changed) {
	const job = document.batch_job;

	markAlive();
	setText(card.trouble, '');
	const items = Array.isArray(document.items) ? document.items : [];

	card.failures = {cancelled: items.filter((item) => item.error_code === 'cancelled').length};
	showJob(card, job);
	showItems(card, items, number(job.total_items));
	if (card.done !== job.completed_items)
		changed(card.notebook);
	card.done = job.completed_items;
	if (isFinal(job.status) && !card.quiet)
		say(ending(job));
}

async function watchOnce(card, changed, stream) {
	const options = {signal: card.control.signal, limit: ITEMS_MAX, patience: PATIENCE, stream};

	for await (const document of api.watchBatchJob(card.notebook, card.job, options))
		take(card, document, changed);
}

/* Watches until the job ends or the card is removed. Waits for a server that does not answer. */
async function watch(card, changed) {
	const stream = streams < STREAMS;

	card.watched = true;
	card.changed = changed;
	streams += stream ? 1 : 0;
	for (let going = true; going;) {
		try {
			await watchOnce(card, changed, stream);
			going = false;
		} catch (e) {
			going = e.code !== 'aborted' && (e.status === 0 || e.status === 429 || e.status >= 500);
			if (e.code !== 'aborted' && !going)
				setText(card.trouble, e.detail || String(e));
			if (going) {
				mark('off', 'No answer; trying again');
				await new Promise((resolve) => setTimeout(resolve, AGAIN));
			}
		}
	}
	streams -= stream ? 1 : 0;
	card.watched = false;
}

/*
 * Shows a job and its progress. JOB is its known members, at least the id. CHANGED(notebook) is called when more items are
 * completed. CARD is the card of the upload, if there was one.
 */
export function follow(notebook, job, changed, card = makeCard(titleOf(job))) {
	cards.set(notebook + '/' + job.id, card);
	card.notebook = notebook;
	card.job = job.id;
	if (!card.element.isConnected)
		place(card, false);
	watch(card, changed);
}

/* Shows a job that ended before this page was opened. Its items are loaded when the reader opens them. */
function showEnded(notebook, job, changed) {
	const card = makeCard(titleOf(job));

	Object.assign(card, {notebook, job: job.id, changed, quiet: true, done: job.completed_items});
	cards.set(notebook + '/' + job.id, card);
	card.more.open = false;
	card.more.querySelector('summary').addEventListener('click', () => watch(card, changed), {once: true});
	showJob(card, job);
	place(card, true);
}

/* Adds the newest jobs of a notebook that are not shown yet. */
export async function showNewest(notebook, changed) {
	const {results} = await api.listBatchJobs(notebook, {limit: 5});

	for (const job of (results || []).map((one) => one.batch_job || one)) {
		if (cards.has(notebook + '/' + job.id))
			continue;
		if (isFinal(job.status)) {
			showEnded(notebook, job, changed);
		} else {
			const card = makeCard(titleOf(job));

			place(card, true);
			follow(notebook, job, changed, card);
		}
	}
}

/* Removes the jobs of other notebooks, except uploads that are being sent. */
export function leave(notebook) {
	for (const [key, card] of cards)
		if (card.notebook !== notebook) {
			cards.delete(key);
			drop(card);
		}
}

/* --- sending files --- */

/* Shows how much of each file was sent; they are sent one after the other. */
function showSent(card, files, sent, total) {
	const all = files.reduce((sum, file) => sum + file.size, 0);
	let before = 0;

	card.progress.max = total || 1;
	card.progress.value = sent;
	setText(card.counts.firstChild, sent < total ? bytes(Math.min(sent, all)) + ' of ' + bytes(all) + ' sent' : 'All sent; the server is storing the files');
	setText(card.counts.lastChild, total ? Math.floor(sent / total * 100) + ' %' : '');
	files.slice(0, ITEMS_MAX).forEach(function (file, i) {
		const row = card.items.children[i];
		const there = Math.max(0, Math.min(file.size, sent - before));

		row.dataset.status = there > 0 || sent >= total && total ? 'sending' : 'pending';
		setText(row.lastChild, sent < total && there > 0 && there < file.size ? Math.floor(there / file.size * 100) + ' %' :
			there > 0 || total && sent >= total ? 'sent' : 'waiting');
		before += file.size;
	});
}

function button(text, pressed, className = 'button small') {
	const element = make('button', {type: 'button', className}, text);

	element.addEventListener('click', pressed);
	return element;
}

function setButtons(card, ...buttons) {
	card.buttons.hidden = buttons.length === 0;
	card.buttons.replaceChildren(...buttons);
}

/* Shows an upload that failed or was cancelled. */
function stopped(card, error, again) {
	setStatus(card, 'failed');
	card.bar.replaceChildren();
	card.counts.replaceChildren();
	card.more.hidden = true;
	if (error.code === 'aborted')
		setText(card.status, 'cancelled');
	setText(card.trouble, error.code === 'aborted' ? 'Cancelled. The server kept nothing.' : error.detail || String(error));
	const retry = button('Try again', () => (drop(card), again()));

	setButtons(card, retry, button('Dismiss', () => (drop(card), byId('choose').focus())));
	retry.focus();
	say(error.code === 'aborted' ? 'The upload was cancelled.' : 'The upload failed.');
}

/* Uploads files as one job, and follows it. */
async function sendJob(files, notebook, priority, changed) {
	const card = makeCard(plural(files.length, 'file', 'files'));
	const all = files.reduce((sum, file) => sum + file.size, 0);

	card.notebook = notebook;
	card.progress = make('progress', {max: all || 1, value: 0});
	card.progress.setAttribute('aria-label', 'Upload of ' + plural(files.length, 'file', 'files'));
	card.bar.append(card.progress);
	card.counts.append(make('span', {}), make('span', {className: 'quiet'}));
	card.items.append(...files.slice(0, ITEMS_MAX).map((file) => make('li', {}, make('span', {className: 'mark'}),
		make('span', {className: 'cut', title: file.name}, bdi(file.name)), make('span', {className: 'quiet'}))));
	setText(card.rest, files.length > ITEMS_MAX ? `The first ${ITEMS_MAX} of ${files.length.toLocaleString('en')} are shown.` : '');
	setText(card.about, bytes(all) + ' to ' + notebook);
	setStatus(card, 'sending');
	setButtons(card, button('Cancel the upload', () => card.control.abort()));
	showSent(card, files, 0, all);
	place(card, false);
	sendings++;
	try {
		const result = await api.parseFile(files, null, notebook,
			{priority, signal: card.control.signal, onProgress: ({loaded, total}) => showSent(card, files, loaded, total)});

		setButtons(card);
		card.items.replaceChildren();
		follow(notebook, {id: result.batch_job_id, job_type: 'file_upload', total_items: files.length}, changed, card);
		return result;
	} catch (e) {
		stopped(card, e, () => sendJob(files, notebook, priority, changed));
		return null;
	} finally {
		sendings--;
	}
}

/* Uploads files one job after the other, since a form has so many parts at most. */
export async function send(files, notebook, priority, changed) {
	for (let i = 0; i < files.length; i += PARTS_MAX)
		await sendJob(files.slice(i, i + PARTS_MAX), notebook, priority, changed);
}

/* Closing the page ends its uploads, so the browser asks first. */
window.addEventListener('beforeunload', function (event) {
	if (sendings)
		event.preventDefault();
});
