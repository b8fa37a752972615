/*
 * The home page: the progress of every batch of the root and of the jobs of the API, newest first. It reads
 * api/v1/status/stream; while there is no stream, it requests api/v1/status/ every few seconds. Both send only what
 * changed. A root may have ten thousand batches, so only some of the matching ones are on the page, and more are added
 * when it is scrolled. Texts from batches are inserted as text, never as HTML.
 */
import {tokenOfPage} from './bi.js';
import {byId, bytes, draw, lendToken, make, mark, number, plural, say, setText, share} from './show.js';

const patience = 60000; /* milliseconds that a request may take */
const silence = 5; /* seconds between requests while there is no stream */
const longest = 600; /* seconds that the plot shows */
const steps = 10; /* jobs that are shown at first, and that each click on “more” adds */
const step = 60; /* batches that are added to the page at a time */
const few = 8; /* with more batches there are the filter and the search */
const loading = 200; /* milliseconds between two updates of the page while all batches are sent */
const memory = 'bi:home'; /* where this tab keeps the filter and the search */
const filters = [
	['all', 'All', () => true],
	['working', 'Working', (batch) => ['pending', 'processing'].includes(statusOf(batch.batch_job))],
	['stopped', 'Stopped', (batch) => statusOf(batch.batch_job) === 'stopped'],
	['failures', 'Failures', (batch) => number(batch.batch_job.failed_items) > 0],
	['review', 'To review', (batch) => batch.review && number(batch.review.decided) < number(batch.review.subjects)],
	['differ', 'Disputed', (batch) => batch.review && number(batch.review.disagreements) > 0],
	['unreadable', 'Unreadable', (batch) => statusOf(batch.batch_job) === 'unreadable'],
];
const cards = new Map(); /* batch name: its element, and the batch that it shows */
const rates = []; /* [seconds, items a second], as they came */
let known = new Map(); /* name: the batch, as last received */
let coming = null; /* the same while all batches are sent anew, until it has all of them */
let count = 0; /* of the batches of the root */
let last = ''; /* the id of the last document */
let others = null, jobs = null; /* the known batches in their order; null: to be sorted again */
let placed = step; /* how many of the matching batches are on the page */
let wanted = steps;
let timer = 0;
let drawing = 0;
let shown = 'all';
let sought = '';

function perSecond(n) {
	return (n >= 10 ? Math.round(n) : Math.round(n * 10) / 10).toLocaleString('en') + ' items/s';
}

function span(seconds) {
	if (seconds < 90)
		return Math.round(seconds) + ' s';
	return seconds < 5400 ? Math.round(seconds / 60) + ' min' : Math.round(seconds / 3600) + ' h';
}

/* The same words as bi-status. */
function statusOf(job) {
	if (job.stale)
		return 'stopped';
	return String(job.status);
}

/* Whether the batch is a job: the API makes these names. */
function isJob({batch_job: job}) {
	return typeof job.notebook === 'string' && /^job-\d+$/.test(job.name);
}

/* --- plots --- */

/* A line above a filled area; POINTS are [x, y], x from 0 to WIDTH, y from 0 to TOP. */
function plot(points, width, top, height) {
	const at = points.map(([x, y]) => (x / (width || 1) * 1000).toFixed(1) + ' ' +
		(height - 2 - y / (top || 1) * (height - 6)).toFixed(1));
	const last = points.length ? (points[points.length - 1][0] / (width || 1) * 1000).toFixed(1) : 0;
	const first = points.length ? (points[0][0] / (width || 1) * 1000).toFixed(1) : 0;

	return draw('svg', {viewBox: '0 0 1000 ' + height, preserveAspectRatio: 'none', 'aria-hidden': 'true'},
		draw('path', {class: 'rule', d: 'M0 ' + (height - 1) + 'H1000M0 4H1000'}),
		draw('path', {class: 'area', d: at.length ? 'M' + first + ' ' + height + 'L' + at.join('L') + 'L' + last + ' ' + height + 'z' : ''}),
		draw('path', {class: 'line', d: at.length ? 'M' + at.join('L') : ''}));
}

/* Plots the rate of all batches, since this page was opened. */
function showPlot() {
	const now = Date.now() / 1000;

	while (rates.length > 1 && rates[1][0] < now - longest)
		rates.shift();
	const from = rates[0][0];
	const top = Math.max(...rates.map(([, rate]) => rate));
	const points = rates.flatMap(([at, rate], i) => i ? [[at - from, rates[i - 1][1]], [at - from, rate]] : [[at - from, rate]]);
	const old = byId('plot').querySelector('svg');

	byId('plot').hidden = top === 0;
	points.push([now - from, rates[rates.length - 1][1]]);
	setText(byId('plot-says'), perSecond(rates[rates.length - 1][1]) + ' now, peak ' + perSecond(top) + ' in the last ' + span(Math.max(1, now - from)));
	if (old)
		old.remove();
	byId('plot').append(plot(points, now - from, top, 120));
}

