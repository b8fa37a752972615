/*
 * The lists of subjects on index.html and submit.html: the outcome of each, the counts, the filter and the search.
 * A batch may have ten thousand subjects, so only some of the matching ones are on the page, and more are added when it is
 * scrolled. (A browser needs half a minute to remove 9,000 of 10,000 elements from one grid, but removes a whole grid
 * at once.)
 */
'use strict';
const lists = (function () {
	const {byId, all, setText, words} = review;
	const states = {undecided: 'undecided', none: 'none of them', differ: 'reviewers differ'};
	/* What a reviewer, this one or another, said of a subject. */
	const remarked = {unsure: (said) => said.unsure, noted: (said) => said.note, reasoned: (said) => said.reason};
	const step = 240; /* rows that are added at a time */
	let rows = [];
	let meant = []; /* the rows that match the filter */
	let placed = 0; /* the number of these on the page */
	let show = 'all';
	let sought = '';
	let draw = null;

	function read(selector) {
		rows = all(selector).map(function (element) {
			const subject = element.dataset.subject;
			const name = element.querySelector('h2, .name').textContent;

			return {
				element: element,
				state: element.querySelector('.state'),
				subject: subject,
				name: name,
				sought: (name + ' ' + subject).toLocaleLowerCase(),
				thumbs: new Set(element.dataset.thumbs.split(' ')),
				known: null,
				shown: '',
			};
		});
	}

	function describe(known) {
		const text = known.outcome === 'picked' ? words(known.choice) : states[known.outcome];
		const said = decision.remarkWords(known.remarks).map((word) => ', ' + word).join('');

		if (known.outcome === 'differ')
			return text + ': ' + differing(known).join(', ') + said;
		return text + (known.mine === null && known.others.length ? ', not decided by you' : '') + said;
	}

	/* The choices: "ada 2", "bob none". */
	function differing(known) {
		const own = known.mine === null ? [] : [{reviewer: 'you', choice: known.mine}];

		return own.concat(known.others).map((o) => o.reviewer + ' ' + (decision.chosen(o.choice).join(' ') || 'none'));
	}

	/* Whether a subject has this state. It is undecided if this reviewer has not decided it, whatever others chose. */
	function isOf(known, state) {
		if (state === 'undecided')
			return known.mine === null;
		if (Object.hasOwn(remarked, state))
			return [known.remarks, ...known.others.map((o) => o.remarks)].some(remarked[state]);
		return state === 'unsaved' ? known.unsaved : known.outcome === state;
	}

	function isMeant(row) {
		const known = row.known;

		return (show === 'all' || isOf(known, show)) &&
			(sought === '' || row.sought.includes(sought));
	}

	/* Shows the outcome of a row, if it has changed. */
	function refresh(row) {
		const text = describe(row.known);
		const sign = text + (row.known.unsaved ? '*' : '');

		if (row.shown === sign)
			return;
		row.shown = sign;
		setText(row.state, text);
		row.element.dataset.outcome = row.known.mine === null && row.known.outcome !== 'differ' ? 'undecided' : row.known.outcome;
		row.element.toggleAttribute('data-unsaved', row.known.unsaved);
		draw(row);
	}

	/* Adds matching rows to the page, until it has COUNT. */
	function place(count) {
		const more = meant.slice(placed, count);

		more.forEach(refresh);
		byId('list').lastElementChild.append(...more.map((row) => row.element));
		placed += more.length;
	}

	/* Shows the matching rows, and keeps the focus. */
	function filter() {
		const focus = document.activeElement;
		const now = rows.filter(isMeant);

		if (placed > 0 && now.length === meant.length && now.every((row, i) => row === meant[i])) {
			meant.slice(0, placed).forEach(refresh);
			return;
		}
		const list = review.make('ul', {className: byId('list').firstElementChild.className});
		const count = Math.max(step, placed);

		meant = now;
		placed = 0;
		byId('list').replaceChildren(list);
		place(count);
		if (focus !== document.activeElement && focus.isConnected)
			focus.focus();
		byId('nothing').hidden = meant.length > 0 || rows.length === 0;
	}

	/* Adds rows before the end of the list is visible. */
	function listenEnd() {
		const end = review.make('div', {});

		byId('list').after(end);
		new IntersectionObserver(function (entries) {
			if (entries.some((entry) => entry.isIntersecting) && placed < meant.length)
				place(placed + step);
		}, {rootMargin: '2000px'}).observe(end);
	}

	function count() {
		const undecided = rows.filter((row) => isOf(row.known, 'undecided')).length;
		const decided = rows.length - undecided;
		const others = rows.filter((row) => row.known.others.length).length;

		all('[data-count]').forEach(function (b) {
			const state = b.dataset.count;

			setText(b, String(state === 'all' ? rows.length : rows.filter((row) => isOf(row.known, state)).length));
			/* No filter for what nobody has said. */
			if (Object.hasOwn(remarked, state))
				b.closest('label').hidden = b.textContent === '0' && state !== show;
		});
		setText(byId('progress'), decided + ' of ' + rows.length + ' decided' + (others ? ' by you, ' + others + ' by others' : ''));
		byId('bar').value = decided;
		setText(byId('left'), rows.length === 0 || undecided ? '' : 'all decided');
	}

	/* Updates the page from picks. */
	function update() {
		for (const row of rows)
			row.known = picks.of(row.subject);
		count();
		filter();
	}

	function picture(row, choice, alt) {
		const img = document.createElement('img');

		img.loading = 'lazy';
		img.alt = alt;
		img.src = 'thumbs/' + row.subject + '_' + choice + '.webp';
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
				meant[0].element.querySelector('a').click();
		});
		form.addEventListener('input', function () {
			changed();
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
		if (to >= 0)
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

	/* The first subject that this reviewer has not decided, after the subject AFTER and then from the start; null if there is none. */
	function undecidedAfter(after) {
		const at = rows.findIndex((row) => row.subject === after);
		const around = rows.slice(at + 1).concat(rows.slice(0, at + 1));

		return around.find((row) => isOf(row.known, 'undecided')) || null;
	}

	async function toUndecided(after) {
		await picks.known();
		const row = undecidedAfter(after);

		review.go(row ? row.subject + '_review.html' : 'submit.html');
	}

	/* Shows the rows that match SELECTOR; drawRow(row) draws the decision of one. */
	function start(selector, drawRow) {
		draw = drawRow;
		read(selector);
		picks.session.set('order', rows.map((row) => row.subject));
		listenFilters();
		picks.listen(update);
		review.start();
		update();
		listenEnd();
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
		});
	}

	return {start: start, rows: () => rows, picture: picture, describe: describe, differing: differing, toUndecided: toUndecided,
		undecidedAfter: undecidedAfter};
})();
