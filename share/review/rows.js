/*
 * Lays the candidates of a subject out in rows: each picture has its own shape, all have one height, and up to twelve fit
 * the window. The size that a reviewer chooses is a factor of that height, and the browser keeps it for all batches.
 */
'use strict';
const rows = (function () {
	const key = 'bi:size';
	const steps = [0.5, 0.6, 0.7, 0.85, 1, 1.2, 1.45, 1.75, 2.1, 2.5, 3];
	const fitted = 12; /* the most pictures that are made to fit the window */
	const alike = 1.6; /* how much higher than the lowest row of several the highest row may be */
	const loose = 1.6; /* how much higher than meant a row may be that does not fill the width otherwise */
	const least = 96; /* pixels: a lower picture shows nothing */
	const slim = review.page.sheet ? 104 : 64; /* pixels: a narrower picture has no place for its number and buttons */
	const usual = 240; /* the height of pictures that do not fit the window */
	const soft = 1.15; /* above so many pixels of the screen for a pixel of the thumbnail, the file itself is shown */
	const heaviest = 12e6; /* bytes of a file that is shown in place of its thumbnail */
	let factor = stored();

	function stored() {
		try {
			const value = Number(localStorage.getItem(key));

			return steps.includes(value) ? value : 1;
		} catch (e) {
			return 1;
		}
	}

	function shapeOf(card) {
		const img = card.querySelector('.pick img');

		/* kinds.js knows the shape of a video. */
		if (card.querySelector('.player'))
			return Math.min(Math.max(Number(card.dataset.shape) || (card.querySelector('audio') ? 2 : 16 / 9), 0.5), 3);
		if (!img)
			return card.querySelector('.excerpt') ? 1 : 4 / 3;
		const width = Number(img.getAttribute('width')), height = Number(img.getAttribute('height'));

		/* A strip of 1 by 10,000 is not one pixel wide, and a panorama does not take the window. */
		return width && height ? Math.min(Math.max(width / height, 0.3), 4) : 4 / 3;
	}

	/* The height that no row may exceed so that rows of these HEIGHTS fit into SPACE: only the higher ones are made lower. */
	function levelOf(heights, space) {
		const sorted = [...heights].sort((a, b) => a - b);
		let left = space;

		for (let i = 0; i < sorted.length; i++) {
			if (left < sorted[i] * (sorted.length - i))
				return left / (sorted.length - i);
			left -= sorted[i];
		}
		return Infinity;
	}

	/*
	 * The heights of rows that end before the pictures ENDS (a bit each) and fit the width W and the height H, with BELOW pixels
	 * below each picture: null if a picture is too small in them, though it would not be alone.
	 */
	function heightsOf(ends, shapes, w, h, gap, below) {
		const heights = [], room = [];
		let sum = 0, count = 0, thin = Infinity, lowest = Infinity;

		for (let i = 0; i < shapes.length; i++) {
			sum += shapes[i];
			count++;
			thin = Math.min(thin, shapes[i]);
			if (i + 1 < shapes.length && !(ends >> i & 1))
				continue;
			heights.push((w - (count - 1) * gap) / sum);
			room.push(Math.max(count > 1 ? least : Math.min(least, w / sum), slim / thin));
			if (heights[heights.length - 1] < room[room.length - 1])
				return null;
			if (count > 1)
				lowest = Math.min(lowest, heights[heights.length - 1]);
			sum = count = 0;
			thin = Infinity;
		}
		const level = Math.min(levelOf(heights, h - heights.length * (below + gap) + gap), lowest * alike);

		return heights.every((height, row) => Math.min(height, level) >= room[row]) ?
			heights.map((height) => Math.floor(Math.min(height, level))) : null;
	}

	/* The height of each picture and whether a row ends after it: the rows with the most picture of all that fit the window.
	 * Null if none do. */
	function fit(shapes, w, h, gap, below) {
		let best = null, most = 0;

		for (let ends = 0; shapes.length <= fitted && ends < 1 << (shapes.length - 1); ends++) {
			const heights = heightsOf(ends, shapes, w, h, gap, below);
			let row = 0, area = 0;

			if (!heights)
				continue;
			const each = shapes.map(function (shape, i) {
				const height = heights[row], end = Boolean(ends >> i & 1);

				area += shape * height * height;
				row += end;
				return {height, end};
			});

			if (area >= most) { /* of several, the one whose first rows have more */
				most = area;
				best = each;
			}
		}
		return best;
	}

	/* The height at which pictures of these SHAPES, of which none becomes too narrow, fill the width W. */
	function fullHeight(shapes, w) {
		let height = Infinity, wide = shapes;

		for (let before = null; wide.length && wide.length !== before; wide = shapes.filter((shape) => shape * height > slim)) {
			before = wide.length;
			height = (w - slim * (shapes.length - wide.length)) / wide.reduce((a, b) => a + b);
		}
		return height;
	}

	/*
	 * The same for pictures that do not fit the window: of all ways to fill the width W, the one whose rows differ least from
	 * this HEIGHT. No row is much higher, and the last one need not fill the width.
	 */
	function fill(shapes, w, gap, height) {
		const best = [{cost: 0}]; /* of the first pictures: where their last row begins, its height, and what all rows cost */

		for (let end = 1; end <= shapes.length; end++) {
			let sum = 0;

			best.push({cost: Infinity});
			for (let begin = end - 1; begin >= 0; begin--) {
				sum += Math.max(shapes[begin], slim / height);
				const full = (w - (end - begin - 1) * gap) / sum;
				const off = Math.log(end === shapes.length ? Math.min(full / height, 1) : full / height);
				const cost = best[begin].cost + off * off;

				if (cost < best[end].cost)
					best[end] = {cost, begin, height: Math.min(full, height * (end === shapes.length ? 1 : loose))};
				if (full < height / 3)
					break;
			}
		}
		const each = shapes.map(() => ({height: 0, end: false}));

		for (let end = shapes.length; end > 0; end = best[end].begin) {
			const row = shapes.slice(best[end].begin, end);
			const most = Math.min(best[end].height, fullHeight(row, w - (row.length - 1) * gap));

			each.fill({height: most, end: false}, best[end].begin, end);
			each[end - 1] = {height: most, end: end < shapes.length};
		}
		return each;
	}

	/* In the size that was chosen: the usual one, or what fits the window, times a factor. */
	function arrange(shapes, w, h, gap, below) {
		const each = fit(shapes, w, h, gap, below);
		const mean = each ? each.reduce((sum, {height}) => sum + height, 0) / each.length : usual;

		return each && factor === 1 ? each : fill(shapes, w, gap, mean * factor);
	}

	/* Shows the file itself where the thumbnail would be soft. */
	function sharpen(card, width) {
		const img = card.querySelector('.pick img');
		const link = card.querySelector('a[data-src]');

		if (card.matches('.group') || !img || !link || img.dataset.sharp || Number(card.dataset.bytes) > heaviest ||
		    Math.min(width * devicePixelRatio, Number(card.dataset.width)) <= Number(img.getAttribute('width')) * soft)
			return;
		const file = new Image();

		img.dataset.sharp = 'yes';
		file.src = link.dataset.src;
		file.decode().then(() => img.src = file.src, () => {});
	}

	function lay() {
		const list = document.querySelector('.candidates');
		/* Of a group, the first that is not hidden. */
		const cards = list ? review.all('.candidates > .candidate, .candidates > .group')
			.map((one) => one.matches('.group') ? one.querySelector('.candidate:not([hidden])') : one)
			.filter((card) => card && !card.hidden) : [];

		if (cards.length === 0)
			return;
		const style = getComputedStyle(document.querySelector('main'));
		const gap = parseFloat(getComputedStyle(list).columnGap) || 0;
		const top = list.getBoundingClientRect().top + scrollY;
		const w = Math.floor(list.getBoundingClientRect().width), h = innerHeight - top - parseFloat(style.paddingBottom);

		list.classList.add('rows');
		const below = Math.max(...cards.map((card) => (card.closest('.group') || card).offsetHeight - card.querySelector('.shot').offsetHeight));
		const shapes = cards.map(shapeOf);
		const each = arrange(shapes, w, h, gap, Math.min(below, 120));

		review.all('.break', list).forEach((end) => end.remove());
		cards.forEach(function (card, i) {
			const group = card.closest('.group'), whole = group || card;

			for (const one of group ? [group, ...review.all('.candidate', group)] : [card]) {
				const shape = shapeOf(one === group ? card : one);
				const height = Math.max(least, each[i].height);
				const width = Math.floor(Math.min(Math.max(shape * height, slim), w) * 10) / 10;

				one.style.setProperty('--w', width + 'px');
				one.style.setProperty('--h', Math.min(height, width / shape) + 'px');
				sharpen(one, width);
			}
			if (each[i].end)
				whole.after(review.make('template', {className: 'break'}));
		});
	}

	/* What is below a picture depends on its width, so once more with the widths of the first time. */
	function draw() {
		lay();
		lay();
	}

	/* Makes the pictures larger (1) or smaller (-1). */
	function size(by) {
		factor = steps[Math.min(Math.max(steps.indexOf(factor) + by, 0), steps.length - 1)];
		try {
			localStorage.setItem(key, String(factor));
		} catch (e) {
			/* This page has the size all the same. */
		}
		draw();
		review.say('Pictures at ' + Math.round(factor * 100) + ' %');
	}

	/* Draws the subject that is now on the page, and again when the space for it changes. */
	function begin() {
		above.disconnect();
		above.observe(review.byId('notice'));
		draw();
	}

	const above = new ResizeObserver(draw);

	window.addEventListener('resize', draw);

	return {begin: begin, draw: draw, size: size, factor: () => factor, steps: steps};
})();
