/*
 * A card of the home page: a batch with some pictures, its progress, its failures, its review and what can be done. Each
 * part is made again only if what it shows has changed, so that pictures stay and the focus does. Texts from batches are
 * inserted as text, never as HTML.
 */
import {tokenOfPage} from './bi.js';
import {failureKinds} from './failure-words.js';
import {perSecond, spark} from './home-plot.js';
import {bdi, bytes, make, number, plural, setText, share, span, statusWords, timeOf} from './show.js';

const KINDS = 3; /* of failures that are named on a card */
const NAMED = 4; /* reviewers that are named on a card */
const SMOOTH = .2; /* the share of the newest rate in the one by which the time left is told */
const SAID = 10000; /* milliseconds that the success of an action stays on the card */
const PARTS = ['thumbs', 'head', 'shares', 'counts', 'fails', 'spark', 'reviewed', 'foot'];

/* Whether the batch is a job: the API makes these names. */
export function isJob({batch_job: job}) {
	return typeof job.notebook === 'string' && /^job-\d+$/.test(job.name);
}

export function isWorking({batch_job: job}) {
	return !job.stale && ['pending', 'processing'].includes(job.status);
}

export function isStopped({batch_job: job}) {
	return Boolean(job.stale);
}

/* The address of a page of the batch's review. */
export function reviewPage(batch, page) {
	return encodeURIComponent(batch.batch_job.name) + '/' + page;
}

/* Whether the review is of items without subjects, whose ids are then i and their numbers. */
function isSheet({thumbs: names}) {
	return Array.isArray(names) && names.length > 0 && names.every((name) => /^i\d+_1\./.test(name));
}

function unseen(text) {
	return make('span', {className: 'unseen'}, text);
}

/* --- parts: each returns its children --- */

function thumbs(batch) {
	if (!batch.pages || !Array.isArray(batch.thumbs) || batch.thumbs.length === 0)
		return [];
	const link = make('a', {href: reviewPage(batch, 'index.html'), tabIndex: -1}, ...batch.thumbs.map(function (name) {
		const picture = make('img', {src: reviewPage(batch, 'thumbs/' + encodeURIComponent(name)), alt: '', loading: 'lazy', decoding: 'async'});

		picture.addEventListener('error', () => picture.remove()); /* it was made again under another name */
		return picture;
	}));

	link.setAttribute('aria-hidden', 'true'); /* the title leads there, too */
	return [link];
}

function about(batch) {
	const job = batch.batch_job;
	const texts = [job.label, job.category].filter((text) => typeof text === 'string' && text !== '').map(bdi);

	if (isJob(batch))
		texts.push(make('span', {}, 'added to ', make('a', {className: 'notebook', href: 'add/?notebook=' + encodeURIComponent(job.notebook)}, bdi(job.notebook))));
	return texts.flatMap((text, i) => i ? [' · ', text] : [text]);
}

function head(batch) {
	const job = batch.batch_job;
	const status = make('span', {className: 'status'}, statusWords(job, batch.failures));

	status.dataset.status = job.stale ? 'stopped' : String(job.status);
	return [
		make('div', {}, make('h2', {}, batch.pages ? make('a', {href: reviewPage(batch, 'index.html'), className: 'title'}, bdi(job.name)) : bdi(job.name)),
			make('p', {className: 'quiet', title: String(job.label || '')}, ...about(batch))),
		status,
	];
}

/* How long it takes yet, or how long it took. */
function duration(batch, rate) {
	const job = batch.batch_job;
	const left = number(job.pending_items) + number(job.processing_items);
	const history = batch.history;

	if (isWorking(batch))
		return rate > 0 && left > 0 ? 'about ' + span(left / rate) + ' left' : '';
	if (!history || !Array.isArray(history.items) || !history.items.length || job.stale)
		return '';
	return 'fetched in ' + span(history.items.length * number(history.step));
}

