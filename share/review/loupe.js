/*
 * The loupe: the files of one to four candidates in a dialog, fitted to the window or enlarged. All are enlarged and moved
 * together, and stay so when other candidates are shown. One of several can be held while the others change. Of a document
 * it shows the pictures of its first pages, or the text that is on its card.
 */
'use strict';
const loupe = (function () {
	const {make, setText} = review;
	const panesMost = 4;
	const enlargedMost = 8; /* times, of a small picture that is fitted */
	const thinnest = 4; /* pixels that a fitted picture is wide and high at least */
	const slack = 4; /* pixels that a pointer may move in a click */
	const swipe = 50; /* pixels of a touch that changes the picture */
	let dialog = null;
	let parts = null;
	let onPick = null;
	let list = []; /* all candidates with a picture or a text: {idx, card, href, small, alt, title, about, text, drawn, pages} */
	let panes = [];
	let first = 0; /* the place in the list of the first that is not held */
	let held = null; /* the idx of the held candidate */
	let count = 1; /* of panes that are wanted */
	let scale = null; /* null: fitted; 'whole': pixel for pixel; else a factor of the fitted size */
	let leaf = 1; /* the page of documents that is shown */
	let place = {x: 0.5, y: 0.5}; /* the point of the pictures in the middle of the panes, as fractions */

	function candidates() {
		return review.all('.candidate:not([hidden]) [data-zoom]').map(function (link) {
			const card = link.closest('.candidate');
			const img = card.querySelector('.pick img');

			return {
				idx: Number(link.dataset.zoom),
				card: card,
				href: link.dataset.src,
				small: img ? img.src : null,
				alt: img ? img.alt : card.getAttribute('aria-label'),
				text: link.dataset.src ? null : card.querySelector('.excerpt').textContent,
				drawn: Number(link.dataset.drawn || 1), /* pages that have a picture */
				pages: Number(link.dataset.pages || 1),
				get: card.querySelector('.get'), /* the link that downloads it */
				title: card.querySelector('h2').textContent,
				about: [card.querySelector('.short').textContent, ...review.all('.badge', card).map((badge) => badge.textContent)]
					.filter(Boolean).join(' · '),
			};
		});
	}

	/* --- where a picture is in its pane --- */

	/* A picture that can be enlarged: the pane of the pointer, or the first; null if there are only texts. */
	function pictured(pane) {
		return [pane, ...panes].find((one) => one && !one.one.text && one.img.naturalWidth) || null;
	}

	function fittedScale(pane) {
		const view = pane.view.getBoundingClientRect();

		const w = pane.img.naturalWidth, h = pane.img.naturalHeight;

		/* A strip of 1 by 10,000 is wider than a hair, and is seen in part. */
		return Math.max(Math.min(view.width / w, view.height / h, enlargedMost), thinnest / Math.min(w, h));
	}

	function scaleOf(pane) {
		if (scale === 'whole')
			return 1 / devicePixelRatio;
		return fittedScale(pane) * (scale || 1);
	}

	/* Where a picture of LENGTH pixels begins in a view of SPACE, with the fraction AT in the middle if it is larger. */
	function begin(length, space, at) {
		return length <= space ? (space - length) / 2 : Math.min(0, Math.max(space - length, space / 2 - at * length));
	}

	function put(pane) {
		const view = pane.view.getBoundingClientRect();
		const w = pane.img.naturalWidth, h = pane.img.naturalHeight;

		if (!w || !h || !view.width || pane.one.text)
			return;
		const s = scaleOf(pane), percent = Math.round(s * devicePixelRatio * 100);

		pane.img.style.transform = `translate(${begin(w * s, view.width, place.x)}px, ${begin(h * s, view.height, place.y)}px) scale(${s})`;
		setText(pane.percent, scale === null && percent > 100 ? 'enlarged to ' + percent + ' %' : percent + ' %');
	}

	function putAll() {
		panes.forEach(put);
		parts.size.setAttribute('aria-pressed', String(scale === 'whole'));
		dialog.classList.toggle('enlarged', scale !== null);
	}

	/* The point of the picture in PANE that is at these coordinates of the window, as fractions. */
	function pointAt(pane, x, y) {
		const r = pane.img.getBoundingClientRect();

		return {x: (x - r.left) / r.width, y: (y - r.top) / r.height};
	}

	/* Makes the pictures as large as TO says, and keeps the point of PANE that is at X, Y there. */
	function zoomTo(to, pane, x, y) {
		const view = pane.view.getBoundingClientRect();
		const point = pointAt(pane, x, y);

		scale = to;
		const s = scaleOf(pane);

		place = {
			x: point.x + (view.left + view.width / 2 - x) / (pane.img.naturalWidth * s),
			y: point.y + (view.top + view.height / 2 - y) / (pane.img.naturalHeight * s),
		};
		keepInside(pane);
		putAll();
	}

	/* The middle of the pane stays on the picture. */
	function keepInside() {
		place = {x: Math.min(Math.max(place.x, 0), 1), y: Math.min(Math.max(place.y, 0), 1)};
	}

	function factor(pane) {
		return scaleOf(pane) / fittedScale(pane);
	}

	/* Enlarges by the factor BY; back at the fitted size it is fitted. */
	function zoomBy(by, at = null, x = null, y = null) {
		const pane = pictured(at);

		if (!pane)
			return;
		const view = pane.view.getBoundingClientRect();
		const to = Math.min(factor(pane) * by, 40);

		zoomTo(to <= 1 ? null : to, pane, x ?? view.left + view.width / 2, y ?? view.top + view.height / 2);
	}

	/* Fitted to pixel for pixel, or a small picture twice as large, and back. */
	function toggle(at = null, x = null, y = null) {
		const pane = pictured(at);

		if (!pane)
			return;
		const view = pane.view.getBoundingClientRect();
		const whole = fittedScale(pane) * devicePixelRatio < 1 ? 'whole' : 2;

		zoomTo(scale === null ? whole : null, pane, x ?? view.left + view.width / 2, y ?? view.top + view.height / 2);
	}

	/* --- pointers --- */

	function listenPointers(pane) {
		const down = new Map(); /* id of a pointer: {x, y} */
		let start = null, moved = false, wide = 0, was = 1;

		function spread() {
			const [a, b] = [...down.values()];

			return Math.hypot(a.x - b.x, a.y - b.y);
		}
		function end(event) {
			const touch = event.pointerType === 'touch';
			const dx = start ? event.clientX - start.x : 0, dy = start ? event.clientY - start.y : 0;

			if (!down.delete(event.pointerId) || down.size > 0 || event.type === 'pointercancel')
				return;
			if (touch && moved && scale === null && !wide && Math.abs(dx) > swipe && Math.abs(dx) > 1.5 * Math.abs(dy))
				step(dx < 0 ? 1 : -1);
			else if (!moved && !wide)
				toggle(pane, event.clientX, event.clientY);
			wide = 0;
		}
		pane.view.addEventListener('pointerdown', function (event) {
			/* A text scrolls, and its words can be marked. */
			if (event.button !== 0 || pane.one.text)
				return;
			down.set(event.pointerId, {x: event.clientX, y: event.clientY});
			pane.view.setPointerCapture(event.pointerId);
			if (down.size === 1) {
				start = {x: event.clientX, y: event.clientY};
				moved = false;
			} else if (down.size === 2) {
				wide = spread();
				was = factor(pane);
			}
		});
		pane.view.addEventListener('pointermove', function (event) {
			const last = down.get(event.pointerId);

			if (!last)
				return;
			moved = moved || Math.hypot(event.clientX - start.x, event.clientY - start.y) > slack;
			down.set(event.pointerId, {x: event.clientX, y: event.clientY});
			if (down.size === 2) {
				const [a, b] = [...down.values()];

				zoomBy(was * spread() / wide / factor(pane), pane, (a.x + b.x) / 2, (a.y + b.y) / 2);
			} else if (moved && scale !== null) {
				const r = pane.img.getBoundingClientRect();

				place.x -= (event.clientX - last.x) / r.width;
				place.y -= (event.clientY - last.y) / r.height;
				keepInside();
				putAll();
			}
		});
		pane.view.addEventListener('pointerup', end);
		pane.view.addEventListener('pointercancel', end);
		pane.view.addEventListener('wheel', function (event) {
			if (pane.one.text)
				return;
			event.preventDefault();
			zoomBy(Math.exp(-event.deltaY * 0.002), pane, event.clientX, event.clientY);
		}, {passive: false});
	}

	/* --- which candidates are shown --- */

	/* The candidates that are not held. */
	function free() {
		return list.filter((one) => one.idx !== held);
	}

	function shown() {
		const kept = list.filter((one) => one.idx === held);
		const wanted = Math.min(count, list.length) - kept.length;

		first = Math.max(0, Math.min(first, free().length - wanted));
		return kept.concat(free().slice(first, first + wanted));
	}

	function showPick(pane) {
		const {card, idx} = pane.one;
		/* On a sheet each picture has remarks; else they are of the subject, and are shown once. */
		const said = review.page.sheet || pane === panes[0] ? picks.of(card.closest('[data-subject]').dataset.subject).remarks : {};
		const picked = card.classList.contains('picked');

		pane.figure.classList.toggle('picked', picked);
		setText(pane.said, decision.remarkWords(said, 100).join(' · '));
		pane.said.title = decision.remarkWords(said).join('\n');
		setText(pane.pick, picked ? ('Picked ' + (card.dataset.order || '')).trim() : 'Pick ' + idx);
	}

	/* The picks have changed. */
	function refresh() {
		if (!dialog || !dialog.open)
			return;
		panes.filter((pane) => pane.one.card.isConnected).forEach(showPick);
		review.all('button', parts.strip).forEach(function (frame, i) {
			frame.classList.toggle('picked', Boolean(list[i]) && list[i].card.classList.contains('picked'));
		});
	}

	/* The page of ONE that is shown. */
	function leafOf(one) {
		return Math.min(leaf, one.drawn);
	}

	/* The address of a page of a document, whose first ends in _1.webp; of anything else its own. */
	function addressOf(one) {
		return one.drawn > 1 ? one.href.replace(/_1(\.webp)/, '_' + leafOf(one) + '$1') : one.href;
	}

	/* Shows the text of ONE in place of a picture, or the picture. */
	function fillView(pane, one) {
		const href = one.text ? null : addressOf(one);

		pane.img.hidden = one.text !== null;
		pane.text.hidden = one.text === null;
		setText(pane.text, one.text || '');
		if (href === null) {
			pane.img.removeAttribute('src');
			setText(pane.percent, '');
		} else if (pane.img.getAttribute('src') !== href) {
			pane.img.style.transform = '';
			/* If the browser cannot show the file, show its thumbnail. */
			pane.img.onerror = function () {
				pane.img.onerror = null;
				pane.img.src = one.small;
				setText(pane.about, one.about + ' · this browser can show only the thumbnail of this file');
			};
			pane.img.src = href;
		}
		pane.img.alt = one.alt + (one.pages > 1 ? ', page ' + leafOf(one) : '');
	}

	function fillLeaves(pane, one) {
		[pane.before, pane.leaf, pane.after].forEach((part) => part.hidden = one.pages < 2);
		pane.get.replaceChildren(...one.get ? [one.get.cloneNode(true)] : []);
		pane.leaves.hidden = one.pages < 2 && !one.get;
		setText(pane.leaf, 'Page ' + leafOf(one) + ' of ' + one.pages);
		pane.before.disabled = leafOf(one) === 1;
		pane.after.disabled = leafOf(one) === one.drawn;
	}

	function fill(pane, one) {
		pane.one = one;
		pane.figure.dataset.idx = one.idx;
		fillView(pane, one);
		fillLeaves(pane, one);
		setText(pane.number, String(one.idx));
		setText(pane.title, one.title);
		setText(pane.about, one.about);
		showPick(pane);
		pane.hold.hidden = count < 2;
		pane.hold.setAttribute('aria-pressed', String(one.idx === held));
	}

	function draw() {
		const ones = shown();

		while (panes.length < ones.length)
			panes.push(paneOf());
		panes.splice(ones.length).forEach((pane) => pane.figure.remove());
		parts.stage.dataset.panes = panes.length;
		ones.forEach((one, i) => fill(panes[i], one));
		putAll();
		parts.back.disabled = first === 0;
		parts.on.disabled = first + ones.length - (held === null ? 0 : 1) >= free().length;
		setText(parts.compare, count > 1 ? 'Comparing ' + ones.length : 'Compare');
		parts.compare.disabled = list.length < 2;
		review.all('button', parts.strip).forEach(function (button) {
			const is = ones.some((one) => one.idx === Number(button.dataset.idx));

			button.toggleAttribute('aria-current', is);
			if (is)
				button.scrollIntoView({block: 'nearest', inline: 'nearest'});
		});
		dialog.setAttribute('aria-label', ones.map((one) => one.alt).join(', '));
	}

	function step(by) {
		const was = first;

		first += by;
		draw();
		review.say(first === was ? 'There is no other candidate that way.' : panes.map((pane) => pane.one.alt).join(', '));
	}

	/* Turns the pages of the documents that are shown. Returns false if there are none. */
	function turnLeaf(by) {
		const documents = panes.filter((pane) => pane.one.pages > 1);
		const drawn = Math.max(...documents.map((pane) => pane.one.drawn));
		const to = Math.min(Math.max(leaf + by, 1), drawn);

		if (!dialog || !dialog.open || documents.length === 0)
			return false;
		if (to !== leaf) {
			leaf = to;
			draw();
			review.say(documents.map((pane) => pane.leaf.textContent).join(', '), {quiet: true});
		} else if (by > 0 && documents.some((pane) => pane.one.pages > pane.one.drawn)) {
			review.say('Only the first ' + drawn + ' pages are shown here. Download the file for the others.');
		} else {
			review.say(by > 0 ? 'This is the last page.' : 'This is the first page.');
		}
		return true;
	}

	/* Shows two beside each other, then three, then four, then one again. */
	function compare() {
		count = count >= Math.min(panesMost, list.length) ? 1 : count + 1;
		if (count === 1)
			held = null;
		draw();
		review.say(count === 1 ? 'One picture' : 'Comparing ' + panes.length);
	}

	/* Holds the candidate IDX, or lets it go. */
	function hold(idx) {
		const at = list.findIndex((one) => one.idx === idx);

		if (count < 2)
			return;
		held = held === idx ? null : idx;
		/* The others stay where they are. */
		first = held === null ? Math.min(first, at) : free().findIndex((one) => panes.some((pane) => pane.one.idx === one.idx));
		draw();
		review.say(held === null ? 'No picture is held' : 'Candidate ' + held + ' is held');
	}

	function goTo(idx) {
		const at = free().findIndex((one) => one.idx === idx);

		if (at >= 0) {
			first = at;
			draw();
		}
	}

	/* --- the dialog --- */

	function button(text, label, action) {
		const element = make('button', {type: 'button', className: 'button'}, text);

		if (label)
			element.setAttribute('aria-label', label);
		element.addEventListener('click', action);
		return element;
	}

	function paneOf() {
		const pane = {
			img: make('img', {draggable: false}),
			number: make('b', {className: 'number'}),
			title: make('span', {className: 'title'}),
			about: make('span', {className: 'quiet'}),
			percent: make('span', {className: 'quiet percent'}),
			said: make('span', {className: 'remarked'}),
			text: make('div', {className: 'text', tabIndex: 0, dir: 'auto'}),
			get: make('span', {}),
			leaf: make('span', {}),
			before: button('‹', 'Previous page', () => turnLeaf(-1)),
			after: button('›', 'Next page', () => turnLeaf(1)),
			pick: button('Pick', '', (event) => onPick(event, pane.one.idx)),
			hold: button('Hold', '', () => hold(pane.one.idx)),
		};

		pane.pick.classList.add('primary');
		pane.leaves = make('span', {className: 'leaves'}, pane.before, pane.leaf, pane.after, pane.get);
		pane.view = make('div', {className: 'view'}, pane.img, pane.text);
		pane.figure = make('figure', {className: 'pane'}, pane.view,
			make('figcaption', {}, pane.number, pane.title, pane.about, pane.percent, pane.said, pane.leaves,
				make('span', {className: 'buttons'}, pane.hold, pane.pick)));
		pane.img.addEventListener('load', () => put(pane));
		listenPointers(pane);
		parts.stage.append(pane.figure);
		return pane;
	}

	function build() {
		parts = {
			back: button('←', 'Previous candidate', () => step(-1)),
			on: button('→', 'Next candidate', () => step(1)),
			size: button('1:1', '1:1, pixel for pixel', () => toggle()),
			compare: button('Compare', '', compare),
			stage: make('div', {className: 'stage', tabIndex: 0}),
			strip: make('div', {className: 'film'}),
		};
		parts.stage.setAttribute('role', 'group');
		parts.stage.setAttribute('aria-label', 'Pictures; a click enlarges');
		parts.strip.setAttribute('role', 'group');
		parts.strip.setAttribute('aria-label', 'All candidates');
		dialog = make('dialog', {id: 'loupe'}, parts.stage, make('div', {className: 'tools'}, parts.strip,
			make('span', {className: 'buttons'}, parts.back, parts.on, parts.size, parts.compare)));
		dialog.querySelector('.tools .buttons').append(review.closer(dialog));
		dialog.addEventListener('close', function () {
			document.body.append(review.byId('toast'));
			const card = panes[0] && document.querySelector('[data-pick="' + panes[0].one.idx + '"]');

			panes.splice(0).forEach((pane) => pane.figure.remove());
			if (card)
				card.focus();
		});
		window.addEventListener('resize', () => dialog.open && putAll());
	}

	function fillStrip() {
		parts.strip.replaceChildren(...list.map(function (one) {
			const frame = button('', 'Candidate ' + one.idx, () => goTo(one.idx));

			frame.className = 'frame' + (one.small ? '' : ' words') + (one.card.classList.contains('picked') ? ' picked' : '');
			frame.dataset.idx = one.idx;
			frame.append(one.small ? make('img', {src: one.small, alt: '', loading: 'lazy'}) : '', make('b', {}, String(one.idx)));
			return frame;
		}));
	}

	/* Shows candidate IDX, or the first; calls pick(event, number) for the candidate that is clicked in the dialog. */
	function open(idx, pick) {
		list = candidates();
		if (list.length === 0) {
			review.say('There is nothing to enlarge here.');
			return;
		}
		if (!dialog)
			build();
		onPick = pick;
		held = null;
		leaf = 1;
		scale = null;
		place = {x: 0.5, y: 0.5};
		first = Math.max(0, list.findIndex((one) => one.idx === idx));
		fillStrip();
		review.openDialog(dialog);
		draw();
		parts.stage.focus();
	}

	/* Another subject is on the page: shows its first pictures, or ends. */
	function turned() {
		if (!dialog || !dialog.open)
			return;
		list = candidates();
		held = null;
		leaf = 1;
		first = 0;
		if (list.length === 0) {
			dialog.close();
			return;
		}
		fillStrip();
		draw();
	}

	return {
		open: open,
		turned: turned,
		refresh: refresh,
		step: step,
		turn: turnLeaf,
		toggle: () => toggle(),
		zoomBy: (by) => zoomBy(by),
		compare: compare,
		hold: () => hold(held === null ? panes[0].one.idx : held),
		current: () => panes.length ? panes[0].one.idx : 0,
		isOpen: () => dialog !== null && dialog.open,
		close: () => dialog.close(),
	};
})();