/* Plots the rate of a batch, from its first result to its last. */
function spark(history) {
	const step = number(history.step) || 1;
	const values = history.items.map((n) => number(n) / step);
	const top = Math.max(...values);
	const points = values.flatMap((value, i) => [[i, value], [i + 1, value]]);

	return make('figure', {className: 'spark'},
		plot(points, values.length, top, 40),
		make('figcaption', {}, make('span', {}, 'peak ' + perSecond(top)), make('span', {}, 'over ' + span(values.length * step))));
}

/* --- batches --- */

function counts(batch) {
	const job = batch.batch_job;
	const rest = [];

	if (number(job.failed_items))
		rest.push(job.failed_items.toLocaleString('en') + ' failed');
	if (number(batch.bytes))
		rest.push(bytes(batch.bytes));
	if (batch.rate && number(batch.rate.items))
		rest.push(perSecond(batch.rate.items));
	return make('p', {className: 'counts'},
		make('span', {}, (number(job.completed_items) + number(job.failed_items)).toLocaleString('en') + ' of ' +
			plural(number(job.total_items), 'item', 'items') + ' done'),
		make('span', {className: 'quiet'}, rest.join(' · ')));
}

function kinds(failures) {
	const all = Object.entries(failures).sort((a, b) => b[1] - a[1]);

	return make('ul', {className: 'kinds'}, ...all.slice(0, 8).map(([kind, n]) =>
		make('li', {}, kind + ' × ' + number(n).toLocaleString('en'))),
	...(all.length > 8 ? [make('li', {}, plural(all.length - 8, 'other kind', 'other kinds'))] : []));
}

function reviewLine(batch, to) {
	const review = batch.review;
	let text = '';

	if (review && number(review.subjects))
		text = number(review.decided).toLocaleString('en') + ' of ' + plural(review.subjects, 'subject', 'subjects') + ' decided' +
			(number(review.disagreements) ? ', ' + review.disagreements + ' disputed' : '');
	if (isJob(batch))
		text = make('span', {}, text ? text + ' · ' : '', 'notebook ', make('a', {className: 'notebook',
			href: 'add/?notebook=' + encodeURIComponent(batch.batch_job.notebook)}, batch.batch_job.notebook));
	if (isJob(batch) && !to)
		return make('div', {className: 'foot'}, text);
	return make('div', {className: 'foot'}, make('span', {}, text),
		to ? make('a', {className: 'button', href: to}, 'Review', make('span', {className: 'unseen'}, ' ' + batch.batch_job.name)) :
			make('span', {className: 'quiet'}, 'no pages yet: ', make('code', {}, 'bi-render ' + batch.batch_job.name)));
}

function fill(card, batch) {
	const job = batch.batch_job;
	const name = String(job.name);
	const to = batch.pages === false ? null : encodeURIComponent(name) + '/index.html';
	const status = make('span', {className: 'status'}, statusOf(job));
	const focused = document.activeElement && card.contains(document.activeElement) ? document.activeElement.className : null;

	status.dataset.status = statusOf(job);
	card.replaceChildren(make('div', {className: 'head'},
		make('div', {},
			make(isJob(batch) ? 'h3' : 'h2', {}, to ? make('a', {href: to, className: 'title'}, name) : name),
			make('p', {className: 'quiet'}, [job.label, job.category].filter(Boolean).join(' · '))),
		status));
	if (batch.error_message) {
		card.append(make('p', {}, String(batch.error_message)));
		return;
	}
	card.append(share(number(job.completed_items), number(job.failed_items), number(job.total_items)), counts(batch));
	if (batch.failures && Object.keys(batch.failures).length)
		card.append(kinds(batch.failures));
	if (batch.history && Array.isArray(batch.history.items) && batch.history.items.length > 1)
		card.append(spark(batch.history));
	card.append(reviewLine(batch, to));
	if (focused !== null)
		[...card.querySelectorAll('a')].filter((a) => a.className === focused).forEach((a) => a.focus());
}

function cardOf(batch) {
	const name = String(batch.batch_job.name);

	if (!cards.has(name))
		cards.set(name, {element: make('li', {className: 'card'}), batch: null});
	const card = cards.get(name);

	if (card.batch !== batch)
		fill(card.element, batch);
	card.batch = batch;
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
	setText(byId('summary'), plural(others.length, 'batch', 'batches') + ', ' + (jobs.length ? plural(jobs.length, 'job', 'jobs') + ', ' : '') + plural(total, 'item', 'items') +
		(failed ? ', ' + failed.toLocaleString('en') + ' failed' : ''));
	setText(byId('progress'), (done + failed).toLocaleString('en') + ' of ' + plural(total, 'item', 'items') + ' done' +
		(failed ? ', ' + failed.toLocaleString('en') + ' failed' : ''));
	setText(byId('now'), items ? perSecond(items) + ' · ' + bytes(amount) + '/s' : '');
	byId('bar').replaceChildren(share(done, failed, total));
	rates.push([Date.now() / 1000, items]);
	showPlot();
}

