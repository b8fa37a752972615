/*
 * The pages' own script. Picks are in localStorage under "BATCH:pick:SUBJECT": the number of a candidate, 0 for
 * none of them. A batch's name has no ':' in it, so the keys of two batches never meet.
 */
'use strict';
(function () {
	const page = document.body.dataset;
	const prefix = page.batch + ':pick:';

	function byId(id) {
		return document.getElementById(id);
	}

	function say(text) {
		const notice = byId('notice');

		notice.textContent = text;
		notice.hidden = false;
	}

	function store() {
		try {
			return window.localStorage;
		} catch (e) {
			return null;
		}
	}

	/* A candidate's number, 0 for none, or null while it is undecided. */
	function pickOf(subject) {
		const kept = store();
		const value = kept ? kept.getItem(prefix + subject) : null;

		return value !== null && /^[0-9]{1,9}$/.test(value) ? Number(value) : null;
	}

	function keep(subject, index) {
		try {
			if (index === null)
				store().removeItem(prefix + subject);
			else
				store().setItem(prefix + subject, String(index));
			return true;
		} catch (e) {
			say('This browser does not keep anything for this page, so the pick is lost. ' +
				'Allow it to store data for this page, or use another browser.');
			return false;
		}
	}

	function words(index) {
		if (index === null)
			return 'undecided';
		return index === 0 ? 'none of them' : 'candidate ' + index;
	}

	function showProgress(decided) {
		const progress = byId('progress');
		const all = Number(progress.dataset.subjects);

		progress.textContent = decided + ' of ' + all + ' decided';
		byId('bar').value = decided;
		return all - decided;
	}

	/* Shows each subject's pick on its element; returns those elements that are decided. */
	function showStates(elements) {
		return elements.filter(function (element) {
			const index = pickOf(element.dataset.subject);
			const state = element.querySelector('.state');

			state.textContent = words(index);
			element.classList.toggle('decided', index !== null);
			element.querySelectorAll('img[data-idx]').forEach(function (img) {
				img.classList.toggle('picked', Number(img.dataset.idx) === index);
			});
			return index !== null;
		});
	}

	function all(selector) {
		return Array.from(document.querySelectorAll(selector));
	}

	function index() {
		showProgress(showStates(all('.subject')).length);
	}

	function showShot(row) {
		const shot = row.querySelector('.shot');
		const index = pickOf(row.dataset.subject);
		const pick = String(index);

		shot.replaceChildren(index === null ? '?' : pick);
		if (!row.dataset.thumbs.split(' ').includes(pick))
			return;
		const img = document.createElement('img');
		img.src = 'thumbs/' + row.dataset.subject + '_' + pick + '.webp';
		img.alt = 'Candidate ' + pick + ' for ' + row.dataset.name;
		shot.replaceChildren(img);
	}

	function submit() {
		const rows = all('.row');
		const decided = showStates(rows);
		const left = showProgress(decided.length);

		byId('undecided').textContent = left ? left + ' undecided' : 'all decided';
		rows.forEach(showShot);
		byId('text').value = decided.map(function (row) {
			return [row.dataset.subject, pickOf(row.dataset.subject), row.dataset.name].join('\t') + '\n';
		}).join('');
	}

	function selections() {
		const picks = Object.create(null);

		all('.row').forEach(function (row) {
			const pick = pickOf(row.dataset.subject);

			if (pick !== null)
				picks[row.dataset.subject] = pick;
		});
		return JSON.stringify({batch: page.batch, selections: picks}, null, 1) + '\n';
	}

	function download() {
		const link = document.createElement('a');

		link.href = URL.createObjectURL(new Blob([selections()], {type: 'application/json'}));
		link.download = page.batch + '_selections.json';
		link.click();
		window.setTimeout(function () {
			URL.revokeObjectURL(link.href);
		}, 10000);
	}

	/* The clipboard's own interface is missing from file: pages. */
	function copy() {
		const text = byId('text');

		function done() {
			byId('copied').textContent = 'copied';
		}
		function byHand() {
			text.focus();
			text.select();
			if (document.execCommand('copy'))
				done();
			else
				byId('copied').textContent = 'selected: press Ctrl-C';
		}
		if (navigator.clipboard)
			navigator.clipboard.writeText(text.value).then(done, byHand);
		else
			byHand();
	}

	function subject() {
		const index = pickOf(page.subject);

		byId('state').textContent = index === null ? 'undecided' : 'picked: ' + words(index);
		all('[data-pick]').forEach(function (button) {
			const picked = Number(button.dataset.pick) === index;

			button.setAttribute('aria-pressed', String(picked));
			button.classList.toggle('picked', picked);
		});
	}

	/* Picks and moves on to the next subject; what is picked already is let go. */
	function pick(index) {
		const again = pickOf(page.subject) === index;

		if (!keep(page.subject, again ? null : index))
			return;
		subject();
		if (!again)
			window.location.href = page.next;
	}

	function key(event) {
		if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat)
			return;
		if (/^[0-9]$/.test(event.key)) {
			const button = document.querySelector('[data-pick="' + event.key + '"]');

			if (button)
				pick(Number(event.key));
		} else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
			const link = byId(event.key === 'ArrowLeft' ? 'prev' : 'next');

			if (link)
				link.click();
		}
	}

	const show = {index: index, submit: submit, subject: subject}[page.page];

	if (page.page === 'subject') {
		all('[data-pick]').forEach(function (button) {
			button.addEventListener('click', function () {
				pick(Number(button.dataset.pick));
			});
		});
		document.addEventListener('keydown', key);
	} else if (page.page === 'submit') {
		byId('download').addEventListener('click', download);
		byId('copy').addEventListener('click', copy);
	}
	if (!store())
		say('This browser does not keep anything for this page: picks will be lost.');
	window.addEventListener('storage', show);
	window.addEventListener('pageshow', show);
	show();
})();
