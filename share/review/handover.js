/*
 * submit.html: what is handed over. Each row says what is known of the picked candidate; above, what to check; and the
 * downloads, which bi-collect makes on the server.
 */
'use strict';
const handover = (function () {
	const {page, byId, make, number, plural} = review;
	const patience = 120000; /* milliseconds that a check may take */
	const listed = 5; /* names that a message has */
	/* Why bi-collect leaves a subject out, by its code: for one, for many. */
	const reasons = {
		disagreement: ['on which reviewers differ', 'on which reviewers differ'],
		no_license: ['whose file has no free licence', 'whose files have no free licence'],
		not_completed: ['whose file is missing from the batch', 'whose files are missing from the batch'],
		file_changed: ['whose file is not what was fetched', 'whose files are not what was fetched'],
		changed_since: ['whose file has changed since it was chosen: choose again', 'whose files have changed since they were chosen: choose again'],
		candidate_removed: ['whose candidate was removed: choose another', 'whose candidates were removed: choose others'],
	};
	/* What to check: the name of a button for N subjects, and which rows it means. */
	const checks = [
		[(n) => number(n) + ' without a licence', (row) => chosen(row).some((file) => !file.license)],
		[(n) => number(n) + ' not free for any use', (row) => chosen(row).some((file) => file.flags.includes('r'))],
		[(n) => number(n) + ' tiny', (row) => chosen(row).some((file) => file.flags.includes('t'))],
		[(n) => number(n) + ' blurred', (row) => chosen(row).some((file) => file.flags.includes('b'))],
		[(n) => number(n) + ' with contradictory licences', (row) => chosen(row).some((file) => file.flags.includes('c') && !isSettled(row, file))],
		[(n) => number(n) + ' with the file of another pick', (row) => chosen(row).some((file) => file.also.some(isPicked))],
		[(n) => plural(n, 'differs', 'differ'), (row) => row.known.outcome === 'differ'],
	];
	const files = new WeakMap(); /* row: Map of number: what is known of that candidate */
	let only = null; /* the check whose rows are shown */
	let busy = false;

	function filesOf(row) {
		if (!files.has(row))
			files.set(row, new Map(JSON.parse(row.element.dataset.files || '[]').map(([idx, title, license, author, source, page, flags, also]) =>
				[idx, {idx, title, license, author, source, page, flags, also: also || []}])));
		return files.get(row);
	}

	/* What is known of the candidates that are picked. */
	function chosen(row) {
		return row.known.outcome !== 'picked' ? [] :
			decision.chosen(row.known.choice).map((choice) => filesOf(row).get(choice)).filter(Boolean);
	}

	/* Whether somebody who decided on it said which of its licences is right. */
	function isSettled(row, file) {
		return [row.known, ...row.known.others].some(({remarks}) => remarks.licence && remarks.licence[page.sheet ? 1 : file.idx]);
	}

	/* Whether the other subject with the same file has it as its pick too. */
	function isPicked([subject, , , idx]) {
		const {choice, outcome} = picks.of(subject);

		return outcome === 'picked' && decision.chosen(choice).includes(page.sheet ? 1 : idx);
	}

	/* --- rows --- */

	function about(file) {
		const who = [file.author && ['by ', make('bdi', {}, file.author)], file.source && file.source !== file.author && [make('bdi', {}, file.source)]]
			.filter(Boolean).flatMap((part) => [' · ', ...part]);
		const source = !file.page ? [] : [make('span', {className: 'source'}, ' · ',
			make('a', {href: file.page, target: '_blank', rel: 'noopener noreferrer'}, 'Source'))];

		return make('p', {className: 'handed'},
			make('bdi', {className: 'title'}, file.title || 'Candidate ' + file.idx),
			make('span', {className: file.license && !file.flags.includes('r') ? 'license' : 'license poor'}, file.license || 'No licence stated'),
			...who, ...source, ...sameFile(file));
	}

	/* The other subjects with the same file, and which of them have it as their pick. */
	function sameFile(file) {
		if (file.also.length === 0)
			return [];
		return [make('span', {className: 'same'}, ' · The same picture for ', ...file.also.flatMap((one, i) => [i ? ', ' : '',
			make('a', {href: one[2] || '#', dir: 'auto'}, one[1]), isPicked(one) ? ' (picked there too)' : '']))];
	}

	function draw(row) {
		const told = row.element.querySelector('.told');

		told.querySelectorAll('.handed').forEach((old) => old.remove());
		told.append(...chosen(row).map(about));
	}

	/* --- what to check --- */

	function showOnly(check) {
		only = only === check ? null : check;
		lists.only(only && only[1]);
		showChecks();
		if (only)
			byId('list').scrollIntoView({block: 'nearest'});
	}

	function button(check, n) {
		const it = make('button', {type: 'button', className: 'button'}, check[0](n));

		it.setAttribute('aria-pressed', String(only === check));
		it.addEventListener('click', () => showOnly(check));
		return make('li', {}, it);
	}

	/* The buttons, made again only if their words change, so that the focus stays. */
	function showChecks() {
		const list = byId('warnings');
		const found = checks.map((check) => [check, lists.rows().filter(check[1]).length]).filter(([check, n]) => n || only === check);
		const focus = [...list.children].findIndex((li) => li.contains(document.activeElement));

		list.hidden = found.length === 0;
		list.replaceChildren(...found.map(([check, n]) => button(check, n)));
		if (focus >= 0 && list.children[focus])
			list.children[focus].firstChild.focus();
	}

	/* --- downloads --- */

	function size(bytes) {
		const units = ['bytes', 'KB', 'MB', 'GB'];
		let at = 0;

		for (; bytes >= 1000 && at < 3; at++)
			bytes /= 1000;
		return (at && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)) + ' ' + units[at];
	}

	function names(left) {
		const known = new Map(lists.rows().map((row) => [row.subject, row.name]));
		const some = left.slice(0, listed).flatMap((one, i) => [i ? ', ' : '', make('bdi', {}, known.get(one.subject) || one.subject)]);

		return left.length > listed ? [...some, ' and ' + (left.length - listed) + ' more'] : some;
	}

	/* A line for each reason, with the names of its subjects. */
	function leftOut(answer) {
		const by = new Map();

		answer.left_out.forEach((one) => by.set(one.code, [...(by.get(one.code) || []), one]));
		return [...by].map(([code, left]) => make('li', {}, 'Left out: ' + plural(left.length, 'subject', 'subjects') + ' ' +
			(reasons[code] ? reasons[code][left.length === 1 ? 0 : 1] : '(' + left[0].message + ')') + ': ', ...names(left)));
	}

	function tell(bad, text, ...lines) {
		byId('handed').replaceChildren(make('p', {className: bad ? 'bad' : ''}, text), make('ul', {}, ...lines));
	}

	/* Why there is nothing to download, in words. */
	function nothing(answer) {
		if (answer.refused)
			return 'There is nothing to download: every pick is left out.';
		return lists.rows().some((row) => row.known.mine || row.known.outcome === 'picked') ?
			'There is nothing to download: your picks are not on the server yet.' :
			'There is nothing to download: nothing is picked any more.';
	}

	async function check(address) {
		const response = await fetch(address + '&check=1', {cache: 'no-store', signal: AbortSignal.timeout(patience)});
		const answer = await response.json().catch(() => ({detail: 'the answer has the status ' + response.status}));

		if (!response.ok)
			throw new Error(answer.detail);
		return answer;
	}

	/* First asks what would be exported, since a download cannot say what is wrong with it. */
	async function download(link) {
		const address = link.href.replace(/&strict=1$/, '') + (byId('strict').checked ? '&strict=1' : '');

		busy = true;
		tell(false, 'Looking at what was picked …');
		try {
			await Promise.race([picks.flush(), new Promise((resolve) => setTimeout(resolve, 3000))]);
			const answer = await check(address);

			if (answer.files === 0) {
				tell(true, nothing(answer), ...leftOut(answer));
				return;
			}
			const unsaved = picks.unsaved().length;

			tell(false, 'The download begins: ' + plural(answer.files, 'file', 'files') + ', ' + size(answer.bytes) + '.',
				...leftOut(answer), ...(unsaved ? [make('li', {}, plural(unsaved, 'pick is', 'picks are') + ' not on the server yet and not in it.')] : []));
			make('a', {href: address, download: ''}).click();
		} catch (e) {
			tell(true, e instanceof TypeError || e.name === 'TimeoutError' ? 'The server does not answer, so nothing can be downloaded now.' :
				'Nothing can be downloaded: ' + e.message);
		} finally {
			busy = false;
		}
	}

	function update() {
		const state = picks.state();

		const isFile = state.name === 'local' || !state.served;
		const isPicked = lists.rows().some((row) => row.known.outcome === 'picked' || row.known.outcome === 'differ');
		const next = lists.undecidedAfter(null);

		byId('hand').hidden = lists.rows().length === 0 || state.name === 'unknown' && !isPicked;
		byId('downloads').hidden = isFile || !isPicked;
		byId('by-command').hidden = !isFile || !isPicked;
		byId('none-picked').hidden = isPicked;
		byId('begin').href = next ? lists.addressOf(next) : 'index.html';
		showChecks();
	}

	function start() {
		review.all('[data-format]').forEach((link) => link.addEventListener('click', function (event) {
			event.preventDefault();
			if (!busy)
				download(link);
		}));
		picks.listen(update);
		update();
	}

	return {draw: draw, start: start};
})();
