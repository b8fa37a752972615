/*
 * The home page: the batches of the root, with what can be done with each. It reads api/v1/status/stream; while there is
 * no stream, it requests api/v1/status/ every few seconds. Both send only what changed. A root may have ten thousand
 * batches, so only some of the matching ones are on the page, and more are added when it is scrolled. home-card.js makes
 * the cards, home-failures.js the list of failures.
 */
import {Bi, tokenOfPage} from './bi.js';
import {fillCard, isJob, isStopped, isWorking, makeCard, sayOnCard} from './home-card.js';
import {listenFailures, openFailures} from './home-failures.js';
import {perSecond, showRate} from './home-plot.js';
import {byId, bytes, lendToken, make, mark, number, plural, say, setText, share, statusWords} from './show.js';

const patience = 60000; /* milliseconds that a request may take */
const silence = 5; /* seconds between requests while there is no stream */
const step = 60; /* batches that are added to the page at a time */
const few = 8; /* with more batches there are the filter, the order and the search */
const loading = 200; /* milliseconds between two updates of the page while all batches are sent */
const memory = 'bi:home'; /* where this tab keeps the filter, the order and the search */
const filters = [
	['all', 'All', () => true],
	['working', 'Working', isWorking],
	['stopped', 'Stopped', isStopped],
	['failures', 'Failures', (batch) => number(batch.batch_job.failed_items) > 0],
	['review', 'To review', (batch) => batch.review && number(batch.review.decided) < number(batch.review.subjects)],
	['differ', 'Disputed', (batch) => batch.review && number(batch.review.disagreements) > 0],
	['jobs', 'Added here', isJob],
	['unreadable', 'Unreadable', (batch) => batch.batch_job.status === 'unreadable'],
];
const orders = [
	['work', 'Work, then last change', (a, b) => isWorking(b) - isWorking(a) || (isWorking(a) ? compare(b.batch_job.created_at, a.batch_job.created_at) :
		compare(b.batch_job.updated_at, a.batch_job.updated_at))],
	['name', 'Name', () => 0],
	['created', 'Newest', (a, b) => compare(b.batch_job.created_at, a.batch_job.created_at)],
	['failed', 'Most failures', (a, b) => number(b.batch_job.failed_items) - number(a.batch_job.failed_items)],
	['items', 'Most items', (a, b) => number(b.batch_job.total_items) - number(a.batch_job.total_items)],
];
const api = new Bi();
const cards = new Map(); /* batch name: its card */
let known = new Map(); /* name: the batch, as last received */
let coming = null; /* the same while all batches are sent anew, until it has all of them */
let count = 0; /* of the batches of the root */
let last = ''; /* the id of the last document */
let sorted = null; /* the known batches in their order; null: to be sorted again */
let placed = step; /* how many of the matching batches are on the page */
let timer = 0;
let drawing = 0;
let shown = 'all';
let order = 'work';
let sought = '';

/* --- batches --- */

function cardOf(batch) {
	const name = String(batch.batch_job.name);

	if (!cards.has(name))
		cards.set(name, makeCard(name));
	const card = cards.get(name);

	if (card.batch !== batch)
		fillCard(card, batch);
	return card.element;
}

function showSummary() {
	let total = 0, done = 0, failed = 0, items = 0, amount = 0;

	for (const batch of known.values()) {
		total += number(batch.batch_job.total_items);
		done += number(batch.batch_job.completed_items);
		failed += number(batch.batch_job.failed_items);
		items += batch.rate ? number(batch.rate.items) : 0;
		amount += batch.rate ? number(batch.rate.bytes) : 0;
	}
	const all = [...known.values()];
	const some = [[isWorking, 'working'], [isStopped, 'stopped']].map(([is, words]) => [all.filter(is).length, words]).filter(([n]) => n)
		.map(([n, words]) => ', ' + n.toLocaleString('en') + ' ' + words);

	byId('progress').closest('.progress').hidden = total === 0;
	setText(byId('summary'), plural(known.size, 'batch', 'batches') + some.join(''));
	setText(byId('progress'), (done + failed).toLocaleString('en') + ' of ' + plural(total, 'item', 'items') + ' done' +
		(failed ? ', ' + failed.toLocaleString('en') + ' failed' : ''));
	setText(byId('now'), items ? perSecond(items) + ' · ' + bytes(amount) + '/s' : '');
	byId('bar').replaceChildren(share(done, failed, total));
	showRate(items);
}

/* Tells screen readers which batches have ended. */
function sayEnded(batches) {
	const ended = batches.filter((batch) => known.has(batch.batch_job.name) && isWorking(known.get(batch.batch_job.name)) && !isWorking(batch));

	if (ended.length)
		say(ended.map((batch) => batch.batch_job.name + ': ' + statusWords(batch.batch_job, batch.failures)).join('. '));
}