function counts(batch, rate) {
	const job = batch.batch_job;
	const done = number(job.completed_items) + number(job.failed_items), total = number(job.total_items);
	const first = done === total ? plural(total, 'item', 'items') : done.toLocaleString('en') + ' of ' + plural(total, 'item', 'items');
	const facts = [batch.rate && number(batch.rate.items) && isWorking(batch) ? perSecond(batch.rate.items) : '',
		number(batch.bytes) ? bytes(batch.bytes) : '', duration(batch, rate),
		...isWorking(batch) ? [] : [timeOf(job.updated_at)]].filter(Boolean);

	return [make('span', {}, first), make('span', {className: 'quiet'}, ...facts.flatMap((fact, i) => i ? [' · ', fact] : [fact]))];
}

function fails(batch) {
	const failed = number(batch.batch_job.failed_items);
	const kinds = failureKinds(batch.failures);
	const named = kinds.slice(0, KINDS).map(([words, n]) => kinds.length === 1 ? words : words + ' ' + n.toLocaleString('en'));

	if (!failed)
		return [];
	if (kinds.length > KINDS)
		named.push(plural(kinds.length - KINDS, 'other reason', 'other reasons'));
	const button = make('button', {type: 'button', className: 'fails-open'}, make('b', {}, failed.toLocaleString('en') + ' failed'),
		named.length ? ': ' + named.join(', ') : '', unseen('. Show the failed items of '), unseen(batch.batch_job.name));

	button.dataset.act = 'failures';
	button.setAttribute('aria-haspopup', 'dialog');
	return [button];
}

function sparkOf(batch) {
	return isWorking(batch) && batch.history && Array.isArray(batch.history.items) && batch.history.items.length > 1 ? [spark(batch.history)] : [];
}

function reviewed(batch) {
	const {subjects, decided, disagreements, reviewers} = batch.review || {};
	const all = number(subjects), done = Math.min(number(decided), all);

	if (!batch.pages || !all)
		return [];
	const text = done.toLocaleString('en') + ' of ' + (isSheet(batch) ? plural(all, 'item', 'items') : plural(all, 'subject', 'subjects')) + ' decided' +
		(number(disagreements) ? ', ' + disagreements.toLocaleString('en') + ' disputed' : '');
	const bar = make('progress', {max: all, value: done});

	bar.setAttribute('aria-label', 'Review of ' + batch.batch_job.name);
	return [bar, make('span', {}, text, ...by(reviewers || {}))];
}

/* Who decided, and on how many if there are several: ada 6, bob 2. */
function by(reviewers) {
	const all = Object.entries(reviewers).sort((a, b) => b[1] - a[1]);
	const named = all.slice(0, NAMED).flatMap(([name, n], i) => [i ? ', ' : '', bdi(name), all.length > 1 ? ' ' + number(n).toLocaleString('en') : '']);

	return all.length === 0 ? [] : [make('span', {className: 'quiet'}, all.length > 1 ? ' · ' : ' by ', ...named,
		all.length > NAMED ? ' and ' + plural(all.length - NAMED, 'other', 'others') : '')];
}

function button(act, text, batch, className = 'button') {
	const element = make('button', {type: 'button', className}, text, unseen(' ' + batch.batch_job.name));

	element.dataset.act = act;
	return element;
}

function link(href, text, batch, className = 'button') {
	const element = make('a', {href, className}, text, unseen(' ' + batch.batch_job.name));

	element.dataset.act = text;
	return element;
}

/* What was picked as a ZIP. If reviewers differ, the page of the picks says what is left out, and has all downloads. */
function download(batch) {
	const element = link(`api/v1/batches/${encodeURIComponent(batch.batch_job.name)}/export/?format=zip`, 'Download', batch);

	element.download = '';
	element.title = 'What was picked, with licences, as a ZIP';
	return element;
}

