/* Shows a picture in a dialog: fitted to the window, or in full size and scrolled. */
'use strict';
const zoom = (function () {
	const {make, setText} = review;
	let dialog = null;
	let parts = null;
	let shown = 0; /* the number of the shown candidate */
	let list = []; /* all candidates with a picture: {idx, href, small, alt, about} */

	function candidates() {
		return review.all('[data-zoom]').map(function (link) {
			const card = link.closest('.candidate');
			const img = card.querySelector('.pick img');

			return {
				idx: Number(link.dataset.zoom),
				href: link.dataset.src,
				small: img.src,
				alt: img.alt,
				about: card.querySelector('.measures').textContent,
			};
		});
	}

	function fit(whole) {
		dialog.classList.toggle('whole', whole);
		parts.size.setAttribute('aria-pressed', String(whole));
	}

	function draw() {
		const at = list.findIndex((one) => one.idx === shown);
		const one = list[at];

		fit(false);
		/* If the browser cannot show the file, show its thumbnail. */
		parts.img.onerror = function () {
			parts.img.onerror = null;
			parts.img.src = one.small;
			setText(parts.about, one.about + ' · this browser can show only the thumbnail of this file');
		};
		parts.img.src = one.href;
		parts.img.alt = one.alt;
		setText(parts.number, String(one.idx));
		setText(parts.about, one.about);
		parts.pick.dataset.pick = one.idx;
		setText(parts.pick, 'Pick ' + one.idx);
		parts.back.disabled = at === 0;
		parts.on.disabled = at === list.length - 1;
		dialog.setAttribute('aria-label', one.alt);
	}

	function step(by) {
		const to = list[list.findIndex((one) => one.idx === shown) + by];

		if (to) {
			shown = to.idx;
			draw();
			review.say(to.alt);
		}
	}

	function button(text, label, action) {
		const element = make('button', {type: 'button', className: 'button'}, text);

		if (label)
			element.setAttribute('aria-label', label);
		element.addEventListener('click', action);
		return element;
	}

	function build(pick) {
		parts = {
			img: make('img', {}),
			number: make('b', {className: 'number'}),
			about: make('span', {className: 'quiet'}),
			back: button('←', 'Previous candidate', () => step(-1)),
			on: button('→', 'Next candidate', () => step(1)),
			size: button('1:1', '1:1, pixel for pixel', () => fit(!dialog.classList.contains('whole'))),
			pick: button('Pick', '', () => pick(shown)),
		};
		parts.pick.classList.add('primary');
		const stage = make('div', {className: 'stage', tabIndex: 0}, parts.img);

		stage.addEventListener('click', () => fit(!dialog.classList.contains('whole')));
		dialog = make('dialog', {id: 'zoom'},
			make('div', {className: 'tools'}, parts.number, parts.about,
				make('span', {className: 'buttons'}, parts.back, parts.on, parts.size, parts.pick)),
			stage);
		stage.setAttribute('role', 'group');
		stage.setAttribute('aria-label', 'Picture; scrolls at full size');
		dialog.querySelector('.buttons').append(review.closer(dialog));
		dialog.addEventListener('close', function () {
			const card = document.querySelector('[data-pick="' + shown + '"]');

			parts.img.removeAttribute('src');
			if (card)
				card.focus();
		});
	}

	/* Shows candidate IDX, or the first; calls pick(number) for the candidate that is picked in the dialog. */
	function open(idx, pick) {
		list = candidates();
		if (list.length === 0)
			return;
		if (!dialog)
			build(pick);
		shown = list.some((one) => one.idx === idx) ? idx : list[0].idx;
		draw();
		review.openDialog(dialog);
		parts.pick.focus();
	}

	/* Another subject is on the page: shows its first picture, or ends. */
	function turned() {
		if (!dialog || !dialog.open)
			return;
		list = candidates();
		if (list.length === 0) {
			dialog.close();
			return;
		}
		shown = list[0].idx;
		draw();
	}

	return {
		open: open,
		turned: turned,
		step: step,
		isOpen: () => dialog !== null && dialog.open,
		close: () => dialog.close(),
	};
})();
