/* index.html: each subject with the thumbnail of its picked candidate. */
'use strict';
(function () {
	const asItWas = new WeakMap(); /* row: its strip without picks */

	function draw(row) {
		const strip = row.element.querySelector('.strip');
		const known = row.known;
		const choices = known.outcome === 'picked' ? decision.chosen(known.choice) :
			known.outcome === 'differ' ? [known.mine, ...known.others.map((o) => o.choice)].flatMap(decision.chosen) : [];
		const thumbs = [...new Set(choices)].filter((choice) => row.thumbs.has(String(choice))).slice(0, 4);

		if (!asItWas.has(row))
			asItWas.set(row, {nodes: [...strip.childNodes], className: strip.className});
		if (thumbs.length) {
			strip.replaceChildren(...thumbs.map((choice) => lists.picture(row, choice, '')));
			strip.className = 'strip strip' + thumbs.length;
		} else if (strip.className !== asItWas.get(row).className || strip.firstChild !== asItWas.get(row).nodes[0]) {
			strip.replaceChildren(...asItWas.get(row).nodes);
			strip.className = asItWas.get(row).className;
		}
	}

	lists.start('.subject', draw);
	failed.begin();

	/* The page of a subject leads here if it does not know the order of the subjects. */
	const found = /^#undecided-after=([A-Za-z0-9.-]+)$/.exec(location.hash);

	if (found) {
		history.replaceState(null, '', location.pathname);
		lists.toUndecided(found[1]);
	}
})();
