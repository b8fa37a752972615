/*
 * The sheet: the index of a batch whose items have no subjects. Each item is kept or rejected where it is, alone or with
 * others that are selected. Kept is the choice 1 of its subject, rejected is 0.
 */
'use strict';
(function () {
	const {byId, all, make, setText, plural} = review;
	const selected = new Set(); /* subjects */
	let rejected = []; /* rows for whose reject a reason is asked for */
	let anchor = null; /* the subject from which a range is selected */

	/* The rows on the page that can be decided. */
	function rowsHere() {
		return lists.placed().filter((row) => row.element.querySelector('button.pick'));
	}

	function buttonOf(row) {
		return row.element.querySelector('button.pick');
	}

	function rowOf(element) {
		const item = element.closest('.item');

		return item ? rowsHere().find((row) => row.element === item) || null : null;
	}

	function current() {
		if (loupe.isOpen())
			return rowsHere().find((row) => row.subject === 'i' + loupe.current()) || null;
		return rowOf(document.activeElement);
	}

	/* Puts the focus on the item of ROW, and the item in sight. */
	function focus(row) {
		buttonOf(row).focus({preventScroll: true});
		row.element.scrollIntoView({block: 'nearest'});
	}

	/* --- the selection --- */

	function showSelection() {
		for (const row of lists.placed())
			row.element.classList.toggle('selected', selected.has(row.subject));
		setText(byId('selected'), selected.size ? selected.size + ' selected' : '');
	}

	function select(rows) {
		selected.clear();
		rows.forEach((row) => selected.add(row.subject));
		showSelection();
	}

	/* Selects from the anchor to ROW. */
	function selectTo(row) {
		const here = rowsHere();
		const from = here.findIndex((one) => one.subject === anchor), to = here.indexOf(row);

		if (from < 0)
			anchor = row.subject;
		select(from < 0 ? [row] : here.slice(Math.min(from, to), Math.max(from, to) + 1));
	}

	/* --- deciding --- */

	function targets() {
		const row = current();

		if (selected.size && !loupe.isOpen())
			return rowsHere().filter((one) => selected.has(one.subject));
		return row ? [row] : [];
	}

	/* Whether MINE, which is a list in a batch with several picks a subject, says CHOICE. */
	function isSame(mine, choice) {
		return choice === 1 ? decision.chosen(mine).length > 0 : mine === choice;
	}

	function nameOf(rows) {
		return rows.length === 1 ? rows[0].name : plural(rows.length, 'item', 'items');
	}

	function wordOf(choice) {
		return choice === null ? 'Open' : choice === 0 ? 'Rejected' : 'Kept';
	}

	/* Decides ROWS, for REASON, and goes on to the item after them. */
	async function decide(rows, choice, reason = '') {
		const here = rowsHere();
		const after = here.slice(here.indexOf(rows[rows.length - 1]) + 1).find((row) => !rows.includes(row));
		const text = wordOf(choice) + (reason ? ' (' + reason + ')' : '') + ': ' + nameOf(rows);

		if (!await decisions.decideAll(rows.map((row) => ({subject: row.subject, choice,
			remarks: decision.remarksOf({...picks.of(row.subject).remarks, reason})}))))
			return;
		picks.flush();
		select([]);
		review.say(text, {undo: undo});
		if (loupe.isOpen())
			loupe.step(1);
		else if (after && after.element.isConnected)
			focus(after);
	}

	/* Calls ACT(rows) for the items that are meant. */
	function withTargets(act) {
		const rows = targets();

		if (rows.length)
			act(rows);
		else
			review.say('No item has the focus. Arrows move it, a click sets it.');
		return true;
	}

	function keep() {
		return withTargets((rows) => decide(rows, 1));
	}

	function reject() {
		return withTargets(function (rows) {
			rejected = rows;
			remarks.reject();
		});
	}

	/* Adds remarks to the items that are meant; a note is on one. */
	async function remark(on, changes, what) {
		const rows = changes && 'note' in changes ? rowsHere().filter((row) => row.subject === on) : targets();

		if (rows.length === 0 || !await decisions.decideAll(rows.map(({subject}) => ({subject, choice: picks.of(subject).mine,
			remarks: decision.remarksOf({...picks.of(subject).remarks, ...changes})}))))
			return withTargets(() => {});
		review.say(what + ': ' + nameOf(rows), {undo: undo});
		picks.flush();
		return true;
	}

	async function undo() {
		const now = await decisions.undo(null);

		if (!now)
			return;
		picks.flush();
		review.say(now.back.length === 0 ? now.said :
			'Undone: ' + (now.back.length === 1 ? [wordOf(now.back[0].choice), ...decision.remarkWords(now.back[0].remarks)].join(', ') : plural(now.back.length, 'item', 'items')));
		const row = rowsHere().find((one) => one.subject === now.subject);

		if (row && !loupe.isOpen())
			focus(row);
	}

	/* --- moving --- */

	/* The row of pictures after (1) or before (-1) that of ROW: its item that is nearest to ROW. */
	function above(row, by) {
		const here = rowsHere();
		const middle = (one) => one.element.offsetLeft + one.element.offsetWidth / 2;
		let best = null;

		for (let i = here.indexOf(row) + by; i >= 0 && i < here.length; i += by) {
			const top = here[i].element.offsetTop;

			if (top === row.element.offsetTop)
				continue;
			if (best && top !== best.element.offsetTop)
				break;
			if (!best || Math.abs(middle(here[i]) - middle(row)) < Math.abs(middle(best) - middle(row)))
				best = here[i];
		}
		return best;
	}

	function beside(row, by) {
		return rowsHere()[rowsHere().indexOf(row) + by] || null;
	}

	/* A key that moves the focus to FIND(row, BY), and with Shift selects what is between. It may be held. */
	function mover(find, by) {
		function move(event) {
			if (loupe.isOpen()) {
				if (find !== above || !loupe.turn(by))
					loupe.step(by);
				return true;
			}
			const row = current(), to = row ? find(row, by) : rowsHere()[0];

			if (!to)
				return true;
			if (event.shiftKey) {
				anchor = selected.size && anchor ? anchor : (row || to).subject;
				selectTo(to);
			} else if (selected.size) {
				select([]);
			}
			if (!event.shiftKey)
				anchor = to.subject;
			focus(to);
			return true;
		}
		move.repeats = true;
		return move;
	}

	/* Selects all items that the filter shows on this page. */
	function selectAll(event) {
		const here = rowsHere();

		if (loupe.isOpen() || here.length === 0 || (event.target instanceof Element && event.target.matches('input:not([type=radio]), textarea')))
			return;
		event.preventDefault();
		anchor = here[0].subject;
		select(here);
	}

	async function toOpen() {
		const row = current();

		await lists.ready();
		const to = lists.undecidedAfter(row ? row.subject : null);

		if (to && to.element && to.element.isConnected)
			focus(to);
		else
			review.go(to ? lists.addressOf(to) : 'submit.html');
	}

	/* --- the loupe --- */

	function look() {
		const row = current();

		loupe.open(row ? Number(row.subject.slice(1)) : 0, (event, number) => decide(rowsHere().filter((one) => one.subject === 'i' + number), 1));
	}

	function space(event) {
		const control = event.target.closest('button, summary, a, input');

		if (control && !control.matches('.pick') && !loupe.isOpen())
			return false;
		if (loupe.isOpen())
			loupe.close();
		else
			look();
		return true;
	}

	function inLoupe(act) {
		return function () {
			if (!loupe.isOpen())
				look();
			if (loupe.isOpen())
				act();
		};
	}

	function larger(by) {
		if (loupe.isOpen())
			loupe.zoomBy(by > 0 ? 1.25 : 0.8);
		else
			resize(by);
	}

	function resize(by) {
		rows.size(by);
		byId('size').value = rows.steps.indexOf(rows.factor());
	}

	/* Shows all that is known of each item below it; this tab remembers it. */
	function inform(on) {
		picks.session.set('informed', on);
		document.body.classList.toggle('informed', on);
		rows.draw();
	}

	/* --- the page --- */

	/* A button with words in it is called by them. */
	function nameButton(button, text) {
		const words = button.querySelector('img') ? null : button.textContent.trim();

		button.toggleAttribute('aria-label', false);
		button.setAttribute(words ? 'aria-description' : 'aria-label', text);
	}

	function draw(row) {
		const card = row.element.querySelector('.candidate'), mine = row.known.mine;

		card.classList.toggle('picked', decision.chosen(mine).length > 0);
		row.element.classList.toggle('rejected', mine === 0);
		all('.decide button', row.element).forEach((button) => button.setAttribute('aria-pressed', String(isSame(mine, Number(button.dataset.decide)))));
		showRemarks(row);
		if (buttonOf(row))
			nameButton(buttonOf(row), row.name + ', ' + lists.describe(row.known));
	}

	/* The stars and signs of the remarks on the picture; the name of its button has them in words. */
	function showRemarks(row) {
		const said = row.known.remarks;
		const sign = ['★'.repeat(said.stars || 0), said.unsure ? '?' : '', said.note ? '✎' : ''].filter(Boolean).join(' ');
		const place = row.element.querySelector('.marks') || make('span', {className: 'marks', ariaHidden: 'true'});

		setText(place, sign);
		place.title = decision.remarkWords(said).join('\n');
		if (sign && !place.isConnected)
			row.element.querySelector('.shot').append(place);
		else if (!sign)
			place.remove();
	}

	/* The buttons of an item, for hands. The keys do the same. */
	function addButtons(row) {
		const shot = row.element.querySelector('.shot');

		if (!buttonOf(row) || shot.querySelector('.decide'))
			return;
		shot.append(make('div', {className: 'decide'}, ...[[1, '✓', 'Keep '], [0, '✕', 'Reject ']].map(function ([choice, sign, word]) {
			const button = make('button', {type: 'button', tabIndex: -1, title: word.trim()}, sign);

			button.dataset.decide = choice;
			button.setAttribute('aria-label', word + row.name);
			return button;
		})));
		all('[data-zoom]', row.element).forEach((link) => link.hidden = false);
		all('.take', row.element).forEach((button) => setText(button, 'Select'));
		draw(row);
	}

	function placed() {
		lists.placed().forEach(addButtons);
		showSelection();
		rows.begin();
		kinds.begin();
	}

	function clickItem(event, row) {
		if (event.shiftKey) {
			selectTo(row);
		} else if (event.ctrlKey || event.metaKey || event.pointerType === 'touch') {
			if (!selected.delete(row.subject))
				selected.add(row.subject);
			anchor = row.subject;
			showSelection();
		} else {
			select([]);
			anchor = row.subject;
		}
		focus(row);
	}

	function listenClicks() {
		byId('list').addEventListener('click', function (event) {
			const row = rowOf(event.target);
			const button = event.target.closest('[data-decide]'), zoom = event.target.closest('[data-zoom]');

			if (!row || event.button !== 0)
				return;
			if (button) {
				/* A second click takes it back. */
				decide([row], isSame(row.known.mine, Number(button.dataset.decide)) ? null : Number(button.dataset.decide));
			} else if (zoom && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
				event.preventDefault();
				focus(row);
				look();
			} else if (event.target.closest('.pick')) {
				clickItem(event, row);
			}
		});
		byId('list').addEventListener('dblclick', (event) => event.target.closest('button.pick') && look());
		/* Shift marks text, but not here. */
		byId('list').addEventListener('mousedown', (event) => event.shiftKey && event.preventDefault());
		byId('keep').addEventListener('click', keep);
		byId('reject').addEventListener('click', reject);
		byId('undo').addEventListener('click', undo);
		byId('look').addEventListener('click', look);
		byId('size').addEventListener('input', (event) => resize(Number(event.target.value) - rows.steps.indexOf(rows.factor())));
		/* A tool takes the focus from the item that it is for. */
		byId('tools').addEventListener('mousedown', (event) => event.target.closest('button') && event.preventDefault());
	}

	/* Enter keeps, but on a control it presses that. */
	function enter(event) {
		if (!loupe.isOpen() && event.target instanceof Element && event.target.closest('button, a, summary') && !event.target.closest('button.pick'))
			return false;
		return keep();
	}

	/* The item of the address: index.html#i12. A browser that scrolls there would take the focus from it. */
	function toAddress() {
		const row = rowsHere().find((one) => '#' + one.subject === location.hash);

		if (!row)
			return;
		history.replaceState(null, '', location.pathname);
		anchor = row.subject;
		focus(row);
	}

	remarks.start({
		subject: () => targets().length ? targets()[0].subject : null,
		change: remark,
		reject: (reason) => decide(rejected, 0, reason),
		place: (element) => byId('tools').append(element),
		writing: () => {},
		noted: (on) => rowsHere().filter((row) => row.subject === on).forEach(focus),
	});
	remarks.begin();
	lists.start('.item', draw, {placed: placed, keys: remarks.ending({
		ArrowRight: mover(beside, 1),
		ArrowLeft: mover(beside, -1),
		ArrowDown: mover(above, 1),
		ArrowUp: mover(above, -1),
		j: mover(beside, 1),
		k: mover(beside, -1),
		PageUp: () => loupe.turn(-1),
		PageDown: () => loupe.turn(1),
		Enter: enter,
		x: reject,
		'0': () => withTargets((rows) => decide(rows, 0)),
		...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, () => review.page.stars && n <= 5 ? remarks.stars(n) : false])),
		d: remarks.doubt,
		e: remarks.write,
		r: remarks.rate,
		u: undo,
		n: toOpen,
		' ': space,
		z: inLoupe(() => loupe.toggle()),
		c: inLoupe(() => loupe.compare()),
		h: () => loupe.isOpen() && loupe.hold(),
		'+': () => larger(1),
		'=': () => larger(1),
		'-': () => larger(-1),
		i: () => inform(!document.body.classList.contains('informed')),
		Escape: () => loupe.isOpen() ? false : select([]),
	})});
	document.addEventListener('focusin', remarks.show);
	/* The other keys leave Ctrl to the browser. */
	document.addEventListener('keydown', (event) => (event.ctrlKey || event.metaKey) && !event.altKey && event.key === 'a' && selectAll(event));
	byId('tools').hidden = false;
	byId('size').value = rows.steps.indexOf(rows.factor());
	listenClicks();
	failed.begin();
	inform(picks.session.get('informed') === true);
	picks.listen(function () {
		byId('undo').disabled = decisions.count() === 0;
		remarks.show();
	});
	byId('undo').disabled = decisions.count() === 0;
	toAddress();
	window.addEventListener('hashchange', toAddress);

	const found = /^#undecided-after=([A-Za-z0-9.-]+)$/.exec(location.hash);

	if (found) {
		history.replaceState(null, '', location.pathname);
		lists.toUndecided(found[1]);
	}
})();
