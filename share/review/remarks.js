/*
 * What a reviewer says beside a choice, in the panel of ID_review.html and in the tools of the sheet: unsure, stars if the
 * batch asks for them, a note, and the reason of a reject, which is asked for in a menu.
 */
'use strict';
const remarks = (function () {
	const {page, byId, make, setText} = review;
	let asking = null; /* 'reason' or 'stars': what the next digit answers */
	let about = null; /* the subject of the note */
	let draft = null; /* {subject, text}: a note that is being written */
	let acts = null;

	function reasons() {
		try {
			return JSON.parse(page.reasons || '[]').map(String);
		} catch (e) {
			return [];
		}
	}

	function button(id, text, key, act) {
		const element = make('button', {type: 'button', className: 'button', id}, text, ' ', make('kbd', {}, key));

		element.addEventListener('click', act);
		return element;
	}

	/* --- asking --- */

	function choices() {
		const list = reasons().map((reason, i) => [i < 9 ? String(i + 1) : '', reason, () => answerReason(reason)]);

		return list.concat([['0', 'Without a reason', () => answerReason('')]]);
	}

	function showAsked() {
		const box = byId('asked') || make('div', {id: 'asked'});

		box.remove();
		if (asking === null)
			return;
		box.setAttribute('role', 'dialog'); /* not modal: other keys go on */
		box.setAttribute('aria-label', asking === 'reason' ? 'Why none of them?' : 'Stars');
		box.replaceChildren(make('strong', {}, asking === 'reason' ? 'Why none of them?' : 'Stars: type 1 to 5, or 0 for none'),
			...(asking === 'reason' ? choices() : []).map(function ([key, text, act]) {
				const element = make('button', {type: 'button', className: 'button'}, ...(key ? [make('kbd', {}, key), ' '] : []), text);

				element.addEventListener('click', act);
				return element;
			}));
		const cancel = make('button', {type: 'button', className: 'button'}, 'Cancel ', make('kbd', {}, 'Esc'));

		cancel.addEventListener('click', () => ask(null));
		box.append(cancel);
		review.raise(box);
	}

	function ask(what) {
		asking = what;
		showAsked();
		if (what === 'reason')
			review.say('Why none of them? ' + choices().filter(([key]) => key).map(([key, text]) => key + ': ' + text).join(', '), {quiet: true});
	}

	function answerReason(reason) {
		ask(null);
		return acts.reject(reason);
	}

	/* A digit that answers the question. */
	function answer(digit) {
		const what = asking, reason = reasons()[digit - 1];

		if (what === 'stars' && digit > 5) {
			review.say('There are at most 5 stars.');
			return true;
		}
		if (what === 'reason' && digit > 0 && reason === undefined) {
			review.say('There is no reason ' + digit + '.');
			return true;
		}
		if (what === 'reason')
			return answerReason(digit === 0 ? '' : reason);
		ask(null);
		return rate(digit);
	}

	/* --- what is said --- */

	/* The remarks on the subject that is meant now, if one is. */
	function present() {
		return acts.subject() === null ? {} : picks.of(acts.subject()).remarks;
	}

	function rate(stars) {
		return acts.change(acts.subject(), {stars}, stars ? decision.remarkWords({stars})[0] : 'No stars');
	}

	function doubt() {
		const unsure = !present().unsure;

		return acts.change(acts.subject(), {unsure}, unsure ? 'Marked as unsure' : 'No longer unsure');
	}

	/* Stores the note that is being written. */
	function commit() {
		const written = draft;

		draft = null;
		if (!written)
			return;
		const note = decision.noteOf(written.text);

		if (note !== (picks.of(written.subject).remarks.note || ''))
			acts.change(written.subject, {note}, note ? 'Note stored' : 'Note removed');
	}

	function leaveNote(area) {
		area.blur();
		acts.noted(about);
		show();
	}

	function noteArea() {
		const area = make('textarea', {id: 'note', rows: 2, spellcheck: true, dir: 'auto', placeholder: 'Enter stores the note, Esc cancels'});

		area.setAttribute('aria-label', 'Note on this subject');
		area.addEventListener('input', function () {
			draft = {subject: about, text: area.value};
			if (decision.noteOf(area.value).length < area.value.trim().length)
				review.say('A note has at most 2000 bytes. The end of this one will not be stored.');
		});
		area.addEventListener('focusout', function () {
			commit();
			area.hidden = area.hidden || page.page !== 'subject';
		});
		area.addEventListener('keydown', function (event) {
			if (event.isComposing || (event.key !== 'Escape' && (event.key !== 'Enter' || event.shiftKey)))
				return;
			event.preventDefault();
			event.stopPropagation();
			if (event.key === 'Escape')
				draft = null;
			leaveNote(area);
		});
		return area;
	}

	function write() {
		if (acts.subject() === null)
			return acts.change(null);
		about = acts.subject();
		acts.writing();
		if (loupe.isOpen()) {
			byId('loupe').addEventListener('close', focusNote, {once: true});
			loupe.close();
		} else {
			focusNote();
		}
		return true;
	}

	function focusNote() {
		const area = byId('note');

		if (!draft)
			area.value = picks.of(about).remarks.note || '';
		area.hidden = false;
		area.focus();
	}

	/* --- the panel --- */

	function starButtons() {
		const group = make('span', {className: 'stars'}, ...[1, 2, 3, 4, 5].map(function (n) {
			const star = make('button', {type: 'button', className: 'star'}, '★');

			star.setAttribute('aria-label', n === 1 ? '1 star' : n + ' stars');
			star.addEventListener('click', () => rate(present().stars === n ? 0 : n));
			return star;
		}));

		group.setAttribute('role', 'group');
		group.setAttribute('aria-label', 'Stars');
		return group;
	}

	/* Makes the controls for the subject that is now on the page. */
	function begin() {
		const row = make('p', {className: 'remarks', id: 'remarks'});

		commit(); /* of the subject that was on the page */
		ask(null);
		if (reasons().length && !byId('reject'))
			row.append(button('reject', 'Reject…', 'x', () => ask('reason')));
		row.append(button('unsure', 'Unsure', 'd', doubt), button('write-note', 'Note', 'e', write));
		if (page.stars)
			row.append(starButtons());
		about = acts.subject();
		acts.place(make('div', {className: 'said'}, row, noteArea()));
	}

	/* Shows what is said of the subject. On the sheet a note is shown only while it is written. */
	function show() {
		const area = byId('note'), said = present();

		if (!area)
			return;
		byId('unsure').setAttribute('aria-pressed', String(said.unsure === true));
		review.all('.star').forEach(function (star, i) {
			star.setAttribute('aria-pressed', String(i + 1 === said.stars));
			star.classList.toggle('lit', i < (said.stars || 0));
		});
		setText(byId('write-note').firstChild, said.note ? 'Edit note' : 'Note');
		if (document.activeElement === area)
			return;
		area.value = said.note || '';
		area.hidden = area.value === '' || page.page !== 'subject';
	}

	/* Any other key than an answer ends the question. */
	function ending(handlers) {
		for (const [key, handler] of Object.entries(handlers)) {
			handlers[key] = function (event) {
				const asked = asking !== null;

				if (event.target.closest('#asked') && /^( |Enter)$/.test(key))
					return false; /* it presses the button with the focus */
				if (asked && /^[0-9]$/.test(key))
					return answer(Number(key));
				ask(null);
				return asked && key === 'Escape' ? true : handler(event);
			};
			handlers[key].repeats = handler.repeats;
		}
		return handlers;
	}

	/*
	 * ACTIONS has subject(), which is null if none is meant; change(subject, remarks, what), which says WHAT, or that no subject
	 * is meant; reject(reason); place(element); writing(), before a note is written; and noted(subject), after.
	 */
	function start(actions) {
		acts = actions;
		window.addEventListener('pagehide', commit);
		/* A question in the loupe ends with it. */
		document.addEventListener('close', () => ask(null), true);
	}

	return {
		start: start, begin: begin, show: show, doubt: doubt, write: write, ending: ending,
		rate: () => page.stars && ask('stars'),
		stars: rate,
		reject: () => reasons().length ? ask('reason') : acts.reject(''),
	};
})();
