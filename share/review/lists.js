/*
 * The lists of subjects on index.html and submit.html: what became of each, the counts, the filter and the search.
 * Ten thousand subjects are usual enough: elements are looked up once, and only what changed is touched.
 */
'use strict';
const lists = (function () {
	const {byId, all, setText, words} = review;
	const states = {undecided: 'undecided', none: 'none of them', differ: 'reviewers differ'};
	let rows = [];
	let show = 'all';
	let sought = '';

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
		if (known.outcome === 'picked')
			return words(known.choice);
		if (known.outcome === 'differ')
			return 'reviewers differ: ' + differing(known).join(', ');
		return states[known.outcome];
	}

	/* "ada 2", "bob none": who chose what. */
	function differing(known) {
		const own = known.mine === null ? [] : [{reviewer: 'you', choice: known.mine}];

		return own.concat(known.others).map((o) => o.reviewer + ' ' + (o.choice === 0 ? 'none' : o.choice));
	}

	function isMeant(row) {
		const known = row.known;

		return (show === 'all' || known.outcome === show || (show === 'unsaved' && known.unsaved)) &&
			(sought === '' || row.sought.includes(sought));
	}

	function filter() {
		let shown = 0;

		for (const row of rows) {
			const hidden = !isMeant(row);

			if (row.element.hidden !== hidden)
				row.element.hidden = hidden;
			shown += hidden ? 0 : 1;
		}
		byId('nothing').hidden = shown > 0 || rows.length === 0;
		return shown;
	}

	function count() {
		const counts = {all: rows.length, undecided: 0, picked: 0, none: 0, differ: 0, unsaved: 0};

		for (const row of rows) {
			counts[row.known.outcome]++;
			counts.unsaved += row.known.unsaved ? 1 : 0;
		}
		all('[data-count]').forEach((b) => setText(b, String(counts[b.dataset.count])));
		const decided = rows.length - counts.undecided;

		setText(byId('progress'), decided + ' of ' + rows.length + ' decided');
		byId('bar').value = decided;
		setText(byId('left'), rows.length === 0 || counts.undecided ? '' : 'all decided');
		return counts;
	}

	/* Shows what is known now; draw(row) is called for each row whose decision changed. */
	function update(draw) {
		for (const row of rows) {
			row.known = picks.of(row.subject);
			const text = describe(row.known);
			const sign = text + (row.known.unsaved ? '*' : '');

			if (row.shown === sign)
				continue;
			row.shown = sign;
			setText(row.state, text);
			row.element.dataset.outcome = row.known.outcome;
			row.element.toggleAttribute('data-unsaved', row.known.unsaved);
			draw(row);
		}
		const counts = count();

		filter();
		return counts;
	}

	function picture(row, choice, alt) {
		const img = document.createElement('img');

		img.loading = 'lazy';
		img.alt = alt;
		img.src = 'thumbs/' + row.subject + '_' + choice + '.webp';
		return img;
	}

	/* The filter and the search, which this tab keeps while it goes from page to page. */
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
			const first = rows.find((row) => !row.element.hidden);

			event.preventDefault();
			if (first && sought)
				first.element.querySelector('a').click();
		});
		form.addEventListener('input', function () {
			changed();
			review.say(review.plural(filter(), 'subject', 'subjects') + ' shown');
		});
		search.addEventListener('keydown', function (event) {
			if (event.key === 'Escape' && search.value === '')
				search.blur();
		});
	}

	/* Moves the focus by so many of the rows that are shown. */
	function move(by) {
		const links = rows.filter((row) => !row.element.hidden).map((row) => row.element.querySelector('a'));
		const at = links.indexOf(document.activeElement);
		const to = links[Math.min(Math.max(at < 0 ? 0 : at + by, 0), links.length - 1)];

		if (to)
			to.focus();
	}

	/* How many stand beside each other. */
	function columns() {
		const row = rows.find((r) => !r.element.hidden);

		return row ? getComputedStyle(row.element.parentElement).gridTemplateColumns.split(' ').length : 1;
	}

	function arrow(by) {
		return function () {
			if (!document.activeElement.closest('[data-subject]'))
				return false;
			move(by());
			return true;
		};
	}

	/* The first subject after the one called AFTER, and around the end, that nobody decided; null where there is none. */
	function undecidedAfter(after) {
		const at = rows.findIndex((row) => row.subject === after);
		const around = rows.slice(at + 1).concat(rows.slice(0, at + 1));

		return around.find((row) => row.known.outcome === 'undecided') || null;
	}

	function toUndecided(after) {
		const row = undecidedAfter(after);

		review.go(row ? row.subject + '_review.html' : 'submit.html');
	}

	function start(selector, draw) {
		read(selector);
		picks.session.set('order', rows.map((row) => row.subject));
		listenFilters();
		picks.listen(() => update(draw));
		review.start();
		update(draw);
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

	return {start: start, rows: () => rows, picture: picture, describe: describe, differing: differing, toUndecided: toUndecided};
})();