/* --- which are shown --- */

/* Puts elements into a list in this order. Elements that are in place stay, since one of them may have the focus. */
function place(list, elements) {
	elements.forEach(function (element, i) {
		if (list.children[i] !== element)
			list.insertBefore(element, list.children[i] || null);
	});
}

function compare(a, b) {
	return a === b ? 0 : a < b ? -1 : 1;
}

/* Batches by name, jobs from the newest on. */
function sort() {
	const all = [...known.values()];

	others = all.filter((batch) => !isJob(batch)).sort((a, b) => compare(a.batch_job.name, b.batch_job.name));
	jobs = all.filter(isJob).sort((a, b) => number(b.batch_job.id) - number(a.batch_job.id));
}

function matches(batch) {
	const job = batch.batch_job;

	return sought === '' || [job.name, job.label, job.category, job.notebook].some((text) => typeof text === 'string' && text.toLocaleLowerCase().includes(sought));
}

/* The matching ones of ALL. */
function chosen(all) {
	const [, , may] = filters.find(([value]) => value === shown);

	return shown === 'all' && sought === '' ? all : all.filter((batch) => may(batch) && matches(batch));
}

/* The filter; states that no batch has are left out. */
function showFilters() {
	const all = [...known.values()];

	for (const [value, , may] of filters) {
		const n = all.filter(may).length;
		const label = byId('find').querySelector(`[value="${value}"]`).parentElement;

		setText(label.querySelector('b'), n.toLocaleString('en'));
		label.hidden = n === 0 && value !== 'all' && value !== shown;
	}
	byId('find').hidden = all.length <= few && shown === 'all' && sought === '';
}

/* Shows what is known. Returns how many batches and jobs match. */
function show() {
	clearTimeout(drawing);
	drawing = 0;
	if (!others)
		sort();
	const someOthers = chosen(others), someJobs = chosen(jobs);
	const now = someOthers.slice(0, placed).map(cardOf), newest = someJobs.slice(0, wanted).map(cardOf);
	const elements = new Set([...now, ...newest]);

	for (const [name, card] of cards)
		if (!elements.has(card.element)) {
			card.element.remove();
			cards.delete(name);
		}
	place(byId('batches').firstElementChild, now);
	place(byId('jobs'), newest);
	byId('handed').hidden = someJobs.length === 0;
	byId('more').hidden = someJobs.length <= wanted;
	setText(byId('more'), 'Show ' + Math.min(steps, someJobs.length - wanted).toLocaleString('en') + ' more');
	byId('nothing').hidden = known.size > 0 || count > 0;
	byId('none').hidden = known.size === 0 || someOthers.length + someJobs.length > 0;
	watchEnd(someOthers.length <= placed);
	showFilters();
	showSummary();
	return someOthers.length + someJobs.length;
}

/* Takes a document of changes. Returns false if it is not one. */
function take(text) {
	let doc;

	try {
		doc = JSON.parse(text);
		if (doc.whole)
			coming = new Map();
		const into = coming || known;

		doc.removed.forEach((name) => into.delete(name));
		doc.batches.forEach((batch) => into.set(String(batch.batch_job.name), batch));
	} catch (e) {
		return false;
	}
	last = doc.id;
	count = doc.count;
	others = null;
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

function showMore() {
	const first = wanted;

	wanted += steps;
	show();
	const link = byId('jobs').children[first] && byId('jobs').children[first].querySelector('a');

	if (link)
		link.focus();
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
	sought = byId('search').value.trim().toLocaleLowerCase();
	remember({show: shown, search: byId('search').value});
	placed = step;
	wanted = steps;
	cards.clear();
	byId('batches').firstElementChild.replaceWith(make('ul', {className: 'batches'}));
	byId('jobs').replaceChildren();
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

/* The filter and the search; this tab remembers them on its way through the pages. */
function listenFilters() {
	const form = byId('find');
	const before = remembered();

	if (filters.some(([value]) => value === before.show))
		shown = before.show;
	byId('search').value = before.search || '';
	sought = byId('search').value.trim().toLocaleLowerCase();
	form.querySelector('fieldset').append(...filters.map(([value, text]) => make('label', {},
		make('input', {type: 'radio', name: 'show', value, checked: value === shown}), make('span', {}, text + ' ', make('b', {})))));
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
lendToken();
byId('more').addEventListener('click', showMore);
listenFilters();
listen();
window.addEventListener('pageshow', function (event) {
	if (event.persisted)
		listen();
});