/* --- what can be done --- */

/* Does what WORK does, and shows on the card of the batch NAME what became of it. */
async function act(name, work) {
	const tell = function (text, isWrong) {
		if (cards.has(name))
			sayOnCard(cards.get(name), text, isWrong);
		say(text);
	};

	try {
		tell(await work());
	} catch (e) {
		tell(e.detail || String(e), true);
	}
}

function retry(name) {
	return act(name, async function () {
		const {retried, worker} = await api.retryFailed(name);

		return plural(retried, 'item is', 'items are') + ' fetched again' + (worker ? '.' : ' when a worker runs: bi-fetch --work starts one.');
	});
}

function render(name) {
	return act(name, async () => (await api.renderBatch(name)).continues ? 'The review pages are being made: the link appears with the first ones.' : 'The review pages are there.');
}

/* Asks, since the fetched part of a batch is often not wanted alone. */
function cancel(name) {
	const dialog = byId('sure');
	const {batch_job: job} = known.get(name);

	setText(byId('sure-what'), `${name}: ${plural(number(job.pending_items) + number(job.processing_items), 'item', 'items')} not fetched yet will count as failed. “Try failed again” fetches them later.`);
	dialog.returnValue = 'no';
	dialog.addEventListener('close', function () {
		if (dialog.returnValue === 'yes')
			act(name, async () => (await api.cancelBatch(name)).continues ? 'Waiting for a worker to let go of its items.' : 'Cancelled.');
	}, {once: true});
	dialog.showModal();
}

function listenActions() {
	byId('batches').addEventListener('click', function (event) {
		const button = event.target.closest('button[data-act]');

		if (!button)
			return;
		const name = button.closest('.card').dataset.batch;

		if (button.dataset.act === 'failures')
			openFailures(name, Boolean(tokenOfPage()) && !isWorking(known.get(name)));
		else if (button.dataset.act === 'retry')
			retry(name);
		else if (button.dataset.act === 'render')
			render(name);
		else
			cancel(name);
	});
	listenFailures(retry);
}

/* --- which are shown --- */

/* Makes ELEMENTS the children of a list, in this order. The one with the focus is not moved, since it would lose it. */
function place(list, elements) {
	const fixed = Math.max(0, elements.findIndex((element) => element.contains(document.activeElement)));
	let next = elements[fixed];

	if (!next)
		return;
	if (next.parentElement !== list)
		list.append(next);
	for (let i = fixed - 1; i >= 0; next = elements[i--])
		if (next.previousElementSibling !== elements[i])
			next.before(elements[i]);
	next = elements[fixed];
	for (let i = fixed + 1; i < elements.length; next = elements[i++])
		if (next.nextElementSibling !== elements[i])
			next.after(elements[i]);
}

function compare(a, b) {
	return a === b ? 0 : String(a) < String(b) ? -1 : 1;
}

function sort() {
	const [, , before] = orders.find(([value]) => value === order);

	sorted = [...known.values()].sort((a, b) => before(a, b) || compare(a.batch_job.name, b.batch_job.name));
}

function matches(batch) {
	const job = batch.batch_job;

	return sought === '' || [job.name, job.label, job.category, job.notebook].some((text) => typeof text === 'string' && text.toLocaleLowerCase().includes(sought));
}

/* The filter; states that no batch has are left out. */
function showFilters() {
	for (const [value, , may] of filters) {
		const n = sorted.filter(may).length;
		const label = byId('find').querySelector(`[value="${value}"]`).parentElement;

		setText(label.querySelector('b'), n.toLocaleString('en'));
		label.hidden = n === 0 && value !== 'all' && value !== shown;
	}
	byId('find').hidden = sorted.length <= few && shown === 'all' && sought === '';
}

/* Shows what is known. Returns how many batches match. */
function show() {
	clearTimeout(drawing);
	drawing = 0;
	if (!sorted)
		sort();
	const [, , may] = filters.find(([value]) => value === shown);
	const some = shown === 'all' && sought === '' ? sorted : sorted.filter((batch) => may(batch) && matches(batch));
	const elements = some.slice(0, placed).map(cardOf);
	const wanted = new Set(elements);

	for (const [name, card] of cards)
		if (!wanted.has(card.element)) {
			card.element.remove();
			cards.delete(name);
		}
	place(byId('batches').firstElementChild, elements);
	byId('nothing').hidden = known.size > 0 || count > 0;
	byId('none').hidden = known.size === 0 || some.length > 0;
	byId('notice').hidden = known.size === 0 || Boolean(tokenOfPage());
	watchEnd(some.length <= placed);
	showFilters();
	showSummary();
	return some.length;
}