function foot(batch) {
	const job = batch.batch_job;
	const decided = batch.review ? number(batch.review.decided) : 0;
	const children = [];

	if (batch.pages)
		children.push(link(reviewPage(batch, 'index.html'), 'Review', batch, decided < number(batch.review && batch.review.subjects) ? 'button primary' : 'button'));
	else if (tokenOfPage() && number(job.completed_items))
		children.push(button('render', 'Make review pages', batch));
	if (isJob(batch))
		children.push(link('add/?notebook=' + encodeURIComponent(job.notebook), 'Open notebook', batch));
	else if (!batch.pages && !tokenOfPage() && !isWorking(batch))
		children.push(make('span', {className: 'quiet'}, 'To review it: ', make('code', {}, 'bi-render ' + job.name)));
	if (decided && !number(batch.review.disagreements))
		children.push(download(batch));
	else if (decided)
		children.push(link(reviewPage(batch, 'submit.html'), 'Picks', batch));
	if (tokenOfPage() && number(job.failed_items) && !isWorking(batch))
		children.push(button('retry', 'Try failed again', batch));
	if (tokenOfPage() && (isWorking(batch) || isStopped(batch)))
		children.push(button('cancel', 'Cancel', batch));
	return [make('div', {className: 'buttons'}, ...children)];
}

/* --- the card --- */

/* What each part shows: if this is the same as before, so is the part. */
function keysOf(batch, rate) {
	const {batch_job: job, thumbs: pictures, history, failures, pages, review: state} = batch;
	const working = isWorking(batch);

	return {
		thumbs: [pages, pictures], head: [job.label, job.category, job.status, job.stale, job.failed_items, failures && failures.cancelled, pages],
		shares: [job.completed_items, job.failed_items, job.total_items], counts: [job, batch.bytes, batch.rate, working ? span(rate) : history],
		fails: [job.failed_items, failures], spark: working ? history : null, reviewed: [pages, state],
		foot: [pages, state, job.failed_items > 0, job.completed_items > 0, working, job.stale, tokenOfPage()],
	};
}

function fillPart(card, name, children) {
	const part = card.parts[name];
	const focused = part.contains(document.activeElement) && document.activeElement !== part ? document.activeElement : null;

	part.replaceChildren(...children);
	if (!focused)
		return;
	const next = [...part.querySelectorAll('a, button')].find((e) => e.dataset.act === focused.dataset.act && e.className === focused.className) ||
		card.element.querySelector('a:not([tabindex]), button');

	if (next)
		next.focus();
}

/* An empty card for the batch NAME. */
export function makeCard(name) {
	const parts = Object.fromEntries(PARTS.map((part) => [part, make('div', {className: part})]));
	const element = make('li', {className: 'card'});


	parts.wrong = make('p', {});
	parts.said = make('p', {className: 'said'});
	element.dataset.batch = name;
	return {element, parts, keys: {}, batch: null, rate: 0};
}

/* Makes the card show BATCH. */
export function fillCard(card, batch) {
	const now = batch.rate ? number(batch.rate.items) : 0;
	const made = {
		thumbs, head, shares: ({batch_job: job}) => [share(number(job.completed_items), number(job.failed_items), number(job.total_items))],
		counts, fails, spark: sparkOf, reviewed, foot,
	};

	card.rate = card.rate ? card.rate * (1 - SMOOTH) + now * SMOOTH : now;
	card.batch = batch;
	const keys = batch.error_message ? {head: [batch.batch_job]} : keysOf(batch, card.rate);

	for (const [name, value] of Object.entries(keys)) {
		const key = JSON.stringify(value);

		if (card.keys[name] !== key)
			fillPart(card, name, made[name](batch, card.rate));
		card.keys[name] = key;
	}
	card.parts.wrong.textContent = batch.error_message ? String(batch.error_message) : '';
	if (card.isWrong !== Boolean(batch.error_message))
		card.element.replaceChildren(...(batch.error_message ? [card.parts.head, card.parts.wrong] : [...PARTS, 'said'].map((name) => card.parts[name])));
	card.isWrong = Boolean(batch.error_message);
}

/* Shows on the card what became of an action: a mistake stays, a success goes. */
export function sayOnCard(card, text, isWrong = false) {
	const said = card.parts.said;

	setText(said, text);
	said.classList.toggle('wrong', isWrong);
	clearTimeout(card.timer);
	card.timer = isWrong ? 0 : setTimeout(() => setText(said, ''), SAID);
}
