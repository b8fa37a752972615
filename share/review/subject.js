/* ID_review.html: picks one candidate of a subject, and shows the next subject. */
'use strict';
(function () {
	const {page, byId, all, make, setText, words} = review;
	let subject = page.subject;
	let done = ''; /* what the last pick was, while its page is left */
	const toggles = new Set(); /* {on, idx, name}: candidates that are to be picked or taken out */
	let typed = null; /* the digits of the number that is being typed, else null */

	function cards() {
		return all('.candidate');
	}

	function names(known, choice) {
		return known.others.filter((o) => decision.chosen(o.choice).includes(choice)).map((o) => review.isolate(o.reviewer));
	}

	/* Whether the file of CARD has changed since the decision at the time AT: it is not the one that was chosen. */
	function hasChanged(card, at) {
		return Boolean(card && card.dataset.changed && at) && Date.parse(at) < Date.parse(card.dataset.changed);
	}

	/* Who chose CARD before its file changed. */
	function choseBefore(card, known) {
		const idx = Number(card.dataset.idx);
		const before = known.others.filter((o) => decision.chosen(o.choice).includes(idx) && hasChanged(card, o.at)).map((o) => review.isolate(o.reviewer));

		return (decision.chosen(known.mine).includes(idx) && hasChanged(card, known.at) ? ['you'] : []).concat(before);
	}

	function showChanged(card, known) {
		const line = card.querySelector('.changed');
		const before = choseBefore(card, known);

		if (!line)
			return;
		line.hidden = before.length === 0;
		setText(line, before.length ? 'Changed since ' + before.join(', ') + ' chose it. Pick it again if it is still the one.' : '');
	}

	function showState(known) {
		const differ = known.outcome === 'differ';
		const undecided = document.querySelector('.nothing') ? 'Nothing to choose' : 'Undecided';
		let text = known.mine === null ? undecided : 'Picked: ' + words(known.mine);

		if (known.mine === null && known.others.length)
			text = 'Not decided by you';
		if (known.remarks.reason)
			text += ': ' + known.remarks.reason;
		if (known.remarks.unsure)
			text += ' (unsure)';
		if (differ)
			text += '. Reviewers differ';
		setText(byId('state'), text);
		byId('decision').dataset.outcome = known.mine === null ? 'undecided' : differ ? 'differ' : known.outcome;
		byId('others').hidden = known.others.length === 0;
		byId('others').replaceChildren(...known.others.map((o) => make('li', {title: o.remarks.note || ''},
			make('b', {dir: 'auto'}, o.reviewer), ' chose ' + [words(o.choice), ...decision.remarkWords(o.remarks)].join(', '))));
	}

	/* Shows the place of CARD in the order of several picks; 0: it is not picked. */
	function showOrder(card, place) {
		const old = card.querySelector('.order');

		card.dataset.order = place && page.picks === 'many' ? decision.nth(place) : '';
		if (page.picks !== 'many')
			return;
		const label = old || make('span', {className: 'order'});

		label.hidden = !place;
		setText(label, card.dataset.order);
		if (!old)
			card.querySelector('.shot').append(label);
	}

	function show() {
		const known = picks.of(subject), list = decision.chosen(known.mine);

		showState(known);
		remarks.show();
		all('[data-pick]').forEach(function (button) {
			const idx = Number(button.dataset.pick);
			const picked = idx === known.mine || list.includes(idx);

			button.setAttribute('aria-pressed', String(picked));
			button.classList.toggle('picked', picked);
		});
		cards().forEach(function (card) {
			const idx = Number(card.dataset.idx);
			const who = names(known, idx);
			const line = card.querySelector('.who');

			card.classList.toggle('picked', list.includes(idx));
			showOrder(card, list.indexOf(idx) + 1);
			line.hidden = who.length === 0;
			setText(line, who.length ? 'Chosen by ' + who.join(', ') : '');
			showChanged(card, known);
		});
		const inFold = document.querySelector('.alike .candidate.picked');

		if (inFold)
			inFold.closest('details').open = true;
		const decided = picks.decided().size;

		setText(byId('decided'), decided ? ' · ' + decided + ' decided' : '');
		byId('undo').disabled = known.mine === null && decisions.count() === 0;
		rights.show();
		which.show();
		loupe.refresh();
	}

	/* --- deciding --- */

	/* No decision while another page is loaded, or the reviewer's name is asked for. */
	function isBusy() {
		return review.isLeaving() || document.querySelector('dialog#who');
	}

	/* Picks one candidate or none of them, for REASON, and goes on. */
	async function pick(choice, reason = '') {
		/* Another subject may be on the page when the reviewer's name is known. */
		const on = subject, next = page.next, name = document.querySelector('h1').textContent;
		const known = picks.of(on), said = decision.remarksOf({...known.remarks, reason});
		const card = cards().find((one) => Number(one.dataset.idx) === choice);

		if (isBusy())
			return;
		if (!decision.isSame({choice, ...said}, {choice: known.mine, ...known.remarks}) || hasChanged(card, known.at))
			if (!await decisions.decide(on, choice, said))
				return;
		done = name + ': ' + words(choice) + (reason ? ' (' + reason + ')' : '');
		review.say(done, {undo: undo});
		picks.flush();
		if (subject === on)
			await turn.to(next);
		done = '';
	}

	/*
	 * In a batch with several picks: picks a candidate in addition, or takes it out. A page that was just loaded first hears
	 * what is picked already, unless it is left before that.
	 */
	async function toggle(idx) {
		const one = {on: subject, idx: idx, name: document.querySelector('h1').textContent};

		if (isBusy())
			return;
		toggles.add(one);
		await picks.known();
		await doToggle(one);
	}

	async function doToggle(one) {
		if (!toggles.delete(one))
			return;
		picks.readKept(); /* another tab may have picked */
		const known = picks.of(one.on), list = decision.chosen(known.mine);
		const now = list.includes(one.idx) ? list.filter((idx) => idx !== one.idx) : list.concat([one.idx]);
		const choice = now.length ? now : null;

		if (!await decisions.decide(one.on, choice, decision.withoutReason(known.remarks)))
			return;
		review.say(one.name + ': ' + words(choice), {undo: undo});
		picks.flush();
	}

	/* Changes the remarks on the subject ON. */
	async function remark(on, changes, what) {
		const known = picks.of(on);

		if (!await decisions.decide(on, known.mine, decision.remarksOf({...known.remarks, ...changes})))
			return;
		review.say(what, {undo: undo});
		picks.flush();
	}

	async function undo() {
		done = '';
		if (isBusy())
			return;
		const now = await decisions.undo(subject);

		if (!now)
			return;
		picks.flush();
		if (now.subject === subject)
			review.say(now.said);
		else
			await turn.to(now.subject + '_review.html');
	}

	/* --- moving --- */

	function current() {
		const card = document.activeElement.closest('.candidate');

		return card ? Number(card.dataset.idx) : decision.chosen(picks.of(subject).mine)[0] || 0;
	}

	/* Moves the focus from picture to picture, skipping those in closed folds. */
	function moveFocus(by) {
		const buttons = cards().filter((card) => !card.hidden && !card.closest('details:not([open])')).map((card) => card.querySelector('.pick'));
		const at = buttons.indexOf(document.activeElement);
		const to = buttons[Math.min(Math.max(at < 0 ? 0 : at + by, 0), buttons.length - 1)];

		if (to) {
			to.focus();
			to.closest('.candidate').scrollIntoView({block: 'nearest'});
		}
	}

	function step(by) {
		const link = byId(by < 0 ? 'prev' : 'next');

		if (loupe.isOpen())
			loupe.step(by);
		else if (link)
			return turn.to(link.getAttribute('href'));
		else
			review.say(by < 0 ? 'This is the first subject.' : 'This is the last subject.');
	}

	/* This tab knows the order of the subjects if it has opened index.html; if not, that page finds the next one. */
	async function toUndecided() {
		await picks.known();
		const order = picks.session.get('order');
		const at = Array.isArray(order) && order.length === Number(page.subjects) ? order.indexOf(subject) : -1;

		if (at < 0)
			return review.go(page.index + '#undecided-after=' + subject);
		const nothing = new Set(picks.session.get('nothing') || []);
		const around = order.slice(at + 1).concat(order.slice(0, at + 1));
		const to = around.find((id) => picks.of(id).mine === null && !nothing.has(id));

		return turn.to(to === undefined ? 'submit.html' : to + '_review.html');
	}

	/* --- the loupe --- */

	/* Space is the loupe, also on the picture with the focus; on other controls it presses them, as anywhere. */
	function space(event) {
		const control = event.target.closest('button, summary, a, input, video, audio');

		if (control && !control.matches('.pick'))
			return false;
		if (loupe.isOpen())
			loupe.close();
		else
			loupe.open(current(), pickByClick);
		return true;
	}

	function compare() {
		if (!loupe.isOpen())
			loupe.open(current(), pickByClick);
		if (loupe.isOpen())
			loupe.compare();
	}

	function larger(by) {
		if (loupe.isOpen())
			loupe.zoomBy(by > 0 ? 1.25 : 0.8);
		else
			resize(by);
	}

	/* --- keys --- */

	function choose(idx) {
		return page.picks === 'many' && idx > 0 ? toggle(idx) : pick(idx);
	}

	/* Whether another page of this subject has the candidate. */
	function isElsewhere(number) {
		return (page.numbers || '').split(' ').some(function (range) {
			const [from, to = from] = range.split('-').map(Number);

			return number > 0 && number >= from && number <= to;
		});
	}

	function pickNumber(number) {
		if (document.querySelector('.candidate[hidden][data-idx="' + number + '"]')) {
			review.say('Candidate ' + number + ' is hidden: it is not free for any use.');
			return true;
		}
		if (document.querySelector('[data-pick="' + number + '"]') || isElsewhere(number))
			return choose(number);
		review.say('There is no candidate ' + number + '.');
		return true;
	}

	/* Typing a number: p, its digits, Enter. */
	function type(key) {
		typed = (typed || '') + key;
		showTyped();
		return true;
	}

	function showTyped() {
		const box = byId('typed') || make('p', {id: 'typed', role: 'status'});

		box.hidden = typed === null;
		setText(box, typed === null ? '' : 'Pick ' + (typed || '…') + ' – Enter confirms, Esc cancels');
		review.raise(box);
	}

	function endTyping(take) {
		const number = Number(typed);
		const wanted = typed;

		typed = null;
		showTyped();
		if (!take || wanted === '')
			return true;
		return pickNumber(number);
	}

	function listenKeys() {
		const handlers = {
			u: undo,
			n: toUndecided,
			s: () => review.go('submit.html'),
			a: () => review.go(page.index),
			j: () => loupe.isOpen() ? loupe.step(1) : moveFocus(1),
			k: () => loupe.isOpen() ? loupe.step(-1) : moveFocus(-1),
			z: () => loupe.isOpen() ? loupe.toggle() : loupe.open(current(), pickByClick),
			c: compare,
			h: () => loupe.isOpen() && loupe.hold(),
			' ': space,
			i: () => inform(!document.body.classList.contains('informed')),
			'+': () => larger(1),
			'=': () => larger(1),
			'-': () => larger(-1),
			ArrowUp: () => loupe.turn(-1),
			ArrowDown: () => loupe.turn(1),
			PageUp: () => loupe.turn(-1),
			PageDown: () => loupe.turn(1),
			p: function () {
				typed = '';
				showTyped();
			},
			ArrowLeft: () => step(-1),
			ArrowRight: () => step(1),
			Enter: () => typed === null ? false : endTyping(true),
			Escape: () => typed === null ? false : endTyping(false),
			Backspace: () => typed === null ? undo() : (typed = typed.slice(0, -1), showTyped()),
			x: remarks.reject,
			d: remarks.doubt,
			e: remarks.write,
			r: remarks.rate,
		};

		for (const key of '0123456789')
			handlers[key] = () => typed === null ? pickNumber(Number(key)) : type(key);
		review.listenKeys(remarks.ending(handlers), turn.keeps);
	}

	/* --- the next pages --- */

	/* Loads the next two pages and their pictures; from file:// the pictures that this page names. */
	async function prepare() {
		const next = await turn.prepare(page.next);

		if (next)
			turn.prepare(next);
		else
			turn.loadPictures(page.preload.split(' ').filter(Boolean));
	}

	/* --- what is said of a picture --- */

	/* Shows beside the pictures what is said of the one with the focus. */
	function showDetails(card) {
		const place = byId('details');

		place.hidden = !card || document.body.classList.contains('informed');
		place.replaceChildren();
		if (card)
			place.append(make('h2', {}, card.dataset.idx + ' · ' + card.querySelector('h2').textContent),
				...[...card.querySelector('.about').children].map((child) => child.cloneNode(true)));
	}

	/* Shows it below every picture, or no more; this tab remembers it. */
	function inform(on) {
		picks.session.set('informed', on);
		document.body.classList.toggle('informed', on);
		byId('inform').setAttribute('aria-pressed', String(on));
		showDetails(document.activeElement.closest('.candidate'));
		rows.draw();
	}

	function resize(by) {
		rows.size(by);
		byId('size').value = rows.steps.indexOf(rows.factor());
	}

	/* --- the page --- */

	function isPlain(event) {
		return !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && event.button === 0;
	}

	/* The second click of two was meant for the subject that the first one left. */
	function pickByClick(event, choice) {
		if (event.detail > 1)
			review.say('A double click picks once.');
		else
			choose(choice);
	}

	/* One listener for all, since the controls are others after each turn. */
	function listenClicks() {
		const actions = {
			'#undo': undo,
			'#undecided': toUndecided,
			'#prev, #next': (link) => turn.to(link.getAttribute('href')),
			'[data-pick]': (button, event) => pickByClick(event, Number(button.dataset.pick)),
			'#inform': () => inform(!document.body.classList.contains('informed')),
			'[data-zoom]': (link) => loupe.open(Number(link.dataset.zoom), pickByClick),
		};

		document.addEventListener('click', function (event) {
			const within = event.target instanceof Element && event.target.closest('#main') ? event.target : null;

			if (!within || !isPlain(event))
				return;
			for (const [selector, act] of Object.entries(actions)) {
				const found = within.closest(selector);

				if (found) {
					event.preventDefault();
					act(found, event);
					return;
				}
			}
		});
	}

	function listenPanel() {
		/* A key that is held is not a second press. */
		document.addEventListener('keydown', function (event) {
			if (event.repeat && event.key === 'Enter' && event.target.closest('button'))
				event.preventDefault();
		});
		document.addEventListener('focusin', function (event) {
			const card = event.target.closest('.candidate');

			if (card)
				showDetails(card);
		});
		document.addEventListener('input', function (event) {
			if (event.target.id === 'size')
				resize(Number(event.target.value) - rows.steps.indexOf(rows.factor()));
		});
		document.addEventListener('toggle', rows.draw, true);
	}

	/* Sets up what another subject brought. */
	function begin() {
		subject = page.subject;
		typed = null;
		showTyped();
		all('.controls [hidden], [data-zoom]').forEach((control) => control.hidden = false);
		byId('decision').hidden = false;
		document.querySelector('.bar nav a').setAttribute('href', page.index);
		byId('size').value = rows.steps.indexOf(rows.factor());
		remarks.begin();
		show();
		rights.begin();
		rows.begin();
		kinds.begin();
		failed.begin();
		inform(picks.session.get('informed') === true);
		loupe.turned();
		prepare();
	}

	document.addEventListener('close', () => endTyping(false), true);
	window.addEventListener('pagehide', () => toggles.forEach(doToggle));
	remarks.start({
		subject: () => page.subject,
		change: remark,
		reject: (reason) => pick(0, reason),
		place: (element) => byId('decision').after(element),
		writing: turn.drop, /* keys that were typed for a page on its way were not meant as text */
		noted: () => byId('write-note').focus(),
	});
	listenClicks();
	listenPanel();
	listenKeys();
	picks.listen(show);
	review.start();
	turn.start(function () {
		begin();
		review.refresh();
		review.say((done ? done + '. ' : '') + 'Now ' + document.querySelector('h1').textContent,
			done ? {undo: undo} : {quiet: true});
	});
	begin();
	/* There are picks from before a name was asked for. */
	if (picks.reviewer() === null && picks.unsaved().length)
		review.askName();
})();