/* Takes a document of changes. Returns false if it is not one. */
function take(text) {
	let doc;

	try {
		doc = JSON.parse(text);
		if (doc.whole)
			coming = new Map();
		const into = coming || known;

		if (!coming)
			sayEnded(doc.batches);
		doc.removed.forEach((name) => into.delete(name));
		doc.batches.forEach((batch) => into.set(String(batch.batch_job.name), batch));
	} catch (e) {
		return false;
	}
	last = doc.id;
	count = doc.count;
	sorted = null;
	if (coming && (known.size === 0 || coming.size >= count))
		known = coming;
	if (coming && coming.size >= count)
		coming = null;
	if (!coming)
		show();
	else if (!drawing)
		drawing = setTimeout(show, loading);
	return true;
}

/* Adds batches before the end of the list is visible. */
const end = new IntersectionObserver(function (entries) {
	if (entries.some((entry) => entry.isIntersecting)) {
		placed += step;
		show();
	}
}, {rootMargin: '2000px'});

/* The observer tells only changes, but is told anew where the end is. */
function watchEnd(isAll) {
	end.disconnect();
	if (!isAll)
		end.observe(byId('end'));
}

/* A whole new list takes the place of the old one: to remove thousands of elements one by one takes seconds. */
function showAnew() {
	const form = byId('find');

	shown = form.elements.show.value;
	order = byId('order').value;
	sought = byId('search').value.trim().toLocaleLowerCase();
	remember({show: shown, order, search: byId('search').value});
	placed = step;
	sorted = null;
	cards.clear();
	byId('batches').firstElementChild.replaceWith(make('ul', {className: 'batches'}));
	say(plural(show(), 'batch', 'batches') + ' shown');
}

function remember(what) {
	try {
		sessionStorage.setItem(memory, JSON.stringify(what));
	} catch (e) {
		/* This page has it, but the next one will not. */
	}
}

function remembered() {
	try {
		return JSON.parse(sessionStorage.getItem(memory)) || {};
	} catch (e) {
		return {};
	}
}

/* The filter, the order and the search; this tab remembers them on its way through the pages. */
function listenFilters() {
	const form = byId('find');
	const before = remembered();

	if (filters.some(([value]) => value === before.show))
		shown = before.show;
	if (orders.some(([value]) => value === before.order))
		order = before.order;
	byId('search').value = before.search || '';
	sought = byId('search').value.trim().toLocaleLowerCase();
	form.querySelector('fieldset').append(...filters.map(([value, text]) => make('label', {},
		make('input', {type: 'radio', name: 'show', value, checked: value === shown}), make('span', {}, text + ' ', make('b', {})))));
	byId('order').append(...orders.map(([value, text]) => make('option', {value, selected: value === order}, text)));
	form.addEventListener('input', showAnew);
	form.addEventListener('submit', (event) => event.preventDefault());
}

/* --- the server --- */

async function ask() {
	const control = new AbortController();
	const end = setTimeout(() => control.abort(), patience);
	let good = false;

	try {
		const response = await fetch('api/v1/status/?changes=1&since=' + encodeURIComponent(last), {signal: control.signal, cache: 'no-store'});

		good = response.ok && take(await response.text());
	} catch (e) {
		good = false;
	}
	clearTimeout(end);
	mark(good ? 'saving' : 'off', good ? 'Updated every ' + silence + ' seconds' : 'No answer; trying again');
}

/* Reads the stream; while there is none, polls. A browser reconnects a stream that broke off, but not one that was refused. */
function listen() {
	const stream = new EventSource('api/v1/status/stream?changes=1&since=' + encodeURIComponent(last));

	function hear(event) {
		clearTimeout(timer);
		if (take(event.data))
			mark(coming ? 'saving' : 'saved', coming ? 'Loading ' + coming.size.toLocaleString('en') + ' of ' + count.toLocaleString('en') : 'Live');
	}
	async function again() {
		clearTimeout(timer);
		await ask();
		timer = setTimeout(function () {
			if (stream.readyState === EventSource.CLOSED)
				listen();
			else if (stream.readyState !== EventSource.OPEN)
				again();
		}, silence * 1000);
	}
	stream.addEventListener('message', hear);
	stream.addEventListener('error', again);
	window.addEventListener('pagehide', () => stream.close(), {once: true});
}

tokenOfPage();
lendToken(() => known.size && show() && [...cards.values()].forEach((card) => fillCard(card, card.batch)));
listenFilters();
listenActions();
listen();
window.addEventListener('pageshow', function (event) {
	if (event.persisted)
		listen();
});
