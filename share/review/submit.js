/* submit.html: the decisions, those that are not saved, the disagreements, and the picks file to download. */
'use strict';
(function () {
	const {byId, make, setText, plural} = review;
	let differences = ''; /* the disagreements that are shown */

	function draw(row) {
		const shot = row.element.querySelector('.shot');
		const known = row.known;
		const list = known.outcome === 'picked' ? decision.chosen(known.choice) : [];
		const choice = list.length ? list.join(', ') : null;

		handover.draw(row);
		if (list.length && row.thumbs.has(String(list[0])))
			shot.replaceChildren(lists.picture(row, list[0], ''));
		else
			shot.replaceChildren(known.outcome === 'differ' ? '≠' : known.outcome === 'none' ? '0' : choice === null ? '' : String(choice));
	}

	/* Undoes the last decision of this tab, which the message names. */
	async function undo() {
		const now = await decisions.undo('');

		if (!now)
			return;
		picks.flush();
		review.say(now.said);
	}

	/* Decides as the other reviewer O did. */
	async function takePick(row, o) {
		if (document.querySelector('dialog#who') ||
		    !await decisions.decide(row.subject, o.choice, {...row.known.remarks, reason: o.remarks.reason}))
			return;
		picks.flush();
		const left = picks.of(row.subject).others.filter((one) => decision.keyOf(one.choice) !== decision.keyOf(o.choice));

		review.say(review.isolate(row.name) + ': ' + review.words(o.choice) + ', as ' + review.isolate(o.reviewer) +
			(left.length ? '. ' + left.map((one) => review.isolate(one.reviewer)).join(', ') + (left.length === 1 ? ' still differs' : ' still differ') +
			'; bi-collect --prefer ' + review.isolate(picks.reviewer()) + ' settles it' : ''), {undo: undo});
	}

	function takeButton(row, o) {
		const button = make('button', {type: 'button', className: 'button'}, 'Take ' + review.isolate(o.reviewer) + '’s pick');

		button.addEventListener('click', () => takePick(row, o));
		return button;
	}

	function pictures(row, o) {
		const list = decision.chosen(o.choice);

		if (list.length === 0)
			return [make('span', {className: 'none'}, '0')];
		return list.slice(0, 4).map((idx) => row.thumbs.has(String(idx)) ? lists.picture(row, idx, '') : make('span', {className: 'none'}, String(idx)));
	}

	/* The choices of the reviewers, with the pictures side by side. */
	function difference(row) {
		const own = row.known.mine === null ? [] : [{reviewer: 'you', choice: row.known.mine, remarks: row.known.remarks}];

		return make('li', {},
			make('a', {href: row.subject + '_review.html', className: 'name', dir: 'auto'}, row.name),
			make('ul', {}, ...own.concat(row.known.others).map((o) => make('li', {},
				...pictures(row, o),
				make('span', {}, make('b', {dir: 'auto'}, o.reviewer), ' ' + [review.words(o.choice), ...decision.remarkWords(o.remarks)].join(', ')),
				...(o.reviewer === 'you' ? [] : [takeButton(row, o)])))));
	}

	function showDifferences() {
		const rows = lists.rows().filter((row) => row.known.outcome === 'differ');
		const text = rows.map((row) => row.subject + lists.differing(row.known) + row.known.others.map((o) => decision.remarkWords(o.remarks))).join('\n');

		if (text === differences)
			return;
		differences = text;
		byId('differ').hidden = rows.length === 0;
		setText(byId('differ-title'), 'Reviewers differ on ' + plural(rows.length, 'subject', 'subjects'));
		byId('differing').replaceChildren(...rows.map(difference));
	}

	/* The picks that the server refused, each with the reason and a button that discards it. */
	function showRefused() {
		byId('refused').replaceChildren(...picks.refused().map(function ([subject, why]) {
			const drop = make('button', {type: 'button', className: 'button'}, 'Discard');

			drop.addEventListener('click', () => picks.forget(subject));
			return make('li', {}, make('b', {}, subject), ': ' + why + ' ', drop);
		}));
	}

	function where(state, unsaved) {
		if (state.name === 'local')
			return byId('text').value === '' ? 'You have not picked anything yet.' : (unsaved ? plural(unsaved, 'pick is', 'picks are') + ' stored only in this browser, and lost if these pages are moved. ' : '') +
				'Download the file, and pass it to bi-collect --picks.';
		if (unsaved === 0)
			return state.name === 'unknown' ? '' : byId('text').value ? 'All picks are on the server.' : 'You have not picked anything yet.';
		if (state.name === 'offline' || state.name === 'failing')
			return plural(unsaved, 'pick is', 'picks are') + ' not saved. The next try is in ' +
				plural(Math.max(1, Math.round((state.retryAt - Date.now()) / 1000)), 'second', 'seconds') + '.';
		return plural(unsaved, 'pick is', 'picks are') + ' not saved yet.';
	}

	function showWhere() {
		const state = picks.state();
		const unsaved = picks.unsaved().length;

		byId('take').hidden = false;
		byId('take-away').hidden = byId('as-text').hidden = byId('text').value === '';
		setText(byId('take-title'), state.name === 'local' ? 'Save the picks as a file' : unsaved ? 'Unsaved: ' + unsaved : byId('text').value ? 'Saved' : 'Your picks');
		setText(byId('where'), where(state, unsaved));
		byId('collect').hidden = state.name !== 'saved' || unsaved > 0 || picks.decided().size === 0;
		byId('save').hidden = state.name === 'local' || unsaved === 0;
		byId('download').classList.toggle('primary', state.name === 'local');
		showRefused();
	}

	/* A line of the text: id, choice, name, and the remarks if there are any. */
	function textOf(row) {
		const {mine, remarks} = row.known;
		const choice = mine === null ? '' : decision.chosen(mine).join(',') || '0';
		const said = decision.remarkWords(remarks).join('; ').replace(/\s+/g, ' ');

		return [row.subject, choice, row.name, ...(said ? [said] : [])].join('\t') + '\n';
	}

	/* This reviewer's decisions, saved or not. */
	function showText() {
		byId('text').value = lists.rows().filter((row) => row.known.mine !== null || decision.hasRemarks(row.known.remarks)).map(textOf).join('');
	}

	/* The picks file of one reviewer, as bi-collect --picks reads it. */
	function picksFile(name) {
		const known = new Set(lists.rows().map((row) => row.subject));
		const selections = Object.create(null);
		const at = Object.create(null);

		const remarks = Object.create(null);

		function put(subject, one) {
			const said = decision.remarksOf(one);

			delete selections[subject];
			delete at[subject];
			delete remarks[subject];
			if ((one.choice === null && !decision.hasRemarks(said)) || !known.has(subject))
				return;
			selections[subject] = one.choice;
			if (decision.hasRemarks(said))
				remarks[subject] = said;
			if (one.at)
				at[subject] = one.at;
		}
		picks.savedBy(name).forEach(([subject, one]) => put(subject, one));
		picks.unsaved().filter(([, one]) => (one.by || picks.reviewer() || '') === name)
			.forEach(([subject, one]) => put(subject, one));
		const said = Object.keys(remarks).length ? {remarks} : {};

		return JSON.stringify({batch: picks.batch, reviewer: name || 'anonymous', selections, at, ...said}, null, 1) + '\n';
	}

	/* Downloads a file for this reviewer, and one for each other reviewer whose picks this browser still keeps. */
	function download() {
		const names = new Set([picks.reviewer() || '', ...picks.unsaved().map(([, d]) => d.by || picks.reviewer() || '')]);

		[...names].forEach(function (name, i) {
			const link = make('a', {
				href: URL.createObjectURL(new Blob([picksFile(name)], {type: 'application/json'})),
				download: picks.batch + '_selections' + (i ? '_' + i : '') + '.json',
			});

			link.click();
			setTimeout(() => URL.revokeObjectURL(link.href), 10000);
		});
	}

	/* navigator.clipboard is missing on file: pages and without TLS. */
	function copy() {
		const text = byId('text');

		function done() {
			setText(byId('copied'), 'Copied');
		}
		function byHand() {
			text.closest('details').open = true;
			text.focus();
			text.select();
			if (document.execCommand('copy'))
				done();
			else
				setText(byId('copied'), 'Selected: press Ctrl-C');
		}
		if (navigator.clipboard)
			navigator.clipboard.writeText(text.value).then(done, byHand);
		else
			byHand();
	}

	function update() {
		showText();
		showWhere();
		showDifferences();
	}

	byId('download').addEventListener('click', download);
	byId('copy').addEventListener('click', copy);
	byId('save').addEventListener('click', picks.flush);
	lists.start('.row', draw);
	handover.start();
	picks.listen(update);
	update();
	setInterval(function () {
		if (picks.state().retryAt > Date.now())
			setText(byId('where'), where(picks.state(), picks.unsaved().length));
	}, 1000);
})();
