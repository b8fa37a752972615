/*
 * Candidates that are not free for any use can be hidden on ID_review.html. This browser remembers that for all batches. A
 * hidden candidate keeps its number, and what is picked is always shown.
 */
'use strict';
const rights = (function () {
	const {byId, all, setText} = review;
	const key = 'bi:free-only';
	let hides = stored();

	function stored() {
		try {
			return localStorage.getItem(key) === 'yes';
		} catch (e) {
			return false;
		}
	}

	/* Hides and shows the cards on the page, with what is known of their picks. Returns whether one has changed. */
	function apply() {
		const cards = all('.candidate[data-rights]');
		let changed = false;

		for (const card of cards) {
			const hidden = hides && !card.classList.contains('picked');

			changed = changed || card.hidden !== hidden;
			card.hidden = hidden;
			/* What is similar to a hidden candidate must not be lost with it. */
			if (hidden && card.matches('.group > .candidate'))
				card.parentElement.querySelector('details').open = true;
		}
		all('.group').forEach((group) => group.hidden = all('.candidate', group).every((card) => card.hidden));
		return changed;
	}

	function show() {
		const changed = apply(), box = byId('free-only');

		if (!box)
			return;
		const hidden = all('.candidate[hidden]').length;

		box.checked = hides;
		setText(byId('unfree'), hidden ? hidden + ' hidden' : '');
		if (changed)
			rows.draw();
	}

	/* Sets up the subject that is now on the page. */
	function begin() {
		const box = byId('free-only');

		if (box)
			box.closest('p').hidden = false;
		show();
	}

	document.addEventListener('change', function (event) {
		if (event.target.id !== 'free-only')
			return;
		hides = event.target.checked;
		try {
			localStorage.setItem(key, hides ? 'yes' : 'no');
		} catch (e) {
			/* This page does so all the same. */
		}
		show();
	});

	return {begin: begin, show: show};
})();
