/*
 * The lists of subjects on index.html and submit.html: the outcome of each, the counts, the filter and the search.
 * A batch may have ten thousand subjects, so only some of the matching ones are on the page, and more are added when it is
 * scrolled. (A browser needs half a minute to remove 9,000 of 10,000 elements from one grid, but removes a whole grid
 * at once.) The index has several pages: subjects.json names the subjects of all, and those that match are taken from
 * their pages.
 */
'use strict';
const lists = (function () {
	const {byId, all, make, number, setText, words} = review;
	const states = review.page.sheet ? {undecided: 'open', picked: 'kept', none: 'rejected', differ: 'reviewers differ'} :
		{undecided: 'undecided', none: 'none of them', differ: 'reviewers differ'};
	/* What a reviewer, this one or another, said of a subject. */
	const remarked = {unsure: (said) => said.unsure, noted: (said) => said.note, reasoned: (said) => said.reason, starred: (said) => said.stars};
	const ofOthers = 'not decided by you';
	const brief = 100; /* characters of a remark in a list */
	const step = 500; /* rows that are added at a time, so a page of the index is whole at once */
	const patience = 10000; /* milliseconds that a page may take */
	const perPage = 500; /* subjects on a page of the index */
	const loads = new Map(); /* name of a page of the index: the promise that its elements are known */
	let selector = '';
	let rows = []; /* of all subjects, once they are known */
	let here = []; /* of this page */
	let scope = 'all'; /* of rows: 'here' where the other pages cannot be read, 'unknown' before they are */
	let ready = Promise.resolve(); /* when that is known */
	let meant = []; /* the rows that match the filter */
	let placed = 0; /* the number of these on the page */
	let show = 'all';
	let sought = '';
	let only = null; /* a function that says of a row whether it matches too */
	let draw = null;
	let whenPlaced = null;

	/* CANDIDATES and FAILED: how many items of the subject can be chosen, and how many failed. */
	function rowOf(subject, name, index, candidates, failed) {
		return {
			nothing: candidates === 0, /* there is nothing to choose: it is no work */
			failed: failed > 0,
			element: null, /* on the page, or of another page that was read */
			state: null,
			subject: subject,
			name: name,
			index: index,
			sought: (name + ' ' + subject).toLocaleLowerCase(),
			thumbs: new Set(),
			sources: [], /* of its pictures, with their versions */
			known: picks.of(subject),
			shown: '',
		};
	}

	function setElement(row, element) {
		row.element = element;
		row.state = element.querySelector('.state');
		row.thumbs = new Set(element.dataset.thumbs.split(' '));
		row.sources = all('img', element).map((img) => img.getAttribute('src'));
	}

	function read() {
		here = rows = all(selector).map(function (element) {
			const row = rowOf(element.dataset.subject, element.querySelector('h2, .name').textContent, review.page.index,
				Number(element.dataset.candidates), Number(element.dataset.failed || 0));

			setElement(row, element);
			return row;
		});
		scope = review.page.pages > 1 ? 'unknown' : 'all';
	}

	/* --- the other pages of the index --- */

	async function load(address) {
		const response = await fetch(address, {cache: 'no-cache', signal: AbortSignal.timeout(patience)});

		if (!response.ok)
			throw new Error(address + ' has the status ' + response.status);
		return response.text();
	}

	function indexName(page) {
		return page === 1 ? 'index.html' : 'index-' + page + '.html';
	}

	/* Reads the subjects of all pages. A file may not be read by the page of another. */
	async function readAll() {
		const shown = new Map(here.map((row) => [row.subject, row]));

		try {
			if (!picks.state().served)
				throw new Error('this page is a file');
			rows = JSON.parse(await load('subjects.json')).map(([subject, name, candidates, failed], i) =>
				shown.get(subject) || rowOf(subject, name, indexName(Math.floor(i / perPage) + 1), candidates, failed || 0));
			scope = 'all';
		} catch (e) {
			scope = 'here';
		}
		keepOrder();
		sayWhatIsKnown();
		update();
	}

	function sayWhatIsKnown() {
		const line = byId('known');

		line.hidden = scope !== 'here';
		setText(line, !picks.state().served ? 'Opened as a file, a page counts and finds only its own subjects.' :
			'The server does not answer, so only the subjects of this page are counted and found. A click on a filter tries again.');
	}

	/* Reads the elements of one page, which other rows need. */
	async function readPage(name) {
		const page = new DOMParser().parseFromString(await load(name), 'text/html');
		const of = new Map(rows.filter((row) => row.index === name && !row.element).map((row) => [row.subject, row]));

		for (const element of all(selector, page)) {
			const row = of.get(element.dataset.subject);

			if (row)
				setElement(row, document.importNode(element, true));
			of.delete(element.dataset.subject);
		}
		if (of.size)
			review.warn('This batch was rendered again. Load this page again to see all of it.');
		rows = rows.filter((row) => !of.has(row.subject));
		meant = meant.filter((row) => !of.has(row.subject));
	}

	function readOnce(name) {
		if (!loads.has(name))
			loads.set(name, readPage(name).then(() => true, function () {
				loads.delete(name);
				review.say('The server does not answer, so not all subjects that match are shown.');
				return false;
			}));
		return loads.get(name);
	}

	/* --- what is shown --- */

	/* Whether others decided, and this reviewer did not. */
	function isOfOthers(known) {
		return known.outcome !== 'differ' && known.mine === null && known.others.length > 0;
	}

	function describe(known) {
		const text = states[known.outcome] || words(known.choice);
		const said = decision.remarkWords(known.remarks, brief).map((word) => ', ' + word).join('');

		if (known.outcome === 'differ')
			return text + ': ' + differing(known).join(', ') + said;
		return text + said + (isOfOthers(known) ? ', ' + ofOthers : '');
	}

	/* The choices: "ada 2", "bob none". */
	function differing(known) {
		const own = known.mine === null ? [] : [{reviewer: 'you', choice: known.mine}];

		return own.concat(known.others).map((o) => review.isolate(o.reviewer) + ' ' + (decision.chosen(o.choice).join(' ') || 'none'));
	}

	/* Whether a subject has this state. It is undecided if this reviewer has not decided it, whatever others chose. */
	function isOf({known, nothing, failed}, state) {
		if (state === 'undecided')
			return known.mine === null && !nothing;
		if (state === 'failed')
			return failed;
		if (Object.hasOwn(remarked, state))
			return [known.remarks, ...known.others.map((o) => o.remarks)].some(remarked[state]);
		return state === 'unsaved' ? known.unsaved : known.outcome === state;
	}

	function isMeant(row) {
		return (show === 'all' || isOf(row, show)) && (only === null || only(row)) &&
			(sought === '' || row.sought.includes(sought));
	}

	/* Shows the outcome of a row, if it has changed. */
	function refresh(row) {
		const idle = row.nothing && row.known.outcome === 'undecided';
		const text = idle ? 'Nothing to choose' : describe(row.known);
		const sign = text + (row.known.unsaved ? '*' : '');

		if (!row.element || row.shown === sign)
			return;
		row.shown = sign;
		setText(row.state, text);
		/* On paper it does not matter who is looking. */
		if (!idle && isOfOthers(row.known))
			row.state.replaceChildren(text.slice(0, -ofOthers.length - 2), make('span', {className: 'of-others'}, ', ' + ofOthers));
		row.element.dataset.outcome = idle ? 'nothing' : row.known.mine === null && row.known.outcome !== 'differ' ? 'undecided' : row.known.outcome;
		row.element.toggleAttribute('data-unsaved', row.known.unsaved);
		draw(row);
	}

	/* Adds matching rows to the page, until it has COUNT: those of other pages when they are read. */
	function place(count) {
		const next = meant.slice(placed, count);
		const missing = next.find((row) => !row.element);
		const more = missing ? next.slice(0, next.indexOf(missing)) : next;
		const list = byId('list').lastElementChild;

		more.forEach(refresh);
		list.append(...more.map((row) => row.element));
		placed += more.length;
		whenPlaced();
		if (missing)
			readOnce(missing.index).then((is) => is && list.isConnected && place(count));
	}

	/* Whether this page is shown as it is. */
	function isWhole() {
		return show === 'all' && sought === '' && only === null;
	}

	/* Shows the matching rows, and keeps the focus. */
	function filter() {
		const focus = document.activeElement;
		const now = (isWhole() ? here : rows).filter(isMeant);

		all('.pages').forEach((nav) => nav.hidden = !isWhole());

		if (placed > 0 && now.length === meant.length && now.every((row, i) => row === meant[i])) {
			meant.slice(0, placed).forEach(refresh);
			return;
		}
		const list = make('ul', {className: byId('list').firstElementChild.className});
		const count = Math.max(step, placed);

		meant = now;
		placed = 0;
		byId('list').replaceChildren(list);
		place(count);
		if (focus !== document.activeElement && focus.isConnected)
			focus.focus();
		byId('nothing').hidden = meant.length > 0 || rows.length === 0;
	}

	/* On paper there is no scrolling: all rows that match are there, with their pictures. */
	function listenPrint() {
		window.addEventListener('beforeprint', function () {
			place(meant.length);
			all('img', byId('list')).forEach((img) => img.loading = 'eager');
		});
	}

	/* Shows only rows of which MAY(row) is true; null: all. */
	function showOnly(may) {
		only = may;
		placed = 0;
		filter();
		review.say(review.plural(meant.length, 'subject', 'subjects') + ' shown', {quiet: true});
	}

	/* Adds rows before the end of the list is visible. */
	function listenEnd() {
		const end = make('div', {});

		byId('list').after(end);
		new IntersectionObserver(function (entries) {
			if (entries.some((entry) => entry.isIntersecting) && placed < meant.length)
				place(placed + step);
		}, {rootMargin: '2000px'}).observe(end);
	}

	function count() {
		if (scope === 'unknown')
			return;
		const undecided = rows.filter((row) => isOf(row, 'undecided')).length;
		const work = rows.filter((row) => !row.nothing || row.known.mine !== null).length;
		const decided = work - undecided;
		const others = rows.filter((row) => row.known.others.length).length;

		all('[data-count]').forEach(function (b) {
			const state = b.dataset.count;

			setText(b, number(state === 'all' ? rows.length : rows.filter((row) => isOf(row, state)).length));
			/* No filter for what nobody has said, and for failures where there are none. */
			if (state === 'failed' || Object.hasOwn(remarked, state))
				b.closest('label').hidden = b.textContent === '0' && state !== show;
		});
		setText(byId('progress'), number(decided) + ' of ' + number(work) + (scope === 'here' ? ' on this page' : '') + ' decided' + (others ? ' by you, ' + number(others) + ' by others' : ''));
		byId('bar').max = Math.max(work, 1);
		byId('bar').value = decided;
		setText(byId('left'), work === 0 || undecided ? '' : 'all decided');
	}

	/* The way to the first undecided subject, on the index. */
	function showGoOn() {
		const link = byId('go-on'), row = link && scope !== 'unknown' ? undecidedAfter(null) : null;

		if (!link)
			return;
		link.hidden = !row;
		if (!row)
			return;
		link.href = addressOf(row);
		setText(link, picks.decided().size ? 'Go on: ' + review.isolate(row.name) : 'Start');
	}

	/* Updates the page from picks. */
	function update() {
		for (const row of rows)
			row.known = picks.of(row.subject);
		count();
		filter();
		showGoOn();
	}

	function picture(row, choice, alt) {
		const img = document.createElement('img');
		const file = 'thumbs/' + row.subject + '_' + choice + '.webp';

		img.loading = 'lazy';
		img.alt = alt;
		img.src = row.sources.find((source) => source.startsWith(file + '?')) || file;
		return img;
	}

	/* The filter and the search; this tab remembers them on its way through the pages. */
	function listenFilters() {
		const form = byId('find');
		const search = byId('search');
		const key = review.page.page + ':find';
		const last = picks.session.get(key) || {};

		function changed() {
			show = form.elements.show.value;
			sought = search.value.trim().toLocaleLowerCase();
			picks.session.set(key, {show: show, search: search.value});
		}
		form.hidden = rows.length === 0;
		search.value = last.search || '';
		for (const radio of form.elements.show)
			radio.checked = radio.value === (last.show || 'all');
		if (!form.elements.show.value)
			form.elements.show[0].checked = true;
		changed();
		form.addEventListener('submit', function (event) {
			event.preventDefault();
			if (meant.length && sought)
				review.go(addressOf(meant[0]));
		});
		form.addEventListener('input', function () {
			changed();
			if (scope === 'here' && picks.state().served)
				ready = readAll();
			placed = 0;
			filter();
			review.say(review.plural(meant.length, 'subject', 'subjects') + ' shown');
		});
		search.addEventListener('keydown', function (event) {
			if (event.key === 'Escape' && search.value === '')
				search.blur();
		});
	}

	/* Moves the focus by this number of rows. */
	function move(by) {
		const at = meant.findIndex((row) => row.element.contains(document.activeElement));
		const to = Math.min(Math.max(at < 0 ? 0 : at + by, 0), meant.length - 1);

		if (to >= placed)
			place(to + step);
		if (to >= 0 && to < placed)
			meant[to].element.querySelector('a').focus();
	}

	/* The number of columns of the grid. */
	function columns() {
		return getComputedStyle(byId('list').lastElementChild).gridTemplateColumns.split(' ').length;
	}

	function arrow(by) {
		return function () {
			if (!document.activeElement.closest('[data-subject]'))
				return false;
			move(by());
			return true;
		};
	}

	/* The first subject that this reviewer has not decided, after the subject AFTER and then, unless ONWARD, from the start; null
	 * if there is none. */
	function undecidedAfter(after, onward = false) {
		const at = rows.findIndex((row) => row.subject === after);
		const around = rows.slice(at + 1).concat(onward ? [] : rows.slice(0, at + 1));

		return around.find((row) => isOf(row, 'undecided')) || null;
	}

	/* The page of the subject, or its place on the sheet. */
	function addressOf(row) {
		if (!review.page.sheet)
			return row.subject + '_review.html';
		return row.index ? row.index + '#' + row.subject : row.element.querySelector('a').getAttribute('href');
	}

	/* As a file, a page knows only its own subjects, and the next one may have an undecided one. */
	async function toUndecided(after) {
		await Promise.all([picks.known(), ready]);
		const next = scope === 'here' && document.querySelector('.pages [rel=next]');
		const row = undecidedAfter(after, Boolean(next));

		review.go(row ? addressOf(row) : next ? next.getAttribute('href') + '#undecided-after=-' : 'submit.html');
	}

	/* The order of the subjects, for their pages. */
	function keepOrder() {
		if (scope === 'all')
			picks.session.set('order', rows.map((row) => row.subject)) &&
				picks.session.set('nothing', rows.filter((row) => row.nothing).map((row) => row.subject));
	}

	/* Shows the rows that match SELECTOR; drawRow(row) draws the decision of one, PLACED is called when others are on the page,
	 * and KEYS are other keys than those of all lists. */
	function start(rowSelector, drawRow, {placed: placedRows = () => {}, keys = {}} = {}) {
		draw = drawRow;
		whenPlaced = placedRows;
		selector = rowSelector;
		read();
		keepOrder();
		listenFilters();
		picks.listen(update);
		review.start();
		if (scope === 'unknown')
			ready = readAll();
		update();
		listenEnd();
		listenPrint();
		review.listenKeys({
			j: () => move(1),
			k: () => move(-1),
			ArrowRight: arrow(() => 1),
			ArrowLeft: arrow(() => -1),
			ArrowDown: arrow(columns),
			ArrowUp: arrow(() => -columns()),
			n: () => toUndecided(null),
			s: () => review.go('submit.html'),
			a: () => review.go('index.html'),
			'/': () => byId('search').focus(),
			...keys,
		});
	}

	return {start: start, only: showOnly, rows: () => rows, picture: picture, describe: describe, differing: differing, toUndecided: toUndecided,
		undecidedAfter: undecidedAfter, addressOf: addressOf, ready: () => Promise.all([picks.known(), ready]),
		/* The rows that match and are on the page. */
		placed: () => meant.slice(0, placed)};
})();
